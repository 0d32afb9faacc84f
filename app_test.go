package flashgin_test

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

// app is a Gin application with flashgin, sessions in a cookie, and a page template named "page" that lists the texts of {{flashes}}.
type app struct {
	*gin.Engine
	t         testing.TB
	messenger *flashgin.Messenger
	failures  *failures
}

// newApp installs a Messenger on a fresh engine. cfg.OnError is replaced: failures collects what it is told.
func newApp(t testing.TB, cfg flashgin.Config) *app {
	t.Helper()
	a := newAppWithoutSessions(t, cfg)
	a.Use(sessions.Sessions("id", cookieStore()))
	return a
}

func newAppWithoutSessions(t testing.TB, cfg flashgin.Config) *app {
	t.Helper()
	failures := new(failures)
	cfg.OnError = failures.add
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	messenger, err := flashgin.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, messenger.Close(ctx))
	})
	a := &app{Engine: gin.New(messenger.Install), t: t, messenger: messenger, failures: failures}
	a.template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	return a
}

func cookieStore() sessions.Store {
	store := cookie.NewStore([]byte("a secret of thirty-two bytes ...")) // not a secret: a test's
	store.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return store
}

// template makes text the only template of the engine.
func (a *app) template(name, text string) {
	a.SetHTMLTemplate(template.Must(template.New(name).Funcs(a.FuncMap).Parse(text)))
}

// page is a handler that renders the template "page".
func page(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }

// add returns a handler that adds messages and answers with do.
func add(t testing.TB, do gin.HandlerFunc, msgs ...flashgin.Message) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := flashgin.AddFlash(c, msgs...); err != nil {
			t.Errorf("AddFlash: %v", err)
		}
		do(c)
	}
}

func redirect(location string) gin.HandlerFunc {
	return func(c *gin.Context) { c.Redirect(http.StatusSeeOther, location) }
}

func status(code int) gin.HandlerFunc { return func(c *gin.Context) { c.Status(code) } }

// browser is a client with a cookie jar and a real connection, which does not follow redirects.
type browser struct {
	t      testing.TB
	client *http.Client
	url    string
}

// serve starts a server for the application.
func (a *app) serve() *httptest.Server {
	server := httptest.NewServer(a)
	a.t.Cleanup(server.Close)
	return server
}

// browser starts a server and a browser on it.
func (a *app) browser() *browser { return newBrowser(a.t, a.serve().URL) }

func newBrowser(t testing.TB, url string) *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, url: url, client: &http.Client{
		Jar:           jar,
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response whose body was read.
type answer struct {
	*http.Response
	body string
}

// do sends a request; header is a list of names and values.
func (b *browser) do(method, path string, header ...string) answer {
	b.t.Helper()
	request, err := http.NewRequest(method, b.url+path, nil)
	require.NoError(b.t, err)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := b.client.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return answer{response, string(body)}
}

func (b *browser) get(path string, header ...string) string {
	b.t.Helper()
	return b.do(http.MethodGet, path, header...).body
}

func (b *browser) post(path string, header ...string) answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, header...)
}

// cookies returns how many cookies an answer sets.
func (a answer) cookies() int { return len(a.Header.Values("Set-Cookie")) }

// failures collects what OnError is told.
type failures struct {
	mu   sync.Mutex
	errs []error
}

func (f *failures) add(_ context.Context, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

func (f *failures) all() []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]error(nil), f.errs...)
}

func (f *failures) String() string {
	var text strings.Builder
	for _, err := range f.all() {
		text.WriteString(err.Error() + "\n")
	}
	return text.String()
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
