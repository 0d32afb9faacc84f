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

// New returns a Reporter that WarnAlone can find.
func New(onError func(context.Context, error), logger *slog.Logger) *Reporter {
	r := &Reporter{OnError: onError, Logger: logger}
	key := weak.Make(r)
	all.Store(key, nil)
	runtime.AddCleanup(r, func(key weak.Pointer[Reporter]) { all.Delete(key) }, key)
	return r
}

// WarnAlone says once in the process what is wrong with a call that belongs to no request: in the
// log of the only Reporter that New has returned, or else in the default one. Without a Reporter it
// says nothing, unless always is set: then it is the test of a template or of a component, and all
// is well.
func WarnAlone(once *sync.Once, mistake string, always bool) {
	some, r := only()
	if r == nil {
		r = &alone
	}
	if some || always {
		r.WarnOnce(once, mistake)
	}
}

// only reports whether there is a Reporter, and returns it if there is one alone.
func only() (some bool, r *Reporter) {
	n := 0
	all.Range(func(key, _ any) bool {
		if found := key.(weak.Pointer[Reporter]).Value(); found != nil {
			n++
			r = found
		}
		return n < 2
	})
	if n > 1 {
		r = nil
	}
	return n > 0, r
}
