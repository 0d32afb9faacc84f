package views

import (
	"fmt"
	"net/http"

	"github.com/flashgin/flashgin/internal/browser"
)

// Destination returns the view at which a message without a view of its own waits if this answer
// does not show it. That is the path that the answer sends the user to, unless the user stays, else
// name, which Config.View has returned, else the page on screen if the answer is not itself a page,
// else the page that the browser stays on, else route, the current one.
//
// If Destination returns a view and an error, the message waits there, but the developer may not
// expect that. Without a view, nobody would see the message.
func (v *Views) Destination(
	name, route string, status int, answer http.Header,
) (view string, err error) {
	screen := v.screenView()
	stays := screen != "" && v.Reader() == browser.ForFrame
	if location, ok := browser.SentTo(status, answer, v.http); ok && !stays {
		base := v.http.URL
		if !browser.IsRedirect(status) { // htmx goes there from the page on screen
			page, ok := browser.FromPage(v.http, browser.Sent(v.http.Header, "Hx-Current-Url"))
			if ok {
				base = page
			}
		}
		if target, ok := browser.OnThisHost(v.http, base, location); ok {
			return v.site.at(target), nil
		}
		err = v.noView("%s %s sends the user to another host; address the message with At",
			v.http.Method, route)
	}
	if name != "" {
		return name, err
	}
	if screen != "" {
		return screen, err
	}
	page, sure := browser.Stays(v.http, status, answer)
	if sure {
		if view := v.from(page); view != "" {
			return view, err
		}
	}
	// A GET that the browser saves as a file shows no page of that route, another method may.
	if !sure || v.http.Method != http.MethodGet {
		if route, ok := v.site.Router.Openable(route, v.http); ok {
			return route, err
		}
	}
	if v.http.Header.Get("Sec-Fetch-Dest") == "empty" { // a script's, or a beacon's
		if view := v.from(page); view != "" {
			return view, err
		}
	}
	switch {
	case err != nil:
	case sure:
		err = v.noView("%s %s: the browser stays on the page that it has, and names none of "+
			"this host; address the messages with At, or answer with RedirectFlash",
			v.http.Method, route)
	default:
		err = v.noView("%s %s answered %d without showing its messages, and no GET route has "+
			"that path; address them with At, or answer with RedirectFlash",
			v.http.Method, route, status)
	}
	return "", err
}

// screenView returns the view of the page on screen, or "".
func (v *Views) screenView() string {
	if screen := v.onScreen(); screen.path != "" {
		view, _ := v.site.Router.View(screen.path, screen.raw)
		return view
	}
	return ""
}

// from returns the view of the page that the request comes from, or "" if that is not one of this
// host.
func (v *Views) from(page string) string {
	target, ok := browser.FromPage(v.http, page)
	if !ok {
		return ""
	}
	return v.site.at(target)
}

func (v *Views) noView(format string, args ...any) error {
	return fmt.Errorf("%w: %s", v.site.ErrNoView, fmt.Sprintf(format, args...))
}
