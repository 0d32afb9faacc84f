package flashgin_test

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// keyOfSecret returns the session key that CookieKey makes of a secret.
func keyOfSecret(secret string) string {
	hash := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// plant puts a secret into the browser as another host of the domain does: with a Path that is longer.
func (b *browser) plant(path string) (secret string) {
	b.t.Helper()
	at, err := url.Parse(b.url + path)
	require.NoError(b.t, err)
	secret = rand.Text()
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "flash", Value: secret, Path: path}})
	return secret
}

// Two secrets in one request are none: whoever planted one of them reads nothing, and the messages of
// the other wait until the planted cookie is gone, which the answer sees to.
func TestAPlantedCookieIsNotUsed(t *testing.T) {
	log := new(lockedBuffer)
	a := newCookieApp(t, flashgin.Config{Logger: logTo(log)})
	a.GET("/private/page", page)
	a.GET("/private/peek", func(c *gin.Context) { assert.Empty(t, flashgin.PeekFlashes(c)) })
	a.POST("/private/save", add(t, redirect("/private/page"), flashgin.Info("secret")))
	b := a.browser()
	b.post("/private/save")

	planted := b.plant("/private")
	a.job(keyOfSecret(planted), flashgin.Info("bait").At("/private/page"))
	answer := b.do(http.MethodGet, "/private/page")
	assert.Empty(t, answer.body)
	assert.Contains(t, answer.Header.Values("Set-Cookie"), "flash=; Path=/private; Max-Age=0")
	assert.Equal(t, "private, no-store", answer.Header.Get("Cache-Control"))
	assert.Equal(t, "[secret]", b.get("/private/page"), "the planted cookie is gone, and ours is not")

	b.plant("/private/peek")
	b.get("/private/peek")
	assert.Zero(t, b.do(http.MethodGet, "/private/peek").cookies(), "once")
	assert.Equal(t, 1, strings.Count(log.String(), "__Host-"), log)
	assert.NotContains(t, log.String(), planted)
	assert.Empty(t, a.failures.String())
}

// What is added while a planted cookie is there waits under a new secret, which neither knows.
func TestAPlantedCookieIsReplaced(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	a.GET("/private/page", page)
	a.POST("/private/save", add(t, redirect("/private/page"), flashgin.Info("secret")))
	var made string
	a.POST("/private/key", func(c *gin.Context) {
		var err error
		made, err = a.messenger.SessionKey(c)
		assert.NoError(t, err)
	})
	for _, path := range []string{"/private/save", "/private/key"} {
		b := a.browser()
		b.post("/")
		ours := b.client.Jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(b.url, "http://")})[0].Value
		planted := b.plant("/private")
		b.post(path)
		for _, known := range []string{ours, planted} {
			waiting, err := a.messenger.Peek(t.Context(), keyOfSecret(known), "/private/page")
			require.NoError(t, err)
			assert.Empty(t, waiting)
		}
		if path == "/private/key" {
			assert.NotContains(t, []string{"", keyOfSecret(ours), keyOfSecret(planted)}, made)
			a.job(made, flashgin.Info("secret").At("/private/page"))
		}
		assert.Equal(t, "[secret]", b.get("/private/page"))
	}
	assert.Empty(t, a.failures.String())
}

// A cookie that was planted before the login, with a longer Path, reads nothing after it.
func TestForgetAndAPlantedCookie(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	a.GET("/account/mail", page)
	a.POST("/account/login", func(c *gin.Context) {
		assert.NoError(t, a.messenger.Forget(c))
		add(t, redirect("/account/mail"), flashgin.Info("welcome"))(c)
	})
	a.POST("/account/save", add(t, redirect("/account/mail"), flashgin.Info("secret")))
	for _, known := range []bool{false, true} {
		b := a.browser()
		if known {
			b.post("/")
		}
		planted := b.plant("/account")
		planter := a.visitor()
		planter.cookies["flash"] = &http.Cookie{Name: "flash", Value: planted}
		b.post("/account/login")
		b.post("/account/save")
		assert.Empty(t, planter.get("/account/mail"))
		shown := b.get("/account/mail") + b.get("/account/mail")
		assert.Contains(t, shown, "[secret]")
		assert.Equal(t, known, strings.Contains(shown, "[welcome]"), shown)
	}
}

// Every cookie is expired that may have come with the request, but ours: the host's with a longer
// Path, those of the domains that the host belongs to, and partitioned ones.
func TestWhatExpiresPlantedCookies(t *testing.T) {
	for _, test := range []struct {
		name, target string
		prefix       string
		edit         func(*http.Request)
		want         []string
	}{
		{"a host", "http://shop/a/b?c=/d", "", nil, []string{
			"Path=/a", "Path=/a/", "Path=/a/b",
		}},
		{"the root of an address", "http://127.0.0.1:8080/", "", nil, nil},
		{"an IPv6 address", "http://[::1]:8080/a/", "", nil, []string{"Path=/a", "Path=/a/"}},
		{"a domain", "http://www.shop.example:8080/", "", nil, []string{
			"Path=/; Domain=www.shop.example", "Path=/; Domain=shop.example",
		}},
		{"a domain with a path", "http://shop.example/a", "", nil, []string{
			"Path=/; Domain=shop.example", "Path=/a; Domain=shop.example", "Path=/a",
		}},
		{"a prefix", "http://shop/a", "/app", nil, []string{"Path=/app", "Path=/app/", "Path=/app/a"}},
		{"a host that a proxy forwards", "http://10.0.0.1/", "", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Host", "shop.example, inner.example")
		}, []string{"Path=/; Domain=shop.example"}},
		{"what no cookie has", "http://shop/a%20b/c;d", "", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Host", "a b.example")
		}, []string{"Path=/a%20b", "Path=/a%20b/"}},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				a := newAppWithoutSessions(t, flashgin.Config{Prefix: test.prefix, SessionKey: flashgin.CookieKey("flash")})
				a.NoRoute(page)
				request := httptest.NewRequest(http.MethodGet, test.target, nil)
				if test.edit != nil {
					test.edit(request)
				}
				request.Header.Set("Cookie", "flash="+rand.Text()+"; flash="+rand.Text())
				want := []string{}
				for _, attributes := range test.want {
					line := "flash=; " + attributes + "; Max-Age=0"
					if secure {
						line += "; Secure"
						want = append(want, line+"; Partitioned")
					}
					want = append(want, line)
				}
				if secure {
					request.TLS = new(tls.ConnectionState)
				}
				answer := httptest.NewRecorder()
				a.ServeHTTP(answer, request)
				assert.ElementsMatch(t, want, answer.Header().Values("Set-Cookie"))
			})
		}
	}
}

// However long a path or a host is, the header of the answer stays short enough for a proxy, and
// chance sees to it that no planted cookie is safe for ever.
func TestWhatExpiresPlantedCookiesIsBounded(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	a.NoRoute(page)
	v := a.visitor()
	target := "http://a.b.c.d.e.example.com" + strings.Repeat("/x", 4000)
	seen := map[string]bool{}
	for range 200 {
		answer := v.do(http.MethodGet, target, "Cookie", "flash="+rand.Text()+"; flash="+rand.Text())
		lines := answer.Header().Values("Set-Cookie")
		assert.LessOrEqual(t, len(lines), 24)
		assert.LessOrEqual(t, len(strings.Join(lines, "")), 2<<10)
		for _, line := range lines {
			seen[line] = true
		}
		clear(v.cookies)
	}
	assert.Greater(t, len(seen), 200)
}

// The same secret twice is one secret.
func TestTheSameSecretTwice(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	secret := rand.Text()
	a.job(keyOfSecret(secret), flashgin.Info("hello").At("/"))
	answer := a.visitor().do(http.MethodGet, "/", "Cookie", "flash="+secret+"; flash="+secret)
	assert.Equal(t, "[hello]", answer.Body.String())
	assert.Zero(t, cookiesOf(answer))
}

// Engines that answer together expire a planted cookie once, also where only the inner one has asked.
func TestAPlantedCookieBehindTwoEngines(t *testing.T) {
	inner := newCookieApp(t, flashgin.Config{})
	outer := newCookieApp(t, flashgin.Config{})
	outer.POST("/a/b", func(c *gin.Context) { inner.ServeHTTP(c.Writer, c.Request) })
	inner.POST("/a/b", add(t, redirect("/"), flashgin.Info("hello")))
	answer := outer.visitor().do(http.MethodPost, "http://shop/a/b", "Cookie", "flash="+rand.Text()+"; flash="+rand.Text())
	lines := answer.Header().Values("Set-Cookie")
	require.Len(t, lines, 4, lines)
	assert.ElementsMatch(t, []string{
		"flash=; Path=/a; Max-Age=0", "flash=; Path=/a/; Max-Age=0", "flash=; Path=/a/b; Max-Age=0",
	}, lines[:3])
	assert.Contains(t, lines[3], "flash=")
}
