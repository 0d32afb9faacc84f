package browser_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/browser"
)

// asked returns a request to example.com/shop/cart. header is a list of names and values.
func asked(method string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "/shop/cart?item=7", nil)
	r.Header = headerOf(header...)
	return r
}

func headerOf(list ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(list); i += 2 {
		h.Add(list[i], list[i+1])
	}
	return h
}

// Browsers and libraries say in different words that a page is loaded ahead of time.
func TestPrefetch(t *testing.T) {
	for _, test := range []struct {
		name   string
		header []string
		want   bool
	}{
		{"nothing is said", nil, false},
		{"today's browsers", []string{"Sec-Purpose", "prefetch"}, true},
		{"prerendering", []string{"Sec-Purpose", "prefetch;prerender"}, true},
		{"through a proxy", []string{"Sec-Purpose", "Prefetch;anonymous-client-ip"}, true},
		{"yesterday's browsers", []string{"Purpose", "prefetch"}, true},
		{"Turbo", []string{"X-Sec-Purpose", "prefetch"}, true},
		{"htmx 2", []string{"HX-Preloaded", "true"}, true},
		{"htmx 2 says no", []string{"HX-Preloaded", "false"}, false},
		{"another purpose", []string{"Sec-Purpose", "navigate"}, false},
		{"the second value", []string{"Purpose", "x", "Purpose", "prefetch"}, true},
		{"with parameters", []string{"Sec-Purpose", `prefetch; eager="1", x`}, true},
		{"Inertia", []string{"Purpose", "Prefetch"}, true},
		{"Firefox, long ago", []string{"X-Moz", "prefetch"}, true},
		{"Mozilla, by another name", []string{"Moz-Purpose", "prefetch"}, true},
		{"Safari's top sites", []string{"X-Purpose", "preview"}, true},
		{"Chrome, long ago", []string{"X-Purpose", "PREFETCH"}, true},
		{"a long value", []string{"Purpose", strings.Repeat("x", 9000) + "prefetch"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, browser.Prefetch(headerOf(test.header...)))
		})
	}
}

func TestDropPrefetched(t *testing.T) {
	brands := []string{"Sec-Fetch-Mode", "navigate",
		"Sec-CH-UA", `"Chromium";v="156", "Edge";v="1"`}
	for _, test := range []struct {
		name   string
		status int
		header []string
		want   bool
	}{
		{"Chromium and its kin", 303, brands, true},
		{"a page", 200, brands, false},
		{"another browser", 303, brands[:2], false},
		{"other brands", 303, append(brands[:3:3], `"Not A Brand";v="9"`), false},
		{"a script", 303, append([]string{"Sec-Fetch-Mode", "cors"}, brands[2:]...), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := http.Header{}
			browser.DropPrefetched(asked("POST", test.header...), test.status, answer)
			assert.Equal(t, test.want, answer.Get("Clear-Site-Data") != "")
		})
	}
}

// Whether an answer is seen follows from what the browser says of the request, and from what the
// answer lets scripts of other origins read.
func TestWhoSeesTheAnswer(t *testing.T) {
	const origin = "https://other.example"
	fetch := func(site, mode, dest string, more ...string) []string {
		return append([]string{
			"Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode, "Sec-Fetch-Dest", dest,
		}, more...)
	}
	shared := []string{
		"Access-Control-Allow-Origin", origin, "Access-Control-Allow-Credentials", "true",
	}
	for _, test := range []struct {
		name            string
		method          string
		request, answer []string
		want            bool
	}{
		{"no browser", "GET", nil, nil, true},
		{"HEAD", "HEAD", nil, nil, false},
		{"a prefetch", "GET", []string{"Sec-Purpose", "prefetch"}, nil, false},
		{"a tab", "GET", fetch("none", "navigate", "document"), nil, true},
		{"a script", "POST", fetch("same-origin", "cors", "empty"), nil, true},
		{"an image", "GET", fetch("same-origin", "no-cors", "image"), nil, false},
		{"a beacon", "POST", fetch("same-origin", "no-cors", "empty"), nil, false},
		{"a destination to come", "GET", fetch("same-origin", "no-cors", "hologram"), nil, false},
		{"a frame", "GET", fetch("same-origin", "navigate", "iframe"), nil, true},
		{"a frame, same site", "GET", fetch("same-site", "navigate", "iframe"), nil, true},
		{"a frame, another site", "GET", fetch("cross-site", "navigate", "iframe"), nil, false},
		{"a link of another site", "GET", fetch("cross-site", "navigate", "document"), nil, true},
		{"a script of another site", "GET",
			fetch("cross-site", "cors", "empty", "Origin", origin), nil, false},
		{"one that may read the answer", "GET",
			fetch("cross-site", "cors", "empty", "Origin", origin), shared, true},
		{"one that may read it without cookies", "GET",
			fetch("cross-site", "cors", "empty", "Origin", origin), shared[:2], false},
		{"one that asks for no answer", "GET",
			fetch("cross-site", "no-cors", "empty", "Origin", origin), shared, false},
		{"an old browser's script", "GET", []string{"Origin", origin}, nil, false},
		{"an old browser's script, shared", "GET", []string{"Origin", origin}, shared, true},
		{"an old browser's own script", "GET", []string{"Origin", "http://example.com"}, nil, true},
		{"an old browser's form", "POST", []string{"Origin", origin}, nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := browser.MayShow(asked(test.method, test.request...), headerOf(test.answer...))
			assert.Equal(t, test.want, got)
		})
	}
}

func TestWhoAsks(t *testing.T) {
	for _, test := range []struct {
		name   string
		header []string
		want   browser.Sender
	}{
		{"nothing is said", nil, browser.Unsaid},
		{"this origin", []string{"Sec-Fetch-Site", "same-origin"}, browser.ThisOrigin},
		{"the address bar", []string{"Sec-Fetch-Site", "none"}, browser.ByHand},
		{"another host of the site", []string{"Sec-Fetch-Site", "same-site"}, browser.Another},
		{"another site", []string{"Sec-Fetch-Site", "cross-site"}, browser.Another},
		{"Origin, by an old browser", []string{"Origin", "http://example.com"}, browser.ThisOrigin},
		{"another Origin", []string{"Origin", "http://other.example"}, browser.Another},
		{"no Origin that may be told", []string{"Origin", "null"}, browser.Another},
		{"an Origin that is no URL", []string{"Origin", "example.com"}, browser.Another},
		{"Sec-Fetch-Site counts", []string{"Sec-Fetch-Site", "same-origin", "Origin", "null"},
			browser.ThisOrigin},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, browser.SenderOf(asked("POST", test.header...)))
		})
	}
}

// An answer sends the user on by its status, or by a header that htmx reads.
func TestWhereAnAnswerSendsTheUser(t *testing.T) {
	request := asked("POST", "HX-Current-URL", "http://example.com/here")
	for _, test := range []struct {
		name   string
		status int
		header []string
		want   string
		leads  bool
	}{
		{"a page", 200, nil, "", false},
		{"a redirect", 303, []string{"Location", " /there "}, "/there", true},
		{"a redirect to nowhere", 304, nil, "", true},
		{"a Location that is none", 201, []string{"Location", "/there"}, "", false},
		{"HX-Redirect", 200, []string{"HX-Redirect", "/there"}, "/there", true},
		{"HX-Location", 200, []string{"HX-Location", "/there"}, "/there", true},
		{"HX-Location, detailed", 200,
			[]string{"HX-Location", `{"path":"/there","target":"#x"}`}, "/there", true},
		{"HX-Location, garbled", 200, []string{"HX-Location", `{"path"`}, `{"path"`, true},
		{"HX-Refresh", 200, []string{"HX-Refresh", "true"}, "http://example.com/here", true},
		{"HX-Refresh says no", 200, []string{"HX-Refresh", "false"}, "", false},
		{"Refresh", 200, []string{"Refresh", "0; url=/there"}, "/there", true},
		{"Refresh, with a comma", 200, []string{"Refresh", "0.5,URL = '/there'"}, "/there", true},
		{"Refresh, without url", 200, []string{"Refresh", "0;/there?a=b"}, "/there?a=b", true},
		{"Refresh that lets the user read", 200, []string{"Refresh", "5; url=/there"}, "", false},
		{"Refresh, garbled", 200, []string{"Refresh", "soon; url=/there"}, "", false},
		{"a password is asked for", 401, []string{"WWW-Authenticate", `Basic realm="x"`}, "", true},
		{"one of two ways", 401,
			[]string{"WWW-Authenticate", `Bearer realm="x", NEGOTIATE`}, "", true},
		{"a second header", 401,
			[]string{"WWW-Authenticate", "Bearer", "WWW-Authenticate", "digest a=b"}, "", true},
		{"a token that only scripts have", 401, []string{"WWW-Authenticate", "Bearer"}, "", false},
		{"a login page", 401, nil, "", false},
		{"a proxy's password", 407, nil, "", true},
		{"a network's login", 511, nil, "", true},
		{"once more, on a new connection", 421, nil, "", true},
		{"a redirect counts first", 302,
			[]string{"HX-Redirect", "/other", "Location", "/there"}, "/there", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := headerOf(test.header...)
			got, ok := browser.SentTo(test.status, h, request)
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.want != "", ok)
			assert.Equal(t, test.leads, browser.LeadsAway(test.status, h))
		})
	}
}

// A location is read as browsers read it.
func TestLocationsAsBrowsersReadThem(t *testing.T) {
	for _, test := range []struct{ location, want string }{ // want is "" for other hosts
		{"", "/shop/cart"},
		{"list", "/shop/list"},
		{"../list", "/list"},
		{"/a/b", "/a/b"},
		{"?item=8", "/shop/cart"},
		{"#top", "/shop/cart"},
		{"/a?b=/c#d", "/a"},
		{"  /a\t/\nb ", "/a/b"},
		{`\a\b`, "/a/b"},
		{"/a b\"é", "/a%20b%22%C3%A9"},
		{"/%2e%2E/a", "/a"},
		{"http://example.com/a", "/a"},
		{"HTTPS://EXAMPLE.com:443/a", "/a"},
		{"//user@example.com/a", "/a"},
		{"http://example.com:8080/a", ""},
		{"//other.example/a", ""},
		{`/\other.example/a`, ""},
		{"///other.example/a", ""},
		{"mailto:a@example.com", ""},
		{"https:page", ""},
		{"//", ""},
		{"/%zz", ""},
	} {
		t.Run(test.location, func(t *testing.T) {
			r := asked("GET")
			got, ok := browser.OnThisHost(r, r.URL, test.location)
			require.Equal(t, test.want != "", ok)
			if ok {
				assert.Equal(t, test.want, got.EscapedPath())
			}
		})
	}
	proxied := asked("GET", "X-Forwarded-Host", "shop.example, inner")
	got, ok := browser.OnThisHost(proxied, proxied.URL, "https://shop.example/a")
	require.True(t, ok)
	assert.Equal(t, "/a", got.Path)
	base, err := url.Parse("https://outer.example/b/c")
	require.NoError(t, err)
	got, ok = browser.OnThisHost(proxied, base, "d")
	require.True(t, ok)
	assert.Equal(t, "/b/d", got.Path)
}

// The page that a request comes from is one of this host, or the browser says that it is.
func TestThePageThatARequestComesFrom(t *testing.T) {
	for _, test := range []struct {
		name, page string
		header     []string
		want       string
	}{
		{"this host", "http://example.com/a", nil, "/a"},
		{"none", "", nil, ""},
		{"another host", "http://other.example/a", nil, ""},
		{"a host that a proxy hides", "https://shop.example/a",
			[]string{"Sec-Fetch-Site", "same-origin"}, "/a"},
		{"another host of the site", "https://shop.example/a",
			[]string{"Sec-Fetch-Site", "same-site"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := browser.FromPage(asked("GET", test.header...), test.page)
			require.Equal(t, test.want != "", ok)
			if ok {
				assert.Equal(t, test.want, got.Path)
			}
		})
	}
	long := headerOf("Referer", "http://example.com/"+strings.Repeat("a", 9000))
	assert.Empty(t, browser.Sent(long, "Referer"))
}

// What reads the answer follows from the request. Libraries that the application does not have
// are browsers like any other.
func TestAudienceOfARequest(t *testing.T) {
	const here = "http://example.com/here"
	htmx := []string{"HX-Request", "true", "HX-Current-URL", here}
	for _, test := range []struct {
		name      string
		header    []string
		want      browser.Audience
		otherwise browser.Audience // without htmx
	}{
		{"a browser", nil, browser.ForBrowser, browser.ForBrowser},
		{"htmx", htmx, browser.ForHTMX, browser.ForBrowser},
		{"htmx, boosted", append(htmx, "HX-Boosted", "true"),
			browser.ForHTMXPage, browser.ForBrowser},
		{"htmx 4, a page", append(htmx, "HX-Request-Type", "full"),
			browser.ForHTMXPage, browser.ForBrowser},
		{"htmx, for its history", append(htmx, "HX-History-Restore-Request", "true"),
			browser.ForBrowser, browser.ForBrowser},
		{"htmx on another host",
			[]string{"HX-Request", "true", "HX-Current-URL", "http://a.example/"},
			browser.ForBrowser, browser.ForBrowser},
		{"a frame of Turbo", []string{"Turbo-Frame", "cart"}, browser.ForFrame, browser.ForFrame},
		{"a script that asks", []string{"X-Get-Flash", "1"}, browser.ForScript, browser.ForScript},
		{"a script of another site", []string{"X-Get-Flash", "1", "Sec-Fetch-Site", "cross-site"},
			browser.ForBrowser, browser.ForBrowser},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := asked("POST", test.header...)
			assert.Equal(t, test.want, browser.AudienceOf(r, true))
			assert.Equal(t, test.otherwise, browser.AudienceOf(r, false))
		})
	}
	said := headerOf("Referer", "/referer", "HX-Current-URL", "/current")
	for reader, want := range map[browser.Audience]string{
		browser.ForBrowser: "", browser.ForHTMXPage: "", browser.ForHTMX: "/current",
		browser.ForTurbo: "/referer", browser.ForFrame: "/referer", browser.ForScript: "/referer",
	} {
		assert.Equal(t, want, browser.OnScreen(said, reader))
	}
}

// An answer may become a page, if the browser says so, or says nothing and wants markup.
func TestRequestsThatOpenAPage(t *testing.T) {
	for _, test := range []struct {
		name   string
		header []string
		want   bool
	}{
		{"a navigation", []string{"Sec-Fetch-Mode", "navigate"}, true},
		{"a script", []string{"Sec-Fetch-Mode", "cors", "Accept", "text/html"}, false},
		{"a service worker of Firefox", []string{"Sec-Fetch-Mode", "same-origin",
			"Sec-Fetch-Dest", "empty", "Accept", "text/html,*/*;q=0.8"}, true},
		{"htmx 4", []string{"Sec-Fetch-Mode", "same-origin", "Accept", "text/html, */*",
			"HX-Request", "true"}, false},
		{"an old browser", []string{"Accept", "text/html,*/*"}, true},
		{"an old browser's script", []string{"Accept", "*/*"}, false},
		{"htmx in an old browser", []string{"Accept", "text/html", "HX-Request", "true"}, false},
	} {
		assert.Equal(t, test.want, browser.OpensPage(headerOf(test.header...)), test.name)
	}
}

// Of a page that a script loads, or that comes in the place of something else, nobody may see
// anything. What browsers and libraries really send is in testdata.
func TestWhetherAPageIsSeen(t *testing.T) {
	fetch := func(mode, accept string, more ...string) []string {
		return append([]string{
			"Sec-Fetch-Mode", mode, "Sec-Fetch-Dest", "empty", "Accept", accept,
		}, more...)
	}
	for _, test := range []struct {
		name, method string
		status       int
		unrouted     bool
		header       []string
		want         browser.Sight
	}{
		{name: "nothing is said", want: browser.Visible},
		{name: "nothing is said, and there is none", status: 404, want: browser.Visible},
		{name: "a tab", header: []string{"Accept", "text/html,*/*;q=0.8"}, want: browser.Visible},
		{name: "a tab, and there is no page", status: 404, unrouted: true,
			header: []string{"Accept", "text/html,*/*;q=0.8"}, want: browser.Visible},
		{name: "curl", header: []string{"Accept", "*/*"}, want: browser.Visible},
		{name: "a script that is missing", status: 404, header: []string{"Accept", "*/*"},
			want: browser.Doubtful},
		{name: "a page for whatever is missing", unrouted: true, header: []string{"Accept", "*/*"},
			want: browser.Doubtful},
		{name: "a prefetch", header: []string{"Sec-Purpose", "prefetch"}, want: browser.Doubtful},
		{name: "navigation preload", header: []string{"Sec-Fetch-Mode", "navigate",
			"Service-Worker-Navigation-Preload", "true"}, want: browser.Likely},
		{name: "fetch", header: fetch("cors", "*/*"), want: browser.Doubtful},
		{name: "fetch that wants a page", header: fetch("cors", "text/html"),
			want: browser.Visible},
		{name: "fetch that sends something", method: "POST", header: fetch("cors", "*/*"),
			want: browser.Visible},
		{name: "a service worker", header: fetch("same-origin", "text/html,*/*;q=0.8"),
			want: browser.Visible},
		{name: "htmx 2", header: fetch("cors", "*/*", "HX-Request", "true"), want: browser.Visible},
		{name: "Unpoly", header: fetch("cors", "*/*", "X-Up-Version", "3.14.3"),
			want: browser.Likely},
		{name: "quicklink", header: fetch("no-cors", "*/*"), want: browser.Doubtful},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := asked(cmp.Or(test.method, "GET"), test.header...)
			got := browser.SightOf(r, cmp.Or(test.status, 200), !test.unrouted)
			assert.Equal(t, test.want, got)
		})
	}
}

// Over plain http, what a request accepts tells an image from a page.
func TestMediaWithoutTLS(t *testing.T) {
	for accept, want := range map[string]bool{
		"": true, "*/*": true, "text/html": true, "application/json": true,
		"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8": false,
		"text/css,*/*;q=0.1":              false,
		"application/font-woff2;q=1.0":    false,
		"audio/webm,*/*;q=0.5":            false,
		"application/manifest+json":       false,
		"image/gif, text/html;q=0.1, */*": true,
	} {
		r := asked("GET", "Accept", accept)
		assert.Equal(t, want, browser.MayShow(r, http.Header{}), accept)
	}
}

func TestBodies(t *testing.T) {
	for _, test := range []struct {
		contentType               string
		html, turbo, events, utf8 bool
	}{
		{"", false, false, false, false},
		{"text/html", true, false, false, true},
		{"text/html; charset=UTF-8", true, false, false, true},
		{"text/html; charset=iso-8859-1", true, false, false, false},
		{"text/vnd.turbo-stream.html; charset=utf-8", false, true, false, true},
		{"text/event-stream", false, false, true, true},
		{"text/html; charset", true, false, false, false},
	} {
		h := headerOf("Content-Type", test.contentType)
		assert.Equal(t, test.html, browser.IsHTML(h), test.contentType)
		assert.Equal(t, test.turbo, browser.IsTurboStream(h), test.contentType)
		assert.Equal(t, test.events, browser.IsEventStream(h), test.contentType)
		assert.Equal(t, test.utf8, browser.IsUTF8(h), test.contentType)
	}
}
