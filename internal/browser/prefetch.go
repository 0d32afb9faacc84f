// Package browser says what a request or an answer is: who asks, for what, and who will see it.
// Its functions decide by headers, status and method alone.
//
// The names of headers are in Go's canonical spelling: any other costs an allocation at each use.
package browser

import (
	"net/http"
	"strings"
)

// purposeHeaders say why a page is loaded. Browsers send the first, for prerendering, too. Turbo
// sends the second, Inertia and Chrome before version 121 the third. Safari and Firefox sent the
// rest in the past.
var purposeHeaders = [...]string{
	"Sec-Purpose", "X-Sec-Purpose", "Purpose", "X-Purpose", "X-Moz", "Moz-Purpose",
}

// Prefetch reports whether the page is loaded before anybody asked to see it.
func Prefetch(h http.Header) bool {
	if h.Get("Hx-Preloaded") == "true" { // by the preload extension of htmx 2
		return true
	}
	for _, name := range purposeHeaders {
		for _, value := range h[name] {
			if len(value) > sentAtMost {
				continue
			}
			value = strings.ToLower(value)
			for _, ahead := range [...]string{"prefetch", "prerender", "preview"} {
				if strings.Contains(value, ahead) {
					return true
				}
			}
		}
	}
	return false
}

// DropPrefetched lets an answer that leads to a page tell the browser to ask for that page anew.
// Chromium shows a copy that it has loaded ahead of time, and asks nothing, whatever caches may
// keep. Chromium alone knows that header, and says so by Sec-CH-UA, on secure sites and on
// localhost: there it heeds the header.
func DropPrefetched(r *http.Request, status int, answer http.Header) {
	if IsRedirect(status) && r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
		strings.Contains(Sent(r.Header, "Sec-Ch-Ua"), `"Chromium"`) {
		answer.Add("Clear-Site-Data", `"prefetchCache", "prerenderCache"`)
	}
}

// sentAtMost is the longest value that we read from a header that a client chooses: most are URLs.
// Browsers send shorter ones. To parse a URL of a megabyte takes as long as many pages.
const sentAtMost = 8 << 10

// Sent returns the value of a header that the client chooses, or "" if it is too long.
func Sent(h http.Header, name string) string {
	if value := h.Get(name); len(value) <= sentAtMost {
		return value
	}
	return ""
}
