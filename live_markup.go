package flashgin

import "net/http"

// streamURL returns where the page listens for messages while it is open, or "" if it cannot. Without a key for its session there is nothing to hear, but an answer
// to htmx or Turbo may bring the key, with a first message: until then the page is idle.
func (r *request) streamURL() (url string, idle bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended() || r.m.mountedAt() == "" || r.http.Method == http.MethodHead {
		return "", false
	}
	if len(r.asked) == 0 { // a page that is loaded ahead of time
		key, err := r.keyBy(r.c)
		r.keyed = err == nil && key != ""
	}
	r.findName()
	if r.ended() {
		return "", false
	}
	idle = !r.keyed
	switch {
	case idle && !(r.m.cfg.HTMX || r.m.cfg.Turbo), idle && !r.mayHaveKey(), len(r.readViews()) > streamViewsAtMost:
		return "", false
	}
	query := r.viewQuery()
	if len(query) > streamQueryAtMost {
		return "", false
	}
	return r.m.mountedURL("stream") + "?" + query, idle
}
