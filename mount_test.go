package flashgin_test

import (
	"compress/gzip"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	ginzip "github.com/gin-contrib/gzip"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// newMounted is newApp with Mount and a page that prints all there is.
func newMounted(t testing.TB, cfg flashgin.Config) *app {
	a := newApp(t, cfg)
	a.template("page", `{{flashAssets}}{{flashes}}`)
	a.messenger.Mount(a)
	return a
}

// assetPaths returns what the tags of a page load.
func assetPaths(page string) (paths []string) {
	for _, found := range regexp.MustCompile(`(?:href|src)="([^"]*/flash[^"]*)"`).FindAllStringSubmatch(page, -1) {
		paths = append(paths, found[1])
	}
	return paths
}

func TestFlashAssets(t *testing.T) {
	const hash = `[0-9a-f]{12}`
	for _, test := range []struct {
		name     string
		cfg      flashgin.Config
		group    string
		template string
		want     string // a pattern
	}{
		{"plain", flashgin.Config{}, "", `{{flashAssets}}`,
			`<link rel="stylesheet" href="/_flash/flash\.` + hash + `\.css">` + "\n" + `<script src="/_flash/flash\.` + hash + `\.js" defer></script>`},
		{"nonce", flashgin.Config{}, "", `{{flashAssets "n0nce"}}`,
			`<link rel="stylesheet" href="/_flash/flash\.` + hash + `\.css" nonce="n0nce">` + "\n" + `<script src="/_flash/flash\.` + hash + `\.js" defer nonce="n0nce"></script>`},
		{"nonce of another type", flashgin.Config{}, "", `{{flashAssets .}}`, `(?s).* nonce="typed">.* nonce="typed"></script>`},
		{"hostile nonce", flashgin.Config{}, "", `{{flashAssets "\"><b>"}}`, `(?s).* nonce="&#34;&gt;&lt;b&gt;">.*`},
		{"empty nonce", flashgin.Config{}, "", `{{flashAssets ""}}`, `<link rel="stylesheet" href="[^"]*">\n<script src="[^"]*" defer></script>`},
		{"prefix", flashgin.Config{Prefix: "/app/"}, "", `{{flashAssets}}`, `(?s).*href="/app/_flash/flash.*src="/app/_flash/flash.*`},
		{"prefix that is escaped", flashgin.Config{Prefix: "/caf%C3%A9%25"}, "", `{{flashAssets}}`, `(?s).*href="/caf%C3%A9%25/_flash/flash.*src="/caf%C3%A9%25/_flash/flash.*`},
		{"path", flashgin.Config{MountPath: "/static/messages"}, "", `{{flashAssets}}`, `(?s).*href="/static/messages/flash.*`},
		{"path with a space", flashgin.Config{MountPath: "/my files"}, "", `{{flashAssets}}`, `(?s).*href="/my%20files/flash.*`},
		{"group", flashgin.Config{}, "/admin", `{{flashAssets}}`, `(?s).*href="/admin/_flash/flash.*`},
		{"group and prefix", flashgin.Config{Prefix: "/app"}, "/admin/", `{{flashAssets}}`, `(?s).*href="/app/admin/_flash/flash.*`},
		{"Bootstrap", flashgin.Config{Look: flashgin.LookBootstrap}, "", `{{flashAssets}}`, `<script src="/_flash/flash\.` + hash + `\.js" defer></script>`},
		{"Tailwind", flashgin.Config{Look: flashgin.LookTailwind}, "", `{{flashAssets}}`, `<script src="/_flash/flash\.` + hash + `\.js" defer></script>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newApp(t, test.cfg)
			a.template("page", test.template)
			a.messenger.Mount(a.Group(test.group))
			type text string
			a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", text("typed")) })
			v := a.visitor()
			got := v.get("/")
			assert.Regexp(t, "^"+test.want+"$", got)
			paths := assetPaths(got)
			require.NotEmpty(t, paths)
			for _, path := range paths {
				path, err := url.PathUnescape(strings.TrimPrefix(path, strings.TrimSuffix(test.cfg.Prefix, "/")))
				require.NoError(t, err)
				answer := v.do(http.MethodGet, (&url.URL{Path: path}).String())
				assert.Equal(t, http.StatusOK, answer.Code, path)
				assert.Contains(t, answer.Body.String(), "flash")
			}
		})
	}
}

func TestFlashAssetsWithoutMount(t *testing.T) {
	log := new(lockedBuffer)
	a := newApp(t, flashgin.Config{Logger: logTo(log)})
	a.template("page", `[{{flashAssets}}]`)
	a.GET("/", page)
	v := a.visitor()
	assert.Equal(t, "[]", v.get("/"))
	assert.Equal(t, "[]", v.get("/"))
	assert.Equal(t, 1, strings.Count(log.String(), "Messenger.Mount"), log.String())
}

func TestFlashAssetsIsGivenNonsense(t *testing.T) {
	for _, call := range []string{`{{flashAssets 1}}`, `{{flashAssets "a" "b"}}`, `{{flashAssets nil}}`} {
		a := newMounted(t, flashgin.Config{})
		a.template("page", call)
		a.GET("/", page)
		assert.Equal(t, http.StatusInternalServerError, a.visitor().do(http.MethodGet, "/").Code, call)
	}
}

// Templates that an application executes itself are bound to no request.
func TestFlashAssetsUnbound(t *testing.T) {
	var text strings.Builder
	require.NoError(t, template.Must(template.New("mail").Funcs(flashgin.FuncMap()).Parse(`[{{flashAssets "n"}}]`)).Execute(&text, nil))
	assert.Equal(t, "[]", text.String())
}

func TestMountPanics(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	assert.PanicsWithValue(t, `flashgin: Mount: "/:tenant/_flash" has a parameter: mount on the engine, or on a group whose path has none`,
		func() { a.messenger.Mount(a.Group("/:tenant")) })
	a.messenger.Mount(a)
	assert.PanicsWithValue(t, "flashgin: Mount was called twice: one place serves all pages", func() { a.messenger.Mount(a.Group("/other")) })
}

func TestConfigOfMarkup(t *testing.T) {
	_, err := flashgin.New(flashgin.Config{Look: 3})
	assert.EqualError(t, err, "flashgin: Config.Look is 3: want LookPlain, LookBootstrap or LookTailwind")
	_, err = flashgin.New(flashgin.Config{Look: -1})
	assert.ErrorContains(t, err, "Config.Look")
	_, err = flashgin.New(flashgin.Config{MountPath: "/:any"})
	assert.ErrorContains(t, err, "Config.MountPath")
}

func TestAssetHeaders(t *testing.T) {
	a := newMounted(t, flashgin.Config{})
	a.GET("/", page)
	v := a.visitor()
	hashed := assetPaths(v.get("/"))
	require.Len(t, hashed, 2)
	other := regexp.MustCompile(`[0-9a-f]{12}`)
	for i, kind := range []struct{ alias, contentType string }{
		{"/_flash/flash.css", "text/css; charset=utf-8"},
		{"/_flash/flash.js", "text/javascript; charset=utf-8"},
	} {
		for _, test := range []struct{ name, path, caching string }{
			{"hashed", hashed[i], "public, max-age=31536000, immutable"},
			{"alias", kind.alias, "no-cache"},
			{"of another version", other.ReplaceAllString(hashed[i], "0123456789ab"), "no-store"},
		} {
			t.Run(test.name+kind.alias, func(t *testing.T) {
				plain := v.do(http.MethodGet, test.path)
				assert.Equal(t, http.StatusOK, plain.Code)
				assert.Equal(t, kind.contentType, plain.Header().Get("Content-Type"))
				assert.Equal(t, test.caching, plain.Header().Get("Cache-Control"))
				assert.Equal(t, "nosniff", plain.Header().Get("X-Content-Type-Options"))
				assert.Equal(t, "Accept-Encoding", plain.Header().Get("Vary"))
				assert.Empty(t, plain.Header().Get("Content-Encoding"))
				assert.Empty(t, plain.Header().Get("Set-Cookie"))
				assert.Regexp(t, `^"[0-9a-f]{12}"$`, plain.Header().Get("ETag"))

				gzipped := v.do(http.MethodGet, test.path, "Accept-Encoding", "br, gzip;q=0.5")
				assert.Equal(t, "gzip", gzipped.Header().Get("Content-Encoding"))
				assert.NotEqual(t, plain.Header().Get("ETag"), gzipped.Header().Get("ETag"), "other bytes")
				reader, err := gzip.NewReader(gzipped.Body)
				require.NoError(t, err)
				text, err := io.ReadAll(reader)
				require.NoError(t, err)
				assert.Equal(t, plain.Body.String(), string(text))

				for _, encodings := range [][]string{{}, {"Accept-Encoding", "gzip"}} {
					etag := v.do(http.MethodGet, test.path, encodings...).Header().Get("ETag")
					again := v.do(http.MethodGet, test.path, append(encodings, "If-None-Match", etag)...)
					assert.Equal(t, http.StatusNotModified, again.Code)
					assert.Empty(t, again.Body.String())
					assert.Equal(t, test.caching, again.Header().Get("Cache-Control"))
					assert.Equal(t, http.StatusOK, v.do(http.MethodGet, test.path, append(encodings, "If-None-Match", `"other"`)...).Code)
				}
				head := v.do(http.MethodHead, test.path)
				assert.Equal(t, http.StatusOK, head.Code)
				assert.Empty(t, head.Body.String())
			})
		}
	}
	for _, encoding := range []string{"", "br", "gzip;q=0", "gzip; q=0.0, br", "identity"} {
		assert.Empty(t, v.do(http.MethodGet, hashed[0], "Accept-Encoding", encoding).Header().Get("Content-Encoding"), encoding)
	}
	for _, path := range []string{"/_flash/other.js", "/_flash/flash", "/_flash/flash.html", "/_flash/flashy.js", "/_flash/", "/_flash/messages.html", "/_flash/flash.js/x"} {
		assert.Equal(t, http.StatusNotFound, v.do(http.MethodGet, path).Code, path)
	}
}

// What a middleware compresses must not be compressed before.
func TestAssetsBehindGzip(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	a.Use(ginzip.Gzip(ginzip.DefaultCompression))
	a.messenger.Mount(a)
	b := a.browser() // whose client asks for gzip by itself, and unpacks it once
	assert.Contains(t, b.get("/_flash/flash.js"), "customElements")
	assert.Contains(t, b.get("/_flash/flash.css"), ".flash__item")
}

func TestMarkupOfPages(t *testing.T) {
	a := newMounted(t, flashgin.Config{})
	a.template("page", `{{flashes}}|{{flashes}}`)
	a.GET("/", page)
	a.GET("/one", add(t, page, flashgin.Message{Text: "saved", AutoClose: true, Key: "k"}))
	a.GET("/stays", add(t, page, flashgin.Message{Text: "saved", AutoClose: true, Link: &flashgin.Link{Label: "View", URL: "/"}},
		flashgin.Message{Status: flashgin.StatusError, Text: "full", AutoClose: true}, flashgin.Message{Status: flashgin.StatusWarning, Text: "full", AutoClose: true}))
	v := a.visitor()
	for range 2 { // the second time from memory
		first, second, _ := strings.Cut(v.get("/"), "|")
		for _, voice := range []string{`<div class="flash__hidden" role="status" aria-atomic="true"></div>`, `<div class="flash__hidden" role="alert" aria-atomic="true"></div>`} {
			assert.Equal(t, 1, strings.Count(first, voice))
			assert.NotContains(t, second, voice, "a page has one of each")
		}
		assert.Equal(t, 4, strings.Count(first, "<li "), "one blank of each status")
		assert.NotContains(t, first, ` id="`)
		assert.NotContains(t, first, "data-pull")
		assert.NotContains(t, second, "<template>")
	}
	first, second, _ := strings.Cut(v.get("/one"), "|")
	assert.Contains(t, first, `aria-label="Messages"`)
	assert.Contains(t, second, `aria-label="Messages 2"`)
	assert.Contains(t, first, ` data-key="k" data-autoclose data-turbo-temporary>`)
	assert.NotContains(t, v.get("/stays"), "data-autoclose")
}

func TestLooks(t *testing.T) {
	for look, want := range map[flashgin.Look][]string{
		flashgin.LookPlain:     {`class="flash__item"`, `class="flash__hidden" role="status"`},
		flashgin.LookBootstrap: {`alert-danger"`, `alert-info"`, `class="visually-hidden" role="status"`, `class="btn-close"`},
		flashgin.LookTailwind:  {` bg-red-50 `, ` bg-blue-50 `, `class="sr-only" role="status"`},
	} {
		a := newMounted(t, flashgin.Config{Look: look})
		a.GET("/", add(t, page, flashgin.Error("full"), flashgin.Message{Status: "odd", Text: "odd"}))
		got, _, _ := strings.Cut(a.visitor().get("/"), "<template>")
		for _, part := range want {
			assert.Contains(t, got, part)
		}
		if look != flashgin.LookPlain {
			assert.NotContains(t, got, "flash__")
		}
		assert.NotContains(t, got, `class=""`)
	}
}

// pullable is an application in which messages wait for a page that was loaded ahead of time.
func pullable(t *testing.T, cfg flashgin.Config) (*app, *visitor) {
	a := newMounted(t, cfg)
	a.GET("/problems/:id", page)
	a.GET("/slow", page)
	a.POST("/add", add(t, status(http.StatusNoContent),
		flashgin.Info("path").At("/problems/108"), flashgin.Info("route").At("/problems/:id"), flashgin.Info("anywhere").At(flashgin.Anywhere),
		flashgin.Message{HTML: "<b>HTML</b>", View: "/problems/108"}, flashgin.Message{HTML: "<b>HTML</b>", Title: "Title", View: "/problems/108"},
		flashgin.Info("another path").At("/problems/107")))
	v := a.visitor()
	v.post("/add")
	return a, v
}

var pullPath = regexp.MustCompile(` data-pull="([^"]*)"`)

func pulled(t *testing.T, v *visitor, path string) (texts []string) {
	t.Helper()
	answer := v.do(http.MethodGet, path, "X-Get-Flash", "1", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "empty")
	require.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
	assert.Equal(t, "application/json; charset=utf-8", answer.Header().Get("Content-Type"))
	var body struct{ Messages []flashgin.Message }
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &body))
	require.NotNil(t, body.Messages, answer.Body.String())
	for _, m := range body.Messages {
		texts = append(texts, m.Title+m.Text)
	}
	return texts
}

func TestPageLoadedAheadSaysWhereItsMessagesAre(t *testing.T) {
	for _, prefix := range []string{"", "/app"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			_, v := pullable(t, flashgin.Config{Prefix: prefix})
			ahead := v.get("/problems/108", "Sec-Purpose", "prefetch;prerender")
			found := pullPath.FindStringSubmatch(ahead)
			require.NotNil(t, found, ahead)
			address := strings.ReplaceAll(found[1], "&amp;", "&")
			at, ok := strings.CutPrefix(address, prefix)
			require.True(t, ok, address)
			assert.Equal(t, []string{"path", "route", "anywhere", "Title"}, pulled(t, v, at))
			assert.Empty(t, pulled(t, v, at), "once")
			assert.Contains(t, v.get("/problems/107"), "another path")
			rest, _, _ := strings.Cut(v.get("/problems/108"), "<template>")
			assert.Contains(t, rest, "<b>HTML</b>", "what scripts cannot show waits")
			assert.NotContains(t, rest, "Title")
			assert.NotContains(t, rest, "data-pull")
		})
	}
	t.Run("without Mount", func(t *testing.T) {
		a := newApp(t, flashgin.Config{})
		a.template("page", `{{flashes}}`)
		a.GET("/", page)
		assert.NotContains(t, a.visitor().get("/", "Sec-Purpose", "prefetch"), "data-pull")
	})
}

func TestPullIsRefused(t *testing.T) {
	asks := func(site string) []string { return []string{"X-Get-Flash", "1", "Sec-Fetch-Site", site} }
	for _, test := range []struct {
		name, query string
		header      []string
		want        int
	}{
		{"another site", "?view=/problems/108", asks("cross-site"), http.StatusForbidden},
		{"another host of the site", "?view=/problems/108", asks("same-site"), http.StatusForbidden},
		{"the address bar", "?view=/problems/108", asks("none"), http.StatusForbidden},
		{"a link, an image", "?view=/problems/108", []string{"Sec-Fetch-Site", "same-origin"}, http.StatusForbidden},
		{"no view", "", asks("same-origin"), http.StatusBadRequest},
		{"too many views", "?view=/problems/108" + strings.Repeat("&view=x", 16), asks("same-origin"), http.StatusBadRequest},
		{"ahead of time", "?view=/problems/108", append(asks("same-origin"), "Sec-Purpose", "prefetch;prerender"), http.StatusOK},
		{"an old browser", "?view=/problems/107", []string{"X-Get-Flash", "1"}, http.StatusOK},
		{"a long view", "?view=/" + strings.Repeat("x", 10_000), asks("same-origin"), http.StatusOK},
		{"an empty view", "?view=", asks("same-origin"), http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, v := pullable(t, flashgin.Config{})
			answer := v.do(http.MethodGet, "/_flash/messages"+test.query, test.header...)
			assert.Equal(t, test.want, answer.Code)
			assert.NotContains(t, answer.Body.String(), `"text":"path"`)
			assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
			assert.Contains(t, v.get("/problems/108"), ">path<", "still there")
		})
	}
}

func TestPullOfAnotherSession(t *testing.T) {
	a, _ := pullable(t, flashgin.Config{})
	stranger := a.visitor()
	assert.Empty(t, pulled(t, stranger, "/_flash/messages?view=/problems/108&view=*"))
	assert.Empty(t, stranger.cookies, "asking makes no session")
}

func TestPullWithoutInstall(t *testing.T) {
	log := new(lockedBuffer)
	messenger, err := flashgin.New(flashgin.Config{Logger: logTo(log)})
	require.NoError(t, err)
	engine := gin.New()
	messenger.Mount(engine)
	assert.Equal(t, http.StatusNotFound, newVisitor(t, engine).do(http.MethodGet, "/_flash/messages?view=/", "X-Get-Flash", "1").Code)
	assert.Contains(t, log.String(), "Install")
	assert.Equal(t, http.StatusOK, newVisitor(t, engine).do(http.MethodGet, "/_flash/flash.js").Code)
}
