// Package requests_test holds flashgin to what it does to Gin: routes, writers, contexts.
package requests_test

import (
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Install is a gin.OptionFunc.
func TestInstall(t *testing.T) {
	for name, engine := range map[string]func(*flashgin.Messenger) *gin.Engine{
		"gin.New":     func(m *flashgin.Messenger) *gin.Engine { return gin.New(m.Install) },
		"gin.Default": func(m *flashgin.Messenger) *gin.Engine { return gin.Default(m.Install) },
		"engine.With": func(m *flashgin.Messenger) *gin.Engine { return gin.New().With(m.Install) },
		"called": func(m *flashgin.Messenger) *gin.Engine {
			e := gin.New()
			m.Install(e)
			return e
		},
		"after the sessions": func(m *flashgin.Messenger) *gin.Engine {
			e := gin.New()
			e.Use(sessions.Sessions("id", apptest.CookieStore()))
			return e.With(m.Install)
		},
		"twice": func(m *flashgin.Messenger) *gin.Engine {
			return gin.New(m.Install, m.Install).With(m.Install)
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer quiet()()
			m := apptest.NewMessenger(t, flashgin.Config{})
			a := &apptest.App{Engine: engine(m), T: t, Messenger: m}
			a.Use(sessions.Sessions("id", apptest.CookieStore()))
			a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
			a.GET("/", apptest.Page)
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			visitor := a.Visitor()
			assert.Equal(t, 1, apptest.CookiesOf(visitor.Post("/")))
			assert.Equal(t, "[hello]", visitor.Get("/"))
			assert.Empty(t, visitor.Get("/"))
		})
	}
}

// quiet keeps gin.Default's own log out of the test's output.
func quiet() (restore func()) {
	before := gin.DefaultWriter
	gin.DefaultWriter = new(apptest.LockedBuffer)
	return func() { gin.DefaultWriter = before }
}

func TestInstallingTwiceChangesNothing(t *testing.T) {
	m := apptest.NewMessenger(t, flashgin.Config{})
	engine := gin.New(m.Install)
	handlers, funcs := len(engine.Handlers), len(engine.FuncMap)
	m.Install(engine)
	assert.Len(t, engine.Handlers, handlers)
	assert.Len(t, engine.FuncMap, funcs)
}

func TestInstallingAnotherMessengerPanics(t *testing.T) {
	first, second := apptest.NewMessenger(t, flashgin.Config{}), apptest.NewMessenger(t,
		flashgin.Config{})
	engine := gin.New(first.Install)
	defer func() {
		text, _ := recover().(string)
		assert.Contains(t, text, "flashgin: another Messenger is installed")
		assert.Contains(t, text, "install one, and share it")
		assert.NotPanics(t, func() { first.Install(engine) }, "the engine is as it was")
	}()
	second.Install(engine)
}

// Gin gives a middleware to the routes that come after it, so those before show no messages. Say
// so, and leave their pages alone.
func TestRoutesBeforeInstall(t *testing.T) {
	log := new(apptest.LockedBuffer)
	a := apptest.NewAppWired(t, flashgin.Config{Logger: apptest.LogTo(log)},
		func(engine *gin.Engine, install gin.OptionFunc) {
			engine.Use(sessions.Sessions("id", apptest.CookieStore()))
			engine.GET("/early", func(c *gin.Context) {
				assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("x")),
					flashgin.ErrNotInstalled)
				apptest.Page(c)
			})
			for i := range 12 {
				engine.POST("/early/"+strconv.Itoa(i), apptest.Status(http.StatusOK))
			}
			engine.With(install)
		})
	a.Template("page", `page{{range flashes}}[{{.Text}}]{{end}}`)
	a.GET("/late", apptest.Page)
	a.POST("/late", apptest.Add(t, apptest.Redirect("/late"), flashgin.Info("hello").At("/late"),
		flashgin.Info("early").At("/early")))

	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 1)
	assert.Contains(t, lines[0], "level=WARN")
	assert.Contains(t, lines[0], "install first")
	assert.Contains(t, lines[0], "GET /early")
	assert.Contains(t, lines[0], "and 3 more")

	visitor := a.Visitor()
	visitor.Post("/late")
	assert.Equal(t, "page", visitor.Get("/early"), "no messages, but the page")
	assert.Equal(t, "page[hello]", visitor.Get("/late"))
	assert.Equal(t, "page", visitor.Get("/early"))
}

func TestNoWarningWithoutRoutesBeforeInstall(t *testing.T) {
	log := new(apptest.LockedBuffer)
	a := apptest.NewApp(t, flashgin.Config{Logger: apptest.LogTo(log)})
	a.GET("/", apptest.Page)
	a.Visitor().Get("/")
	assert.Empty(t, log.String())
}

// Routes that show no pages may come before Install.
func TestNoWarningOfRoutesWithoutPages(t *testing.T) {
	log := new(apptest.LockedBuffer)
	cfg := flashgin.Config{Logger: apptest.LogTo(log)}
	apptest.NewAppWired(t, cfg, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.GET("/debug/pprof/", gin.WrapF(pprof.Index))
		engine.GET("/metrics", gin.WrapH(http.NotFoundHandler()))
		engine.Static("/files", t.TempDir())
		engine.StaticFile("/favicon.ico", "none")
		engine.With(install)
	})
	assert.Empty(t, log.String())
}

// The route of a page in a group is the whole path.
func TestGroups(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	group := a.Group("/teams/:team")
	users := group.Group("/users")
	users.GET("/:id", apptest.Page)
	users.POST("/:id", apptest.Add(t, apptest.Status(http.StatusNoContent), flashgin.Info("route")))
	users.POST("/:id/rename",
		apptest.Add(t, apptest.Redirect("/teams/red/users/2"), flashgin.Info("path")))
	visitor := a.Visitor()
	visitor.Post("/teams/red/users/1")
	assert.Equal(t, "[route]", visitor.Get("/teams/blue/users/9"))
	visitor.Post("/teams/red/users/1/rename")
	assert.Empty(t, visitor.Get("/teams/red/users/1"))
	assert.Equal(t, "[path]", visitor.Get("/teams/red/users/2"))
}

// The pages for what is not found show what waits for their path, and Anywhere.
func TestNoRouteAndNoMethod(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.HandleMethodNotAllowed = true
	a.NoRoute(func(c *gin.Context) { c.HTML(http.StatusNotFound, "page", nil) })
	a.NoMethod(func(c *gin.Context) { c.HTML(http.StatusMethodNotAllowed, "page", nil) })
	a.PUT("/only-put", apptest.Status(http.StatusOK))
	a.GET("/page", apptest.Page)
	a.POST("/send", apptest.Add(t, apptest.Redirect("/moved"), flashgin.Info("path"),
		flashgin.Info("anywhere").At(flashgin.Anywhere), flashgin.Info("put").At("/only-put")))
	visitor := a.Visitor()
	visitor.Post("/send")

	answer := visitor.Do(http.MethodGet, "/moved")
	assert.Equal(t, http.StatusNotFound, answer.Code)
	assert.Equal(t, "[path][anywhere]", answer.Body.String())
	answer = visitor.Do(http.MethodGet, "/only-put")
	assert.Equal(t, http.StatusMethodNotAllowed, answer.Code)
	assert.Equal(t, "[put]", answer.Body.String())
	assert.Empty(t, visitor.Get("/moved"))
}

// Gin's own answers, where no handler has answered.
func TestGinsOwnAnswers(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.HandleMethodNotAllowed = true
	a.GET("/slash/", apptest.Page)
	a.POST("/send", apptest.Add(t, apptest.Redirect("/slash/"), flashgin.Info("hello"),
		flashgin.Info("anywhere").At(flashgin.Anywhere)))
	browser := a.Browser()
	browser.Post("/send")
	assert.Equal(t, "404 page not found", browser.Get("/nowhere"))
	assert.Equal(t, "405 method not allowed", browser.Get("/send"))
	assert.Equal(t, http.StatusMovedPermanently, browser.Do(http.MethodGet, "/slash").StatusCode)
	assert.Equal(t, "[hello][anywhere]", browser.Get("/slash/"))
}

// Files take no messages, and are cached as ever.
func TestStaticFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file.txt"), []byte("the file"), 0o600))
	a := apptest.NewApp(t, flashgin.Config{})
	a.Static("/static", dir)
	a.GET("/", apptest.Page)
	a.POST("/", apptest.Add(t, apptest.Redirect("/static/file.txt"), flashgin.Info("file"),
		flashgin.Info("anywhere").At(flashgin.Anywhere)))
	browser := a.Browser()
	browser.Post("/")
	file := browser.Do(http.MethodGet, "/static/file.txt")
	assert.Equal(t, "the file", file.Body)
	assert.NotEmpty(t, file.Header.Get("Last-Modified"), "files may be cached")
	assert.Zero(t, file.CookieCount())
	assert.Equal(t, http.StatusNotModified, browser.Do(http.MethodGet, "/static/file.txt",
		"If-Modified-Since", file.Header.Get("Last-Modified")).StatusCode)
	assert.Equal(t, http.StatusNotFound, browser.Do(http.MethodGet, "/static/none").StatusCode)
	assert.Equal(t, "[anywhere]", browser.Get("/"))
}

// HandleContext answers a request with another route's page: it shows what waits for the one that
// the browser asked for, and for its own.
func TestHandleContext(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	goTo := func(path string) gin.HandlerFunc {
		return func(c *gin.Context) {
			c.Request.URL.Path = path
			a.HandleContext(c)
		}
	}
	a.GET("/new/:id", apptest.Page)
	a.GET("/old", goTo("/new/1"))
	a.GET("/older", goTo("/old"))
	a.GET("/away", goTo("/redirects"))
	a.GET("/redirects", apptest.Add(t, apptest.Redirect("/new/1"), flashgin.Info("redirected")))
	a.GET("/says", apptest.Add(t, goTo("/new/1"), flashgin.Info("outer")))
	a.GET("/says-elsewhere",
		apptest.Add(t, goTo("/new/1"), flashgin.Info("elsewhere").At("/elsewhere")))
	a.GET("/elsewhere", apptest.Page)
	a.GET("/says-nothing", apptest.Add(t, goTo("/nothing"), flashgin.Info("kept")))
	a.GET("/nothing", func(c *gin.Context) {
		if c.Query("show") == "" {
			c.Status(http.StatusAccepted)
			return
		}
		apptest.Page(c)
	})
	a.POST("/send", apptest.Add(t, apptest.Status(http.StatusNoContent),
		flashgin.Info("old").At("/old"), flashgin.Info("path").At("/new/1"),
		flashgin.Info("route").At("/new/:id"), flashgin.Info("anywhere").At(flashgin.Anywhere),
		flashgin.Info("other").At("/new/2")))

	for _, test := range []struct {
		name, path, want, left string
	}{
		{"messages for both", "/old", "[old][path][route][anywhere]", ""},
		{"twice", "/older", "[old][path][route][anywhere]", ""},
		{"the inner route alone", "/new/1", "[path][route][anywhere]", "[old]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			visitor := a.Visitor()
			visitor.Post("/send")
			assert.Equal(t, test.want, visitor.Get(test.path))
			assert.Empty(t, visitor.Get(test.path), "once")
			assert.Equal(t, "[other]", visitor.Get("/new/2"))
			assert.Equal(t, test.left, visitor.Get("/old"))
		})
	}
	t.Run("a message that the outer handler adds", func(t *testing.T) {
		visitor := a.Visitor()
		answer := visitor.Do(http.MethodGet, "/says")
		assert.Equal(t, "[outer]", answer.Body.String())
		assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
		assert.Empty(t, visitor.Get("/new/1"))
	})
	t.Run("a message that the inner handler does not show", func(t *testing.T) {
		visitor := a.Visitor()
		assert.Equal(t, http.StatusAccepted, visitor.Do(http.MethodGet, "/says-nothing").Code)
		assert.Equal(t, "[kept]", visitor.Get("/nothing?show=1"), "it waits on the inner route")
	})
	t.Run("a redirect inside", func(t *testing.T) {
		visitor := a.Visitor()
		visitor.Post("/send")
		answer := visitor.Do(http.MethodGet, "/away")
		assert.Equal(t, http.StatusSeeOther, answer.Code)
		assert.Equal(t, "[path][route][anywhere][redirected]", visitor.Get("/new/1"))
	})
	t.Run("a redirect inside, of a new visitor", func(t *testing.T) {
		visitor := a.Visitor()
		answer := visitor.Do(http.MethodGet, "/away")
		assert.Equal(t, 1, apptest.CookiesOf(answer))
		assert.Equal(t, "[redirected]", visitor.Get("/new/1"))
	})
	t.Run("a message for elsewhere, of a visitor with a key", func(t *testing.T) {
		visitor := a.Visitor()
		visitor.Post("/send")
		visitor.Get("/says-elsewhere")
		assert.Equal(t, "[elsewhere]", visitor.Get("/elsewhere"))
	})
	t.Run("a message for elsewhere, of a new visitor", func(t *testing.T) {
		visitor := a.Visitor()
		assert.Equal(t, 1, apptest.CookiesOf(visitor.Do(http.MethodGet, "/says-elsewhere")))
		assert.Equal(t, "[elsewhere]", visitor.Get("/elsewhere"))
	})
	assert.Empty(t, a.Failures.String())
}

// A Messenger may serve several engines: they share sessions and messages.
func TestTwoEngines(t *testing.T) {
	m := apptest.NewMessenger(t, flashgin.Config{})
	engine := func() *apptest.App {
		a := &apptest.App{Engine: gin.New(m.Install), T: t, Messenger: m}
		a.Use(sessions.Sessions("id", apptest.CookieStore()))
		a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
		a.GET("/", apptest.Page)
		a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
		return a
	}
	first, second := engine(), engine()
	visitor := first.Visitor()
	visitor.Post("/")
	visitor.Handler = second
	assert.Equal(t, "[hello]", visitor.Get("/"))
	visitor.Handler = first
	assert.Empty(t, visitor.Get("/"))
}

// An engine that serves a part of another has requests of its own, which share the answer.
func TestAnEngineInsideAnother(t *testing.T) {
	m := apptest.NewMessenger(t, flashgin.Config{})
	inner := &apptest.App{Engine: gin.New(m.Install), T: t, Messenger: m}
	outer := &apptest.App{Engine: gin.New(m.Install), T: t, Messenger: m}
	for _, a := range []*apptest.App{inner, outer} {
		a.Use(sessions.Sessions("id", apptest.CookieStore()))
		a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	}
	outer.GET("/", apptest.Page)
	outer.Any("/admin/*path", gin.WrapH(inner))
	inner.GET("/admin/users", apptest.Page)
	inner.POST("/admin/users",
		apptest.Add(t, apptest.Redirect("/admin/users"), flashgin.Info("to the inner page")))
	inner.POST("/admin/leave",
		apptest.Add(t, apptest.Redirect("/"), flashgin.Info("to the outer page")))
	visitor := outer.Visitor()

	answer := visitor.Post("/admin/users")
	assert.Equal(t, http.StatusSeeOther, answer.Code)
	assert.Equal(t, 1, apptest.CookiesOf(answer))
	visitor.Post("/admin/leave")
	assert.Equal(t, "[to the inner page]", visitor.Get("/admin/users"))
	assert.Equal(t, "[to the outer page]", visitor.Get("/"))
	for _, path := range []string{"/", "/admin/users"} {
		assert.Empty(t, visitor.Get(path))
	}
}

// However the answer leaves, the cookie of a new session leaves with it, and the message is there
// for the next request.
func TestStoringComesBeforeTheHeaders(t *testing.T) {
	for name, answer := range map[string]gin.HandlerFunc{
		"a body":          func(c *gin.Context) { c.String(http.StatusOK, "body") },
		"raw bytes":       func(c *gin.Context) { _, _ = c.Writer.Write([]byte("body")) },
		"WriteString":     func(c *gin.Context) { _, _ = c.Writer.WriteString("body") },
		"WriteHeaderNow":  func(c *gin.Context) { c.Writer.WriteHeaderNow() },
		"Flush":           func(c *gin.Context) { c.Writer.Flush() },
		"AbortWithStatus": func(c *gin.Context) { c.AbortWithStatus(http.StatusForbidden) },
		"JSON":            func(c *gin.Context) { c.JSON(http.StatusOK, 1) },
		"a file":          func(c *gin.Context) { c.File("middleware_test.go") },
		"a GET redirect":  func(c *gin.Context) { c.Redirect(http.StatusFound, "/elsewhere") },
		"nothing":         func(c *gin.Context) {},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(name+"/"+method, func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{})
				a.Handle(method, "/", apptest.Add(t, answer, flashgin.Info("hello").At("/page")))
				a.GET("/page", apptest.Page)
				browser := a.Browser()
				assert.Equal(t, 1, browser.Do(method, "/").CookieCount())
				assert.Equal(t, "[hello]", browser.Get("/page"))
			})
		}
	}
}

// A middleware that halts the chain can say why.
func TestAMiddlewareThatHalts(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/login", apptest.Page)
	a.GET("/private", func(c *gin.Context) {
		_ = flashgin.RedirectFlash(c, "/login", flashgin.Warning("log in first"))
		c.Abort()
	}, apptest.Page)
	visitor := a.Visitor()
	assert.Equal(t, http.StatusSeeOther, visitor.Do(http.MethodGet, "/private").Code)
	assert.Equal(t, "[log in first]", visitor.Get("/login"))
	assert.Empty(t, visitor.Get("/login"))
}
