package router

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"

	"github.com/gin-gonic/gin"
)

// Only the handlers of an engine learn which route its router has found, and the application's must
// not be called for that. So another engine, the shadow, has the same GET routes with other
// handlers. They say only which route was found.
//
// The shadow has one fault. An engine that serves lists a route with a colon that is no parameter
// ("/a\:b") without its backslash. So the shadow has a parameter there.

// routeHeader is where the shadow says which route it found.
const routeHeader = "Route"

// Route returns the route of a GET request for u, or "" if there is none.
func (rt *Router) Route(u *url.URL) string { return rt.ask(u).Get(routeHeader) }

// ask returns the header of the shadow's answer to a GET request for u: it has the route that was
// found, or the Location of a redirect.
func (rt *Router) ask(u *url.URL) http.Header {
	rt.know()
	found, asked := routeFound{}, *u // a redirect writes to the URL
	request := &http.Request{Method: http.MethodGet, URL: &asked, Header: http.Header{}}
	rt.shadow.ServeHTTP(found, request)
	return http.Header(found)
}

// know looks at the engine, once.
func (rt *Router) know() {
	rt.once.Do(func() {
		rt.shadow = shadowOf(rt.engine)
		rt.routes = map[string]bool{}
		for _, route := range rt.engine.Routes() {
			if route.Method == http.MethodGet {
				rt.routes[viewOf(route.Path)] = true
			}
		}
		// Gin does not tell otherwise.
		noRoute := reflect.ValueOf(rt.engine).Elem().FieldByName("noRoute")
		rt.open = noRoute.Kind() != reflect.Slice || noRoute.Len() > 0
	})
}

// shadowOf returns an engine with the GET routes of engine. Their handlers only say which of them
// was found.
func shadowOf(engine *gin.Engine) *gin.Engine {
	if gin.IsDebugging() {
		fmt.Fprintln(gin.DefaultWriter,
			"[flashgin] These are the routes once more, to tell which of them a page has:")
	}
	shadow := gin.New()
	shadow.RedirectTrailingSlash = engine.RedirectTrailingSlash
	shadow.RedirectFixedPath = engine.RedirectFixedPath
	shadow.UseRawPath, shadow.UseEscapedPath = engine.UseRawPath, engine.UseEscapedPath
	shadow.UnescapePathValues = engine.UnescapePathValues
	shadow.RemoveExtraSlash = engine.RemoveExtraSlash
	for _, route := range engine.Routes() {
		if route.Method == http.MethodGet {
			copyRoute(shadow, route.Path)
		}
	}
	return shadow
}

// copyRoute adds a route, unless Gin panics because it takes the route for one that is there
// already.
func copyRoute(shadow *gin.Engine, route string) {
	defer func() { _ = recover() }()
	shadow.GET(route, reportRoute)
}

func reportRoute(c *gin.Context) { c.Header(routeHeader, c.FullPath()) }

// routeFound is a response writer that keeps only the header.
type routeFound http.Header

func (f routeFound) Header() http.Header            { return http.Header(f) }
func (f routeFound) Write(data []byte) (int, error) { return len(data), nil }
func (f routeFound) WriteHeader(int)                {}
