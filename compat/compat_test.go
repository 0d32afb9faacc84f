// Package compat has tests with other libraries for Gin that the root module must not depend on.
package compat

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
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
	gin.DefaultWriter = io.Discard
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// An app has flashgin, sessions in a cookie, and a template "page" with the texts of its messages.
type app struct {
	*gin.Engine
	t         *testing.T
	messenger *flashgin.Messenger
	log       log
}

// newApp uses outside before flashgin is installed, and inside after it.
func newApp(t *testing.T, cfg flashgin.Config, outside, inside []gin.HandlerFunc) *app {
	t.Helper()
	a := &app{Engine: gin.New(), t: t}
	cfg.Logger = slog.New(slog.NewTextHandler(&a.log, nil))
	messenger, err := flashgin.New(cfg)
	require.NoError(t, err)
	a.messenger = messenger
	a.Use(outside...)
	a.With(messenger.Install)
	a.Use(inside...)
	a.Use(sessions.Sessions("id", cookie.NewStore([]byte("a secret of thirty-two bytes ..."))))
	a.SetHTMLTemplate(template.Must(template.New("page").Funcs(a.FuncMap).Parse(
		`page{{range flashes}}[{{.Text}}]{{end}}{{define "badge"}}page{{range peekFlashes}}[{{.Text}}]{{end}}{{end}}`)))
	return a
}

// userOf lets a header name the session.
func userOf(c *gin.Context) (string, error) { return c.GetHeader("User"), nil }

func page(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }

// leave lets a message wait for a user, on any page.
func (a *app) leave(user, text string) {
	a.t.Helper()
	require.NoError(a.t,
		a.messenger.Add(a.t.Context(), user, flashgin.Info(text).At(flashgin.Anywhere)))
}

// get sends a request; header is a list of names and values.
func (a *app) get(path string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	ctx, cancel := context.WithTimeout(request.Context(), 10*time.Second) // no stream is to be open
	defer cancel()
	answer := httptest.NewRecorder()
	a.ServeHTTP(answer, request.WithContext(ctx))
	return answer
}

// A log may be written by several goroutines.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// reports are what Config.OnError was told.
type reports struct {
	mu   sync.Mutex
	errs []error
}

func (r *reports) add(_ context.Context, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs = append(r.errs, err)
}

func (r *reports) all() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.errs)
}

// texts returns the texts of messages.
func texts(messages flashgin.Messages) []string {
	list := []string{}
	for _, m := range messages {
		list = append(list, m.Text)
	}
	return list
}

// read returns the body of a response.
func read(t *testing.T, response *http.Response) string {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}
