package flashgin_test

import (
	"bytes"
	"cmp"
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
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

// repository is the way to the folder of the repository.
const repository = "."

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
	a := newAppWired(t, cfg, func(engine *gin.Engine, install gin.OptionFunc) { engine.With(install) })
	a.template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	return a
}

// newAppWired is newApp where the order counts in which an engine is put together: wire does all of it. install is Messenger.Install. There are no sessions and
// no template but those that wire adds.
func newAppWired(t testing.TB, cfg flashgin.Config, wire func(engine *gin.Engine, install gin.OptionFunc)) *app {
	t.Helper()
	failures := new(failures)
	cfg.OnError = failures.add
	messenger := newMessenger(t, cfg)
	a := &app{Engine: gin.New(), t: t, messenger: messenger, failures: failures}
	wire(a.Engine, messenger.Install)
	return a
}

// newAppBehind is newApp with middleware outside of flashgin's.
func newAppBehind(t testing.TB, cfg flashgin.Config, outside ...gin.HandlerFunc) *app {
	t.Helper()
	a := newAppWired(t, cfg, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.Use(outside...)
		engine.With(install)
		engine.Use(sessions.Sessions("id", cookieStore()))
	})
	a.template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	return a
}

// newSite is newAppWired for alice: see newBoard.
func newSite(t *testing.T, log io.Writer, wire func(engine *gin.Engine, install gin.OptionFunc)) *app {
	t.Helper()
	return newAppWired(t, flashgin.Config{SessionKey: userOf, Logger: slog.New(slog.NewTextHandler(log, nil))}, wire)
}

// newMessenger returns a Messenger that is closed when the test ends.
func newMessenger(t testing.TB, cfg flashgin.Config) *flashgin.Messenger {
	t.Helper()
	m, err := flashgin.New(calm(cfg))
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, m.Close(ctx))
	})
	return m
}

// calm makes a Messenger silent and, on a spyStore, so patient that a busy machine does not fail a test. In a synctest bubble no machine is busy: the
// defaults stand.
func calm(cfg flashgin.Config) flashgin.Config {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	bubble := time.Now().Year() == 2000 // that is when every bubble's clock starts
	if _, spied := cfg.Store.(*spyStore); spied && !bubble {
		cfg.Timeout, cfg.AddTimeout = cmp.Or(cfg.Timeout, time.Minute), cmp.Or(cfg.AddTimeout, time.Minute)
	}
	return cfg
}

func cookieStore() sessions.Store {
	store := cookie.NewStore([]byte("a secret of thirty-two bytes ...")) // not a secret: a test's
	store.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return store
}

// newBoard is newApp for tests of what pages show: no cookies, the header User names the session.
func newBoard(t testing.TB) *app {
	t.Helper()
	return newAppWithoutSessions(t, flashgin.Config{SessionKey: userOf})
}

func userOf(c *gin.Context) (string, error) { return c.GetHeader("User"), nil }

// leave puts messages where alice will find them.
func (a *app) leave(msgs ...flashgin.Message) {
	a.t.Helper()
	for i := range msgs {
		if msgs[i].View == "" {
			msgs[i].View = flashgin.Anywhere
		}
	}
	require.NoError(a.t, a.messenger.Add(context.Background(), "alice", msgs...))
}

// left returns the texts that wait for alice, each in brackets.
func (a *app) left(views ...string) string {
	a.t.Helper()
	waiting, err := a.messenger.Peek(context.Background(), "alice", append(views, flashgin.Anywhere)...)
	require.NoError(a.t, err)
	var texts strings.Builder
	for _, m := range waiting {
		texts.WriteString("[" + m.Text + "]")
	}
	return texts.String()
}

// visit serves one request of alice's in this process. header is a list of names and values.
func (a *app) visit(method, path string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	request.Header.Set("User", "alice")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, request)
	return w
}

// shown returns what alice sees at path.
func (a *app) shown(path string) string { return a.visit(http.MethodGet, path).Body.String() }

// template makes text the only template of the engine.
func (a *app) template(name, text string) {
	a.SetHTMLTemplate(template.Must(template.New(name).Funcs(a.FuncMap).Parse(text)))
}

// page is a handler that renders the template "page".
func page(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }

// jsonPage is a handler that takes the messages and answers with their texts.
func jsonPage(c *gin.Context) { c.JSON(http.StatusOK, texts(flashgin.Flashes(c))) }

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

// addHeader adds a list of names and values to the header of a request.
func addHeader(request *http.Request, list []string) {
	for i := 0; i+1 < len(list); i += 2 {
		request.Header.Add(list[i], list[i+1])
	}
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
	addHeader(request, header)
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

// visitor is a browser without a network: for tests in a synctest bubble, whose clock stands still while a connection is read, and for requests
// that no browser sends.
type visitor struct {
	t       testing.TB
	handler http.Handler
	cookies map[string]*http.Cookie
}

func (a *app) visitor() *visitor { return newVisitor(a.t, a) }

func newVisitor(t testing.TB, handler http.Handler) *visitor {
	return &visitor{t: t, handler: handler, cookies: map[string]*http.Cookie{}}
}

// do sends a request; header is a list of names and values.
func (v *visitor) do(method, path string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	addHeader(request, header)
	return v.send(request)
}

func (v *visitor) send(request *http.Request) *httptest.ResponseRecorder {
	for _, cookie := range v.cookies {
		request.AddCookie(cookie)
	}
	recorder := httptest.NewRecorder()
	v.handler.ServeHTTP(recorder, request)
	for _, cookie := range recorder.Result().Cookies() {
		v.cookies[cookie.Name] = cookie
	}
	return recorder
}

func (v *visitor) get(path string, header ...string) string {
	return v.do(http.MethodGet, path, header...).Body.String()
}

func (v *visitor) post(path string, header ...string) *httptest.ResponseRecorder {
	return v.do(http.MethodPost, path, header...)
}

// cookiesOf returns how many cookies an answer sets.
func cookiesOf(recorder *httptest.ResponseRecorder) int {
	return len(recorder.Result().Header.Values("Set-Cookie"))
}

// failing is a connection that breaks.
type failing struct {
	*httptest.ResponseRecorder
	err error
}

func (w *failing) Write(data []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	return w.ResponseRecorder.Write(data)
}

func (w *failing) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// eventually polls a page until it shows want: what a store of another process does in the background may take a moment.
func eventually(t testing.TB, want string, page func() string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for got := page(); got != want; got = page() {
		if time.Now().After(deadline) {
			require.Equal(t, want, got)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// logTo returns a logger that writes text lines to buf.
func logTo(buf *lockedBuffer) *slog.Logger { return slog.New(slog.NewTextHandler(buf, nil)) }

// everyField returns a message that uses every field.
func everyField() flashgin.Message {
	return flashgin.Message{
		View: "/orders", Status: flashgin.StatusSuccess, Title: "Title", Text: "Text", HTML: "<b>HTML</b>", AutoClose: true,
		Link: &flashgin.Link{Label: "View order", URL: "/orders/5"}, Data: map[string]string{"k": "v"},
		Key: "key", ID: "id", TTL: time.Minute, Created: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
	}
}

// texts returns the texts of messages.
func texts(messages flashgin.Messages) []string {
	list := []string{}
	for _, m := range messages {
		list = append(list, m.Text)
	}
	return list
}

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
