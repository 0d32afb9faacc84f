package answers_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/cachetest"
)

// realCaches are started by the tests that need them.
var realCaches = map[string]func(tb testing.TB, backend string) string{
	"Varnish": cachetest.Varnish,
	"nginx":   func(tb testing.TB, backend string) string { return cachetest.Nginx(tb, backend) },
}

// fetchAs sends what a client without cookies sends: caches keep no answers to those with some.
func fetchAs(t *testing.T, url, user string) apptest.Answer {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	request.Header.Set("User", user)
	client := http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return apptest.Answer{Response: response, Body: string(body)}
}

// cacheHeaders are those by which applications have caches keep their pages.
var cacheHeaders = map[string]http.Header{
	"Cache-Control":     {"Cache-Control": {"public, max-age=600"}},
	"Surrogate-Control": {"Surrogate-Control": {"max-age=600"}},
	"X-Accel-Expires":   {"X-Accel-Expires": {"600"}},
	"Expires":           {"Expires": {"Sun, 02 Jan 2112 15:04:05 GMT"}},
	"validators":        {"Etag": {`"v1"`}, "Last-Modified": {"Mon, 02 Jan 2006 15:04:05 GMT"}},
	"all of them": {
		"Cache-Control": {"public, max-age=600"}, "Surrogate-Control": {"max-age=600"},
		"X-Accel-Expires": {"600"}, "Expires": {"Sun, 02 Jan 2112 15:04:05 GMT"},
		"Cdn-Cache-Control": {"max-age=600"}, "Edge-Control": {"cache-maxage=600s"},
	},
}

// A cache keeps the page without messages, so that it is one, and never one with messages.
func TestRealCachesKeepNoPageWithMessages(t *testing.T) {
	for cacheName, cache := range realCaches {
		t.Run(cacheName, func(t *testing.T) {
			a := apptest.NewBoard(t)
			var rendered atomic.Int32
			for name, header := range cacheHeaders {
				a.GET("/"+strings.ReplaceAll(name, " ", "-"), func(c *gin.Context) {
					rendered.Add(1)
					for name, values := range header {
						c.Writer.Header()[name] = values
					}
					apptest.Page(c)
				})
			}
			url := a.BehindCache(cache)
			for name := range cacheHeaders {
				t.Run(name, func(t *testing.T) {
					url := url + "/" + strings.ReplaceAll(name, " ", "-")
					rendered.Store(0)
					for range 2 {
						assert.Empty(t, fetchAs(t, url+"?empty", "alice").Body)
					}
					assert.EqualValues(t, 1, rendered.Load(),
						"it is not kept, so this shows nothing")

					a.Leave(flashgin.Info("for alice"))
					assert.Equal(t, "[for alice]", fetchAs(t, url, "alice").Body)
					assert.Empty(t, fetchAs(t, url, "bob").Body)
				})
			}
		})
	}
}

// Two visitors never get one key, not even from a cache that was told to keep cookies.
func TestRealCachesKeepNoCookieOfOurs(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/form", func(c *gin.Context) {
		_, err := a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		keepable(c)
		c.String(http.StatusOK, "form")
	})
	a.GET("/moved", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("moved")))
		keepable(c)
		c.Redirect(http.StatusMovedPermanently, "/form")
	})
	cookies := 0
	a.GET("/other", func(c *gin.Context) { // a cookie that is not ours is kept, so this cache does
		cookies++
		keepable(c)
		c.SetCookie("n", strings.Repeat("x", cookies), 0, "", "", false, false)
	})
	url := a.BehindCache(func(tb testing.TB, backend string) string {
		return cachetest.Nginx(tb, backend, "proxy_ignore_headers Set-Cookie;")
	})
	for _, path := range []string{"/form", "/moved", "/other"} {
		ada, bob := fetchAs(t, url+path, ""), fetchAs(t, url+path, "")
		assert.Equal(t, 1, ada.CookieCount())
		assert.Equal(t, 1, bob.CookieCount())
		same := ada.Header.Get("Set-Cookie") == bob.Header.Get("Set-Cookie")
		assert.Equal(t, path == "/other", same, path)
	}
}

// A page whose headers left first is kept, and so has nobody's messages in it.
func TestRealCachesKeepAPageThatWasBegunWithoutMessages(t *testing.T) {
	for cacheName, cache := range realCaches {
		t.Run(cacheName, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.GET("/", func(c *gin.Context) {
				keepable(c)
				_, _ = c.Writer.WriteString("head:")
				apptest.Page(c)
			})
			a.GET("/shows", apptest.Page)
			url := a.BehindCache(cache)
			a.Leave(flashgin.Info("for alice"))
			assert.Equal(t, "head:", fetchAs(t, url, "alice").Body)
			assert.Equal(t, "head:", fetchAs(t, url, "bob").Body)
			assert.Equal(t, "[for alice]", fetchAs(t, url+"/shows", "alice").Body)
		})
	}
}
