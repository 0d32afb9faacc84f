package flashgin

import (
	"sync"

	"github.com/flashgin/flashgin/internal/report"
)

// What the log says once in the process of calls that belong to no request: see report.Alone.

var (
	aloneTemplate sync.Once
	aloneContext  sync.Once
	aloneAdd      sync.Once
)

// warnAlone warns once, if there is a Messenger.
func warnAlone(once *sync.Once, mistake string) {
	if r, some := report.Alone(); some {
		r.WarnOnce(once, mistake)
	}
}

// warnOfTemplate warns of a template that is executed without a request.
func warnOfTemplate(function string) {
	warnAlone(&aloneTemplate, "a template calls "+function+" outside of the renderer that "+
		"Install wraps, so it has no messages: render the page by c.HTML, with a renderer whose "+
		"Instance returns a render.HTML, or give the template Flashes(c) or Markup(c) as data")
}

// warnOfContext warns of a context that leads to no request.
func warnOfContext(function string) {
	warnAlone(&aloneContext, function+" was given a context that leads to no request, so it "+
		"has no messages: render with c.Request.Context(), or hand on the *gin.Context; the request "+
		"must have passed through Messenger.Install on this very engine")
}

// warnOfAdd warns of AddFlash without a request, also if there is no Messenger: whoever adds
// expects to see it.
func warnOfAdd() {
	r, _ := report.Alone()
	r.WarnOnce(&aloneAdd, "AddFlash has returned ErrNotInstalled, and adds nothing: the "+
		"request did not pass through Messenger.Install; install on the engine that serves it, "+
		"before its routes are registered")
}
