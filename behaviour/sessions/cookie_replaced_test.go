package sessions_test

import (
	"net/http"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

const replaced = "sets the session's cookie"

// A handler sets the cookie of its session by itself, and so takes it from the browser. What waits
// in the session waits for nobody, and that is reported.
func TestCookieThatTheHandlerReplacesIsReported(t *testing.T) {
	expire := func(c *gin.Context) {
		http.SetCookie(c.Writer, &http.Cookie{Name: "id", Path: "/", MaxAge: -1})
	}
	change := func(c *gin.Context) {
		http.SetCookie(c.Writer, &http.Cookie{Name: "id", Path: "/", Value: "another"})
	}
	other := func(c *gin.Context) {
		http.SetCookie(c.Writer, &http.Cookie{Name: "id2", Path: "/", MaxAge: -1})
	}
	expireOld := func(c *gin.Context) {
		for _, old := range []http.Cookie{{Path: "/old"}, {Path: "/", Domain: "example.org"}} {
			old.Name, old.MaxAge = "id", -1
			c.Writer.Header().Add("Set-Cookie", old.String())
		}
	}
	saveUser := func(c *gin.Context) {
		session := sessions.Default(c)
		session.Set("user", "alice")
		assert.NoError(t, session.Save())
	}
	clearAll := func(c *gin.Context) {
		session := sessions.Default(c)
		session.Clear()
		assert.NoError(t, session.Save())
	}
	end := func(c *gin.Context) {
		session := sessions.Default(c)
		session.Options(sessions.Options{Path: "/", MaxAge: -1})
		assert.NoError(t, session.Save())
	}
	nothing := func(*gin.Context) {}
	for _, test := range []struct {
		name     string
		known    bool // the session has a key
		before   gin.HandlerFunc
		after    gin.HandlerFunc
		reported bool
	}{
		{"expired", true, nothing, expire, true},
		{"expired before", true, expire, nothing, true},
		{"another value", true, nothing, change, true},
		{"saved, then expired", true, saveUser, expire, true},
		{"ended by the session", true, nothing, end, true},
		{"expired, without a key", false, expire, nothing, true},
		{"ended by the session, without a key", false, nothing, end, true},
		{"saved before", true, saveUser, nothing, false},
		{"saved after", true, nothing, saveUser, false},
		{"saved, without a key", false, saveUser, nothing, false},
		{"saved after, without a key", false, nothing, saveUser, false},
		{"cleared", true, nothing, clearAll, false},
		{"expired, then saved", true, expire, saveUser, false},
		{"another cookie", true, other, other, false},
		{"cookies of the past", true, expireOld, expireOld, false},
		{"cookies of the past, without a key", false, expireOld, expireOld, false},
	} {
		for name, store := range map[string]sessions.Store{
			"cookie": apptest.CookieStore(), "memstore": memstore.NewStore([]byte("key")),
		} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
				a.Use(sessions.Sessions("id", store))
				a.GET("/a", apptest.Page)
				a.GET("/key", func(c *gin.Context) { _, _ = a.Messenger.SessionKey(c) })
				a.POST("/", func(c *gin.Context) {
					test.before(c)
					assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("goodbye")))
					test.after(c)
					c.Redirect(http.StatusSeeOther, "/a")
				})
				v := a.Visitor()
				if test.known {
					v.Get("/key")
				}
				v.Post("/")
				shown := v.Get("/a")
				if !test.reported {
					assert.Empty(t, a.Failures.String())
					assert.Equal(t, "[goodbye]", shown)
					return
				}
				assert.Contains(t, a.Failures.String(), replaced)
				assert.Empty(t, shown)
				_, kept := v.Jar["id"]
				assert.Equal(t, test.name == "another value", kept, "the handler's cookie stands")
			})
		}
	}
}

// The same for a key that a handler hands to a job, and for the cookie of CookieKey.
func TestCookieOfAKeyThatTheHandlerReplacesIsReported(t *testing.T) {
	expire := func(c *gin.Context, name string) {
		http.SetCookie(c.Writer, &http.Cookie{Name: name, Path: "/", MaxAge: -1})
	}
	t.Run("key for a job", func(t *testing.T) {
		a := apptest.NewApp(t, flashgin.Config{})
		a.POST("/", func(c *gin.Context) {
			_, err := a.Messenger.SessionKey(c)
			assert.NoError(t, err)
			expire(c, "id")
		})
		a.Visitor().Post("/")
		assert.Contains(t, a.Failures.String(), replaced)
	})
	t.Run("CookieKey", func(t *testing.T) {
		a := apptest.NewAppWithoutSessions(t,
			flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
		a.POST("/first", apptest.Add(t, apptest.Redirect("/a"), flashgin.Info("first")))
		a.POST("/", apptest.Add(t, func(c *gin.Context) {
			expire(c, "flash")
			c.Redirect(http.StatusSeeOther, "/a")
		}, flashgin.Info("goodbye")))
		v := a.Visitor()
		v.Post("/first")
		assert.Empty(t, a.Failures.String())
		v.Post("/")
		assert.Contains(t, a.Failures.String(), replaced)
	})
}
