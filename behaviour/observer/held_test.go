package observer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// OnError may use flashgin for the very request whose messages were dropped: it is called when
// nothing of that is locked.
func TestOnErrorMayCallFlashgin(t *testing.T) {
	var current *gin.Context
	var seen []string
	m := apptest.NewMessenger(t, flashgin.Config{
		Store: &flashgin.MemoryStore{Cap: 1},
		OnError: func(context.Context, error) {
			seen = append(seen, apptest.Texts(flashgin.PeekFlashes(current))...)
		},
	})
	router := gin.New().With(m.Install)
	router.Use(sessions.Sessions("id", apptest.CookieStore()))
	router.POST("/", func(c *gin.Context) {
		current = c
		require.NoError(t,
			flashgin.AddFlash(c, flashgin.Info("1").At("/"), flashgin.Info("2").At("/")))
		c.Redirect(http.StatusSeeOther, "/")
		c.Writer.WriteHeaderNow()
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	require.NoError(t, err)
	router.ServeHTTP(httptest.NewRecorder(), request)
	assert.Equal(t, []string{"2"}, seen)
}
