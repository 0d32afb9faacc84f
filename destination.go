package flashgin

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
)

// destination returns the view at which a message without a View waits if this answer does not show
// it. That is the path that the answer sends the user to, unless the user stays, else name, which
// Config.View has returned, else the page on screen if the answer is not itself a page, else the
// page that the browser stays on, else the current route. If destination returns a view and an
// error, the message waits there, but the developer may not expect that. Without a view, nobody
// would see the message.
func (r *request) destination(name string) (view string, err error) {
	status, header, route := r.writer.Status(), r.writer.Header(), r.c.FullPath()
	screen := r.screenView()
	stays := screen != "" && r.audience() == browser.ForFrame
	if location, ok := browser.SentTo(status, header, &r.http); ok && !stays {
		base := r.http.URL
		if !browser.IsRedirect(status) { // htmx goes there from the page on screen
			if page, ok := browser.FromPage(&r.http, browser.Sent(r.http.Header, "Hx-Current-Url")); ok {
				base = page
			}
		}
		if target, ok := browser.OnThisHost(&r.http, base, location); ok {
			return r.viewAt(target), nil
		}
		err = fmt.Errorf("%w: %s %s sends the user to another host; address the message with At",
			ErrNoView, r.http.Method, route)
	}
	if name != "" {
		return name, err
	}
	if screen != "" {
		return screen, err
	}
	page, sure := browser.Stays(&r.http, status, header)
	if sure {
		if view := r.viewFrom(page); view != "" {
			return view, err
		}
	}
	// A GET that the browser saves as a file shows no page of that route, another method may.
	if !sure || r.http.Method != http.MethodGet {
		if route, ok := r.in.router.Openable(route, &r.http); ok {
			return route, err
		}
	}
	if r.http.Header.Get("Sec-Fetch-Dest") == "empty" { // a script's, or a beacon's
		if view := r.viewFrom(page); view != "" {
			return view, err
		}
	}
	switch {
	case err != nil:
	case sure:
		err = fmt.Errorf("%w: %s %s: the browser stays on the page that it has, and names none of "+
			"this host; address the messages with At, or answer with RedirectFlash",
			ErrNoView, r.http.Method, route)
	default:
		err = fmt.Errorf("%w: %s %s answered %d without showing its messages, and no GET route has "+
			"that path; address them with At, or answer with RedirectFlash",
			ErrNoView, r.http.Method, route, status)
	}
	return "", err
}

// viewFrom returns the view of the page that the request comes from, or "" if that is not one of
// this host.
func (r *request) viewFrom(page string) string {
	target, ok := browser.FromPage(&r.http, page)
	if !ok {
		return ""
	}
	return r.viewAt(target)
}

// viewAt returns the view of a page of this host.
func (r *request) viewAt(page *url.URL) string {
	return r.in.readAt(r.m.withoutPrefix(cleanEscaped(page.EscapedPath())))
}

// place is a page that the request stands for: it has one, or more if HandleContext went on to
// others.
type place struct {
	route, path string
	raw         string // url.URL.RawPath
}

func placeOf(route string, request *http.Request) place {
	return place{route, request.URL.Path, request.URL.RawPath}
}

// viewOf returns the view of the path of a page, and a second view or "": see router.Router.View.
func (in *installation) viewOf(p place) (view, also string) { return in.router.View(p.path, p.raw) }

// readAt returns the view at which the engine's page reads a message for view.
func (in *installation) readAt(view string) string { return in.router.ReadAt(view) }

// namedView returns the view that Config.View returns for a request, or "".
func (in *installation) namedView(c *gin.Context) string {
	m := in.messenger
	if m.cfg.View == nil {
		return ""
	}
	return in.readAt(m.cleanView(m.cfg.View(c)))
}
