package report

import (
	"fmt"
	"net/http"
	"sync"
)

// What the log says once in the process of calls that belong to no request: see Alone.

var (
	aloneTemplate sync.Once
	aloneContext  sync.Once
	aloneAdd      sync.Once
)

// warnAlone warns once, if there is a Messenger.
func warnAlone(once *sync.Once, mistake string) {
	if r, some := Alone(); some {
		r.WarnOnce(once, mistake)
	}
}

// TemplateAlone warns of a template that is executed without a request.
func TemplateAlone(function string) {
	warnAlone(&aloneTemplate, "a template calls "+function+" outside of the renderer that "+
		"Install wraps, so it has no messages: render the page by c.HTML, with a renderer whose "+
		"Instance returns a render.HTML, or give the template Flashes(c) or Markup(c) as data")
}

// TemplateUnbound warns once of a template whose request cannot be found behind the writer of its
// answer.
func (r *Reporter) TemplateUnbound(function string, w http.ResponseWriter) {
	r.WarnOnce(&r.unbound, fmt.Sprintf("a template calls %s, and has no messages, because no request "+
		"of Install is behind its %T: make the route, and its group, after Install; if that type "+
		"neither embeds gin.ResponseWriter nor has Unwrap, use its middleware before Install, or give "+
		"the template Flashes(c) or Markup(c) as data", function, w))
}

// ContextAlone warns of a context that leads to no request.
func ContextAlone(function string) {
	warnAlone(&aloneContext, function+" was given a context that leads to no request, so it "+
		"has no messages: render with c.Request.Context(), or hand on the *gin.Context; the request "+
		"must have passed through Messenger.Install on this very engine")
}

// AddAlone warns of AddFlash without a request, also if there is no Messenger: whoever adds expects
// to see it.
func AddAlone() {
	r, _ := Alone()
	r.WarnOnce(&aloneAdd, "AddFlash has returned ErrNotInstalled, and adds nothing: the "+
		"request did not pass through Messenger.Install; install on the engine that serves it, "+
		"before its routes are registered")
}
