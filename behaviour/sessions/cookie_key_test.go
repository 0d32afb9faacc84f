package sessions_test

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// newCookieApp is an application without sessions: a page, and a post that leaves a message for it.
func newCookieApp(t testing.TB, cfg flashgin.Config) *apptest.App {
	cfg.SessionKey = flashgin.CookieKey("flash")
	a := apptest.NewAppWithoutSessions(t, cfg)
	a.GET("/", apptest.Page)
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
	return a
}

// A browser gets one cookie, with a secret of 128 bits or more, and its messages as with sessions.
func TestCookieKey(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	browser := a.Browser()
	first := browser.Post("/")
	require.Len(t, first.Cookies(), 1)
	cookie := first.Cookies()[0]
	assert.Equal(t, "flash="+cookie.Value+"; Path=/; HttpOnly; SameSite=Lax", cookie.Raw)
	assert.GreaterOrEqual(t, len(cookie.Value)*5, 128, "bits, five a character")
	for range 3 {
		shown := browser.Do(http.MethodGet, "/")
		assert.Equal(t, "[hello]", shown.Body)
		assert.Equal(t, "private, no-store", shown.Header.Get("Cache-Control"))
		assert.Zero(t, shown.CookieCount())
		assert.Empty(t, browser.Get("/"), "once")
		assert.Zero(t, browser.Post("/").CookieCount(), "another message")
	}
	assert.Empty(t, a.Browser().Get("/"), "another browser")
	assert.Empty(t, a.Failures.String())
}

// What jobs, the store and the log get to see is the hash of what the browser has.
func TestTheKeyOfACookieIsItsHash(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	var key string
	a.POST("/key", func(c *gin.Context) { key, _ = a.Messenger.SessionKey(c) })
	cookies := a.Visitor().Post("/key").Result().Cookies()
	require.Len(t, cookies, 1)
	hash := sha256.Sum256([]byte(cookies[0].Value))
	assert.Equal(t, base64.RawURLEncoding.EncodeToString(hash[:]), key)
}

// A read makes no cookie, and without one the store is not asked.
func TestCookieKeyOfAVisitorWithoutMessages(t *testing.T) {
	store := apptest.NewSpyStore()
	a := newCookieApp(t, flashgin.Config{Store: store})
	a.GET("/json", apptest.JSONPage)
	a.GET("/peek", func(c *gin.Context) { assert.Empty(t, flashgin.PeekFlashes(c)) })
	a.GET("/key", func(c *gin.Context) {
		key, err := flashgin.CookieKey("flash")(c)
		assert.NoError(t, err)
		assert.Empty(t, key)
	})
	a.POST("/empty", apptest.Add(t, apptest.Redirect("/"), flashgin.Message{}))
	a.POST("/forget", func(c *gin.Context) { assert.NoError(t, a.Messenger.Forget(c)) })
	a.POST("/here", apptest.Add(t, apptest.Page, flashgin.Info("here")))
	browser := a.Browser()
	for _, path := range []string{"/", "/json", "/peek", "/key", "/nowhere"} {
		assert.Zero(t, browser.Do(http.MethodGet, path).CookieCount(), path)
	}
	for _, path := range []string{"/empty", "/forget"} {
		assert.Zero(t, browser.Post(path).CookieCount(), path)
	}
	here := browser.Post("/here")
	assert.Equal(t, "[here]", here.Body)
	assert.Zero(t, here.CookieCount(), "a message that its own answer shows needs no cookie")
	assert.Zero(t, store.Count())
	assert.Empty(t, a.Failures.String())
}

// Browsers take a cookie whose name begins with __Host- only as it is here.
func TestCookieKeyIsSecureUnderTLS(t *testing.T) {
	plain := func(*http.Request) {}
	for _, test := range []struct {
		name, cookie string
		edit         func(*http.Request)
		secure       bool
	}{
		{"plain", "flash", plain, false},
		{"TLS", "flash", func(r *http.Request) { r.TLS = new(tls.ConnectionState) }, true},
		{"a proxy's word", "flash", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Proto", "https")
		}, true},
		{"in capitals", "flash", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Proto", "HTTPS")
		}, true},
		{"the first of two proxies", "flash", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Proto", "https, http")
		}, true},
		{"only the second", "flash", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Proto", "http, https")
		}, false},
		{"a name that asks for it", "__Host-flash", plain, true},
		{"another", "__secure-flash", plain, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewAppWithoutSessions(t,
				flashgin.Config{SessionKey: flashgin.CookieKey(test.cookie)})
			a.GET("/", apptest.Page)
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			visitor := a.Visitor()
			request := httptest.NewRequest(http.MethodPost, "/", nil)
			test.edit(request)
			cookies := visitor.Send(request).Result().Cookies()
			require.Len(t, cookies, 1)
			assert.Equal(t, test.cookie, cookies[0].Name)
			assert.Equal(t, test.secure, cookies[0].Secure)
			assert.Equal(t, "/", cookies[0].Path)
			assert.Empty(t, cookies[0].Domain)
			assert.True(t, cookies[0].HttpOnly)
			assert.Equal(t, "[hello]", visitor.Get("/"))
		})
	}
}

// What is no secret of ours is no key, so nobody can choose one that others guess, or make one that
// is long.
func TestCookiesThatHoldNoSecret(t *testing.T) {
	secret := rand.Text()
	for name, sent := range map[string]string{
		"empty":                     "flash=",
		"no value":                  "flash",
		"short":                     "flash=" + secret[1:],
		"long":                      "flash=" + strings.Repeat("A", 65),
		"very long":                 "flash=" + strings.Repeat("A", 1<<20),
		"lower case":                "flash=" + strings.ToLower(secret),
		"a digit that base32 lacks": "flash=" + strings.Repeat("1", 26),
		"quoted":                    `flash="` + secret + `"`,
		"control characters":        "flash=" + secret + "\x00",
		"another name": "flash2=" + secret + "; Flash=" + secret +
			"; xflash=" + secret,
		"nothing but semicolons": ";;; ;",
	} {
		t.Run(name, func(t *testing.T) {
			store := apptest.NewSpyStore()
			a := newCookieApp(t, flashgin.Config{Store: store})
			visitor := a.Visitor()
			assert.Empty(t, visitor.Get("/", "Cookie", sent))
			assert.Zero(t, store.Count())
			assert.Equal(t, 1, apptest.CookiesOf(visitor.Post("/", "Cookie", sent)),
				"a proper one takes its place")
			assert.Equal(t, "[hello]", visitor.Get("/"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// The cookie that holds a secret counts, wherever it is among the others.
func TestCookiesAroundTheSecret(t *testing.T) {
	secret := rand.Text()
	hash := sha256.Sum256([]byte(secret))
	a := newCookieApp(t, flashgin.Config{})
	for _, sent := range []string{
		"flash=" + secret,
		"a=b; flash=" + secret + "; c=d",
		"a=b;flash=" + secret,
		"flash=junk; flash=" + secret,
		"a; ;=; flash=" + secret + " ",
	} {
		require.NoError(t, a.Messenger.Add(t.Context(),
			base64.RawURLEncoding.EncodeToString(hash[:]), flashgin.Info("hello").At("/")))
		assert.Equal(t, "[hello]", a.Visitor().Get("/", "Cookie", sent), sent)
	}
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header["Cookie"] = []string{"a=b", "flash=" + secret} // as HTTP/2 may have it
	require.NoError(t, a.Messenger.Add(t.Context(), base64.RawURLEncoding.EncodeToString(hash[:]),
		flashgin.Info("hello").At("/")))
	assert.Equal(t, "[hello]", a.Visitor().Send(request).Body.String())
}

// SessionKey makes the cookie, once, and hands out the key that messages of the same request are
// kept under.
func TestSessionKeyMakesTheCookie(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	var keys [3]string
	a.POST("/key", func(c *gin.Context) {
		for i := range keys {
			var err error
			keys[i], err = a.Messenger.SessionKey(c)
			assert.NoError(t, err)
		}
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own")))
		apptest.Redirect("/")(c)
	})
	a.GET("/late", func(c *gin.Context) {
		c.String(http.StatusOK, "body")
		_, err := a.Messenger.SessionKey(c)
		assert.ErrorIs(t, err, flashgin.ErrTooLate)
		assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("late").At("/")), flashgin.ErrTooLate)
	})
	a.POST("/known", func(c *gin.Context) {
		c.String(http.StatusOK, "body")
		key, err := a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		assert.Equal(t, keys[0], key)
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("late").At("/")))
	})
	browser := a.Browser()
	assert.Zero(t, browser.Do(http.MethodGet, "/late").CookieCount())
	require.Len(t, a.Failures.All(), 1)
	assert.ErrorIs(t, a.Failures.All()[0], flashgin.ErrTooLate)
	assert.Equal(t, 1, browser.Post("/key").CookieCount())
	assert.NotEmpty(t, keys[0])
	assert.Equal(t, [3]string{keys[0], keys[0], keys[0]}, keys)
	require.NoError(t, a.Messenger.Add(t.Context(), keys[0], flashgin.Info("a job").At("/")))
	assert.Zero(t, browser.Post("/known").CookieCount())
	assert.Equal(t, "[own][a job][late]", browser.Get("/"))
	assert.Len(t, a.Failures.All(), 1)
}

// Who planted or knew the cookie reads nothing that is said after Forget.
func TestForgetRenewsTheCookie(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	a.POST("/login", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("welcome")))
		assert.NoError(t, a.Messenger.Forget(c))
		assert.NoError(t, a.Messenger.Forget(c))
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("news")))
		apptest.Redirect("/")(c)
		c.Writer.WriteHeaderNow()
		assert.ErrorIs(t, a.Messenger.Forget(c), flashgin.ErrTooLate)
	})
	attacker, victim := a.Visitor(), a.Visitor()
	attacker.Post("/")
	planted := *attacker.Jar["flash"]
	victim.Jar["flash"] = &planted
	assert.Equal(t, 1, apptest.CookiesOf(victim.Post("/login")))
	assert.NotEqual(t, planted.Value, victim.Jar["flash"].Value)
	assert.Equal(t, "[welcome][news]", victim.Get("/"))
	assert.Equal(t, "[hello]", attacker.Get("/"), "what waited under the old key")
	assert.Empty(t, a.Failures.String())
}

// An application that deletes the cookie and then says goodbye is understood, too: the answer has
// the cookie once.
func TestADeletedCookieIsNotSetTwice(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	a.POST("/logout", func(c *gin.Context) {
		c.SetCookie("flash", "", -1, "/", "", false, true)
		c.SetCookie("other", "1", 0, "/", "", false, true)
		assert.NoError(t, a.Messenger.Forget(c))
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("bye")))
		apptest.Redirect("/")(c)
	})
	browser := a.Browser()
	browser.Post("/")
	assert.Equal(t, 2, browser.Post("/logout").CookieCount())
	assert.Equal(t, "[bye]", browser.Get("/"))
}

// The limit that the documentation names: the browser keeps the cookie of one of two answers.
func TestFirstMessagesInParallelHaveACookieEach(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	// one browser, whose requests leave before an answer is there
	first, second := a.Visitor(), a.Visitor()
	first.Post("/")
	second.Post("/")
	assert.NotEqual(t, first.Jar["flash"].Value, second.Jar["flash"].Value)
	assert.Equal(t, "[hello]", second.Get("/"))
	assert.Empty(t, second.Get("/"))
}

// Engines that hand a request on to one another answer it together, so a browser gets one cookie;
// whichever of them has made it.
func TestCookieKeyBehindTwoEngines(t *testing.T) {
	for _, test := range []struct {
		name         string
		outer, inner string
		cookies      int
	}{
		{"one cookie", "flash", "flash", 1},
		{"a cookie each", "flash", "flash2", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := new(flashgin.MemoryStore)
			inner := apptest.NewAppWithoutSessions(t,
				flashgin.Config{Store: store, SessionKey: flashgin.CookieKey(test.inner)})
			inner.POST("/both", apptest.Add(t, apptest.Redirect("/inner"), flashgin.Info("inner")))
			inner.GET("/inner", apptest.Page)
			outer := apptest.NewAppWithoutSessions(t,
				flashgin.Config{Store: store, SessionKey: flashgin.CookieKey(test.outer)})
			outer.GET("/outer", apptest.Page)
			outer.NoRoute(func(c *gin.Context) {
				if c.Request.Method == http.MethodPost {
					assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("outer").At("/outer")))
				}
				inner.ServeHTTP(c.Writer, c.Request)
			})
			browser := outer.Browser()
			assert.Equal(t, test.cookies, browser.Post("/both").CookieCount())
			assert.Equal(t, "[outer]", browser.Get("/outer"))
			assert.Equal(t, "[inner]", browser.Get("/inner"))
			assert.Empty(t, outer.Failures.String()+inner.Failures.String())
		})
	}
}

// A function of the application's own hands visitors on, and has keys of its own for users.
func TestAFunctionThatHandsOnToCookieKey(t *testing.T) {
	visitors := flashgin.CookieKey("flash")
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: func(c *gin.Context) (string, error) {
			if user := c.GetHeader("X-User"); user != "" {
				return user, nil
			}
			key, err := visitors(c)
			if key != "" {
				key = "visitor " + key
			}
			return key, err
		},
	})
	a.GET("/", apptest.Page)
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
	a.POST("/forget", func(c *gin.Context) {
		_, err := visitors(c) // which does not make it the user's key
		assert.NoError(t, err)
		err = a.Messenger.Forget(c)
		if c.GetHeader("X-User") != "" {
			assert.ErrorContains(t, err, "Config.SessionKey")
			return
		}
		assert.NoError(t, err)
		key, err := a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		assert.Contains(t, key, "visitor ")
	})
	visitor := a.Visitor()
	assert.Zero(t, apptest.CookiesOf(visitor.Post("/", "X-User", "alice")))
	visitor.Post("/forget", "X-User", "alice")
	visitor.Post("/")
	assert.Equal(t, "[hello]", visitor.Get("/", "X-User", "alice"))
	assert.Equal(t, "[hello]", visitor.Get("/"))
	assert.Equal(t, 1, apptest.CookiesOf(visitor.Post("/forget")))
}

// However the answer comes about, its cookie is there once, and the message with it.
func TestCookieKeyHoweverTheAnswerLeaves(t *testing.T) {
	hello := flashgin.Info("hello").At("/")
	for name, answer := range map[string]gin.HandlerFunc{
		"redirect": apptest.Add(t, apptest.Redirect("/"), hello),
		"body": apptest.Add(t, func(c *gin.Context) {
			c.String(http.StatusOK, "body")
		}, hello),
		"no content": apptest.Add(t, apptest.Status(http.StatusNoContent), hello),
		"abort": apptest.Add(t, func(c *gin.Context) {
			c.AbortWithStatus(http.StatusTeapot)
		}, hello),
		"flushed": apptest.Add(t, func(c *gin.Context) {
			c.Writer.Flush()
			c.Writer.WriteString("body")
		}, hello),
		"panic": apptest.Add(t, func(*gin.Context) { panic(http.ErrAbortHandler) }, hello),
		"failed page": apptest.Add(t, func(c *gin.Context) {
			c.HTML(http.StatusOK, "no such template", nil)
		}, hello),
		"a copy of c": func(c *gin.Context) {
			apptest.Add(t, func(*gin.Context) {}, hello)(c.Copy())
			apptest.Redirect("/")(c)
		},
		"request's ctx": func(c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c.Request.Context(), hello))
			apptest.Redirect("/")(c)
		},
		"in a goroutine, while others look": func(c *gin.Context) {
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() { flashgin.PeekFlashes(c.Copy()) })
			}
			group.Go(func() { assert.NoError(t, flashgin.AddFlash(c.Copy(), hello)) })
			group.Wait()
			apptest.Redirect("/")(c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewAppWithoutSessions(t,
				flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
			a.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
				c.String(http.StatusInternalServerError, "sorry")
			}))
			a.GET("/", apptest.Page)
			a.POST("/", answer)
			visitor := a.Visitor()
			assert.Equal(t, 1, apptest.CookiesOf(visitor.Post("/")))
			assert.Equal(t, "[hello]", visitor.Get("/"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// HandleContext empties the gin.Context; the cookie that was made for it stays.
func TestCookieKeyAndHandleContext(t *testing.T) {
	a := newCookieApp(t, flashgin.Config{})
	var before, after string
	a.POST("/from", func(c *gin.Context) {
		before, _ = a.Messenger.SessionKey(c)
		c.Request.URL.Path = "/to"
		a.HandleContext(c)
	})
	a.POST("/to", func(c *gin.Context) {
		after, _ = a.Messenger.SessionKey(c)
		apptest.Add(t, apptest.Redirect("/"), flashgin.Info("to"))(c)
	})
	browser := a.Browser()
	assert.Equal(t, 1, browser.Post("/from").CookieCount())
	assert.Equal(t, before, after)
	assert.Equal(t, "[to]", browser.Get("/"))
}

// Beside sessions, the cookie key leaves the session alone.
func TestCookieKeyBesideSessions(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
	a.Use(sessions.Sessions("id", apptest.CookieStore()))
	a.GET("/", apptest.Page)
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
	visitor := a.Visitor()
	visitor.Post("/")
	assert.NotContains(t, visitor.Jar, "id")
	assert.Equal(t, "[hello]", visitor.Get("/"))
}

// On a route that does not pass through Install there is nobody to set the cookie. One that is
// there already can be read.
func TestCookieKeyWithoutInstall(t *testing.T) {
	messenger, err := flashgin.New(flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
	require.NoError(t, err)
	engine := gin.New()
	engine.POST("/", func(c *gin.Context) {
		key, err := messenger.SessionKey(c)
		if c.GetHeader("Cookie") != "" {
			assert.NoError(t, err)
			assert.NotEmpty(t, key)
			assert.ErrorIs(t, messenger.Forget(c), flashgin.ErrNotInstalled)
			return
		}
		assert.ErrorIs(t, err, flashgin.ErrNotInstalled)
		assert.ErrorIs(t, err, flashgin.ErrNoSession)
		assert.NoError(t, messenger.Forget(c))
	})
	visitor := apptest.NewVisitor(t, engine)
	assert.Zero(t, apptest.CookiesOf(visitor.Post("/")))
	assert.Zero(t, apptest.CookiesOf(visitor.Post("/", "Cookie", "flash="+rand.Text())))
}

// A name that no cookie can have is a mistake in the wiring.
func TestCookieKeyNames(t *testing.T) {
	for _, name := range []string{"flash", "__Host-flash", "a_b.c"} {
		assert.NotPanics(t, func() { flashgin.CookieKey(name) }, name)
	}
	for _, name := range []string{"", "a b", "a;b", "a=b", "é", "a\n"} {
		want := fmt.Sprintf(
			"flashgin: CookieKey: %q is not the name of a cookie: want letters, digits, - and _",
			name)
		assert.PanicsWithValue(t, want, func() { flashgin.CookieKey(name) }, name)
	}
}
