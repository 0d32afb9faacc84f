package flashgin

import (
	"sync"
	"weak"

	"github.com/gin-gonic/gin"

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

// warnAlone says once in the process what is wrong with a call that belongs to no request. While
// nothing is installed anywhere, it is the test of a template or of a component, and all is well.
func warnAlone(once *sync.Once, mistake string) {
	if some, m := installed(); some {
		reporterOf(m).WarnOnce(once, mistake)
	}
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

// installed reports whether some engine has a Messenger, and returns it if all have the same.
func installed() (some bool, only *Messenger) {
	several := false
	engines.Range(func(engine, messenger any) bool {
		m := messenger.(weak.Pointer[Messenger]).Value()
		if m == nil || engine.(weak.Pointer[gin.Engine]).Value() == nil {
			return true
		}
		several = some && m != only
		some, only = true, m
		return !several
	})
	if several {
		return some, nil
	}
	return some, only
}
