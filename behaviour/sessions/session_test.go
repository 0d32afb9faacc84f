// Package sessions_test holds flashgin to whose messages they are, and which cookies it sets.
package sessions_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Who never had a message gets no cookie and costs the store no call, whatever the pages ask.
func TestAVisitorWithoutMessages(t *testing.T) {
	store := apptest.NewSpyStore()
	a := apptest.NewApp(t, flashgin.Config{Store: store})
	a.GET("/page", apptest.Page)
	a.GET("/json", apptest.JSONPage)
	a.GET("/peek", func(c *gin.Context) { assert.Empty(t, flashgin.PeekFlashes(c)) })
	a.POST("/empty",
		apptest.Add(t, apptest.Redirect("/page"), flashgin.Message{}, flashgin.Info("")))
	a.POST("/forget", func(c *gin.Context) { assert.NoError(t, a.Messenger.Forget(c)) })
	a.POST("/plain", apptest.Redirect("/page"))
	browser := a.Browser()
	for range 2 {
		for _, path := range []string{"/page", "/json", "/peek", "/nowhere"} {
			assert.Zero(t, browser.Do(http.MethodGet, path).CookieCount(), path)
		}
		for _, path := range []string{"/empty", "/forget", "/plain"} {
			assert.Zero(t, browser.Post(path).CookieCount(), path)
		}
	}
	assert.Zero(t, store.Count())
	assert.Empty(t, a.Failures.String())
}

// The session gets its key with the first message, and is not saved again.
func TestOneCookieInTheLifeOfASession(t *testing.T) {
	for name, store := range map[string]sessions.Store{
		"cookie": apptest.CookieStore(), "memstore": memstore.NewStore([]byte("key")),
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
			a.Use(sessions.Sessions("id", store))
			a.GET("/", apptest.Page)
			a.POST("/",
				apptest.Add(t, apptest.Redirect("/"), flashgin.Info("1"), flashgin.Info("2")))
			a.POST("/late", func(c *gin.Context) {
				c.String(http.StatusOK, "body")
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("late").At("/")))
			})
			a.POST("/key", func(c *gin.Context) {
				_, err := a.Messenger.SessionKey(c)
				assert.NoError(t, err)
			})
			browser := a.Browser()
			assert.Equal(t, 1, browser.Post("/").CookieCount(), "the first message")
			for range 3 {
				assert.Zero(t, browser.Post("/").CookieCount(), "another message")
				assert.Zero(t, browser.Post("/late").CookieCount(), "a late message")
				assert.Zero(t, browser.Post("/key").CookieCount(), "SessionKey")
				shown := browser.Do(http.MethodGet, "/")
				assert.NotEmpty(t, shown.Body)
				assert.Zero(t, shown.CookieCount(), "a page")
			}
		})
	}
}

// A handler that saves the session itself does not make two cookies of one.
func TestAHandlerThatSavesTheSession(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/", apptest.Page)
	a.POST("/", func(c *gin.Context) {
		session := sessions.Default(c)
		session.Set("user", "alice")
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("1")))
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("2")))
		assert.NoError(t, session.Save())
		apptest.Redirect("/")(c)
	})
	browser := a.Browser()
	assert.Equal(t, 1, browser.Post("/").CookieCount())
	assert.Equal(t, "[1][2]", browser.Get("/"))
}

// Clear at logout starts a session anew: what waited in it is gone, what this request says arrives.
func TestClear(t *testing.T) {
	for _, test := range []struct {
		name   string
		logout func(m *flashgin.Messenger, c *gin.Context, session sessions.Session)
	}{
		{"before AddFlash", func(_ *flashgin.Messenger, c *gin.Context, session sessions.Session) {
			session.Clear()
			assert.NoError(t, session.Save())
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("bye")))
		}},
		{"after AddFlash", func(_ *flashgin.Messenger, c *gin.Context, session sessions.Session) {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("bye")))
			session.Clear()
			assert.NoError(t, session.Save())
		}},
		{"without Save", func(_ *flashgin.Messenger, c *gin.Context, session sessions.Session) {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("bye")))
			session.Clear()
		}},
		{"of a session whose key was made by this request",
			func(_ *flashgin.Messenger, c *gin.Context, session sessions.Session) {
				session.Clear()
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("bye")))
				session.Clear()
				assert.NoError(t, session.Save())
			}},
		{"after Forget", func(m *flashgin.Messenger, c *gin.Context, session sessions.Session) {
			assert.NoError(t, m.Forget(c))
			session.Clear()
			assert.NoError(t, session.Save())
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("bye")))
		}},
	} {
		for name, store := range map[string]sessions.Store{
			"cookie": apptest.CookieStore(), "memstore": memstore.NewStore([]byte("key")),
		} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
				a.Use(sessions.Sessions("id", store))
				a.GET("/", apptest.Page)
				a.GET("/private", apptest.Page)
				a.POST("/private", apptest.Add(t, apptest.Status(http.StatusNoContent),
					flashgin.Info("balance: 3")))
				a.POST("/logout", func(c *gin.Context) {
					test.logout(a.Messenger, c, sessions.Default(c))
					apptest.Redirect("/")(c)
				})
				browser := a.Browser()
				browser.Post("/private")
				browser.Post("/logout")
				assert.Equal(t, "[bye]", browser.Get("/"))
				assert.Empty(t, browser.Get("/private"))
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}

// Who planted a session in somebody's browser reads nothing that is said after the login.
func TestForget(t *testing.T) {
	for name, store := range map[string]sessions.Store{
		"cookie": apptest.CookieStore(), "memstore": memstore.NewStore([]byte("key")),
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
			a.Use(sessions.Sessions("id", store))
			a.GET("/", apptest.Page)
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("secret")))
			a.POST("/plant", func(c *gin.Context) {
				_, err := a.Messenger.SessionKey(c)
				assert.NoError(t, err)
			})
			a.POST("/login", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("welcome")))
				assert.NoError(t, a.Messenger.Forget(c))
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("news")))
				apptest.Redirect("/")(c)
			})
			attacker, victim := a.Visitor(), a.Visitor()
			attacker.Post("/plant")
			maps.Copy(victim.Jar, attacker.Jar)
			assert.Equal(t, 1, apptest.CookiesOf(victim.Post("/login")))
			victim.Post("/")
			// the values of a memstore session are on the server: both browsers still share them
			if name == "cookie" {
				assert.Empty(t, attacker.Get("/"))
			}
			assert.Equal(t, "[welcome][news][secret]", victim.Get("/"))
		})
	}
}

// What waited before the login stays behind.
func TestForgetLeavesOldMessagesBehind(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/", apptest.Page)
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("before")))
	var before, after string
	a.POST("/login", func(c *gin.Context) {
		before, _ = a.Messenger.SessionKey(c)
		assert.NoError(t, a.Messenger.Forget(c))
		after, _ = a.Messenger.SessionKey(c)
		c.String(http.StatusOK, "body")
		assert.ErrorIs(t, a.Messenger.Forget(c), flashgin.ErrTooLate)
	})
	browser := a.Browser()
	browser.Post("/")
	browser.Post("/login")
	assert.NotEqual(t, before, after)
	assert.Empty(t, browser.Get("/"))
}

// SessionKey is what a handler hands to a job.
func TestSessionKey(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/", apptest.Page)
	var key string
	a.POST("/import", func(c *gin.Context) {
		var err error
		key, err = a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		again, err := a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		assert.Equal(t, key, again)
		c.Status(http.StatusAccepted)
	})
	url := a.Serve().URL
	alice, bob := apptest.NewBrowser(t, url), apptest.NewBrowser(t, url)

	assert.Equal(t, 1, alice.Post("/import").CookieCount())
	first := key
	assert.Len(t, first, 43, "a SHA-256 in base64")
	assert.Zero(t, alice.Post("/import").CookieCount())
	assert.Equal(t, first, key)
	bob.Post("/import")
	assert.NotEqual(t, first, key)

	require.NoError(t, a.Messenger.Add(t.Context(), first, flashgin.Success("imported").At("/")))
	assert.Empty(t, bob.Get("/"))
	assert.Equal(t, "[imported]", alice.Get("/"))
}

// The key that a job is given is the session's, also if a message of this request has made it and
// nothing else would save it.
func TestSessionKeyAfterAMessageThatThePageShows(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	var key string
	a.POST("/import", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("started")))
		var err error
		key, err = a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		apptest.Page(c)
	})
	a.GET("/", apptest.Page)
	browser := a.Browser()
	assert.Equal(t, "[started]", browser.Post("/import").Body)
	require.NoError(t, a.Messenger.Add(t.Context(), key, flashgin.Info("done").At("/")))
	assert.Equal(t, "[done]", browser.Get("/"))
}

// After the headers a session can get no key.
func TestSessionKeyAfterTheHeaders(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.POST("/", func(c *gin.Context) {
		c.String(http.StatusOK, "body")
		_, err := a.Messenger.SessionKey(c)
		assert.ErrorIs(t, err, flashgin.ErrTooLate)
		assert.NoError(t, a.Messenger.Forget(c), "there is nothing to forget")
	})
	assert.Zero(t, a.Browser().Post("/").CookieCount())
}

// The secret stays in the session: what leaves it is a hash.
func TestTheKeyIsNotTheSecret(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	var key, secret string
	a.POST("/", func(c *gin.Context) {
		var err error
		key, err = a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		secret, _ = sessions.Default(c).Get("flashgin").(string)
	})
	a.Browser().Post("/")
	assert.GreaterOrEqual(t, len(secret), 26, "128 bits or more")
	hash := sha256.Sum256([]byte(secret))
	assert.Equal(t, base64.RawURLEncoding.EncodeToString(hash[:]), key)
}

// Without a session there is nobody to bind a message to. The error says what to write where.
func TestNoSession(t *testing.T) {
	many := sessions.SessionsMany([]string{"a", "b"}, apptest.CookieStore())
	for _, test := range []struct {
		name    string
		cfg     flashgin.Config
		use     gin.HandlerFunc
		wayOut  []string
		keysOwn bool
	}{
		{name: "no middleware", wayOut: []string{"sessions.Sessions", "Config.SessionKey"}},
		{name: "SessionsMany without SessionName", use: many,
			wayOut: []string{"SessionsMany", "Config.SessionName"}},
		{
			name: "SessionsMany with an unknown SessionName", use: many,
			cfg:    flashgin.Config{SessionName: "c"},
			wayOut: []string{"SessionsMany", `"c"`, "Config.SessionName"},
		},
		{
			name:   "something else under the key of gin-contrib",
			wayOut: []string{"sessions.Sessions"},
			use:    func(c *gin.Context) { c.Set(sessions.DefaultKey, "nonsense") },
		},
		{
			name:   `Config.SessionKey returns ""`,
			wayOut: []string{"Config.SessionKey"}, keysOwn: true,
			cfg: flashgin.Config{SessionKey: func(*gin.Context) (string, error) { return "", nil }},
		},
		{
			name:   "Config.SessionKey fails",
			wayOut: []string{"Config.SessionKey", "no such user"}, keysOwn: true,
			cfg: flashgin.Config{SessionKey: func(*gin.Context) (string, error) {
				return "", errors.New("no such user")
			}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := apptest.NewSpyStore()
			test.cfg.Store = store
			a := apptest.NewAppWithoutSessions(t, test.cfg)
			if test.use != nil {
				a.Use(test.use)
			}
			a.Template("page", `page{{range flashes}}{{.Text}}{{end}}{{len peekFlashes}}`)
			a.GET("/", apptest.Page)
			a.POST("/", func(c *gin.Context) {
				_, keyErr := a.Messenger.SessionKey(c)
				for _, err := range []error{flashgin.AddFlash(c, flashgin.Info("x")), keyErr} {
					assert.ErrorIs(t, err, flashgin.ErrNoSession)
					for _, text := range test.wayOut {
						assert.ErrorContains(t, err, text)
					}
				}
				if !test.keysOwn {
					assert.ErrorIs(t, a.Messenger.Forget(c), flashgin.ErrNoSession)
				}
				apptest.Redirect("/")(c)
			})
			visitor := a.Visitor()
			assert.Equal(t, http.StatusSeeOther, visitor.Post("/").Code)
			require.Len(t, a.Failures.All(), 1, "of AddFlash, as its error is often ignored")
			assert.ErrorIs(t, a.Failures.All()[0], flashgin.ErrNoSession)
			answer := visitor.Do(http.MethodGet, "/")
			assert.Equal(t, http.StatusOK, answer.Code)
			assert.Equal(t, "page0", answer.Body.String(), "a page is shown all the same")
			assert.Zero(t, store.Count())
		})
	}
}

// A template cannot return an error, so a missing session is reported when a page looks for
// messages.
func TestAPageWithoutASessionIsReported(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
	a.GET("/", apptest.Page)
	assert.Empty(t, a.Visitor().Get("/"))
	require.Len(t, a.Failures.All(), 1)
	assert.ErrorIs(t, a.Failures.All()[0], flashgin.ErrNoSession)
	assert.ErrorContains(t, a.Failures.All()[0], "sessions.Sessions")
}

// Where an application has several sessions, Config.SessionName says which one holds the secret.
func TestSessionsMany(t *testing.T) {
	for name, many := range map[string]gin.HandlerFunc{
		"one store": sessions.SessionsMany([]string{"a", "b"}, apptest.CookieStore()),
		"a store each": sessions.SessionsManyStores([]sessions.SessionStore{
			{Name: "a", Store: memstore.NewStore([]byte("key"))},
			{Name: "b", Store: apptest.CookieStore()},
		}),
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{SessionName: "b"})
			a.Use(many)
			a.GET("/", apptest.Page)
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			visitor := a.Visitor()
			answer := visitor.Post("/")
			require.Len(t, answer.Result().Cookies(), 1)
			assert.Equal(t, "b", answer.Result().Cookies()[0].Name)
			assert.Equal(t, "[hello]", visitor.Get("/"))
		})
	}
}

// Config.SessionKey takes the place of gin-contrib/sessions.
func TestConfigSessionKey(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: func(c *gin.Context) (string, error) { return c.GetHeader("X-User"), nil },
	})
	a.GET("/", apptest.Page)
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
	a.POST("/key", func(c *gin.Context) {
		key, err := a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		assert.Equal(t, "alice", key)
		assert.ErrorContains(t, a.Messenger.Forget(c), "Config.SessionKey")
	})
	visitor := a.Visitor()
	visitor.Post("/key", "X-User", "alice")
	visitor.Post("/", "X-User", "alice")
	assert.Empty(t, visitor.Get("/", "X-User", "bob"))
	assert.Empty(t, visitor.Get("/"), "a visitor without a key")
	assert.Equal(t, "[hello]", visitor.Get("/", "X-User", "alice"))
	assert.Empty(t, a.Failures.String())
}

// A key is bytes. Two that are not UTF-8 are two, and a job that uses one reaches the pages that
// do.
func TestKeysThatAreNotText(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: func(c *gin.Context) (string, error) { return c.GetHeader("X-User"), nil },
	})
	a.GET("/", apptest.Page)
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("alice")))
	visitor := a.Visitor()
	visitor.Post("/", "X-User", "\xf0\x81")
	assert.Empty(t, visitor.Get("/", "X-User", "\xf0\x82"))
	require.NoError(t, a.Messenger.Add(t.Context(), "\xf0\x81", flashgin.Info("a job").At("/")))
	assert.Equal(t, "[alice][a job]", visitor.Get("/", "X-User", "\xf0\x81"))
}

// gin-contrib's memstore panics when a session holds what gob cannot encode. The answer goes out
// all the same, and the failure is reported.
func TestASessionThatCannotBeSaved(t *testing.T) {
	type unknownToGob struct{ Text string }
	for _, test := range []struct {
		name  string
		store sessions.Store
		value any
	}{
		{"memstore panics", memstore.NewStore([]byte("key")), unknownToGob{"MARKER"}},
		{"cookie store fails", apptest.CookieStore(), unknownToGob{"MARKER"}},
		{"cookie store is full", apptest.CookieStore(), strings.Repeat("MARKER", 1000)},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
			a.Use(sessions.Sessions("id", test.store))
			a.GET("/", apptest.Page)
			a.POST("/", func(c *gin.Context) {
				sessions.Default(c).Set("value", test.value)
				apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello"))(c)
			})
			a.POST("/key", func(c *gin.Context) {
				sessions.Default(c).Set("value", test.value)
				_, err := a.Messenger.SessionKey(c)
				assert.ErrorContains(t, err, "saving the session")
				assert.NotContains(t, err.Error(), "MARKER")
			})
			visitor := a.Visitor()
			answer := visitor.Post("/")
			assert.Equal(t, http.StatusSeeOther, answer.Code)
			assert.Zero(t, apptest.CookiesOf(answer))
			require.Len(t, a.Failures.All(), 1)
			assert.ErrorContains(t, a.Failures.All()[0], "saving the session")
			assert.NotContains(t, a.Failures.String(), "MARKER")
			visitor.Post("/key")
		})
	}
}

// The first message saves the session, with the Options of the store. Whoever sets others at login
// makes the key there.
func TestLoginThatSetsOptions(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.POST("/login", func(c *gin.Context) {
		_, err := a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		session := sessions.Default(c)
		session.Set("user", 7)
		session.Options(sessions.Options{Path: "/", MaxAge: 30 * 24 * 3600})
		assert.NoError(t, session.Save())
	})
	a.POST("/page", apptest.Add(t, apptest.Redirect("/page"), flashgin.Success("saved")))
	a.GET("/page", apptest.Page)
	v := a.Visitor()
	cookies := v.Post("/login").Result().Cookies()
	assert.Equal(t, 30*24*3600, cookies[len(cookies)-1].MaxAge, "the last counts")
	assert.Zero(t, apptest.CookiesOf(v.Post("/page")))
	assert.Equal(t, "[saved]", v.Get("/page"))
}

// Whoever follows a link of another site, such as one in a mail, brings the cookie if there is one.
// So a message there may begin a session, unless the cookie is SameSite=Strict.
func TestMessageBehindALinkOfAnotherSite(t *testing.T) {
	link := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate",
		"Sec-Fetch-Dest", "document"}
	visitor := func(t *testing.T, a *apptest.App) *apptest.Visitor {
		a.GET("/confirm", apptest.Add(t, apptest.Redirect("/login"), flashgin.Success("confirmed")))
		a.GET("/login", apptest.Page)
		return a.Visitor()
	}
	withSessions := func(mode http.SameSite) *apptest.App {
		store := apptest.CookieStore()
		store.Options(sessions.Options{Path: "/", SameSite: mode})
		a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
		a.Use(sessions.Sessions("session", store))
		return a
	}
	for name, wire := range map[string]func() *apptest.App{
		"Lax": func() *apptest.App { return withSessions(http.SameSiteLaxMode) },
		"CookieKey": func() *apptest.App {
			return apptest.NewAppWithoutSessions(t,
				flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := visitor(t, wire())
			for _, purpose := range []string{"Sec-Purpose", "Purpose"} { // Chrome, before 121 too
				v.Do(http.MethodGet, "/confirm", append(link, purpose, "prefetch")...)
				assert.Empty(t, v.Jar, "a page that is fetched ahead")
			}
			v.Do(http.MethodGet, "/confirm", link...)
			assert.Equal(t, "[confirmed]", v.Get("/login"))
		})
	}
	t.Run("Strict", func(t *testing.T) {
		a := withSessions(http.SameSiteStrictMode)
		v := visitor(t, a)
		v.Do(http.MethodGet, "/confirm", link...)
		assert.Empty(t, v.Jar)
		require.Len(t, a.Failures.All(), 1)
		assert.ErrorIs(t, a.Failures.All()[0], flashgin.ErrNoSession)
	})
}

// SameSite keeps the cookie back when another site posts, as a payment does. A message there does
// not replace the session that the user has.
func TestMessageOfAnotherSitesFormBeginsNoSession(t *testing.T) {
	for name, wire := range map[string]func(t *testing.T) *apptest.App{
		"sessions": func(t *testing.T) *apptest.App { return apptest.NewApp(t, flashgin.Config{}) },
		"CookieKey": func(t *testing.T) *apptest.App {
			return apptest.NewAppWithoutSessions(t,
				flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := wire(t)
			a.POST("/paid", apptest.Add(t, apptest.Redirect("/orders"), flashgin.Success("paid")))
			a.POST("/page", apptest.Add(t, apptest.Page, flashgin.Success("paid")))
			a.POST("/key", func(c *gin.Context) {
				_, err := a.Messenger.SessionKey(c)
				assert.NoError(t, err)
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("paid")))
				c.Redirect(http.StatusSeeOther, "/orders")
			})
			a.GET("/orders", apptest.Page)
			cross := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}

			v := a.Visitor()
			assert.Equal(t, "[paid]", v.Post("/page", cross...).Body.String(), "it shows its own")
			v.Post("/paid", cross...)
			assert.Empty(t, v.Jar)
			require.Len(t, a.Failures.All(), 1)
			assert.ErrorIs(t, a.Failures.All()[0], flashgin.ErrNoSession)

			v.Post("/key", cross...)
			assert.NotEmpty(t, v.Jar, "the handler asked for a key")
			assert.Equal(t, "[paid]", v.Get("/orders"))
			v.Post("/paid", cross...)
			assert.Equal(t, "[paid]", v.Get("/orders"),
				"a session that came with the request is used")
			assert.Len(t, a.Failures.All(), 1)
		})
	}
}
