package pages_test

import (
	"compress/gzip"
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
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// assetPaths returns what the tags of a page load.
func assetPaths(page string) (paths []string) {
	for _, found := range regexp.MustCompile(`(?:href|src)="([^"]*/flash[^"]*)"`).
		FindAllStringSubmatch(page, -1) {
		paths = append(paths, found[1])
	}
	return paths
}

// The tags name files that are served, wherever Mount is and whatever browsers see before it.
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
			`<link rel="stylesheet" href="/_flash/flash\.` + hash + `\.css">` + "\n" +
				`<script src="/_flash/flash\.` + hash + `\.js" defer></script>`},
		{"nonce", flashgin.Config{}, "", `{{flashAssets "n0nce"}}`,
			`<link rel="stylesheet" href="/_flash/flash\.` + hash + `\.css" nonce="n0nce">` + "\n" +
				`<script src="/_flash/flash\.` + hash + `\.js" defer nonce="n0nce"></script>`},
		{"nonce of another type", flashgin.Config{}, "", `{{flashAssets .}}`,
			`(?s).* nonce="typed">.* nonce="typed"></script>`},
		{"hostile nonce", flashgin.Config{}, "", `{{flashAssets "\"><b>"}}`,
			`(?s).* nonce="&#34;&gt;&lt;b&gt;">.*`},
		{"empty nonce", flashgin.Config{}, "", `{{flashAssets ""}}`,
			`<link rel="stylesheet" href="[^"]*">\n<script src="[^"]*" defer></script>`},
		{"prefix", flashgin.Config{Prefix: "/app/"}, "", `{{flashAssets}}`,
			`(?s).*href="/app/_flash/flash.*src="/app/_flash/flash.*`},
		{"prefix that is escaped", flashgin.Config{Prefix: "/caf%C3%A9%25"}, "", `{{flashAssets}}`,
			`(?s).*href="/caf%C3%A9%25/_flash/flash.*src="/caf%C3%A9%25/_flash/flash.*`},
		{"path", flashgin.Config{MountPath: "/static/messages"}, "", `{{flashAssets}}`,
			`(?s).*href="/static/messages/flash.*`},
		{"path of a slash", flashgin.Config{MountPath: "/"}, "", `{{flashAssets}}`,
			`(?s).*href="/flash.*src="/flash.*`},
		{"path with a space", flashgin.Config{MountPath: "/my files"}, "", `{{flashAssets}}`,
			`(?s).*href="/my%20files/flash.*`},
		{"group", flashgin.Config{}, "/admin", `{{flashAssets}}`,
			`(?s).*href="/admin/_flash/flash.*`},
		{"group and prefix", flashgin.Config{Prefix: "/app"}, "/admin/", `{{flashAssets}}`,
			`(?s).*href="/app/admin/_flash/flash.*`},
		{"Bootstrap", flashgin.Config{Look: flashgin.LookBootstrap}, "", `{{flashAssets}}`,
			`<script src="/_flash/flash\.` + hash + `\.js" defer></script>`},
		{"Tailwind", flashgin.Config{Look: flashgin.LookTailwind}, "", `{{flashAssets}}`,
			`<script src="/_flash/flash\.` + hash + `\.js" defer></script>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewApp(t, test.cfg)
			a.Template("page", test.template)
			a.Messenger.Mount(a.Group(test.group))
			type text string
			a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", text("typed")) })
			v := a.Visitor()
			got := v.Get("/")
			assert.Regexp(t, "^"+test.want+"$", got)
			paths := assetPaths(got)
			require.NotEmpty(t, paths)
			for _, path := range paths {
				path, err := url.PathUnescape(
					strings.TrimPrefix(path, strings.TrimSuffix(test.cfg.Prefix, "/")))
				require.NoError(t, err)
				answer := v.Do(http.MethodGet, (&url.URL{Path: path}).String())
				assert.Equal(t, http.StatusOK, answer.Code, path)
				assert.Contains(t, answer.Body.String(), "flash")
			}
		})
	}
}

// Without Mount there is nothing to load. That is said once.
func TestFlashAssetsWithoutMount(t *testing.T) {
	log := new(apptest.LockedBuffer)
	a := apptest.NewApp(t, flashgin.Config{Logger: apptest.LogTo(log)})
	a.Template("page", `[{{flashAssets}}]`)
	a.GET("/", apptest.Page)
	v := a.Visitor()
	assert.Equal(t, "[]", v.Get("/"))
	assert.Equal(t, "[]", v.Get("/"))
	assert.Equal(t, 1, strings.Count(log.String(), "Messenger.Mount"), log.String())
}

func TestFlashAssetsIsGivenNonsense(t *testing.T) {
	for _, call := range []string{
		`{{flashAssets 1}}`, `{{flashAssets "a" "b"}}`, `{{flashAssets nil}}`,
	} {
		a := apptest.NewMounted(t, flashgin.Config{})
		a.Template("page", call)
		a.GET("/", apptest.Page)
		assert.Equal(t, http.StatusInternalServerError,
			a.Visitor().Do(http.MethodGet, "/").Code, call)
	}
}

// Templates that an application executes itself are bound to no request.
func TestFlashAssetsUnbound(t *testing.T) {
	var text strings.Builder
	require.NoError(t, template.Must(template.New("mail").Funcs(flashgin.FuncMap()).
		Parse(`[{{flashAssets "n"}}]`)).Execute(&text, nil))
	assert.Equal(t, "[]", text.String())
}

// A file with a hash in its name may be kept for good, any other is asked for again. Each is
// compressed for whoever takes that.
func TestAssetHeaders(t *testing.T) {
	a := apptest.NewMounted(t, flashgin.Config{})
	a.GET("/", apptest.Page)
	v := a.Visitor()
	hashed := assetPaths(v.Get("/"))
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
				plain := v.Do(http.MethodGet, test.path)
				assert.Equal(t, http.StatusOK, plain.Code)
				assert.Equal(t, kind.contentType, plain.Header().Get("Content-Type"))
				assert.Equal(t, test.caching, plain.Header().Get("Cache-Control"))
				assert.Equal(t, "nosniff", plain.Header().Get("X-Content-Type-Options"))
				assert.Equal(t, "Accept-Encoding", plain.Header().Get("Vary"))
				assert.Empty(t, plain.Header().Get("Content-Encoding"))
				assert.Empty(t, plain.Header().Get("Set-Cookie"))
				assert.Regexp(t, `^"flash\.[0-9a-f]{12}\.(js|css)"$`, plain.Header().Get("ETag"))

				gzipped := v.Do(http.MethodGet, test.path, "Accept-Encoding", "br, gzip;q=0.5")
				assert.Equal(t, "gzip", gzipped.Header().Get("Content-Encoding"))
				assert.NotEqual(t, plain.Header().Get("ETag"), gzipped.Header().Get("ETag"),
					"other bytes")
				reader, err := gzip.NewReader(gzipped.Body)
				require.NoError(t, err)
				text, err := io.ReadAll(reader)
				require.NoError(t, err)
				assert.Equal(t, plain.Body.String(), string(text))

				for _, encodings := range [][]string{{}, {"Accept-Encoding", "gzip"}} {
					etag := v.Do(http.MethodGet, test.path, encodings...).Header().Get("ETag")
					again := v.Do(http.MethodGet, test.path,
						append(encodings, "If-None-Match", etag)...)
					assert.Equal(t, http.StatusNotModified, again.Code)
					assert.Empty(t, again.Body.String())
					assert.Equal(t, test.caching, again.Header().Get("Cache-Control"))
					assert.Equal(t, http.StatusOK, v.Do(http.MethodGet, test.path,
						append(encodings, "If-None-Match", `"other"`)...).Code)
				}
				head := v.Do(http.MethodHead, test.path)
				assert.Equal(t, http.StatusOK, head.Code)
				assert.Empty(t, head.Body.String())
			})
		}
	}
	for _, encoding := range []string{"", "br", "gzip;q=0", "gzip; q=0.0, br", "identity"} {
		assert.Empty(t, v.Do(http.MethodGet, hashed[0], "Accept-Encoding", encoding).
			Header().Get("Content-Encoding"), encoding)
	}
	for _, path := range []string{
		"/_flash/other.js", "/_flash/flash", "/_flash/flash.html", "/_flash/flashy.js", "/_flash/",
		"/_flash/messages.html", "/_flash/flash.js/x",
	} {
		assert.Equal(t, http.StatusNotFound, v.Do(http.MethodGet, path).Code, path)
	}
}

// What a middleware compresses must not be compressed before.
func TestAssetsBehindGzip(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.Use(ginzip.Gzip(ginzip.DefaultCompression))
	a.Messenger.Mount(a)
	b := a.Browser() // whose client asks for gzip by itself, and unpacks it once
	assert.Contains(t, b.Get("/_flash/flash.js"), "customElements")
	assert.Contains(t, b.Get("/_flash/flash.css"), ".flash__item")
}
