package sessions_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// By default the cookie of gin-contrib's cookie store is Secure. Over plain http it gets lost, and
// every message with it, which is said once.
func TestASecureCookieOverPlainHTTP(t *testing.T) {
	for _, test := range []struct {
		name   string
		secure bool
		method string
		path   string
		header []string
		said   int // how often
	}{
		{name: "a message", secure: true, path: "/", said: 1},
		{name: "SessionKey", secure: true, path: "/key", said: 1},
		{name: "not Secure", path: "/"},
		{name: "TLS", secure: true, path: "https://example.com/"},
		{name: "TLS to a proxy", secure: true, path: "/",
			header: []string{"X-Forwarded-Proto", "https"}},
		{name: "plain http to a proxy", secure: true, path: "/",
			header: []string{"X-Forwarded-Proto", "http"}, said: 1},
		{name: "without a message", secure: true, path: "/other"},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := new(apptest.LockedBuffer)
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{Logger: apptest.LogTo(log)})
			// not a secret: a test's
			store := cookie.NewStore([]byte("a secret of thirty-two bytes ..."))
			if !test.secure {
				store.Options(sessions.Options{Path: "/"})
			}
			a.Use(sessions.Sessions("id", store))
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello").At("/page")))
			a.POST("/key", func(c *gin.Context) {
				_, err := a.Messenger.SessionKey(c)
				assert.NoError(t, err)
			})
			a.POST("/other", apptest.Redirect("/"))
			for range 2 {
				a.Visitor().Do(http.MethodPost, test.path, test.header...)
			}
			assert.Equal(t, test.said, strings.Count(log.String(), "X-Forwarded-Proto"),
				log.String())
		})
	}
}
