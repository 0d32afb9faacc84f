package faults_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// protocols are the ways in which net/http speaks to a browser. Each has a connection that ends in
// a way of its own.
var protocols = map[string]func(*httptest.Server) *http.Client{
	"HTTP/1.1": func(s *httptest.Server) *http.Client {
		s.Start()
		return s.Client()
	},
	"h2": func(s *httptest.Server) *http.Client {
		s.EnableHTTP2 = true
		s.StartTLS()
		return s.Client()
	},
	"h2c": func(s *httptest.Server) *http.Client {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
		transport := &http.Transport{Protocols: s.Config.Protocols}
		s.Config.RegisterOnShutdown(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	},
}

// visitor is alice with a real connection.
type realVisitor struct {
	t      *testing.T
	url    string
	client *http.Client
}

// eachProtocol serves handler by each protocol.
func eachProtocol(
	t *testing.T, configure func(*http.Server),
	test func(t *testing.T, serve func(http.Handler) *realVisitor),
) {
	for name, start := range protocols {
		t.Run(name, func(t *testing.T) {
			test(t, func(handler http.Handler) *realVisitor {
				server := httptest.NewUnstartedServer(handler)
				server.Config.ErrorLog = log.New(io.Discard, "", 0)
				if configure != nil {
					configure(server.Config)
				}
				client := start(server)
				t.Cleanup(server.Close)
				client.Timeout = 30 * time.Second
				return &realVisitor{t, server.URL, client}
			})
		})
	}
}

// get returns what has arrived, and whether that was all.
func (v *realVisitor) get(
	path string, header ...string,
) (answer *http.Response, body string, complete bool) {
	v.t.Helper()
	request, err := http.NewRequest(http.MethodGet, v.url+path, nil)
	require.NoError(v.t, err)
	request.Header.Set("User", "alice")
	apptest.AddHeader(request, header)
	answer, err = v.client.Do(request)
	if err != nil {
		return nil, "", false
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer, string(text), err == nil
}

// fate returns how a message is settled that was shown, or was not.
func fate(shown bool) string {
	if shown {
		return "Confirm"
	}
	return "Release"
}

// newSpiedBoard is apptest.NewBoard with a store that tells what becomes of messages.
func newSpiedBoard(t testing.TB) (*apptest.App, *apptest.SpyStore) {
	t.Helper()
	store := apptest.NewSpyStore()
	return apptest.NewAppWithoutSessions(t,
		flashgin.Config{SessionKey: apptest.UserOf, Store: store}), store
}

const serverTime = 60 * time.Millisecond

// outlast returns when the server's time is over.
func outlast() { time.Sleep(serverTime * 3 / 2) }

// What is written when the server's time is over does not arrive, though net/http takes it without
// a word. It waits for the next page.
func TestPageAfterTheWriteTimeoutWaits(t *testing.T) {
	limit := func(s *http.Server) { s.WriteTimeout = serverTime }
	htmx := []string{"HX-Request", "true"}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		header []string
	}{
		{name: "a page", answer: func(c *gin.Context) { outlast(); apptest.Page(c) }},
		{name: "a page that was written before", answer: func(c *gin.Context) {
			apptest.Page(c)
			outlast()
		}},
		{name: "JSON", answer: func(c *gin.Context) { outlast(); apptest.JSONPage(c) }},
		{name: "JSON, taken early", answer: func(c *gin.Context) {
			list := flashgin.Flashes(c)
			outlast()
			c.JSON(http.StatusOK, apptest.Texts(list))
		}},
		{name: "a component", answer: func(c *gin.Context) {
			outlast()
			c.Data(http.StatusOK, "text/html", []byte(flashgin.Markup(c)))
		}},
		{name: "a flush", answer: func(c *gin.Context) {
			outlast()
			apptest.Page(c)
			c.Writer.Flush()
		}},
		{name: "text and a flush", answer: func(c *gin.Context) {
			outlast()
			fmt.Fprint(c.Writer, flashgin.Flashes(c))
			c.Writer.Flush()
		}},
		{name: "a header", header: htmx, answer: func(c *gin.Context) {
			outlast()
			c.Status(http.StatusNoContent)
		}},
		{name: "behind the body", header: htmx, answer: func(c *gin.Context) {
			outlast()
			c.Data(http.StatusOK, "text/html", []byte("<p>part</p>"))
		}},
		{name: "a deadline of the handler's", answer: func(c *gin.Context) {
			deadline := time.Now().Add(-time.Second)
			assert.NoError(t, http.NewResponseController(c.Writer).SetWriteDeadline(deadline))
			apptest.Page(c)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachProtocol(t, limit, func(t *testing.T, serve func(http.Handler) *realVisitor) {
				var a *apptest.App
				visit := func() (arrived bool) {
					a = apptest.NewAppWithoutSessions(t,
						flashgin.Config{SessionKey: apptest.UserOf, HTMX: true})
					var asked atomic.Bool
					a.GET("/", func(c *gin.Context) {
						asked.Store(true)
						if test.header != nil {
							assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own")))
						}
						test.answer(c)
					})
					a.Leave(flashgin.Info("hello"))
					visitor := serve(a)
					// on a busy machine the time may be over before the handshake is
					for !asked.Load() {
						_, _, arrived = visitor.get("/",
							append(test.header, "HX-Current-URL", visitor.url+"/")...)
					}
					return arrived
				}
				for tries := 20; visit() && tries > 0; tries-- {
					t.Log("the page arrives: the server's timer was late") // on a busy machine
				}
				want := "[hello]"
				if test.header != nil {
					want = "[hello][own]"
				}
				apptest.Eventually(t, want, func() string { return a.Left("/") })
			})
		})
	}
}

// lateTimer is the writer of a server whose timer is late: its time is over, and the page leaves.
type lateTimer struct{ *httptest.ResponseRecorder }

func (lateTimer) SetWriteDeadline(time.Time) error { return nil }
func (lateTimer) FlushError() error                { return nil }

// On a busy machine a page may leave though the server's time is over. Then it was shown.
func TestPageThatLeavesAfterTheWriteTimeoutIsShown(t *testing.T) {
	for name, answer := range map[string]gin.HandlerFunc{
		"a page":   apptest.Page,
		"JSON":     apptest.JSONPage,
		"a header": apptest.Status(http.StatusNoContent),
	} {
		t.Run(name, func(t *testing.T) {
			cfg := flashgin.Config{SessionKey: apptest.UserOf, HTMX: true}
			a := apptest.NewAppWithoutSessions(t, cfg)
			a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
			a.GET("/", answer)
			a.Leave(flashgin.Info("hello"))
			server := &http.Server{WriteTimeout: time.Nanosecond}
			ctx := context.WithValue(t.Context(), http.ServerContextKey, server)
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
			request.Header.Set("User", "alice")
			if name == "a header" {
				request.Header.Set("HX-Request", "true")
				request.Header.Set("HX-Current-URL", "http://example.com/")
			}
			w := lateTimer{httptest.NewRecorder()}
			a.ServeHTTP(w, request)
			assert.Contains(t, w.Body.String()+w.Header().Get("HX-Trigger"), "hello")
			assert.Empty(t, a.Left())
			if name == "a header" {
				assert.Equal(t, http.StatusNoContent, w.Code)
			}
		})
	}
}

// A deadline that was taken off again is none.
func TestPageWithoutAWriteDeadlineIsShown(t *testing.T) {
	eachProtocol(t, nil, func(t *testing.T, serve func(http.Handler) *realVisitor) {
		a, store := newSpiedBoard(t)
		a.GET("/", func(c *gin.Context) {
			control := http.NewResponseController(c.Writer)
			const limit = time.Second
			assert.NoError(t, control.SetWriteDeadline(time.Now().Add(limit)))
			assert.NoError(t, control.SetWriteDeadline(time.Time{}))
			apptest.Page(c)
			time.Sleep(limit * 3 / 2)
		})
		a.Leave(flashgin.Info("hello"))
		answer, body, complete := serve(a).get("/")
		require.True(t, complete)
		assert.Equal(t, "[hello]", body)
		assert.EqualValues(t, len(body), answer.ContentLength)
		assert.Equal(t, fate(true), store.Verdict(t))
	})
}

// A page whose handler panics behind it is handed over before the panic goes on, whoever recovers
// from it.
func TestPageBeforeAPanicIsHandedOver(t *testing.T) {
	other := func(c *gin.Context) {
		flashgin.Flashes(c)
		_, _ = c.Writer.WriteString("<!doctype html>")
	}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		shown  bool
	}{
		{"a page", apptest.Page, true},
		{"a large page", func(c *gin.Context) {
			apptest.Page(c)
			_, _ = c.Writer.WriteString(strings.Repeat("x", 100_000))
		}, true},
		{"JSON", apptest.JSONPage, true},
		{"a page that was flushed", func(c *gin.Context) {
			apptest.Page(c)
			c.Writer.Flush()
		}, true},
		{"text that was flushed", func(c *gin.Context) {
			apptest.JSONPage(c)
			c.Writer.Flush()
		}, true},
		{"the beginning of a page", other, false},
		{"the beginning of a page that was flushed", func(c *gin.Context) {
			other(c)
			c.Writer.Flush()
		}, false},
	} {
		for value, panics := range map[string]any{
			"a panic": "on purpose", "ErrAbortHandler": http.ErrAbortHandler,
		} {
			t.Run(value+" behind "+test.name, func(t *testing.T) {
				eachProtocol(t, nil, func(t *testing.T, serve func(http.Handler) *realVisitor) {
					a, store := newSpiedBoard(t)
					a.GET("/", func(c *gin.Context) { test.answer(c); panic(panics) })
					a.Leave(flashgin.Info("hello"))
					_, body, complete := serve(a).get("/")
					assert.False(t, complete)
					if test.shown {
						assert.Contains(t, body, "hello")
					}
					assert.Equal(t, fate(test.shown), store.Verdict(t))
				})
			})
		}
	}
}

// A client that goes away before the text is written has not seen it, though the head of the page
// has left. One that goes after the text has.
func TestClientThatGoesBeforeTheText(t *testing.T) {
	head := func(c *gin.Context) {
		c.Header("Cache-Control", "no-store")
		_, _ = c.Writer.WriteString("<head></head>")
		c.Writer.Flush()
	}
	for _, test := range []struct {
		name   string
		answer func(c *gin.Context, gone func())
		shown  bool
	}{
		{"taken, head, gone, text", func(c *gin.Context, gone func()) {
			list := flashgin.Flashes(c)
			head(c)
			gone()
			_, _ = c.Writer.WriteString(list.String())
		}, false},
		{"taken, head, gone, text, flush", func(c *gin.Context, gone func()) {
			list := flashgin.Flashes(c)
			head(c)
			gone()
			_, _ = c.Writer.WriteString(list.String())
			c.Writer.Flush()
		}, false},
		{"markup, head, gone, text", func(c *gin.Context, gone func()) {
			text := flashgin.Markup(c)
			head(c)
			gone()
			_, _ = c.Writer.WriteString(string(text))
		}, false},
		{"taken, head with a word of the text, gone, text", func(c *gin.Context, gone func()) {
			list := flashgin.Flashes(c)
			c.Header("Cache-Control", "no-store")
			_, _ = c.Writer.WriteString("<title>Settings</title>")
			c.Writer.Flush()
			gone()
			_, _ = c.Writer.WriteString(list.String())
		}, false},
		{"head, taken, flush, gone", func(c *gin.Context, gone func()) {
			head(c)
			flashgin.Flashes(c)
			c.Writer.Flush()
			gone()
		}, false},
		{"taken, text, flush, gone", func(c *gin.Context, gone func()) {
			_, _ = c.Writer.WriteString(flashgin.Flashes(c).String())
			c.Writer.Flush()
			gone()
		}, true},
		{"head, taken, text, flush, gone", func(c *gin.Context, gone func()) {
			head(c)
			_, _ = c.Writer.WriteString(flashgin.Flashes(c).String())
			c.Writer.Flush()
			gone()
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachProtocol(t, nil, func(t *testing.T, serve func(http.Handler) *realVisitor) {
				a, store := newSpiedBoard(t)
				leave := make(chan struct{})
				a.GET("/", func(c *gin.Context) {
					test.answer(c, func() {
						close(leave)
						<-c.Request.Context().Done()
					})
				})
				a.Leave(flashgin.Info("Settings saved"))
				visitor := serve(a)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() { <-leave; cancel() }()
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, visitor.url+"/",
					nil)
				require.NoError(t, err)
				request.Header.Set("User", "alice")
				if answer, err := visitor.client.Do(request); err == nil {
					_, _ = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
				}
				if test.shown {
					assert.Equal(t, fate(true), store.Verdict(t))
					return
				}
				apptest.Eventually(t, "[Settings saved]", func() string { return a.Left() })
			})
		})
	}
}

// HTTP/2 takes more than an answer has announced, and sends no more than that.
func TestPageThatIsLongerThanItSaysWaits(t *testing.T) {
	eachProtocol(t, nil, func(t *testing.T, serve func(http.Handler) *realVisitor) {
		a := apptest.NewBoard(t)
		a.GET("/", func(c *gin.Context) {
			text := flashgin.Flashes(c).String()
			c.Header("Content-Length", "10")
			_, _ = c.Writer.WriteString("0123456789")
			_, _ = c.Writer.WriteString(text)
		})
		a.Leave(flashgin.Info("hello"))
		_, body, _ := serve(a).get("/")
		assert.NotContains(t, body, "hello")
		apptest.Eventually(t, "[hello]", func() string { return a.Left() })
	})
}

// A heldBody keeps the body of an answer, and hands a flush on, as the writer of
// gin-contrib/timeout does.
type heldBody struct {
	gin.ResponseWriter
	text strings.Builder
}

func (w *heldBody) Write(data []byte) (int, error)       { return w.text.Write(data) }
func (w *heldBody) WriteString(text string) (int, error) { return w.text.WriteString(text) }

// keepBody is a middleware that hands the page on only if its handlers come to their end.
func keepBody(c *gin.Context) {
	w := &heldBody{ResponseWriter: c.Writer}
	defer func() { c.Writer = w.ResponseWriter }()
	c.Writer = w
	c.Next()
	_, _ = w.ResponseWriter.WriteString(w.text.String())
}

// What a handler flushes into the buffer of a middleware has not left. If its handler comes to no
// end, nobody gets the page.
func TestFlushIntoABufferShowsNothing(t *testing.T) {
	for _, test := range []struct {
		name   string
		around func(http.Handler) http.Handler
		use    []gin.HandlerFunc
		ends   bool
		flush  bool
	}{
		{name: "a panic", use: []gin.HandlerFunc{keepBody}, flush: true},
		{name: "a panic, not flushed", use: []gin.HandlerFunc{keepBody}},
		{name: "no panic", use: []gin.HandlerFunc{keepBody}, flush: true, ends: true},
		{name: "a panic in http.TimeoutHandler", around: func(h http.Handler) http.Handler {
			return http.TimeoutHandler(h, time.Minute, "late")
		}},
		{name: "no panic in http.TimeoutHandler", around: func(h http.Handler) http.Handler {
			return http.TimeoutHandler(h, time.Minute, "late")
		}, ends: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := flashgin.Config{SessionKey: apptest.UserOf}
			a := apptest.NewAppWired(t, cfg, func(engine *gin.Engine, install gin.OptionFunc) {
				engine.Use(test.use...)
				engine.With(install)
			})
			a.GET("/", func(c *gin.Context) {
				_, _ = c.Writer.WriteString(flashgin.Flashes(c).String())
				if test.flush {
					c.Writer.Flush()
				}
				if !test.ends {
					panic("on purpose")
				}
			})
			eachProtocol(t, nil, func(t *testing.T, serve func(http.Handler) *realVisitor) {
				a.Leave(flashgin.Info("hello"))
				handler := http.Handler(a)
				if test.around != nil {
					handler = test.around(a)
				}
				_, body, _ := serve(handler).get("/")
				if test.ends {
					assert.Equal(t, "hello", body)
					apptest.Eventually(t, "", func() string { return a.Left() })
					return
				}
				assert.NotContains(t, body, "hello")
				apptest.Eventually(t, "[hello]", func() string { return a.Left() })
				_, err := a.Messenger.Take(t.Context(), "alice", flashgin.Anywhere)
				assert.NoError(t, err)
			})
		})
	}
}

// A middleware that throws the page away when its handler panics leaves the answer to Recovery.
func TestPanicBehindAPageInABufferIsACleanError(t *testing.T) {
	cfg := flashgin.Config{SessionKey: apptest.UserOf}
	a := apptest.NewAppWired(t, cfg, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
			c.String(http.StatusInternalServerError, "sorry")
		}))
		engine.Use(func(c *gin.Context) {
			below := c.Writer
			defer func() { c.Writer = below }()
			c.Writer = &heldBody{ResponseWriter: below}
			c.Next()
		})
		engine.With(install)
	})
	a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	a.GET("/", func(c *gin.Context) { apptest.Page(c); panic("on purpose") })
	eachProtocol(t, nil, func(t *testing.T, serve func(http.Handler) *realVisitor) {
		a.Leave(flashgin.Info("hello"))
		answer, body, complete := serve(a).get("/")
		require.True(t, complete)
		assert.Equal(t, http.StatusInternalServerError, answer.StatusCode)
		assert.Equal(t, "sorry", body)
	})
}
