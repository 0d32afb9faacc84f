package answers_test

import (
	"context"
	"errors"
	"html/template"
	"io"
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
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// What is appended is appended to the whole of what the handler wrote, however it was written, and
// the answer stays a good one.
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
		{"with a length", "HTTP/1.1", apptest.WithHeader("Content-Length", "11", apptest.Part(200)),
			"<p>part</p>"},
		{"with a length, for HTTP/1.0", "HTTP/1.0",
			apptest.WithHeader("Content-Length", "11", apptest.Part(200)), "<p>part</p>"},
		{"long, for HTTP/1.0", "HTTP/1.0",
			apptest.Data(200, "text/html; charset=utf-8", long), long},
		{"long", "HTTP/1.1", apptest.Data(200, "text/html; charset=utf-8", long), long},
		{"a file", "HTTP/1.1", func(c *gin.Context) { c.File(file) }, "<p>part</p>"},
		{"from a reader", "HTTP/1.1", func(c *gin.Context) {
			c.DataFromReader(200, 11, "text/html; charset=utf-8",
				strings.NewReader("<p>part</p>"), nil)
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
		{"with a tag", "HTTP/1.1", apptest.WithHeader("ETag", `"1"`,
			apptest.WithHeader("Last-Modified", "Wed, 25 Nov 2026 20:00:00 GMT",
				apptest.WithHeader("Cache-Control", "max-age=60", apptest.Part(200)))),
			"<p>part</p>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			a.GET("/part", apptest.Part(200))
			a.GET("/save", func(c *gin.Context) { c.Set("engine", a.Engine) },
				apptest.Add(t, test.answer, flashgin.Success("own")))
			a.Leave(flashgin.Info("waiting"))
			response := a.OnWire(test.proto, "GET", "/save", apptest.HTMX()...)
			got := carriedBy(t, response.Header, response.Body)
			// its first write has nothing, so nobody knew of the others
			if test.name == "in pieces" {
				assert.Equal(t,
					carried{behind: test.body, trigger: []string{"waiting", "own"}}, got)
			} else {
				assert.Equal(t, carried{behind: test.body, added: []string{"waiting", "own"}}, got)
			}
			assert.Equal(t, []string{"private, no-store"}, response.Header.Values("Cache-Control"))
			assert.Empty(t, response.Header.Get("ETag"))
			assert.Empty(t, response.Header.Get("Last-Modified"))
			assert.Empty(t, a.Left("/orders/5", "/save"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// HTTP/2 does not let a body be longer than was said.
func TestAppendingOverHTTP2(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.GET("/save", apptest.Add(t, apptest.WithHeader("Content-Length", "11", apptest.Part(200)),
		flashgin.Success("own")))
	server := httptest.NewUnstartedServer(a)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	b := apptest.NewBrowser(t, server.URL)
	b.Client.Transport = server.Client().Transport
	answer := b.Do("GET", "/save", "User", "alice", "HX-Request", "true", "HX-Current-URL",
		server.URL+"/orders/5")
	require.Equal(t, 2, answer.ProtoMajor)
	assert.Equal(t, carried{behind: "<p>part</p>", added: []string{"own"}},
		carriedBy(t, answer.Header, answer.Body))
}

// Nothing is appended to what a handler has compressed itself, in another coding than the
// middleware around us would. An event tells instead.
func TestAppendingToWhatAHandlerCompresses(t *testing.T) {
	a := apptest.NewAppWired(t, flashgin.Config{HTMX: true, SessionKey: apptest.UserOf},
		func(engine *gin.Engine, install gin.OptionFunc) {
			engine.Use(func(c *gin.Context) {
				c.Header("Content-Encoding", "gzip") // and would compress
			})
			engine.With(install)
		})
	a.Messenger.Mount(a)
	a.Template("page", `{{flashes}}`)
	a.GET("/part", apptest.Add(t, apptest.WithHeader("Content-Encoding", "br", apptest.Part(200)),
		flashgin.Success("own")))
	assert.Equal(t, carried{behind: "<p>part</p>", trigger: []string{"own"}},
		carriedIn(t, a.Visit("GET", "/part", apptest.HTMX()...)))
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
		{"flash, gzip", func(engine *gin.Engine, install gin.OptionFunc) {
			engine.With(install).Use(compress)
		}, carried{trigger: []string{"waiting", "own"}}, false},
		{"gzip, flash", func(engine *gin.Engine, install gin.OptionFunc) {
			engine.Use(compress)
			engine.With(install)
		}, carried{added: []string{"waiting", "own"}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewAppWired(t,
				flashgin.Config{HTMX: true, Turbo: true, SessionKey: apptest.UserOf}, test.wire)
			a.Messenger.Mount(a)
			a.Template("page", `{{flashes}}`)
			a.GET("/part", apptest.Add(t, apptest.Part(200), flashgin.Success("own")))
			a.GET("/stream", apptest.Add(t,
				apptest.Data(200, turboStream, "<turbo-stream></turbo-stream>"),
				flashgin.Success("own")))

			a.Leave(flashgin.Info("waiting"))
			answer := a.Visit("GET", "/part", apptest.HTMX("Accept-Encoding", "gzip")...)
			assert.Equal(t, "gzip", answer.Header().Get("Content-Encoding"))
			test.htmx.behind = "<p>part</p>"
			assert.Equal(t, test.htmx,
				carriedBy(t, answer.Result().Header, apptest.ReadBody(t, answer)))

			a.Leave(flashgin.Info("waiting"))
			answer = a.Visit("GET", "/stream", apptest.Turbo("Accept-Encoding", "gzip")...)
			body := apptest.ReadBody(t, answer)
			got := carriedBy(t, answer.Result().Header, body)
			assert.True(t, strings.HasPrefix(body, "<turbo-stream></turbo-stream>"), body)
			if test.open {
				assert.Equal(t, 2, strings.Count(body, "<li "))
				assert.Empty(t, got.notice)
			} else {
				assert.NotContains(t, body, "<li ")
				assert.Equal(t, []string{"waiting", "own"}, got.notice)
			}
			assert.Empty(t, a.Left("/orders/5"))
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
		{"a list", `{{range flashes}}[{{.Text}}]{{end}}`, apptest.Page, "[waiting][own]",
			carried{}},
		{"some", `{{range flashes "success"}}[{{.Text}}]{{end}}{{if false}}{{flashes}}{{end}}`,
			apptest.Page, "[own]", carried{added: []string{"waiting"}}},
		{"a count", `{{len peekFlashes}}{{if false}}{{flashes}}{{end}}`, apptest.Page, "2",
			carried{added: []string{"waiting", "own"}}},
		{"the handler", ``, apptest.JSONPage, `["waiting","own"]`, carried{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			a.Template("page", test.template)
			a.GET("/part", apptest.Add(t, test.handler, flashgin.Success("own")))
			a.Leave(flashgin.Info("waiting").At("/orders/5"))
			got := carriedIn(t, a.Visit("GET", "/part", apptest.HTMX()...))
			test.want.behind = test.body
			assert.Equal(t, test.want, got)
			assert.Empty(t, a.Left("/orders/5", "/part"))
		})
	}
}

// A fragment whose template fails is an error, which takes along what its handler has added. What
// waits, waits on.
func TestFragmentThatFails(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.Template("page", `{{flashes}}{{.Missing.Field}}`)
	a.GET("/part", apptest.Add(t, func(c *gin.Context) {
		c.HTML(200, "page", struct{}{})
	}, flashgin.Success("own")))
	a.Leave(flashgin.Info("waiting").At("/orders/5"))
	answer := a.Visit("GET", "/part", apptest.HTMX()...)
	assert.Equal(t, 500, answer.Code)
	assert.Equal(t, carried{trigger: []string{"own"}}, carriedIn(t, answer))
	assert.Equal(t, "[waiting]", a.Left("/orders/5", "/part"))
}

// What does not arrive keeps waiting.
func TestAppendingThatFails(t *testing.T) {
	for _, test := range []struct {
		name    string
		answer  func(c *gin.Context, w *apptest.Failing)
		cancel  bool
		waiting string
	}{
		{"a panic", func(c *gin.Context, _ *apptest.Failing) {
			apptest.Part(200)(c)
			panic(http.ErrAbortHandler)
		}, false, "[waiting][own]"},
		{"a panic before the body", func(*gin.Context, *apptest.Failing) {
			panic(http.ErrAbortHandler)
		}, false, "[waiting][own]"},
		{"the body", func(c *gin.Context, w *apptest.Failing) {
			w.Err = errors.New("broken pipe")
			apptest.Part(200)(c)
		}, false, "[waiting][own]"},
		{"the body, and not what would follow it", func(c *gin.Context, w *apptest.Failing) {
			w.Err = errors.New("broken pipe")
			apptest.Part(200)(c)
			w.Err = nil
		}, false, "[waiting][own]"},
		{"what follows it", func(c *gin.Context, w *apptest.Failing) {
			apptest.Part(200)(c)
			w.Err = errors.New("broken pipe")
		}, false, "[waiting][own]"},
		{"the client goes", func(c *gin.Context, _ *apptest.Failing) {
			apptest.Part(200)(c)
		}, true, "[waiting][own]"},
		{"an event, and a panic", func(c *gin.Context, _ *apptest.Failing) {
			apptest.Data(200, "text/plain", "x")(c)
			panic(http.ErrAbortHandler)
		}, false, "[waiting][own]"},
		{"an event, and the body", func(c *gin.Context, w *apptest.Failing) {
			w.Err = errors.New("broken pipe")
			apptest.Data(200, "text/plain", "x")(c)
		}, false, "[waiting][own]"},
		{"a flush, and the client goes", func(c *gin.Context, _ *apptest.Failing) {
			apptest.Part(200)(c)
			c.Writer.Flush()
		}, true, "[waiting][own]"},
		{"an event, a flush, and the client goes", func(c *gin.Context, _ *apptest.Failing) {
			apptest.Data(200, "text/plain", "x")(c)
			c.Writer.Flush()
		}, true, "[waiting][own]"},
		{"nothing", func(c *gin.Context, _ *apptest.Failing) { apptest.Part(200)(c) }, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w := &apptest.Failing{ResponseRecorder: httptest.NewRecorder()}
			a.POST("/save", apptest.Add(t, func(c *gin.Context) {
				test.answer(c, w)
				if test.cancel {
					cancel()
				}
			}, flashgin.Success("own")))
			a.Leave(flashgin.Info("waiting").At("/orders/5"))
			request := httptest.NewRequestWithContext(ctx, "POST", "/save", nil)
			for h := apptest.HTMX("User", "alice"); len(h) > 0; h = h[2:] {
				request.Header.Set(h[0], h[1])
			}
			func() {
				defer func() { _ = recover() }()
				a.ServeHTTP(w, request)
			}()
			assert.Equal(t, test.waiting, a.Left("/orders/5"))
			assert.Equal(t, test.waiting == "", strings.Contains(w.Body.String(), ">own<"),
				w.Body.String())
			event := strings.HasPrefix(test.name, "an event")
			assert.Equal(t, event, w.Header().Get("HX-Trigger") != "",
				"which somebody's error page would have")
		})
	}
}

// A stream of markup that goes on for longer than the lease has lost what it claimed to another
// page, and leaves it there.
func TestAppendingAfterTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := apptest.NewParts(t, flashgin.Config{})
		a.POST("/long", apptest.Add(t, func(c *gin.Context) {
			apptest.Part(200)(c)
			c.Writer.Flush()
			time.Sleep(11 * time.Second)
			assert.Equal(t, "[waiting]", a.Left("/orders/5"), "the lease is over")
		}, flashgin.Success("own")))
		a.Leave(flashgin.Info("waiting").At("/orders/5"))
		got := carriedIn(t, a.Visit("POST", "/long", apptest.HTMX()...))
		assert.Equal(t, []string{"own"}, got.added)
		assert.Equal(t, "[waiting]", a.Left("/orders/5"))
	})
}

// Who takes the connection over has what he added stored, and nothing written behind his back.
func TestAnswersOfAConnectionThatWasTakenOver(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.GET("/socket", apptest.Add(t, func(c *gin.Context) {
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
	a.Leave(flashgin.Info("waiting"))
	assert.Equal(t, "mine", a.OnWire("HTTP/1.1", "GET", "/socket", apptest.HTMX()...).Body)
	assert.Equal(t, "[waiting][own]", a.Left("/orders/5"))
}

// Pages that do not have the ready-made markup have no list to add to. An event tells their script,
// and ours, too.
func TestMarkupThatIsAddedTo(t *testing.T) {
	behind, event := carried{behind: "<p>part</p>", added: []string{"own"}},
		carried{behind: "<p>part</p>", trigger: []string{"own"}}
	own := `{{define "flashgin/messages"}}{{range .}}{{.Text}}{{end}}{{end}}`
	for _, test := range []struct {
		name  string
		load  func(a *apptest.App)
		mount bool
		want  carried
		warns bool
	}{
		{"ready-made", func(a *apptest.App) {
			a.Template("page", `{{flashes}}`)
		}, true, behind, false},
		{"ready-made, in a part of the set", func(a *apptest.App) {
			a.Template("page", `{{define "x"}}{{if true}}{{flashes "error"}}{{end}}{{end}}`)
		}, true, behind, false},
		{"ready-made, not mounted", func(a *apptest.App) {
			a.Template("page", `{{flashes}}`)
		}, false, carried{behind: "<p>part</p>"}, true},
		{"the application's", func(a *apptest.App) {
			a.Template("page", own+`{{flashes}}`)
		}, true, event, false},
		{"the application's, not mounted", func(a *apptest.App) {
			a.Template("page", own+`{{flashes}}`)
		}, false, event, false},
		{"a list", func(a *apptest.App) {
			a.Template("page", `{{range flashes}}{{end}}{{(flashes).JSON}}`)
		}, true, event, false},
		{"none", func(a *apptest.App) { a.HTMLRender = nil }, true, event, false},
		{"none, but a page had it", func(a *apptest.App) {
			a.HTMLRender = nil
			a.Visit("GET", "/components")
		}, true, behind, false},
		{"parsed for every page", func(a *apptest.App) {
			gin.SetMode(gin.DebugMode)
			defer gin.SetMode(gin.TestMode)
			a.LoadHTMLFiles(pageFile(a.T, `{{flashes}}`))
		}, true, behind, false},
		{"the application's, parsed for every page", func(a *apptest.App) {
			gin.SetMode(gin.DebugMode)
			defer gin.SetMode(gin.TestMode)
			a.LoadHTMLFiles(pageFile(a.T, own+`{{flashes}}`))
		}, true, event, false},
		{"several sets", func(a *apptest.App) {
			a.HTMLRender = multitemplate.Render{
				"page": template.Must(template.New("page").Funcs(flashgin.FuncMap()).
					Parse(`{{flashes}}`)),
			}
		}, true, behind, false},
		{"several sets, one of them the application's", func(a *apptest.App) {
			a.HTMLRender = multitemplate.Render{
				"page": template.Must(template.New("page").Funcs(flashgin.FuncMap()).
					Parse(`{{flashes}}`)),
				"admin": template.Must(template.New("admin").Funcs(flashgin.FuncMap()).
					Parse(own + `{{flashes}}`)),
			}
		}, true, event, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := new(apptest.LockedBuffer)
			a := apptest.NewAppWithoutSessions(t,
				flashgin.Config{HTMX: true, SessionKey: apptest.UserOf, Logger: apptest.LogTo(log)})
			if test.mount {
				a.Messenger.Mount(a)
			}
			a.GET("/components", func(c *gin.Context) { _ = flashgin.Markup(c) })
			a.POST("/save", apptest.Add(t, apptest.Part(200), flashgin.Success("own")))
			test.load(a)
			assert.Equal(t, test.want, carriedIn(t, a.Visit("POST", "/save", apptest.HTMX()...)))
			left := "[own]"
			if test.want.added != nil || test.want.trigger != nil {
				left = ""
			}
			assert.Equal(t, left, a.Left("/orders/5"))
			assert.Equal(t, test.warns, strings.Contains(log.String(), "Messenger.Mount"),
				log.String())
		})
	}
}

func pageFile(t testing.TB, text string) string {
	file := filepath.Join(t.TempDir(), "page")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}
