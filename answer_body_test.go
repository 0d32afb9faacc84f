package flashgin_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gzipped "github.com/gin-contrib/gzip"
	"github.com/gin-contrib/multitemplate"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// onWire sends a request of alice's over a connection of its own and returns the answer, read by net/http.
func (a *app) onWire(proto, method, path string, header ...string) answer {
	a.t.Helper()
	server := httptest.NewServer(a)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(a.t, err)
	defer conn.Close()
	require.NoError(a.t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s %s\r\nHost: example.com\r\nUser: alice\r\nConnection: close\r\n", method, path, proto)
	for i := 0; i+1 < len(header); i += 2 {
		fmt.Fprintf(&text, "%s: %s\r\n", header[i], header[i+1])
	}
	_, err = io.WriteString(conn, text.String()+"\r\n")
	require.NoError(a.t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(a.t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(a.t, err)
	return answer{response, string(body)}
}

// What is appended is appended to the whole of what the handler wrote, however it was written, and the answer stays a good one.
func TestAppending(t *testing.T) {
	file := filepath.Join(t.TempDir(), "part.html")
	require.NoError(t, os.WriteFile(file, []byte("<p>part</p>"), 0o600))
	long := "<p>" + strings.Repeat("part ", 2000) + "</p>"
	for _, test := range []struct {
		name   string
		proto  string
		answer gin.HandlerFunc
		body   string
	}{
		{"with a length", "HTTP/1.1", withHeader("Content-Length", "11", part(200)), "<p>part</p>"},
		{"with a length, for HTTP/1.0", "HTTP/1.0", withHeader("Content-Length", "11", part(200)), "<p>part</p>"},
		{"long, for HTTP/1.0", "HTTP/1.0", data(200, "text/html; charset=utf-8", long), long},
		{"long", "HTTP/1.1", data(200, "text/html; charset=utf-8", long), long},
		{"a file", "HTTP/1.1", func(c *gin.Context) { c.File(file) }, "<p>part</p>"},
		{"from a reader", "HTTP/1.1", func(c *gin.Context) {
			c.DataFromReader(200, 11, "text/html; charset=utf-8", strings.NewReader("<p>part</p>"), nil)
		}, "<p>part</p>"},
		{"in pieces", "HTTP/1.1", func(c *gin.Context) {
			c.Header("Content-Type", "text/html; charset=utf-8")
			_, _ = c.Writer.Write(nil)
			_, _ = c.Writer.WriteString("<p>")
			_, _ = c.Writer.Write([]byte("part"))
			_, _ = io.WriteString(c.Writer, "</p>")
		}, "<p>part</p>"},
		{"flushed", "HTTP/1.1", func(c *gin.Context) {
			c.Header("Content-Type", "text/html; charset=utf-8")
			_, _ = c.Writer.WriteString("<p>")
			c.Writer.Flush()
			_, _ = c.Writer.WriteString("part</p>")
			c.Writer.Flush()
		}, "<p>part</p>"},
		{"by another handler", "HTTP/1.1", func(c *gin.Context) {
			c.Request.URL.Path = "/part"
			c.Request.Method = http.MethodGet
			c.MustGet("engine").(*gin.Engine).HandleContext(c)
		}, "<p>part</p>"},
		{"with a tag", "HTTP/1.1", withHeader("ETag", `"1"`, withHeader("Last-Modified", "Wed, 25 Nov 2026 20:00:00 GMT",
			withHeader("Cache-Control", "max-age=60", part(200)))), "<p>part</p>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newParts(t, flashgin.Config{})
			a.GET("/part", part(200))
			a.GET("/save", func(c *gin.Context) { c.Set("engine", a.Engine) }, add(t, test.answer, flashgin.Success("own")))
			a.leave(flashgin.Info("waiting"))
			response := a.onWire(test.proto, "GET", "/save", htmx()...)
			got := carriedBy(t, response.Header, response.body)
			if test.name == "in pieces" { // its first write has nothing, so nobody knew of the others
				assert.Equal(t, carried{behind: test.body, trigger: []string{"waiting", "own"}}, got)
			} else {
				assert.Equal(t, carried{behind: test.body, added: []string{"waiting", "own"}}, got)
			}
			assert.Equal(t, []string{"private, no-store"}, response.Header.Values("Cache-Control"))
			assert.Empty(t, response.Header.Get("ETag"))
			assert.Empty(t, response.Header.Get("Last-Modified"))
			assert.Empty(t, a.left("/orders/5", "/save"))
			assert.Empty(t, a.failures.String())
		})
	}
}

// HTTP/2 does not let a body be longer than was said.
func TestAppendingOverHTTP2(t *testing.T) {
	a := newParts(t, flashgin.Config{})
	a.GET("/save", add(t, withHeader("Content-Length", "11", part(200)), flashgin.Success("own")))
	server := httptest.NewUnstartedServer(a)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	b := newBrowser(t, server.URL)
	b.client.Transport = server.Client().Transport
	answer := b.do("GET", "/save", "User", "alice", "HX-Request", "true", "HX-Current-URL", server.URL+"/orders/5")
	require.Equal(t, 2, answer.ProtoMajor)
	assert.Equal(t, carried{behind: "<p>part</p>", added: []string{"own"}}, carriedBy(t, answer.Header, answer.body))
}

// Nothing is appended to what a handler has compressed itself, in another coding than the middleware around us would. An event tells instead.
func TestAppendingToWhatAHandlerCompresses(t *testing.T) {
	a := newAppWired(t, flashgin.Config{HTMX: true, SessionKey: userOf}, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.Use(func(c *gin.Context) { c.Header("Content-Encoding", "gzip") }) // and would compress
		engine.With(install)
	})
	a.messenger.Mount(a)
	a.template("page", `{{flashes}}`)
	a.GET("/part", add(t, withHeader("Content-Encoding", "br", part(200)), flashgin.Success("own")))
	assert.Equal(t, carried{behind: "<p>part</p>", trigger: []string{"own"}}, carriedIn(t, a.visit("GET", "/part", htmx()...)))
}

// Where a middleware within ours compresses, nothing can be appended.
func TestAppendingAndCompression(t *testing.T) {
	compress := gzipped.Gzip(gzipped.BestSpeed)
	for _, test := range []struct {
		name string
		wire func(engine *gin.Engine, install gin.OptionFunc)
		htmx carried
		open bool // to appending
	}{
		{"flash, gzip", func(engine *gin.Engine, install gin.OptionFunc) { engine.With(install).Use(compress) }, carried{trigger: []string{"waiting", "own"}}, false},
		{"gzip, flash", func(engine *gin.Engine, install gin.OptionFunc) {
			engine.Use(compress)
			engine.With(install)
		}, carried{added: []string{"waiting", "own"}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAppWired(t, flashgin.Config{HTMX: true, Turbo: true, SessionKey: userOf}, test.wire)
			a.messenger.Mount(a)
			a.template("page", `{{flashes}}`)
			a.GET("/part", add(t, part(200), flashgin.Success("own")))
			a.GET("/stream", add(t, data(200, turboStream, "<turbo-stream></turbo-stream>"), flashgin.Success("own")))

			a.leave(flashgin.Info("waiting"))
			answer := a.visit("GET", "/part", htmx("Accept-Encoding", "gzip")...)
			assert.Equal(t, "gzip", answer.Header().Get("Content-Encoding"))
			test.htmx.behind = "<p>part</p>"
			assert.Equal(t, test.htmx, carriedBy(t, answer.Result().Header, readBody(t, answer)))

			a.leave(flashgin.Info("waiting"))
			answer = a.visit("GET", "/stream", turbo("Accept-Encoding", "gzip")...)
			body := readBody(t, answer)
			got := carriedBy(t, answer.Result().Header, body)
			assert.True(t, strings.HasPrefix(body, "<turbo-stream></turbo-stream>"), body)
			if test.open {
				assert.Equal(t, 2, strings.Count(body, "<li "))
				assert.Empty(t, got.notice)
			} else {
				assert.NotContains(t, body, "<li ")
				assert.Equal(t, []string{"waiting", "own"}, got.notice)
			}
			assert.Empty(t, a.left("/orders/5"))
		})
	}
}

// What a fragment has shown by itself is not shown again, and what it has filtered out follows.
func TestFragmentsThatShowMessages(t *testing.T) {
	for _, test := range []struct {
		name, template string
		handler        gin.HandlerFunc
		body           string
		want           carried
	}{
		{"a list", `{{range flashes}}[{{.Text}}]{{end}}`, page, "[waiting][own]", carried{}},
		{"some", `{{range flashes "success"}}[{{.Text}}]{{end}}{{if false}}{{flashes}}{{end}}`, page, "[own]", carried{added: []string{"waiting"}}},
		{"a count", `{{len peekFlashes}}{{if false}}{{flashes}}{{end}}`, page, "2", carried{added: []string{"waiting", "own"}}},
		{"the handler", ``, jsonPage, `["waiting","own"]`, carried{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newParts(t, flashgin.Config{})
			a.template("page", test.template)
			a.GET("/part", add(t, test.handler, flashgin.Success("own")))
			a.leave(flashgin.Info("waiting").At("/orders/5"))
			got := carriedIn(t, a.visit("GET", "/part", htmx()...))
			test.want.behind = test.body
			assert.Equal(t, test.want, got)
			assert.Empty(t, a.left("/orders/5", "/part"))
		})
	}
}

// A fragment whose template fails is an error, which takes along what its handler has added. What waits, waits on.
func TestFragmentThatFails(t *testing.T) {
	a := newParts(t, flashgin.Config{})
	a.template("page", `{{flashes}}{{.Missing.Field}}`)
	a.GET("/part", add(t, func(c *gin.Context) { c.HTML(200, "page", struct{}{}) }, flashgin.Success("own")))
	a.leave(flashgin.Info("waiting").At("/orders/5"))
	answer := a.visit("GET", "/part", htmx()...)
	assert.Equal(t, 500, answer.Code)
	assert.Equal(t, carried{trigger: []string{"own"}}, carriedIn(t, answer))
	assert.Equal(t, "[waiting]", a.left("/orders/5", "/part"))
}

// What does not arrive keeps waiting.
func TestAppendingThatFails(t *testing.T) {
	for _, test := range []struct {
		name    string
		answer  func(c *gin.Context, w *failing)
		cancel  bool
		waiting string
	}{
		{"a panic", func(c *gin.Context, _ *failing) { part(200)(c); panic(http.ErrAbortHandler) }, false, "[waiting][own]"},
		{"a panic before the body", func(*gin.Context, *failing) { panic(http.ErrAbortHandler) }, false, "[waiting][own]"},
		{"the body", func(c *gin.Context, w *failing) { w.err = errors.New("broken pipe"); part(200)(c) }, false, "[waiting][own]"},
		{"the body, and not what would follow it", func(c *gin.Context, w *failing) {
			w.err = errors.New("broken pipe")
			part(200)(c)
			w.err = nil
		}, false, "[waiting][own]"},
		{"what follows it", func(c *gin.Context, w *failing) { part(200)(c); w.err = errors.New("broken pipe") }, false, "[waiting][own]"},
		{"the client goes", func(c *gin.Context, _ *failing) { part(200)(c) }, true, "[waiting][own]"},
		{"an event, and a panic", func(c *gin.Context, _ *failing) { data(200, "text/plain", "x")(c); panic(http.ErrAbortHandler) }, false, "[waiting][own]"},
		{"an event, and the body", func(c *gin.Context, w *failing) {
			w.err = errors.New("broken pipe")
			data(200, "text/plain", "x")(c)
		}, false, "[waiting][own]"},
		{"a flush, and the client goes", func(c *gin.Context, _ *failing) { part(200)(c); c.Writer.Flush() }, true, "[waiting][own]"},
		{"an event, a flush, and the client goes", func(c *gin.Context, _ *failing) { data(200, "text/plain", "x")(c); c.Writer.Flush() }, true, "[waiting][own]"},
		{"nothing", func(c *gin.Context, _ *failing) { part(200)(c) }, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newParts(t, flashgin.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w := &failing{ResponseRecorder: httptest.NewRecorder()}
			a.POST("/save", add(t, func(c *gin.Context) {
				test.answer(c, w)
				if test.cancel {
					cancel()
				}
			}, flashgin.Success("own")))
			a.leave(flashgin.Info("waiting").At("/orders/5"))
			request := httptest.NewRequestWithContext(ctx, "POST", "/save", nil)
			for h := htmx("User", "alice"); len(h) > 0; h = h[2:] {
				request.Header.Set(h[0], h[1])
			}
			func() {
				defer func() { _ = recover() }()
				a.ServeHTTP(w, request)
			}()
			assert.Equal(t, test.waiting, a.left("/orders/5"))
			assert.Equal(t, test.waiting == "", strings.Contains(w.Body.String(), ">own<"), w.Body.String())
			event := strings.HasPrefix(test.name, "an event")
			assert.Equal(t, event, w.Header().Get("HX-Trigger") != "", "which somebody's error page would have")
		})
	}
}

// A stream of markup that goes on for longer than the lease has lost what it claimed to another page, and leaves it there.
func TestAppendingAfterTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newParts(t, flashgin.Config{})
		a.POST("/long", add(t, func(c *gin.Context) {
			part(200)(c)
			c.Writer.Flush()
			time.Sleep(11 * time.Second)
			assert.Equal(t, "[waiting]", a.left("/orders/5"), "the lease is over")
		}, flashgin.Success("own")))
		a.leave(flashgin.Info("waiting").At("/orders/5"))
		got := carriedIn(t, a.visit("POST", "/long", htmx()...))
		assert.Equal(t, []string{"own"}, got.added)
		assert.Equal(t, "[waiting]", a.left("/orders/5"))
	})
}

// Who takes the connection over has what he added stored, and nothing written behind his back.
func TestAnswersOfAConnectionThatWasTakenOver(t *testing.T) {
	a := newParts(t, flashgin.Config{})
	a.GET("/socket", add(t, func(c *gin.Context) {
		c.Status(200)
		c.Header("Content-Type", "text/html; charset=utf-8")
		conn, stream, err := c.Writer.Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		_, _ = stream.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nmine")
		_ = stream.Flush()
	}, flashgin.Success("own")))
	a.leave(flashgin.Info("waiting"))
	assert.Equal(t, "mine", a.onWire("HTTP/1.1", "GET", "/socket", htmx()...).body)
	assert.Equal(t, "[waiting][own]", a.left("/orders/5"))
}

// Pages that do not have the ready-made markup have no list to add to. An event tells their script, and ours, too.
func TestMarkupThatIsAddedTo(t *testing.T) {
	behind, event := carried{behind: "<p>part</p>", added: []string{"own"}}, carried{behind: "<p>part</p>", trigger: []string{"own"}}
	own := `{{define "flashgin/messages"}}{{range .}}{{.Text}}{{end}}{{end}}`
	for _, test := range []struct {
		name  string
		load  func(a *app)
		mount bool
		want  carried
		warns bool
	}{
		{"ready-made", func(a *app) { a.template("page", `{{flashes}}`) }, true, behind, false},
		{"ready-made, in a part of the set", func(a *app) { a.template("page", `{{define "x"}}{{if true}}{{flashes "error"}}{{end}}{{end}}`) }, true, behind, false},
		{"ready-made, not mounted", func(a *app) { a.template("page", `{{flashes}}`) }, false, carried{behind: "<p>part</p>"}, true},
		{"the application's", func(a *app) { a.template("page", own+`{{flashes}}`) }, true, event, false},
		{"the application's, not mounted", func(a *app) { a.template("page", own+`{{flashes}}`) }, false, event, false},
		{"a list", func(a *app) { a.template("page", `{{range flashes}}{{end}}{{(flashes).JSON}}`) }, true, event, false},
		{"none", func(a *app) { a.HTMLRender = nil }, true, event, false},
		{"none, but a page had it", func(a *app) { a.HTMLRender = nil; a.visit("GET", "/components") }, true, behind, false},
		{"parsed for every page", func(a *app) {
			gin.SetMode(gin.DebugMode)
			defer gin.SetMode(gin.TestMode)
			a.LoadHTMLFiles(pageFile(a.t, `{{flashes}}`))
		}, true, behind, false},
		{"the application's, parsed for every page", func(a *app) {
			gin.SetMode(gin.DebugMode)
			defer gin.SetMode(gin.TestMode)
			a.LoadHTMLFiles(pageFile(a.t, own+`{{flashes}}`))
		}, true, event, false},
		{"several sets", func(a *app) {
			a.HTMLRender = multitemplate.Render{"page": template.Must(template.New("page").Funcs(flashgin.FuncMap()).Parse(`{{flashes}}`))}
		}, true, behind, false},
		{"several sets, one of them the application's", func(a *app) {
			a.HTMLRender = multitemplate.Render{
				"page":  template.Must(template.New("page").Funcs(flashgin.FuncMap()).Parse(`{{flashes}}`)),
				"admin": template.Must(template.New("admin").Funcs(flashgin.FuncMap()).Parse(own + `{{flashes}}`)),
			}
		}, true, event, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := new(lockedBuffer)
			a := newAppWithoutSessions(t, flashgin.Config{HTMX: true, SessionKey: userOf, Logger: logTo(log)})
			if test.mount {
				a.messenger.Mount(a)
			}
			a.GET("/components", func(c *gin.Context) { _ = flashgin.Markup(c) })
			a.POST("/save", add(t, part(200), flashgin.Success("own")))
			test.load(a)
			assert.Equal(t, test.want, carriedIn(t, a.visit("POST", "/save", htmx()...)))
			left := "[own]"
			if test.want.added != nil || test.want.trigger != nil {
				left = ""
			}
			assert.Equal(t, left, a.left("/orders/5"))
			assert.Equal(t, test.warns, strings.Contains(log.String(), "Messenger.Mount"), log.String())
		})
	}
}

func pageFile(t testing.TB, text string) string {
	file := filepath.Join(t.TempDir(), "page")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
