package flashgin

import (
	"html/template"
	"net/http"
	"strings"
)

// streamURL returns where the page listens for messages while it is open, or "" if it cannot: without a key for its session there is nothing to hear.
func (r *request) streamURL() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended() || r.m.mountedAt() == "" || r.c.Request.Method == http.MethodHead {
		return ""
	}
	if len(r.asked) == 0 { // a page that is loaded ahead of time
		key, err := r.m.key(r.c)
		r.keyed = err == nil && key != ""
	}
	if !r.keyed || len(r.readViews()) > streamViewsAtMost {
		return ""
	}
	query := r.viewQuery()
	if len(query) > streamQueryAtMost {
		return ""
	}
	return r.m.mountedURL("stream") + "?" + query
}

// listening tells the script where to listen, in ready-made markup that may be shared by pages. r may be nil.
func (r *request) listening(markup template.HTML, nth int) template.HTML {
	if r == nil || nth > 1 {
		return markup
	}
	before, after, ok := strings.Cut(string(markup), " data-label=")
	stream := r.streamURL()
	if stream == "" || !ok {
		return markup
	}
	return template.HTML(before + ` data-stream="` + template.HTMLEscapeString(stream) + `" data-label=` + after)
}
