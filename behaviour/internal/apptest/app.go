// Package apptest is what the tests of behaviour share: applications, browsers, stores that fail,
// and Redis servers with messages in them.
package apptest

import (
	"cmp"
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

func init() {
	gin.SetMode(gin.TestMode)
	slog.SetDefault(slog.New(slog.DiscardHandler)) // gin-contrib/sessions logs there
}

// Repository is the way to the folder of the repository.
const Repository = "../.."

// App is a Gin application with flashgin, sessions in a cookie, and a page template named "page"
// that lists the texts of {{flashes}}.
type App struct {
	*gin.Engine
	T         testing.TB
	Messenger *flashgin.Messenger
	Failures  *Failures
}

// NewApp installs a Messenger on a fresh engine. cfg.OnError is replaced: Failures collects what it
// is told.
func NewApp(t testing.TB, cfg flashgin.Config) *App {
	t.Helper()
	a := NewAppWithoutSessions(t, cfg)
	a.Use(sessions.Sessions("id", CookieStore()))
	return a
}

func NewAppWithoutSessions(t testing.TB, cfg flashgin.Config) *App {
	t.Helper()
	a := NewAppWired(t, cfg, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.With(install)
	})
	a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	return a
}

// NewAppWired is NewApp where the order counts in which an engine is put together: wire does all of
// it. install is Messenger.Install. There are no sessions and no template but those that wire adds.
func NewAppWired(
	t testing.TB, cfg flashgin.Config, wire func(engine *gin.Engine, install gin.OptionFunc),
) *App {
	t.Helper()
	failures := new(Failures)
	cfg.OnError = failures.add
	messenger := NewMessenger(t, cfg)
	a := &App{Engine: gin.New(), T: t, Messenger: messenger, Failures: failures}
	wire(a.Engine, messenger.Install)
	return a
}

// NewAppBehind is NewApp with middleware outside of flashgin's.
func NewAppBehind(t testing.TB, cfg flashgin.Config, outside ...gin.HandlerFunc) *App {
	t.Helper()
	a := NewAppWired(t, cfg, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.Use(outside...)
		engine.With(install)
		engine.Use(sessions.Sessions("id", CookieStore()))
	})
	a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	return a
}

// NewSite is NewAppWired for alice: see NewBoard.
func NewSite(
	t *testing.T, log io.Writer, wire func(engine *gin.Engine, install gin.OptionFunc),
) *App {
	t.Helper()
	return NewAppWired(t,
		flashgin.Config{SessionKey: UserOf, Logger: slog.New(slog.NewTextHandler(log, nil))}, wire)
}

// NewMessenger returns a Messenger that is closed when the test ends.
func NewMessenger(t testing.TB, cfg flashgin.Config) *flashgin.Messenger {
	t.Helper()
	m, err := flashgin.New(Calm(cfg))
	require.NoError(t, err)
	t.Cleanup(func() {
		// It may wait for a lease to end, which takes 10 seconds.
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, m.Close(ctx))
	})
	return m
}

// Calm makes a Messenger silent and, on a SpyStore, so patient that a busy machine does not fail a
// test. In a synctest bubble no machine is busy: the defaults stand.
func Calm(cfg flashgin.Config) flashgin.Config {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	bubble := time.Now().Year() == 2000 // that is when every bubble's clock starts
	if _, spied := cfg.Store.(*SpyStore); spied && !bubble {
		cfg.Timeout, cfg.AddTimeout = cmp.Or(cfg.Timeout, time.Minute),
			cmp.Or(cfg.AddTimeout, time.Minute)
	}
	return cfg
}

func CookieStore() sessions.Store {
	store := cookie.NewStore([]byte("a secret of thirty-two bytes ...")) // not a secret: a test's
	store.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return store
}

// NewBoard is NewApp for tests of what pages show: no cookies, the header User names the session.
func NewBoard(t testing.TB) *App {
	t.Helper()
	return NewAppWithoutSessions(t, flashgin.Config{SessionKey: UserOf})
}

func UserOf(c *gin.Context) (string, error) { return c.GetHeader("User"), nil }

// Leave puts messages where alice will find them.
func (a *App) Leave(msgs ...flashgin.Message) {
	a.T.Helper()
	for i := range msgs {
		if msgs[i].View == "" {
			msgs[i].View = flashgin.Anywhere
		}
	}
	require.NoError(a.T, a.Messenger.Add(context.Background(), "alice", msgs...))
}

// Left returns the texts that wait for alice, each in brackets.
func (a *App) Left(views ...string) string {
	a.T.Helper()
	waiting, err := a.Messenger.Peek(context.Background(), "alice",
		append(views, flashgin.Anywhere)...)
	require.NoError(a.T, err)
	var texts strings.Builder
	for _, m := range waiting {
		texts.WriteString("[" + m.Text + "]")
	}
	return texts.String()
}

// Visit serves one request of alice's in this process. header is a list of names and values.
func (a *App) Visit(method, path string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	request.Header.Set("User", "alice")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, request)
	return w
}

// Shown returns what alice sees at path.
func (a *App) Shown(path string) string { return a.Visit(http.MethodGet, path).Body.String() }

// Template makes text the only template of the engine.
func (a *App) Template(name, text string) {
	a.SetHTMLTemplate(template.Must(template.New(name).Funcs(a.FuncMap).Parse(text)))
}

// Serve starts a server for the application.
func (a *App) Serve() *httptest.Server {
	server := httptest.NewServer(a)
	a.T.Cleanup(server.Close)
	return server
}

// Browser starts a server and a browser on it.
func (a *App) Browser() *Browser { return NewBrowser(a.T, a.Serve().URL) }

func (a *App) Visitor() *Visitor { return NewVisitor(a.T, a) }

// BehindCache starts a server for the application and a cache before it.
func (a *App) BehindCache(cache func(tb testing.TB, backend string) string) (url string) {
	return cache(a.T, strings.TrimPrefix(a.Serve().URL, "http://"))
}

func WithCancel(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// NewMounted is NewApp with Mount and a page that prints all there is.
func NewMounted(t testing.TB, cfg flashgin.Config) *App {
	a := NewApp(t, cfg)
	a.Template("page", `{{flashAssets}}{{flashes}}`)
	a.Messenger.Mount(a)
	return a
}

// Board serves the text of a template at "/". {{now .Gin "text"}} in it adds an error in the middle
// of the page.
func (a *App) Board(text string) {
	a.SetFuncMap(flashgin.FuncMap(template.FuncMap{
		"now": func(c *gin.Context, text string) (string, error) {
			return "", flashgin.AddFlash(c, flashgin.Error(text))
		},
	}))
	a.Template("page", text)
	a.GET("/", func(c *gin.Context) {
		c.HTML(http.StatusOK, "page", gin.H{"Gin": c, "Filter": flashgin.StatusError, "Seven": 7})
	})
}
