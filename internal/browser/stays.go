package browser

import (
	"mime"
	"net/http"
	"strings"
)

// Stays reports whether the browser stays on the page that it has on screen: it saves the answer as
// a file, or nobody looks at it. page is the URL at which its user will look next, or "". Without
// this, what a download says would wait at the address of the file.
func Stays(r *http.Request, status int, answer http.Header) (page string, stays bool) {
	h := r.Header
	if h.Get("Ping-To") != "" || strings.HasPrefix(h.Get("Content-Type"), "text/ping") {
		// Of a link that was followed. A ping has no Referer.
		if page = Sent(h, "Ping-To"); page != "" {
			if _, ok := FromPage(r, page); ok {
				return page, true
			}
		}
		return Sent(h, "Ping-From"), true
	}
	return Sent(h, "Referer"), status == http.StatusNoContent ||
		status == http.StatusResetContent || isAttachment(answer) || isBeacon(h)
}

func isAttachment(answer http.Header) bool {
	disposition := answer.Get("Content-Disposition")
	if disposition == "" {
		return false
	}
	kind, _, err := mime.ParseMediaType(disposition)
	if err != nil { // browsers read more than the standard
		kind, _, _ = strings.Cut(disposition, ";")
	}
	return strings.EqualFold(strings.TrimSpace(kind), "attachment")
}

// isBeacon reports whether a page sends something and reads no answer: by sendBeacon, or a report
// of what its policies forbid. A beacon of JSON looks like any other request of a script.
func isBeacon(h http.Header) bool {
	if h.Get("Sec-Fetch-Dest") == "report" {
		return true
	}
	switch kind, _, _ := strings.Cut(h.Get("Content-Type"), ";"); kind {
	case "application/csp-report", "application/reports+json":
		return true
	}
	return h.Get("Sec-Fetch-Mode") == "no-cors" && h.Get("Sec-Fetch-Dest") == "empty"
}
