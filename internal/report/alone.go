package report

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"weak"
)

// Calls that belong to no request find no Messenger. They return nothing, because handlers and
// components may be tested without flashgin. Who would miss this file: whoever renders pages in a
// way that flashgin cannot see. Without a line in the log, nothing tells why nothing is shown.

var (
	// all has the Reporters that New has returned, and keeps none alive.
	all sync.Map // weak.Pointer[Reporter] → nothing
	// alone logs if no Reporter is known, or several are.
	alone Reporter
)

// New returns a Reporter that Alone can find.
func New(onError func(context.Context, error), logger *slog.Logger) *Reporter {
	r := &Reporter{OnError: onError, Logger: logger}
	key := weak.Make(r)
	all.Store(key, nil)
	runtime.AddCleanup(r, func(key weak.Pointer[Reporter]) { all.Delete(key) }, key)
	return r
}

// Alone returns the only Reporter that New has returned, or else one for the default log. It
// reports whether there is any: before there is, a call without a request is the test of a template
// or of a component, and all is well.
func Alone() (r *Reporter, some bool) {
	n := 0
	all.Range(func(key, _ any) bool {
		if found := key.(weak.Pointer[Reporter]).Value(); found != nil {
			n++
			r = found
		}
		return n < 2
	})
	if n != 1 {
		r = &alone
	}
	return r, n > 0
}
