package browser

import "net/http"

// A Sight says whether the user will see the page that answers a request, as far as the request
// tells.
type Sight int

// The sights.
const (
	Untold   Sight = iota
	Visible        // as the page of a tab, or as a part of it
	Likely         // a few such pages are never seen
	Doubtful       // most such pages are never seen, or only later
)

// WantedHeader is a header that our script adds to a request that htmx sends because of something
// that its user does.
const WantedHeader = "X-Flash-Wanted"

// SightOf returns whether a page will be seen. It is for pages alone, not for data that a script
// asks for. status is the page's, and routed says whether the router knows its path.
func SightOf(r *http.Request, status int, routed bool) Sight {
	h := r.Header
	mode := h.Get("Sec-Fetch-Mode")
	switch {
	case mode == "no-cors" || Prefetch(h):
		return Doubtful
	case len(h["Service-Worker-Navigation-Preload"]) > 0:
		// A service worker that does not use this answer asks for the page once more.
		return Likely
	case r.Method != http.MethodGet:
		return Visible
	case h.Get("Hx-Request") != "":
		// htmx 4 has the mode same-origin. It sends the same headers for a page that it only
		// preloads. But then it fires no event, and our script adds its header on that event.
		if mode == "same-origin" && h.Get(WantedHeader) == "" {
			return Likely
		}
		return Visible
	}
	if accept := h.Get("Accept"); accept == "" || asksForHTML(accept) {
		return Visible
	}
	switch mode {
	case "": // a browser that is old, or a site without TLS; or curl, by which somebody looks
		if !routed || status >= http.StatusBadRequest {
			return Doubtful // an error page for a script or an image that is missing
		}
	case "cors":
		if h.Get("X-Up-Version") != "" {
			return Likely // Unpoly sends the same headers for a page that it only preloads
		}
		return Doubtful // fetch has followed a redirect to a page, or fills a cache
	}
	return Visible
}
