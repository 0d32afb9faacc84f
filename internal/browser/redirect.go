package browser

import (
	"encoding/json"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// LeadsAway reports whether an answer sends the user on to another page, which then shows the
// messages.
func LeadsAway(status int, h http.Header) bool {
	_, ok := SentTo(status, h, nil)
	return ok || IsRedirect(status) || asksAgain(status, h)
}

// asksAgain reports whether the browser does not show an answer with that status, but sends the
// request again: with a password of its user, on a new connection, or through another server.
func asksAgain(status int, h http.Header) bool {
	switch status {
	case http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusMisdirectedRequest,
		http.StatusTooEarly, http.StatusNetworkAuthenticationRequired:
		return true
	case http.StatusUnauthorized:
		for _, challenges := range h["Www-Authenticate"] {
			for challenge := range strings.SplitSeq(challenges, ",") {
				scheme, _, _ := strings.Cut(strings.TrimSpace(challenge), " ")
				switch strings.ToLower(scheme) {
				case "basic", "digest", "negotiate", "ntlm":
					return true // a scheme for which browsers have a prompt
				}
			}
		}
	}
	return false
}

// IsRedirect reports whether browsers follow an answer to its Location.
func IsRedirect(status int) bool { return status >= 300 && status < 400 }

// SentTo returns the URL that an answer sends the user to: by a redirect, or by a response header
// of htmx or Refresh. request may be nil; otherwise SentTo reads from it the URL of a page that is
// to be loaded again.
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
	return refreshedAtOnce(h)
}

// refreshedAtOnce returns the URL of a header Refresh that has a delay of less than a second, so
// that nobody sees the page. The URL is "" if the page reloads itself.
func refreshedAtOnce(h http.Header) (location string, ok bool) {
	refresh := trimmed(h, "Refresh")
	if refresh == "" {
		return "", false
	}
	delay, rest := refresh, ""
	if i := strings.IndexAny(refresh, ";, \t"); i >= 0 {
		delay, rest = refresh[:i], strings.TrimLeft(refresh[i:], ";, \t")
	}
	if seconds, err := strconv.ParseFloat(delay, 64); err != nil || seconds >= 1 {
		return "", false
	}
	name, url, found := strings.Cut(rest, "=")
	if found && strings.EqualFold(strings.TrimSpace(name), "url") {
		rest = url
	}
	return strings.Trim(rest, " \t'\""), true
}

// trimmed returns the value of a header as net/http sends it.
func trimmed(h http.Header, name string) string { return textproto.TrimString(h.Get(name)) }
