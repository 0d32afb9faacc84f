package sessions_test

import (
	"net/http"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-contrib/sessions/filesystem"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A session that could not be loaded looks empty. Saving it with a new key would log the user out.
func TestASessionThatCouldNotBeLoadedIsNotOverwritten(t *testing.T) {
	store := apptest.NewFileSessions(t)
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
	a.Use(sessions.Sessions("id", store))
	a.GET("/", apptest.Page)
	a.GET("/user", func(c *gin.Context) {
		user, _ := sessions.Default(c).Get("user").(string)
		c.String(http.StatusOK, user)
	})
	a.POST("/login", func(c *gin.Context) {
		sessions.Default(c).Set("user", "alice")
		assert.NoError(t, sessions.Default(c).Save())
	})
	var during func(c *gin.Context)
	a.POST("/", func(c *gin.Context) {
		during(c)
		c.Status(http.StatusNoContent)
	})
	visitor := a.Visitor()
	visitor.Post("/login")

	back := store.Away()
	during = func(c *gin.Context) {
		assert.Empty(t, flashgin.Flashes(c))
		assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("x")), flashgin.ErrNoSession)
		_, err := a.Messenger.SessionKey(c)
		assert.ErrorIs(t, err, flashgin.ErrNoSession)
		assert.ErrorContains(t, err, "could not be loaded")
	}
	assert.Zero(t, apptest.CookiesOf(visitor.Post("/")))

	// The store comes back while the request runs: its session is still the empty one.
	during = func(c *gin.Context) {
		assert.Nil(t, sessions.Default(c).Get("user"))
		back()
		assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("x")), flashgin.ErrNoSession)
	}
	assert.Zero(t, apptest.CookiesOf(visitor.Post("/")))
	assert.Equal(t, "alice", visitor.Get("/user"), "nobody was logged out")

	during = func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("fine again")))
	}
	visitor.Post("/")
	assert.Equal(t, "[fine again]", visitor.Get("/"))
	assert.Equal(t, "alice", visitor.Get("/user"))
}

// A session that the server has forgotten is new: it gets a key.
func TestASessionThatTheServerHasForgotten(t *testing.T) {
	files, spoilt := apptest.NewFileSessions(t), apptest.NewFileSessions(t)
	for _, test := range []struct {
		name   string
		before sessions.Store
		lose   func()
		after  sessions.Store
	}{
		{"memstore after a restart", memstore.NewStore([]byte("key")), nil,
			memstore.NewStore([]byte("key"))},
		{"memstore with another signature", memstore.NewStore([]byte("old key")), nil,
			memstore.NewStore([]byte("key"))},
		{"cookie with another signature", cookie.NewStore([]byte("old key")), nil,
			apptest.CookieStore()},
		{"file with another signature", filesystem.NewStore(t.TempDir(), []byte("old key")), nil,
			apptest.NewFileSessions(t)},
		{"file that was removed", files, files.Lose, files},
		{"file that was spoilt", spoilt, spoilt.Spoil, spoilt},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := test.before
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
			a.Use(func(c *gin.Context) { sessions.Sessions("id", store)(c) })
			a.GET("/", apptest.Page)
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			visitor := a.Visitor()
			visitor.Post("/")
			if store = test.after; test.lose != nil {
				test.lose()
			}
			assert.Empty(t, visitor.Get("/"))
			assert.Equal(t, 1, apptest.CookiesOf(visitor.Post("/")))
			assert.Equal(t, "[hello]", visitor.Get("/"))
			assert.Empty(t, a.Failures.String())
		})
	}
}
