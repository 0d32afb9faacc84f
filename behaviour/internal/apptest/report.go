package apptest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Eventually polls a page until it shows want: what a store of another process does in the
// background may take a moment.
func Eventually(t testing.TB, want string, page func() string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for got := page(); got != want; got = page() {
		if time.Now().After(deadline) {
			require.Equal(t, want, got)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// LogTo returns a logger that writes text lines to buf.
func LogTo(buf *LockedBuffer) *slog.Logger { return slog.New(slog.NewTextHandler(buf, nil)) }

// Failures collects what OnError is told.
type Failures struct {
	mu   sync.Mutex
	errs []error
}

func (f *Failures) add(_ context.Context, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

func (f *Failures) All() []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]error(nil), f.errs...)
}

func (f *Failures) String() string {
	var text strings.Builder
	for _, err := range f.All() {
		text.WriteString(err.Error() + "\n")
	}
	return text.String()
}

// LockedBuffer is a log that several goroutines write.
type LockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *LockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *LockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
