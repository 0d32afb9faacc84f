package requests_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Goroutines of a request ask for its messages first, all at once. They get the same, and none
// disturbs another: the registry of gorilla's sessions writes to the *http.Request when the session
// is read.
func TestGoroutinesOfARequestAskFirst(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Store: store(), View: func(c *gin.Context) string { return c.GetHeader("Place") }})
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			a.GET("/", func(c *gin.Context) {
				var group sync.WaitGroup
				for _, ctx := range []context.Context{c.Copy(), c.Request.Context(), c.Copy(), c.Request.Context()} {
					group.Go(func() { flashgin.PeekFlashes(ctx) })
					group.Go(func() { assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.Flashes(ctx))) })
					group.Go(func() { assert.Contains(t, flashgin.Markup(ctx), "hello") })
				}
				group.Wait()
				c.String(http.StatusOK, "shown")
			})
			for range 5 {
				visitor := a.Visitor()
				visitor.Post("/")
				assert.Equal(t, "shown", visitor.Get("/"))
			}
		})
	}
}

// Once the handler has asked, its goroutines may ask beside whatever it does: they look neither
// into the session nor at the headers.
func TestGoroutinesOfARequestAskAgain(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
	a.GET("/", func(c *gin.Context) {
		assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.PeekFlashes(c)))
		assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.Flashes(c)))
		cp, ctx := c.Copy(), c.Request.Context()
		var group sync.WaitGroup
		for _, ctx := range []context.Context{cp, ctx} {
			group.Go(func() {
				for range 100 {
					assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.Flashes(ctx)))
					assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.PeekFlashes(ctx)))
				}
			})
		}
		session := sessions.Default(c)
		for i := range 100 {
			session.Set("n", i)
			c.Header("X-N", "1")
			c.Set("n", i)
			c.Status(http.StatusAccepted)
			c.Writer = byValue{c.Writer}
			c.Request = c.Request.WithContext(c.Request.Context())
		}
		group.Wait()
		c.String(http.StatusOK, "shown")
	})
	visitor := a.Visitor()
	visitor.Post("/")
	assert.Equal(t, "shown", visitor.Get("/"))
}

// Requests inside a request, each in a goroutine of its own, do not disturb one another.
func TestGoroutinesWithRequestsInsideARequest(t *testing.T) {
	a := apptest.NewBoard(t)
	a.GET("/inner", apptest.JSONPage)
	a.GET("/", func(c *gin.Context) {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				inner := httptest.NewRequestWithContext(c.Request.Context(), http.MethodGet, "/inner", nil)
				a.ServeHTTP(httptest.NewRecorder(), inner)
			})
		}
		group.Wait()
		c.String(http.StatusOK, "done")
	})
	server := httptest.NewServer(a)
	defer server.Close()
	for range 10 {
		answer, err := server.Client().Get(server.URL)
		if assert.NoError(t, err) {
			assert.NoError(t, answer.Body.Close())
		}
	}
}
