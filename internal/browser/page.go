package browser

import "net/http"

// A Sight is whether the page that answers a request comes before the eyes of its user, as far as
// the request says.
type Sight int

// The sights.
const (
	Untold   Sight = iota
	Visible        // as the page of a tab, or put into one by a library that is known
	Likely         // a few such pages are thrown away
	Doubtful       // most such pages are thrown away, or kept for later
)

// WantedHeader is what our script adds to a request that htmx sends because of what its user does.
const WantedHeader = "X-Flash-Wanted"

// SightOf returns whether a page is seen. It is about pages alone: a script that asks for data
// reads them. status is that of the page, and routed says whether the router knows its path.
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
		// htmx 4, whose mode that is, asks in the same words for what it only preloads. But then it
		// fires no event, by which our script would add the other header.
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
			return Doubtful // the page in the place of a script that is missing
		}
	case "cors":
		if h.Get("X-Up-Version") != "" {
			return Likely // Unpoly asks in the same words for what it only preloads
		}
		return Doubtful // fetch was led to a page by a redirect, or fills a cache
	}
	return Visible
}
