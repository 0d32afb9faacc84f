package sessions_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// keyOfSecret returns the session key that CookieKey makes of a secret.
func keyOfSecret(secret string) string {
	hash := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// Two secrets in one request are none: whoever planted one of them reads nothing, and the messages
// of the other wait until the planted cookie is gone, which the answer sees to.
func TestAPlantedCookieIsNotUsed(t *testing.T) {
	log := new(apptest.LockedBuffer)
	a := newCookieApp(t, flashgin.Config{Logger: apptest.LogTo(log)})
	a.GET("/private/page", apptest.Page)
	a.GET("/private/peek", func(c *gin.Context) { assert.Empty(t, flashgin.PeekFlashes(c)) })
	a.POST("/private/save",
		apptest.Add(t, apptest.Redirect("/private/page"), flashgin.Info("secret")))
	b := a.Browser()
	b.Post("/private/save")

	planted := b.Plant("/private")
	a.Job(keyOfSecret(planted), flashgin.Info("bait").At("/private/page"))
	answer := b.Do(http.MethodGet, "/private/page")
	assert.Empty(t, answer.Body)
	assert.Contains(t, answer.Header.Values("Set-Cookie"), "flash=; Path=/private; Max-Age=0")
	assert.Equal(t, "private, no-store", answer.Header.Get("Cache-Control"))
	assert.Equal(t, "[secret]", b.Get("/private/page"),
		"the planted cookie is gone, and ours is not")

	b.Plant("/private/peek")
	b.Get("/private/peek")
	assert.Zero(t, b.Do(http.MethodGet, "/private/peek").CookieCount(), "once")
	assert.Equal(t, 1, strings.Count(log.String(), "__Host-"), log)
	assert.NotContains(t, log.String(), planted)
	assert.Empty(t, a.Failures.String())
}

// What is added while a planted cookie is there waits under a new secret, which neither knows.
func TestAPlantedCookieIsReplaced(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	a.GET("/private/page", apptest.Page)
	a.POST("/private/save",
		apptest.Add(t, apptest.Redirect("/private/page"), flashgin.Info("secret")))
	var made string
	a.POST("/private/key", func(c *gin.Context) {
		var err error
		made, err = a.Messenger.SessionKey(c)
		assert.NoError(t, err)
	})
	for _, path := range []string{"/private/save", "/private/key"} {
		b := a.Browser()
		b.Post("/")
		ours := b.Client.Jar.Cookies(
			&url.URL{Scheme: "http", Host: strings.TrimPrefix(b.URL, "http://")})[0].Value
		planted := b.Plant("/private")
		b.Post(path)
		for _, known := range []string{ours, planted} {
			waiting, err := a.Messenger.Peek(t.Context(), keyOfSecret(known), "/private/page")
			require.NoError(t, err)
			assert.Empty(t, waiting)
		}
		if path == "/private/key" {
			assert.NotContains(t, []string{"", keyOfSecret(ours), keyOfSecret(planted)}, made)
			a.Job(made, flashgin.Info("secret").At("/private/page"))
		}
		assert.Equal(t, "[secret]", b.Get("/private/page"))
	}
	assert.Empty(t, a.Failures.String())
}

// A cookie that was planted before the login, with a longer Path, reads nothing after it.
func TestForgetAndAPlantedCookie(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	a.GET("/account/mail", apptest.Page)
	a.POST("/account/login", func(c *gin.Context) {
		assert.NoError(t, a.Messenger.Forget(c))
		apptest.Add(t, apptest.Redirect("/account/mail"), flashgin.Info("welcome"))(c)
	})
	a.POST("/account/save",
		apptest.Add(t, apptest.Redirect("/account/mail"), flashgin.Info("secret")))
	for _, known := range []bool{false, true} {
		b := a.Browser()
		if known {
			b.Post("/")
		}
		planted := b.Plant("/account")
		planter := a.Visitor()
		planter.Jar["flash"] = &http.Cookie{Name: "flash", Value: planted}
		b.Post("/account/login")
		b.Post("/account/save")
		assert.Empty(t, planter.Get("/account/mail"))
		shown := b.Get("/account/mail") + b.Get("/account/mail")
		assert.Contains(t, shown, "[secret]")
		assert.Equal(t, known, strings.Contains(shown, "[welcome]"), shown)
	}
}

// What expires a planted cookie has the path that the browser knows, and the request's own domain.
func TestPlantedCookieExpiresBelowThePrefix(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t,
		flashgin.Config{Prefix: "/app", SessionKey: flashgin.CookieKey("flash")})
	a.NoRoute(apptest.Page)
	answer := a.Visitor().Do(http.MethodGet, "https://shop.example/a",
		"Cookie", "flash="+rand.Text()+"; flash="+rand.Text())
	lines := answer.Header().Values("Set-Cookie")
	assert.Contains(t, lines, "flash=; Path=/app/a; Max-Age=0; Secure")
	assert.Contains(t, lines,
		"flash=; Path=/app; Domain=shop.example; Max-Age=0; Secure; Partitioned")
	assert.NotContains(t, strings.Join(lines, "\n")+";", "Path=/a;")
}

// The same secret twice is one secret.
func TestTheSameSecretTwice(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	secret := rand.Text()
	a.Job(keyOfSecret(secret), flashgin.Info("hello").At("/"))
	answer := a.Visitor().Do(http.MethodGet, "/", "Cookie", "flash="+secret+"; flash="+secret)
	assert.Equal(t, "[hello]", answer.Body.String())
	assert.Zero(t, apptest.CookiesOf(answer))
}

// Engines that answer together expire a planted cookie once, also where only the inner one has
// asked.
func TestAPlantedCookieBehindTwoEngines(t *testing.T) {
	inner := newCookieApp(t, flashgin.Config{})
	outer := newCookieApp(t, flashgin.Config{})
	outer.POST("/a/b", func(c *gin.Context) { inner.ServeHTTP(c.Writer, c.Request) })
	inner.POST("/a/b", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
	answer := outer.Visitor().Do(http.MethodPost, "http://shop/a/b",
		"Cookie", "flash="+rand.Text()+"; flash="+rand.Text())
	lines := answer.Header().Values("Set-Cookie")
	require.Len(t, lines, 4, lines)
	assert.ElementsMatch(t, []string{
		"flash=; Path=/a; Max-Age=0", "flash=; Path=/a/; Max-Age=0", "flash=; Path=/a/b; Max-Age=0",
	}, lines[:3])
	assert.Contains(t, lines[3], "flash=")
}
