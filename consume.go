package flashgin

import (
	"net/http"
	"strings"
)

// mayShow reports whether the answer to this request can be a page, or part of one, that its user will see. Requests that cannot show a message must
// not take one.
func mayShow(r *http.Request) bool {
	return r.Method != http.MethodHead && !prefetch(r.Header) && !subresource(r.Header)
}

// prefetch reports whether the page is loaded before anybody asked to see it: browsers send Sec-Purpose (prerendering too) or, in the past, Purpose;
// Turbo sends X-Sec-Purpose, and the preload extension of htmx 2 HX-Preloaded.
func prefetch(h http.Header) bool {
	if h.Get("Hx-Preloaded") == "true" {
		return true
	}
	for _, name := range [...]string{"Sec-Purpose", "X-Sec-Purpose", "Purpose"} {
		for _, value := range h[name] {
			if value = strings.ToLower(value); strings.Contains(value, "prefetch") || strings.Contains(value, "prerender") {
				return true
			}
		}
	}
	return false
}

// subresource reports whether the browser asks for something that it does not show as text, by the Fetch standard's request destinations.
func subresource(h http.Header) bool {
	switch h.Get("Sec-Fetch-Dest") {
	case "image", "style", "script", "font", "audio", "video", "track", "manifest",
		"worker", "sharedworker", "serviceworker", "audioworklet", "paintworklet", "object", "embed":
		return true
	}
	return false
}

// inFrame reports whether the page fills a frame. It is not the page that the user is waiting for, so it does not read Anywhere.
func inFrame(h http.Header) bool {
	dest := h.Get("Sec-Fetch-Dest")
	return dest == "iframe" || dest == "frame"
}
