// Package views finds the views of one request: who reads its answer, at which views that shows
// messages, and where all other messages wait. It decides by headers, status and routes, and knows
// no messages.
package views

import (
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/router"
	"github.com/flashgin/flashgin/internal/viewpath"
)

// Anywhere is the view that every page reads, unless it lies within another page.
const Anywhere = "*"

const (
	// ListAtMost is how many views a script may name. That is many more than a page reads.
	ListAtMost = 16
	// StreamAtMost is the same for a stream, which all pages of a browser share.
	StreamAtMost = 64
	// QueryAtMost is how many bytes the query of a stream may have: a stream keeps its views in
	// memory as long as it is open.
	QueryAtMost = 8 << 10
)

// StreamView names a view in the query of a stream as flashgin writes it. Another name is that of a
// view as browsers see it.
const StreamView = "at"

// A Site is what all requests of an engine share. It does not change while the engine serves.
type Site struct {
	Router *router.Router
	Prefix string // what browsers see before the engine's paths
	HTMX   bool   // htmx may read answers
	AtMost int    // bytes of a view: no message fits into a longer one

	// View is Config.View; nil means that no page has a name.
	View func(*gin.Context) string
	// ErrNoView is what Destination wraps.
	ErrNoView error
}

// NameOf returns the view that Config.View returns for a request, or "".
func (s *Site) NameOf(c *gin.Context) string {
	if s.View == nil {
		return ""
	}
	return s.Router.ReadAt(s.Clean(s.View(c)))
}

// Clean returns the one spelling of a view that the application or a script gives.
func (s *Site) Clean(view string) string { return viewpath.Clean(view, s.Prefix) }

func (s *Site) withoutPrefix(path string) string { return viewpath.WithoutPrefix(path, s.Prefix) }

// at returns the view of a page of this host.
func (s *Site) at(page *url.URL) string {
	return s.Router.ReadAt(s.withoutPrefix(viewpath.Escaped(page.EscapedPath())))
}

// A place is a page that a request stands for: it has one, or more if HandleContext went on to
// others.
type place struct {
	route, path string
	raw         string // url.URL.RawPath
}

// Views are the views of one request. They are not safe for concurrent use.
type Views struct {
	site   *Site
	http   *http.Request
	places []place
	name   string // the view of the page that Config.View has returned
	named  bool   // Config.View was called

	reader   browser.Audience // Unknown until Reader is called
	sight    browser.Sight    // Untold until Sight is called
	screen   place            // the page on screen, if searched is set
	searched bool             // onScreen has looked for screen

	list []string // nil until List is called

	firstPlace [1]place  // the array of places, for nearly all requests
	firstViews [4]string // the array of list
}

// Start begins with the page at which the request arrives. The views read request later, too.
func (v *Views) Start(site *Site, request *http.Request, route string) {
	v.site, v.http = site, request
	v.places = v.firstPlace[:0]
	v.GoOn(route)
}

// GoOn adds a page to which HandleContext went on: the browser asked for one page, and sees the
// other.
func (v *Views) GoOn(route string) {
	v.places = append(v.places, place{route, v.http.URL.Path, v.http.URL.RawPath})
	v.list, v.named = nil, false
}

// Route returns the route of the page, for the log: a path may have something secret.
func (v *Views) Route() string { return v.places[len(v.places)-1].route }

// Page returns the path of the page on which the user sees the answer, for the log. Call it after
// List.
func (v *Views) Page() string {
	if v.screen.path != "" && v.Reader() != browser.ForFrame {
		return v.screen.path
	}
	return v.places[len(v.places)-1].path
}

// Stripped says what is wrong if a message waits at one of views, a path as browsers see it, while
// something like http.StripPrefix takes the beginning from the paths of pages. It returns "" if all
// is well. uri is the request's RequestURI.
func (v *Views) Stripped(uri string, views iter.Seq[string]) (mistake string) {
	if v.site.Prefix != "" {
		return ""
	}
	asked, err := url.ParseRequestURI(uri)
	if err != nil {
		return ""
	}
	prefix, ok := strings.CutSuffix(asked.Path, v.places[0].path)
	prefix = strings.TrimSuffix(prefix, "/")
	if !ok || prefix == "" || !strings.HasPrefix(v.places[0].path, "/") {
		return ""
	}
	for view := range views {
		if view == prefix || strings.HasPrefix(view, prefix+"/") {
			return fmt.Sprintf("messages wait at paths that begin with %q, which a handler around "+
				"the engine, such as http.StripPrefix, takes from the paths of pages, so no page "+
				"shows them: set Config.Prefix to it", prefix)
		}
	}
	return ""
}

// IsNamed reports whether Config.View was called for the page: see Name.
func (v *Views) IsNamed() bool { return v.named }

// Name notes what Config.View has returned for the page. Call it before List, once for each page to
// which HandleContext has gone on.
func (v *Views) Name(name string) {
	if v.name = name; !v.named {
		v.list, v.named = nil, true
	}
}

// Narrow makes the answer read these views alone.
func (v *Views) Narrow(views []string) { v.list, v.named = views, true }

// AreListed reports whether List has been called since the views changed.
func (v *Views) AreListed() bool { return v.list != nil }

// List returns the views that the page reads: its own and, if the answer is part of a page, those
// of the page on screen.
func (v *Views) List() []string {
	if v.list != nil {
		return v.list
	}
	list, places := v.firstViews[:0], v.places
	if screen := v.onScreen(); screen.path != "" && v.Reader() != browser.ForFrame {
		places = append(slices.Clip(places), screen)
	}
	if v.firstViews[0] != "" { // the store may still be reading them
		list = make([]string, 0, 8)
	}
	add := func(view string) {
		if view != "" && len(view) <= v.site.AtMost && !slices.Contains(list, view) {
			list = append(list, view)
		}
	}
	for _, place := range places {
		view, also := v.site.Router.View(place.path, place.raw)
		// Most messages wait at this view. A store that has found all of a session's messages need
		// not look at the others.
		add(view)
		add(also)
		if place.route != "" {
			add(viewpath.Path(place.route))
		}
	}
	add(v.name)
	if !browser.IsWithin(v.http.Header) {
		add(Anywhere)
	}
	v.list = list
	return list
}

// Query returns the query that names the views of List, with paths as scripts see them.
func (v *Views) Query() string {
	query := url.Values{}
	for _, view := range v.List() {
		if strings.HasPrefix(view, "/") {
			view = v.site.Prefix + view
		}
		query.Add("view", view)
	}
	return query.Encode()
}

// StreamQuery returns Query for a stream, or "" if a stream does not take it. The script compares
// its views with those of messages, so they have no prefix.
func (v *Views) StreamQuery() string {
	query := v.Query()
	if v.site.Prefix != "" {
		query = url.Values{StreamView: v.List()}.Encode()
	}
	if len(v.List()) > ListAtMost || len(query) > QueryAtMost {
		return ""
	}
	return query
}
