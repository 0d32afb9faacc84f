package apptest

import (
	"net/http"
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

func RaceEnabled() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil &&
		slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
