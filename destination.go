package flashgin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

// leadsAway reports whether an answer sends the user on to another page, where the messages are to be shown.
func leadsAway(status int, h http.Header) bool {
	_, ok := sentTo(status, h, nil)
	return ok || status >= 300 && status < 400
}

// sentTo returns the URL that an answer sends the user to: by a redirect, or by one of htmx's response headers.
//
// The names of the headers are spelled as Go keeps them: any other spelling costs an allocation each time.
func sentTo(status int, h http.Header, request *http.Request) (location string, ok bool) {
	if status >= 300 && status < 400 {
		location = h.Get("Location")
		return location, location != ""
	}
	if location = h.Get("Hx-Redirect"); location != "" {
		return location, true
	}
	if location = h.Get("Hx-Location"); location != "" {
		var detailed struct{ Path string }
		if strings.HasPrefix(location, "{") && json.Unmarshal([]byte(location), &detailed) == nil {
			location = detailed.Path
		}
		return location, true
	}
	if refresh := h.Get("Hx-Refresh"); refresh == "true" {
		if request != nil {
			location = sentIn(request.Header, "Hx-Current-Url")
		}
		return location, true
	}
	return "", false
}

// destination returns the view at which a message without a View waits that this answer does not show: the path that the answer sends the user to, unless
// the user stays, else what Config.View says, else the page on screen where this answer is none of its own, else the current route. If it returns both a
// view and an error, the message waits there, which the developer may not expect; without a view, nobody would see it.
func (m *Messenger) destination(engine *gin.Engine, c *gin.Context, status int, h http.Header, screen string, stays bool) (view string, err error) {
	if location, ok := sentTo(status, h, c.Request); ok && !stays {
		if target, ok := onThisHost(c.Request, location); ok {
			return m.withoutPrefix(cleanPath(target.Path)), nil
		}
		err = fmt.Errorf("%w: %s %s sends the user to another host; address the message with At", ErrNoView, c.Request.Method, c.FullPath())
	}
	if m.cfg.View != nil {
		if view := m.cleanView(m.cfg.View(c)); view != "" {
			return view, err
		}
	}
	if screen != "" {
		return screen, err
	}
	if route, ok := openable(engine, c); ok {
		return route, err
	}
	if err == nil {
		err = fmt.Errorf("%w: %s %s answered %d without showing its messages, and no GET route has that path; address them with At, or answer with RedirectFlash",
			ErrNoView, c.Request.Method, c.FullPath(), status)
	}
	return "", err
}

// onThisHost resolves a location as the browser will, and reports whether it stays on the host that the browser asked.
func onThisHost(r *http.Request, location string) (*url.URL, bool) {
	target, err := r.URL.Parse(location)
	if err != nil {
		return nil, false
	}
	if target.Host == "" {
		return target, target.Scheme == ""
	}
	forwarded, _, _ := strings.Cut(sentIn(r.Header, "X-Forwarded-Host"), ",")
	for _, host := range [...]string{r.Host, strings.TrimSpace(forwarded)} {
		if host != "" && withoutDefaultPort(host) == withoutDefaultPort(target.Host) {
			return target, true
		}
	}
	return nil, false
}

func withoutDefaultPort(host string) string {
	host = strings.ToLower(host)
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}

// openable returns the route by which a GET opens the page of this request. Parameters may be named differently there.
func openable(engine *gin.Engine, c *gin.Context) (route string, ok bool) {
	route = c.FullPath()
	if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead {
		if route == "" { // NoRoute, such as the one page of a single-page application
			route = c.Request.URL.Path
		}
		return cleanPath(route), true
	}
	if route == "" {
		return "", false
	}
	for _, r := range engine.Routes() {
		if r.Method == http.MethodGet && shape(r.Path) == shape(route) {
			return cleanPath(strings.ReplaceAll(r.Path, `\:`, ":")), true
		}
	}
	return "", false
}

// shape returns a route without the names of its parameters.
func shape(route string) string {
	segments := strings.Split(cleanPath(route), "/")
	for i, segment := range segments {
		segment = strings.ReplaceAll(segment, `\:`, "\x00") // an escaped colon is not a parameter
		if before, _, ok := strings.Cut(segment, ":"); ok {
			segment = before + ":"
		}
		if strings.HasPrefix(segment, "*") {
			segment = "*"
		}
		segments[i] = strings.ReplaceAll(segment, "\x00", ":")
	}
	return strings.Join(segments, "/")
}
