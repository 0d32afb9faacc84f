package sessions_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A handler may make requests of its own, for another user: a mail, a preview, a batch. What those
// add is that user's, though the context is the handler's.
func TestCookieKeyOfARequestInsideARequest(t *testing.T) {
	for _, test := range []struct {
		name      string
		cookie    bool // bob's, else he is new
		sameWrite bool // to alice's answer
	}{
		{"another's cookie", true, false},
		{"another's cookie, one answer", true, true},
		{"a new visitor", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newCookieApp(t, flashgin.Config{})
			a.POST("/key", func(c *gin.Context) { _, _ = a.Messenger.SessionKey(c) })
			bob := a.Visitor()
			bob.Do(http.MethodPost, "/key")
			a.POST("/inner", apptest.Add(t, apptest.Status(http.StatusNoContent),
				flashgin.Info("for bob").At("/")))
			a.POST("/outer", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("for alice").At("/")))
				_, err := a.Messenger.SessionKey(c) // alice's first: her answer makes her cookie
				assert.NoError(t, err)
				inner := httptest.NewRequestWithContext(c.Request.Context(), http.MethodPost,
					"/inner", nil)
				if test.cookie {
					inner.AddCookie(bob.Jar["flash"])
				}
				answer := httptest.NewRecorder()
				if test.sameWrite {
					a.ServeHTTP(c.Writer, inner)
				} else {
					a.ServeHTTP(answer, inner)
				}
				if test.cookie {
					assert.Zero(t, apptest.CookiesOf(answer))
				} else if assert.Equal(t, 1, apptest.CookiesOf(answer)) {
					bob.Jar["flash"] = answer.Result().Cookies()[0]
				}
			})
			alice := a.Visitor()
			assert.Equal(t, 1, apptest.CookiesOf(alice.Post("/outer")))
			assert.Equal(t, "[for alice]", alice.Get("/"))
			assert.Equal(t, "[for bob]", bob.Get("/"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// What the inner engine cannot do, it says, though the outer one could.
func TestCookieKeyOfTheOuterEngineAlone(t *testing.T) {
	inner := apptest.NewAppWithoutSessions(t,
		flashgin.Config{SessionKey: func(*gin.Context) (string, error) { return "", nil }})
	inner.POST("/", func(c *gin.Context) {
		assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("inner")), flashgin.ErrNoSession)
		assert.Error(t, inner.Messenger.Forget(c))
	})
	outer := apptest.NewAppWithoutSessions(t,
		flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
	outer.NoRoute(func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("outer").At("/outer")))
		inner.ServeHTTP(c.Writer, c.Request)
	})
	assert.Equal(t, 1, outer.Browser().Post("/").CookieCount())
}
