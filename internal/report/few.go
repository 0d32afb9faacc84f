package report

import (
	"slices"
	"sync"
)

// A Few remembers names of which the log has told. The zero value has none. It is safe for
// concurrent use by multiple goroutines.
type Few struct {
	mu    sync.Mutex
	names []string
}

// IsNew reports whether the log should tell of the name: once, and not of too many.
func (f *Few) IsNew(name string) bool {
	const most = 10
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.names) >= most || slices.Contains(f.names, name) {
		return false
	}
	f.names = append(f.names, name)
	return true
}
