package browser

import (
	"encoding/json"
	"net/http"
	"net/textproto"
	"strings"
)

// LeadsAway reports whether an answer sends the user on to another page, which is to show the
// messages.
func LeadsAway(status int, h http.Header) bool {
	_, ok := SentTo(status, h, nil)
	return ok || IsRedirect(status)
}

// IsRedirect reports whether browsers follow an answer to its Location.
func IsRedirect(status int) bool { return status >= 300 && status < 400 }

// SentTo returns the URL that an answer sends the user to: by a redirect, or by one of the
// response headers of htmx. request may be nil; it has the URL of a page that is to be loaded
// again.
func SentTo(status int, h http.Header, request *http.Request) (location string, ok bool) {
	if IsRedirect(status) {
		location = trimmed(h, "Location")
		return location, location != ""
	}
	if location = trimmed(h, "Hx-Redirect"); location != "" {
		return location, true
	}
	if location = trimmed(h, "Hx-Location"); location != "" {
		var detailed struct{ Path string }
		object := strings.HasPrefix(location, "{")
		if object && json.Unmarshal([]byte(location), &detailed) == nil {
			location = detailed.Path
		}
		return location, true
	}
	if refresh := trimmed(h, "Hx-Refresh"); refresh == "true" {
		if request != nil {
			location = Sent(request.Header, "Hx-Current-Url")
		}
		return location, true
	}
	return "", false
}

// trimmed returns the value of a header as net/http sends it.
func trimmed(h http.Header, name string) string { return textproto.TrimString(h.Get(name)) }
