package flashgin

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/flashgin/flashgin/internal/browser"
)

// leadsAway reports whether an answer sends the user on to another page, which is to show the
// messages.
func leadsAway(status int, h http.Header) bool { return browser.LeadsAway(status, h) }

// destination returns the view at which a message without a View waits that this answer does not show: the
// path that the answer sends the user to, unless the user stays, else name, which Config.View has said, else
// the page on screen where this answer is none of its own, else the current route. If it returns both a view
// and an error, the message waits there, which the developer may not expect; without a view, nobody would see it.
func (r *request) destination(name string) (view string, err error) {
	status, header, route := r.writer.Status(), r.writer.Header(), r.c.FullPath()
	screen := r.screenView()
	stays := screen != "" && r.audience() == forFrame
	if location, ok := browser.SentTo(status, header, &r.http); ok && !stays {
		base := r.http.URL
		if !browser.IsRedirect(status) { // htmx goes there from the page on screen
			if page, ok := browser.FromPage(&r.http, browser.Sent(r.http.Header, "Hx-Current-Url")); ok {
				base = page
			}
		}
		if target, ok := browser.OnThisHost(&r.http, base, location); ok {
			return r.in.readAt(r.m.withoutPrefix(cleanEscaped(target.EscapedPath()))), nil
		}
		err = fmt.Errorf("%w: %s %s sends the user to another host; address the message with At", ErrNoView, r.http.Method, route)
	}
	if name != "" {
		return name, err
	}
	if screen != "" {
		return screen, err
	}
	if route, ok := r.in.openable(placeOf(route, &r.http), r.http.Method); ok {
		return route, err
	}
	if err == nil {
		err = fmt.Errorf("%w: %s %s answered %d without showing its messages, and no GET route has that path; address them with At, or answer with RedirectFlash",
			ErrNoView, r.http.Method, route, status)
	}
	return "", err
}

// openable returns the route by which a GET opens the page of this request. Parameters may be named differently there.
func (in *installation) openable(p place, method string) (route string, ok bool) {
	route = p.route
	if method == http.MethodGet || method == http.MethodHead {
		if route == "" { // NoRoute, such as the one page of a single-page application
			route, _ = in.viewOf(p)
			return route, true
		}
		return cleanPath(route), true
	}
	if route == "" {
		return "", false
	}
	for _, r := range in.engine.Routes() {
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
