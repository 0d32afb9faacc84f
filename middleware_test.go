package flashgin_test

import (
	"net/http"
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
)

// Install is a gin.OptionFunc.
func TestInstall(t *testing.T) {
	for name, engine := range map[string]func(*flashgin.Messenger) *gin.Engine{
		"gin.New":     func(m *flashgin.Messenger) *gin.Engine { return gin.New(m.Install) },
		"gin.Default": func(m *flashgin.Messenger) *gin.Engine { return gin.Default(m.Install) },
		"engine.With": func(m *flashgin.Messenger) *gin.Engine { return gin.New().With(m.Install) },
		"called":      func(m *flashgin.Messenger) *gin.Engine { e := gin.New(); m.Install(e); return e },
		"after the sessions": func(m *flashgin.Messenger) *gin.Engine {
			e := gin.New()
			e.Use(sessions.Sessions("id", cookieStore()))
			return e.With(m.Install)
		},
		"twice": func(m *flashgin.Messenger) *gin.Engine { return gin.New(m.Install, m.Install).With(m.Install) },
	} {
		t.Run(name, func(t *testing.T) {
			defer quiet()()
			m := newMessenger(t, flashgin.Config{})
			a := &app{Engine: engine(m), t: t, messenger: m}
			a.Use(sessions.Sessions("id", cookieStore()))
			a.template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
			a.GET("/", page)
			a.POST("/", add(t, redirect("/"), flashgin.Info("hello")))
			visitor := a.visitor()
			assert.Equal(t, 1, cookiesOf(visitor.post("/")))
			assert.Equal(t, "[hello]", visitor.get("/"))
			assert.Empty(t, visitor.get("/"))
		})
	}
}

// quiet keeps gin.Default's own log out of the test's output.
func quiet() (restore func()) {
	before := gin.DefaultWriter
	gin.DefaultWriter = new(lockedBuffer)
	return func() { gin.DefaultWriter = before }
}

func TestInstallingTwiceChangesNothing(t *testing.T) {
	m := newMessenger(t, flashgin.Config{})
	engine := gin.New(m.Install)
	handlers, funcs := len(engine.Handlers), len(engine.FuncMap)
	m.Install(engine)
	assert.Len(t, engine.Handlers, handlers)
	assert.Len(t, engine.FuncMap, funcs)
}

func TestInstallingAnotherMessengerPanics(t *testing.T) {
	first, second := newMessenger(t, flashgin.Config{}), newMessenger(t, flashgin.Config{})
	engine := gin.New(first.Install)
	defer func() {
		text, _ := recover().(string)
		assert.Contains(t, text, "flashgin: another Messenger is installed")
		assert.Contains(t, text, "install one, and share it")
		assert.NotPanics(t, func() { first.Install(engine) }, "the engine is as it was")
	}()
	second.Install(engine)
}

// Gin gives a middleware to the routes that come after it, so those before show no messages. Say so, and leave their pages alone.
func TestRoutesBeforeInstall(t *testing.T) {
	log := new(lockedBuffer)
	a := newAppWired(t, flashgin.Config{Logger: logTo(log)}, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.Use(sessions.Sessions("id", cookieStore()))
		engine.GET("/early", func(c *gin.Context) {
			assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("x")), flashgin.ErrNotInstalled)
			page(c)
		})
		for i := range 12 {
			engine.POST("/early/"+strconv.Itoa(i), status(http.StatusOK))
		}
		engine.With(install)
	})
	a.template("page", `page{{range flashes}}[{{.Text}}]{{end}}`)
	a.GET("/late", page)
	a.POST("/late", add(t, redirect("/late"), flashgin.Info("hello").At("/late"), flashgin.Info("early").At("/early")))

	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 1)
	assert.Contains(t, lines[0], "level=WARN")
	assert.Contains(t, lines[0], "install first")
	assert.Contains(t, lines[0], "GET /early")
	assert.Contains(t, lines[0], "and 3 more")

	visitor := a.visitor()
	visitor.post("/late")
	assert.Equal(t, "page", visitor.get("/early"), "no messages, but the page")
	assert.Equal(t, "page[hello]", visitor.get("/late"))
	assert.Equal(t, "page", visitor.get("/early"))
}

func TestNoWarningWithoutRoutesBeforeInstall(t *testing.T) {
	log := new(lockedBuffer)
	a := newApp(t, flashgin.Config{Logger: logTo(log)})
	a.GET("/", page)
	a.visitor().get("/")
	assert.Empty(t, log.String())
}

// The route of a page in a group is the whole path.
func TestGroups(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	group := a.Group("/teams/:team")
	users := group.Group("/users")
	users.GET("/:id", page)
	users.POST("/:id", add(t, status(http.StatusNoContent), flashgin.Info("route")))
	users.POST("/:id/rename", add(t, redirect("/teams/red/users/2"), flashgin.Info("path")))
	visitor := a.visitor()
	visitor.post("/teams/red/users/1")
	assert.Equal(t, "[route]", visitor.get("/teams/blue/users/9"))
	visitor.post("/teams/red/users/1/rename")
	assert.Empty(t, visitor.get("/teams/red/users/1"))
	assert.Equal(t, "[path]", visitor.get("/teams/red/users/2"))
}

// The pages for what is not found show what waits for their path, and Anywhere.
func TestNoRouteAndNoMethod(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	a.HandleMethodNotAllowed = true
	a.NoRoute(func(c *gin.Context) { c.HTML(http.StatusNotFound, "page", nil) })
	a.NoMethod(func(c *gin.Context) { c.HTML(http.StatusMethodNotAllowed, "page", nil) })
	a.PUT("/only-put", status(http.StatusOK))
	a.GET("/page", page)
	a.POST("/send", add(t, redirect("/moved"), flashgin.Info("path"), flashgin.Info("anywhere").At(flashgin.Anywhere), flashgin.Info("put").At("/only-put")))
	visitor := a.visitor()
	visitor.post("/send")

	answer := visitor.do(http.MethodGet, "/moved")
	assert.Equal(t, http.StatusNotFound, answer.Code)
	assert.Equal(t, "[path][anywhere]", answer.Body.String())
	answer = visitor.do(http.MethodGet, "/only-put")
	assert.Equal(t, http.StatusMethodNotAllowed, answer.Code)
	assert.Equal(t, "[put]", answer.Body.String())
	assert.Empty(t, visitor.get("/moved"))
}

// Gin's own answers, where no handler has answered.
func TestGinsOwnAnswers(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	a.HandleMethodNotAllowed = true
	a.GET("/slash/", page)
	a.POST("/send", add(t, redirect("/slash/"), flashgin.Info("hello"), flashgin.Info("anywhere").At(flashgin.Anywhere)))
	browser := a.browser()
	browser.post("/send")
	assert.Equal(t, "404 page not found", browser.get("/nowhere"))
	assert.Equal(t, "405 method not allowed", browser.get("/send"))
	assert.Equal(t, http.StatusMovedPermanently, browser.do(http.MethodGet, "/slash").StatusCode)
	assert.Equal(t, "[hello][anywhere]", browser.get("/slash/"))
}

// Files take no messages, and are cached as ever.
func TestStaticFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file.txt"), []byte("the file"), 0o600))
	a := newApp(t, flashgin.Config{})
	a.Static("/static", dir)
	a.GET("/", page)
	a.POST("/", add(t, redirect("/static/file.txt"), flashgin.Info("file"), flashgin.Info("anywhere").At(flashgin.Anywhere)))
	browser := a.browser()
	browser.post("/")
	file := browser.do(http.MethodGet, "/static/file.txt")
	assert.Equal(t, "the file", file.body)
	assert.NotEmpty(t, file.Header.Get("Last-Modified"), "files may be cached")
	assert.Zero(t, file.cookies())
	assert.Equal(t, http.StatusNotModified, browser.do(http.MethodGet, "/static/file.txt", "If-Modified-Since", file.Header.Get("Last-Modified")).StatusCode)
	assert.Equal(t, http.StatusNotFound, browser.do(http.MethodGet, "/static/none").StatusCode)
	assert.Equal(t, "[anywhere]", browser.get("/"))
}

// HandleContext answers a request with another route's page: it shows what waits for the one that the browser asked for, and for its own.
func TestHandleContext(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	goTo := func(path string) gin.HandlerFunc {
		return func(c *gin.Context) {
			c.Request.URL.Path = path
			a.HandleContext(c)
		}
	}
	a.GET("/new/:id", page)
	a.GET("/old", goTo("/new/1"))
	a.GET("/older", goTo("/old"))
	a.GET("/away", goTo("/redirects"))
	a.GET("/redirects", add(t, redirect("/new/1"), flashgin.Info("redirected")))
	a.GET("/says", add(t, goTo("/new/1"), flashgin.Info("outer")))
	a.GET("/says-elsewhere", add(t, goTo("/new/1"), flashgin.Info("elsewhere").At("/elsewhere")))
	a.GET("/elsewhere", page)
	a.GET("/says-nothing", add(t, goTo("/nothing"), flashgin.Info("kept")))
	a.GET("/nothing", func(c *gin.Context) {
		if c.Query("show") == "" {
			c.Status(http.StatusNoContent)
			return
		}
		page(c)
	})
	a.POST("/send", add(t, status(http.StatusNoContent),
		flashgin.Info("old").At("/old"), flashgin.Info("path").At("/new/1"), flashgin.Info("route").At("/new/:id"),
		flashgin.Info("anywhere").At(flashgin.Anywhere), flashgin.Info("other").At("/new/2")))

	for _, test := range []struct {
		name, path, want, left string
	}{
		{"messages for both", "/old", "[old][path][route][anywhere]", ""},
		{"twice", "/older", "[old][path][route][anywhere]", ""},
		{"the inner route alone", "/new/1", "[path][route][anywhere]", "[old]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			visitor := a.visitor()
			visitor.post("/send")
			assert.Equal(t, test.want, visitor.get(test.path))
			assert.Empty(t, visitor.get(test.path), "once")
			assert.Equal(t, "[other]", visitor.get("/new/2"))
			assert.Equal(t, test.left, visitor.get("/old"))
		})
	}
	t.Run("a message that the outer handler adds", func(t *testing.T) {
		visitor := a.visitor()
		answer := visitor.do(http.MethodGet, "/says")
		assert.Equal(t, "[outer]", answer.Body.String())
		assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
		assert.Empty(t, visitor.get("/new/1"))
	})
	t.Run("a message that the inner handler does not show", func(t *testing.T) {
		visitor := a.visitor()
		assert.Equal(t, http.StatusNoContent, visitor.do(http.MethodGet, "/says-nothing").Code)
		assert.Equal(t, "[kept]", visitor.get("/nothing?show=1"), "it waits on the inner route")
	})
	t.Run("a redirect inside", func(t *testing.T) {
		visitor := a.visitor()
		visitor.post("/send")
		answer := visitor.do(http.MethodGet, "/away")
		assert.Equal(t, http.StatusSeeOther, answer.Code)
		assert.Equal(t, "[path][route][anywhere][redirected]", visitor.get("/new/1"))
	})
	t.Run("a redirect inside, of a new visitor", func(t *testing.T) {
		visitor := a.visitor()
		answer := visitor.do(http.MethodGet, "/away")
		assert.Equal(t, 1, cookiesOf(answer))
		assert.Equal(t, "[redirected]", visitor.get("/new/1"))
	})
	t.Run("a message for elsewhere, of a visitor with a key", func(t *testing.T) {
		visitor := a.visitor()
		visitor.post("/send")
		visitor.get("/says-elsewhere")
		assert.Equal(t, "[elsewhere]", visitor.get("/elsewhere"))
	})
	t.Run("a message for elsewhere, of a new visitor", func(t *testing.T) {
		visitor := a.visitor()
		assert.Equal(t, 1, cookiesOf(visitor.do(http.MethodGet, "/says-elsewhere")))
		assert.Equal(t, "[elsewhere]", visitor.get("/elsewhere"))
	})
	assert.Empty(t, a.failures.String())
}

// A Messenger may serve several engines: they share sessions and messages.
func TestTwoEngines(t *testing.T) {
	m := newMessenger(t, flashgin.Config{})
	engine := func() *app {
		a := &app{Engine: gin.New(m.Install), t: t, messenger: m}
		a.Use(sessions.Sessions("id", cookieStore()))
		a.template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
		a.GET("/", page)
		a.POST("/", add(t, redirect("/"), flashgin.Info("hello")))
		return a
	}
	first, second := engine(), engine()
	visitor := first.visitor()
	visitor.post("/")
	visitor.handler = second
	assert.Equal(t, "[hello]", visitor.get("/"))
	visitor.handler = first
	assert.Empty(t, visitor.get("/"))
}

// An engine that serves a part of another has requests of its own, which share the answer.
func TestAnEngineInsideAnother(t *testing.T) {
	m := newMessenger(t, flashgin.Config{})
	inner := &app{Engine: gin.New(m.Install), t: t, messenger: m}
	outer := &app{Engine: gin.New(m.Install), t: t, messenger: m}
	for _, a := range []*app{inner, outer} {
		a.Use(sessions.Sessions("id", cookieStore()))
		a.template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	}
	outer.GET("/", page)
	outer.Any("/admin/*path", gin.WrapH(inner))
	inner.GET("/admin/users", page)
	inner.POST("/admin/users", add(t, redirect("/admin/users"), flashgin.Info("to the inner page")))
	inner.POST("/admin/leave", add(t, redirect("/"), flashgin.Info("to the outer page")))
	visitor := outer.visitor()

	answer := visitor.post("/admin/users")
	assert.Equal(t, http.StatusSeeOther, answer.Code)
	assert.Equal(t, 1, cookiesOf(answer))
	visitor.post("/admin/leave")
	assert.Equal(t, "[to the inner page]", visitor.get("/admin/users"))
	assert.Equal(t, "[to the outer page]", visitor.get("/"))
	for _, path := range []string{"/", "/admin/users"} {
		assert.Empty(t, visitor.get(path))
	}
}

// However the answer leaves, the cookie of a new session leaves with it, and the message is there for the next request.
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
				a := newApp(t, flashgin.Config{})
				a.Handle(method, "/", add(t, answer, flashgin.Info("hello").At("/page")))
				a.GET("/page", page)
				browser := a.browser()
				assert.Equal(t, 1, browser.do(method, "/").cookies())
				assert.Equal(t, "[hello]", browser.get("/page"))
			})
		}
	}
}

// A middleware that halts the chain can say why.
func TestAMiddlewareThatHalts(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	a.GET("/login", page)
	a.GET("/private", func(c *gin.Context) {
		_ = flashgin.RedirectFlash(c, "/login", flashgin.Warning("log in first"))
		c.Abort()
	}, page)
	visitor := a.visitor()
	assert.Equal(t, http.StatusSeeOther, visitor.do(http.MethodGet, "/private").Code)
	assert.Equal(t, "[log in first]", visitor.get("/login"))
	assert.Empty(t, visitor.get("/login"))
}
