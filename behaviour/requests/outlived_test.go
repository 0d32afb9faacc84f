package requests_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// ofGinContext are contexts without a mark of their own: they are whose the *gin.Context is.
var ofGinContext = map[string]func(*gin.Context) context.Context{
	"itself":         func(c *gin.Context) context.Context { return c },
	"without cancel": func(c *gin.Context) context.Context { return context.WithoutCancel(c) },
	"with cancel":    func(c *gin.Context) context.Context { return apptest.WithCancel(c) },
}

// newOutlived is an application where every user has a secret that waits at "/".
func newOutlived(t *testing.T, log *apptest.LockedBuffer) *apptest.App {
	a := apptest.NewAppWired(t,
		flashgin.Config{SessionKey: apptest.UserOf, Logger: apptest.LogTo(log)},
		func(engine *gin.Engine, install gin.OptionFunc) {
			engine.With(install).Use(sessions.Sessions("id", apptest.CookieStore()))
		})
	a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	a.Leave(flashgin.Info("secret"))
	return a
}

// assertNothingIsShown asks for messages in every way.
func assertNothingIsShown(t *testing.T, ctx context.Context) {
	t.Helper()
	assert.Empty(t, flashgin.Flashes(ctx))
	assert.Empty(t, flashgin.PeekFlashes(ctx))
	assert.NotContains(t, flashgin.Markup(ctx), "secret")
}

// As long as Gin has not given the *gin.Context to another request, whoever uses it too late is
// told.
func TestTheGinContextAfterItsRequest(t *testing.T) {
	for name, derive := range ofGinContext {
		t.Run(name, func(t *testing.T) {
			a := newOutlived(t, new(apptest.LockedBuffer))
			var c *gin.Context
			var ctx context.Context
			a.GET("/", func(given *gin.Context) { c, ctx = given, derive(given) })
			a.Visit(http.MethodGet, "/")
			assert.ErrorIs(t, flashgin.AddFlash(ctx, flashgin.Info("late").At("/")),
				flashgin.ErrTooLate)
			_, err := a.Messenger.SessionKey(c)
			assert.ErrorIs(t, err, flashgin.ErrTooLate)
			assert.ErrorIs(t, a.Messenger.Forget(c), flashgin.ErrTooLate)
			assertNothingIsShown(t, ctx)
			assert.Equal(t, "[secret]", a.Left("/"))
		})
	}
}

// A context that descends from the request's own is that request's, whatever *gin.Context it also
// has.
func TestAContextHasItsRequestsMark(t *testing.T) {
	a := newOutlived(t, new(apptest.LockedBuffer))
	var ctx context.Context
	a.POST("/", func(c *gin.Context) {
		ctx = context.WithValue(c.Request.Context(), gin.ContextKey, c)
		assert.NoError(t, flashgin.AddFlash(ctx, flashgin.Info("in time").At("/of-bob")))
	})
	a.GET("/", func(c *gin.Context) { // alice's, who has the *gin.Context now
		_ = flashgin.AddFlash(ctx, flashgin.Info("of bob").At("/"))
		assertNothingIsShown(t, ctx)
		apptest.Page(c)
	})
	for range 8 { // the race detector makes sync.Pool forget some
		a.Visitor().Post("/", "User", "bob")
		assert.NotContains(t, a.Shown("/"), "of bob")
	}
}

// inDebugMode runs a test in Gin's debug mode, silently.
func inDebugMode(t *testing.T) {
	out := gin.DefaultWriter
	gin.DefaultWriter = discardAll{}
	gin.SetMode(gin.DebugMode)
	t.Cleanup(func() {
		gin.SetMode(gin.TestMode)
		gin.DefaultWriter = out
	})
}

type discardAll struct{}

func (discardAll) Write(p []byte) (int, error) { return len(p), nil }

// In debug mode a goroutine that has the *gin.Context is told at its first call, though its request
// may be alive.
func TestDebugModeRefusesAStrayGinContext(t *testing.T) {
	inDebugMode(t)
	const wayOut = "outside of its handler"
	for name, derive := range ofGinContext {
		t.Run(name, func(t *testing.T) {
			log := new(apptest.LockedBuffer)
			a := newOutlived(t, log)
			a.GET("/", func(c *gin.Context) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					ctx := derive(c)
					assert.ErrorContains(t, flashgin.AddFlash(ctx, flashgin.Info("stray").At("/")),
						wayOut)
					_, err := a.Messenger.SessionKey(c)
					assert.ErrorContains(t, err, wayOut)
					assert.ErrorContains(t, a.Messenger.Forget(c), wayOut)
					assertNothingIsShown(t, ctx)
				}()
				<-done
				apptest.Page(c)
			})
			assert.Equal(t, "[secret]", a.Shown("/"))
			assert.Equal(t, 1, strings.Count(log.String(), wayOut), "the log says so once")
		})
	}
}

// What is right in a goroutine, and handlers in goroutines of a middleware, are left alone.
func TestDebugModeLeavesTheOthersAlone(t *testing.T) {
	inDebugMode(t)
	for _, timesOut := range []bool{false, true} {
		log := new(apptest.LockedBuffer)
		a := newOutlived(t, log)
		if timesOut {
			a.Use(timeout)
		}
		a.GET("/", func(c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own")))
			_, err := a.Messenger.SessionKey(c)
			assert.NoError(t, err)
			assert.Len(t, flashgin.Flashes(c), 2)
			cp, ctx := c.Copy(), c.Request.Context()
			done := make(chan struct{})
			go func() {
				defer close(done)
				for _, ctx := range []context.Context{cp, ctx, context.WithoutCancel(cp)} {
					assert.NoError(t,
						flashgin.AddFlash(ctx, flashgin.Info("more").At("/elsewhere")))
					assert.Len(t, flashgin.Flashes(ctx), 2)
				}
			}()
			<-done
		})
		a.Visit(http.MethodGet, "/")
		assert.Equal(t, "[more][more][more]",
			strings.ReplaceAll(a.Left("/elsewhere"), "[secret]", ""))
		assert.NotContains(t, log.String(), "outside of its handler")
	}
}

// beside runs a test in a goroutine of the handler's, once with a copy of c and once with the
// request's context.
func beside(c *gin.Context, test func(context.Context)) {
	cp, ctx := c.Copy(), c.Request.Context()
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(cp)
		test(ctx)
	}()
	<-done
}

// In debug mode a goroutine must not make the first call of its kind: the handler may write what
// that reads.
func TestDebugModeRefusesAGoroutineThatAsksFirst(t *testing.T) {
	inDebugMode(t)
	const wayOut = "make the same call in the handler before"
	log := new(apptest.LockedBuffer)
	a := apptest.NewApp(t, flashgin.Config{Logger: apptest.LogTo(log)})
	refused := func(ctx context.Context) {
		assert.Empty(t, flashgin.Flashes(ctx))
		assert.NotContains(t, flashgin.Markup(ctx), "hello")
	}
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
	a.GET("/first", func(c *gin.Context) {
		beside(c, func(ctx context.Context) {
			assertNothingIsShown(t, ctx)
			assert.ErrorContains(t, flashgin.AddFlash(ctx, flashgin.Info("first")), wayOut)
			_, err := a.Messenger.SessionKey(c.Copy())
			assert.ErrorContains(t, err, wayOut)
		})
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own").At("/")))
		beside(c, func(ctx context.Context) {
			assert.NoError(t, flashgin.AddFlash(ctx, flashgin.Info("second").At("/")))
			refused(ctx)
			assert.Empty(t, flashgin.PeekFlashes(ctx))
		})
	})
	a.GET("/peek", func(c *gin.Context) {
		assert.Empty(t, flashgin.PeekFlashes(c))
		beside(c, func(ctx context.Context) {
			assert.Empty(t, flashgin.PeekFlashes(ctx))
			refused(ctx)
		})
	})
	a.GET("/", func(c *gin.Context) {
		assert.Len(t, flashgin.Flashes(c), 4)
		beside(c, func(ctx context.Context) {
			assert.Len(t, flashgin.Flashes(ctx), 4)
			assert.Len(t, flashgin.PeekFlashes(ctx), 4)
			assert.Contains(t, flashgin.Markup(ctx), "hello")
		})
		c.String(http.StatusOK, "shown")
	})
	visitor := a.Visitor()
	visitor.Post("/")
	visitor.Get("/first")
	visitor.Get("/peek")
	visitor.Get("/")
	assert.Equal(t, 1, strings.Count(log.String(), wayOut), "the log says so once")
}
