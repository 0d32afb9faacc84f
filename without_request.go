package flashgin

import (
	"runtime"
	"sync"
	"weak"

	"github.com/flashgin/flashgin/internal/report"
)

// Calls that belong to no request find no Messenger. They return nothing, because handlers and
// components may be tested without flashgin. Who would miss this file: whoever renders pages in a
// way that flashgin cannot see. Without a line in the log, nothing tells why nothing is shown.

var (
	alone         report.Reporter // logs for calls that find no Messenger
	aloneTemplate sync.Once       // it was said that a template is executed without a request
	aloneContext  sync.Once       // it was said that a context leads to no request
	aloneAdd      sync.Once       // it was said that AddFlash was called without a request
)

// warnAlone says once in the process what is wrong with a call that belongs to no request. Before
// there is a Messenger, it is the test of a template or of a component, and all is well.
func warnAlone(once *sync.Once, mistake string) {
	if some, m := anyMessenger(); some {
		reporterOf(m).WarnOnce(once, mistake)
	}
}

// warnOfAdd is warnAlone for AddFlash. It needs no Messenger: whoever adds expects to see it.
func warnOfAdd() {
	_, m := anyMessenger()
	reporterOf(m).WarnOnce(&aloneAdd, "AddFlash has returned ErrNotInstalled, and adds nothing: the "+
		"request did not pass through Messenger.Install; install on the engine that serves it, "+
		"before its routes are registered")
}

// warnOfContext is warnAlone for what a handler or a component calls to show messages.
func warnOfContext(function string) {
	warnAlone(&aloneContext, function+" was given a context that leads to no request, so it has "+
		"no messages: render with c.Request.Context(), or hand on the *gin.Context; the request "+
		"must have passed through Messenger.Install on this very engine")
}

// reporterOf returns that of m or, if m is nil, one for the default log.
func reporterOf(m *Messenger) *report.Reporter {
	if m == nil {
		return &alone
	}
	return &m.errs
}

// messengers has all that New has made, and keeps none alive: one that is installed nowhere must
// say so, too.
var messengers sync.Map // weak.Pointer[Messenger] → nothing

// remember notes a new Messenger.
func remember(m *Messenger) {
	key := weak.Make(m)
	messengers.Store(key, nil)
	runtime.AddCleanup(m, func(key weak.Pointer[Messenger]) { messengers.Delete(key) }, key)
}

// anyMessenger reports whether there is a Messenger, and returns it if it is the only one.
func anyMessenger() (some bool, only *Messenger) {
	several := false
	messengers.Range(func(key, _ any) bool {
		if m := key.(weak.Pointer[Messenger]).Value(); m != nil {
			several = some
			some, only = true, m
		}
		return !several
	})
	if several {
		return some, nil
	}
	return some, only
}
