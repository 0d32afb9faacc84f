package requests_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// askLocally asks for the debug page as a browser on this machine does.
func askLocally(a *apptest.App, user string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "/_flash/debug", nil)
	request.RemoteAddr, request.Host = "127.0.0.1:1234", "localhost:8080"
	request.Header.Set("User", user)
	answer := httptest.NewRecorder()
	a.ServeHTTP(answer, request)
	return answer
}

// The debug page says where a message waits, what was shown where, and what was refused and why.
func TestDebugPageAnswersWhyNothingIsShown(t *testing.T) {
	inDebugMode(t)
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: apptest.UserOf, Timeout: time.Minute, AddTimeout: time.Minute,
	})
	a.Messenger.Mount(a.Engine)
	a.GET("/orders/:id", apptest.Page)
	a.GET("/silent", func(c *gin.Context) { c.Data(http.StatusOK, "text/html", []byte("<p>")) })
	a.GET("/login", func(c *gin.Context) {
		flashgin.Flashes(c)
		c.Header("WWW-Authenticate", "Basic")
		c.AbortWithStatus(http.StatusUnauthorized)
	})
	a.Leave(flashgin.Error("for the wrong view").At("/order/7"),
		flashgin.Success("seen").At("/orders/7"))
	a.Visit(http.MethodGet, "/orders/7", "Sec-Purpose", "prefetch")
	a.Visit(http.MethodGet, "/orders/8", "Sec-Fetch-Site", "cross-site",
		"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "iframe")
	a.Visit(http.MethodGet, "/silent")
	a.Visit(http.MethodGet, "/login")
	assert.Equal(t, "[seen]", a.Shown("/orders/7"))

	answer := askLocally(a, "alice")
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	page := answer.Body.String()
	for _, want := range []string{
		flashgin.SessionHash("alice"),
		"for the wrong view", "no page has this view",
		"<td>shown</td><td><code>/orders/7</code></td>\n<td><code>/orders/7</code></td>",
		"refused: prefetch", "refused: no page", "refused: 401",
		"does not call <code>flashes</code>",
	} {
		assert.Contains(t, page, want)
	}
	assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
	assert.Contains(t, answer.Header().Get("Content-Security-Policy"), "default-src 'none'")
	assert.Contains(t, askLocally(a, "alice").Body.String(), "for the wrong view",
		"it takes nothing")

	other := askLocally(a, "bob").Body.String()
	assert.NotContains(t, other, "for the wrong view")
	assert.NotContains(t, other, "/order/7")
	assert.NotContains(t, other, flashgin.SessionHash("alice"))
	assert.Contains(t, other, "lines are of other sessions")
}

// Nobody else gets the page, and in release mode it does not exist.
func TestDebugPageIsForThisMachineInDebugMode(t *testing.T) {
	for name, test := range map[string]struct {
		mode, peer, forwarded string
		code                  int
	}{
		"debug, here":                   {gin.DebugMode, "127.0.0.1:1", "", 200},
		"debug, elsewhere":              {gin.DebugMode, "192.0.2.1:1", "", 404},
		"debug, elsewhere, lies":        {gin.DebugMode, "192.0.2.1:1", "127.0.0.1", 404},
		"debug, by a proxy here":        {gin.DebugMode, "127.0.0.1:1", "192.0.2.1", 404},
		"release, here":                 {gin.ReleaseMode, "127.0.0.1:1", "", 404},
		"tests of an application, here": {gin.TestMode, "127.0.0.1:1", "", 404},
	} {
		t.Run(name, func(t *testing.T) {
			inDebugMode(t)
			gin.SetMode(test.mode)
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{SessionKey: apptest.UserOf})
			a.Messenger.Mount(a.Engine)
			ask := func() int {
				request := httptest.NewRequest(http.MethodGet, "/_flash/debug", nil)
				request.RemoteAddr, request.Host = test.peer, "localhost:8080"
				request.Header.Set("User", "alice")
				if test.forwarded != "" {
					request.Header.Set("X-Forwarded-For", test.forwarded)
				}
				answer := httptest.NewRecorder()
				a.ServeHTTP(answer, request)
				return answer.Code
			}
			assert.Equal(t, test.code, ask())
			gin.SetMode(gin.ReleaseMode)
			assert.Equal(t, http.StatusNotFound, ask(), "the mode changed after Mount")
		})
	}
}

// A proxy on this machine that adds no header looks like a browser here, so anybody may read the
// page. It has the routes of visitors without a session, and not their paths: these may be secret.
func TestDebugPageKeepsPathsOfVisitorsWithoutASession(t *testing.T) {
	inDebugMode(t)
	a := apptest.NewApp(t, flashgin.Config{})
	a.Messenger.Mount(a.Engine)
	a.GET("/reset/:token", apptest.Page)
	a.POST("/reset/:token", apptest.Add(t, apptest.Page, flashgin.Error("too short")))
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	target, err := url.Parse(server.URL)
	require.NoError(t, err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
	})
	t.Cleanup(proxy.Close)
	visit := func(method, path string) string {
		request, err := http.NewRequestWithContext(t.Context(), method, proxy.URL+path, nil)
		require.NoError(t, err)
		request.Host = "shop.example"
		answer, err := proxy.Client().Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return string(body)
	}
	visit(http.MethodGet, "/reset/the-secret")
	assert.Equal(t, "[too short]", visit(http.MethodPost, "/reset/the-secret"))
	visit(http.MethodGet, "/rset/the-secret")
	page := visit(http.MethodGet, "/_flash/debug")
	assert.NotContains(t, page, "the-secret")
	assert.Contains(t, page, "GET <code>/reset/:token</code>")
	assert.Contains(t, page, "POST <code>/reset/:token</code>")
}

// The debug page costs an application nothing that puts something else into its context.
func TestDebugPageMindsNoReplacedWriter(t *testing.T) {
	inDebugMode(t)
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{SessionKey: apptest.UserOf})
	a.Messenger.Mount(a.Engine)
	a.POST("/save", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("saved").At("/orders/7")))
		c.Writer = c.Copy().Writer
	})
	a.GET("/orders/:id", apptest.Page)
	a.Visit(http.MethodPost, "/save")
	assert.Equal(t, "[saved]", a.Shown("/orders/7"))
}
