package flashgin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// leadsAway reports whether an answer sends the user on to another page, where the messages are to be shown.
func leadsAway(status int, h http.Header) bool {
	_, ok := sentTo(status, h, nil)
	return ok || isRedirect(status)
}

func isRedirect(status int) bool { return status >= 300 && status < 400 }

// trimmed returns the value of a header as net/http sends it.
func trimmed(h http.Header, name string) string { return textproto.TrimString(h.Get(name)) }

// sentTo returns the URL that an answer sends the user to: by a redirect, or by one of htmx's response headers.
//
// The names of the headers are spelled as Go keeps them: any other spelling costs an allocation each time.
func sentTo(status int, h http.Header, request *http.Request) (location string, ok bool) {
	if isRedirect(status) {
		location = trimmed(h, "Location")
		return location, location != ""
	}
	if location = trimmed(h, "Hx-Redirect"); location != "" {
		return location, true
	}
	if location = trimmed(h, "Hx-Location"); location != "" {
		var detailed struct{ Path string }
		if strings.HasPrefix(location, "{") && json.Unmarshal([]byte(location), &detailed) == nil {
			location = detailed.Path
		}
		return location, true
	}
	if refresh := trimmed(h, "Hx-Refresh"); refresh == "true" {
		if request != nil {
			location = sentIn(request.Header, "Hx-Current-Url")
		}
		return location, true
	}
	return "", false
}

// destination returns the view at which a message without a View waits that this answer does not show: the
// path that the answer sends the user to, unless the user stays, else name, which Config.View has said, else
// the page on screen where this answer is none of its own, else the current route. If it returns both a view
// and an error, the message waits there, which the developer may not expect; without a view, nobody would see it.
func (r *request) destination(name string) (view string, err error) {
	status, header, route := r.writer.Status(), r.writer.Header(), r.c.FullPath()
	screen := r.screenView()
	stays := screen != "" && r.audience() == forFrame
	if location, ok := sentTo(status, header, &r.http); ok && !stays {
		base := r.http.URL
		if !isRedirect(status) { // htmx goes there from the page on screen
			if page, ok := fromPage(&r.http, sentIn(r.http.Header, "Hx-Current-Url")); ok {
				base = page
			}
		}
		if target, ok := onSameHost(&r.http, base, location); ok {
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

// onThisHost resolves a location as the browser will, and reports whether it stays on the host that the browser asked.
func onThisHost(r *http.Request, location string) (*url.URL, bool) {
	return onSameHost(r, r.URL, location)
}

// onSameHost is onThisHost for a location that is relative to a page on this host.
func onSameHost(r *http.Request, base *url.URL, location string) (*url.URL, bool) {
	target, ok := resolve(base, location)
	if !ok || target.Host == "" {
		return target, ok
	}
	if target.Host == base.Host {
		return target, true
	}
	forwarded, _, _ := strings.Cut(sentIn(r.Header, "X-Forwarded-Host"), ",")
	for _, host := range [...]string{r.Host, strings.TrimSpace(forwarded)} {
		if host != "" && withoutDefaultPort(host) == withoutDefaultPort(target.Host) {
			return target, true
		}
	}
	return nil, false
}

// resolve resolves a location as browsers do, which read more than net/url: they trim it, drop the
// tabs and line breaks in it, take a backslash for a slash, and mind no character. Of the result only
// the host, if location has one, and the path count. It reports false if no page can be there.
func resolve(base *url.URL, location string) (target *url.URL, ok bool) {
	location = strings.TrimFunc(location, func(r rune) bool { return r <= ' ' })
	location = noBreaks.Replace(location)
	if i := strings.IndexAny(location, "?#"); i >= 0 {
		location = location[:i]
	}
	scheme, location := cutScheme(location)
	if scheme != "" && !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return nil, false
	}
	location = strings.ReplaceAll(location, `\`, "/")
	reference, path := new(url.URL), location
	if rest := strings.TrimLeft(location, "/"); len(location)-len(rest) > 1 {
		reference.Host, path, _ = strings.Cut(rest, "/")
		path = "/" + path
		if i := strings.LastIndexByte(reference.Host, '@'); i >= 0 {
			reference.Host = reference.Host[i+1:]
		}
		if reference.Host == "" {
			return nil, false
		}
	} else if scheme != "" {
		return nil, false // "https:page", which browsers understand and nobody writes
	}
	path = encoded(dots.Replace(path))
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return nil, false // no server of net/http takes it
	}
	reference.Path, reference.RawPath = decoded, path
	return base.ResolveReference(reference), true
}

var (
	noBreaks = strings.NewReplacer("\t", "", "\n", "", "\r", "")
	dots     = strings.NewReplacer("%2e", ".", "%2E", ".")
)

// encoded escapes the characters of a path that must not stand there as they are.
func encoded(path string) string {
	bad := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }
	if strings.IndexFunc(path, bad) < 0 {
		return path
	}
	var escaped strings.Builder
	for _, c := range []byte(path) {
		if bad(rune(c)) {
			fmt.Fprintf(&escaped, "%%%02X", c)
		} else {
			escaped.WriteByte(c)
		}
	}
	return escaped.String()
}

// cutScheme returns the scheme of a URL, or "", and what follows it.
func cutScheme(location string) (scheme, rest string) {
	for i := range len(location) {
		switch c := location[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return location[:i], location[i+1:]
		default:
			return "", location
		}
	}
	return "", location
}

func withoutDefaultPort(host string) string {
	host = strings.ToLower(host)
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
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
