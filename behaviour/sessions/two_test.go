package sessions_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Two groups of routes may each have sessions of their own. A message that is added under the one
// is not shown under the other, which is said once, with both names.
func TestTwoSessionsMiddlewares(t *testing.T) {
	lax := func(store sessions.Store) sessions.Store {
		store.Options(sessions.Options{Path: "/"})
		return store
	}
	one := apptest.CookieStore()
	for _, test := range []struct {
		name   string
		a, b   gin.HandlerFunc
		cfg    flashgin.Config
		before string // where the visitor has had a message before
		said   []string
	}{
		{
			name: "two names", said: []string{`"shop"`, `"admin"`, "Config.SessionKey"},
			a: sessions.Sessions("shop", one), b: sessions.Sessions("admin", one),
		},
		{
			name: "two names, both with a key", before: "/b", said: []string{`"shop"`, `"admin"`},
			a: sessions.Sessions("shop", one), b: sessions.Sessions("admin", one),
		},
		{
			name: "two stores", said: []string{`"id"`, "two stores"},
			a: sessions.Sessions("id", one),
			b: sessions.Sessions("id", lax(memstore.NewStore([]byte("key")))),
		},
		{
			name: "two stores that read each other's cookies",
			a:    sessions.Sessions("id", one), b: sessions.Sessions("id", apptest.CookieStore()),
		},
		{
			name: "two stores of two keys", said: []string{`"id"`, "two stores"},
			a: sessions.Sessions("id", one),
			b: sessions.Sessions("id", lax(cookie.NewStore([]byte("another key")))),
		},
		{name: "one", a: sessions.Sessions("id", one), b: sessions.Sessions("id", one)},
		{
			name: "keys of their own",
			cfg:  flashgin.Config{SessionKey: flashgin.CookieKey("flash")},
			a:    sessions.Sessions("shop", one), b: sessions.Sessions("admin", one),
		},
		{
			name: "the same one of several", cfg: flashgin.Config{SessionName: "shop"},
			a: sessions.SessionsMany([]string{"shop", "x"}, one),
			b: sessions.SessionsMany([]string{"y", "shop"}, one),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := new(apptest.LockedBuffer)
			test.cfg.Logger = apptest.LogTo(log)
			app := apptest.NewAppWithoutSessions(t, test.cfg)
			for name, sessions := range map[string]gin.HandlerFunc{"/a": test.a, "/b": test.b} {
				group := app.Group(name, sessions)
				group.GET("", apptest.Page)
				group.POST("/stay", apptest.Add(t, apptest.Redirect(name), flashgin.Info("seen")))
				group.POST("/leave", apptest.Add(t, apptest.Redirect("/b"), flashgin.Info("here")))
				group.POST("/job", func(c *gin.Context) {
					_, err := app.Messenger.SessionKey(c)
					assert.NoError(t, err)
				})
			}
			told := func() int { return strings.Count(log.String(), "sessions") }
			for range 2 {
				visitor := app.Visitor()
				if test.before != "" {
					visitor.Post(test.before + "/stay")
					assert.Equal(t, "[seen]", visitor.Get(test.before))
				}
				visitor.Post("/a/leave")
				if test.said == nil {
					assert.Equal(t, "[here]", visitor.Get("/b"))
					continue
				}
				visitor.Get("/b")
			}
			if test.said == nil {
				assert.Zero(t, told(), log.String())
				return
			}
			assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
			for _, part := range test.said {
				assert.Contains(t, strings.ReplaceAll(log.String(), `\"`, `"`), part)
			}
		})
	}
}

// Who has one of the sessions only is no reason to say anything: messages are shown where they
// belong.
func TestTwoSessionsMiddlewaresThatDoNotMeet(t *testing.T) {
	log := new(apptest.LockedBuffer)
	app := apptest.NewAppWithoutSessions(t, flashgin.Config{Logger: apptest.LogTo(log)})
	store := apptest.CookieStore()
	visitors := map[string]*apptest.Visitor{"/a": app.Visitor(), "/b": app.Visitor()}
	for path, name := range map[string]string{"/a": "shop", "/b": "admin"} {
		group := app.Group(path, sessions.Sessions(name, store))
		group.GET("", apptest.Page)
		group.POST("", apptest.Add(t, apptest.Redirect(path), flashgin.Info("here")))
	}
	for range 3 {
		for path, visitor := range visitors {
			visitor.Post(path)
			assert.Equal(t, "[here]", visitor.Get(path))
		}
	}
	assert.Equal(t, http.StatusOK, app.Visitor().Do(http.MethodGet, "/b").Code)
	assert.Empty(t, log.String())
}

// A key that a job has got under one session, and a page under another: the same.
func TestTwoSessionsMiddlewaresAndAJob(t *testing.T) {
	log := new(apptest.LockedBuffer)
	app := apptest.NewAppWithoutSessions(t, flashgin.Config{Logger: apptest.LogTo(log)})
	store := apptest.CookieStore()
	app.POST("/job", sessions.Sessions("shop", store), func(c *gin.Context) {
		key, err := app.Messenger.SessionKey(c)
		assert.NoError(t, err)
		assert.NoError(t, app.Messenger.Add(c, key, flashgin.Info("done").At("/")))
	})
	app.GET("/", sessions.Sessions("admin", store), apptest.Page)
	visitor := app.Visitor()
	visitor.Post("/job")
	assert.Empty(t, visitor.Get("/"))
	assert.Contains(t, log.String(), "admin")
}
