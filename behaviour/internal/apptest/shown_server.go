package apptest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Verdict waits until the store knows what has become of the message that it gave, and returns
// which: Confirm or Release.
func (s *SpyStore) Verdict(t *testing.T) (call string) {
	t.Helper()
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		i := slices.IndexFunc(s.calls,
			func(call string) bool { return call == "Confirm" || call == "Release" })
		if i >= 0 {
			call = s.calls[i]
		}
		return i >= 0
	}, 20*time.Second, time.Millisecond)
	return call
}
