package apptest

import (
	"math"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
)

// Discard is a http.ResponseWriter that costs nothing.
type Discard struct {
	Sent http.Header
	size int
}

func (w *Discard) Header() http.Header { return w.Sent }

func (w *Discard) WriteHeader(int) {}

func (w *Discard) Write(data []byte) (int, error) {
	w.size = len(data)
	return len(data), nil
}

// LeastAllocated returns how many bytes do allocates, the least of five times: what runs beside it
// may allocate, too.
func LeastAllocated(do func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

func RaceEnabled() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil &&
		slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
