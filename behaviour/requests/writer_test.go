package requests_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gzipped "github.com/gin-contrib/gzip"
	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

func TestResponseControllerReachesTheConnection(t *testing.T) {
	a := apptest.NewBoard(t)
	a.GET("/", func(c *gin.Context) {
		controller := http.NewResponseController(c.Writer)
		assert.NoError(t, controller.SetWriteDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, controller.SetReadDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, controller.EnableFullDuplex())
		_, err := c.Writer.WriteString("some")
		assert.NoError(t, err)
		assert.NoError(t, controller.Flush())
		assert.NoError(t, controller.SetWriteDeadline(time.Now().Add(-time.Minute)))
		_, _ = c.Writer.WriteString("more")
		assert.NoError(t, controller.Flush(), "Gin's Flush has no error")
	})
	response, err := http.Get(a.Serve().URL)
	require.NoError(t, err)
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	assert.Equal(t, "some", string(got))
	assert.Error(t, err, "the rest came after the deadline")
}

// A handler takes the connection over, as websocket libraries do. What it added before is stored by
// then.
func TestHijack(t *testing.T) {
	for _, test := range []struct {
		name   string
		hijack func(c *gin.Context) (net.Conn, *bufio.ReadWriter, error)
	}{
		{"writer", func(c *gin.Context) (net.Conn, *bufio.ReadWriter, error) {
			return c.Writer.Hijack()
		}},
		{"ResponseController", func(c *gin.Context) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(c.Writer).Hijack()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.Use(gzipped.Gzip(gzipped.BestSpeed))
			a.GET("/page", apptest.Page)
			a.GET("/socket", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("connected").At("/page")))
				conn, stream, err := test.hijack(c)
				if !assert.NoError(t, err) {
					return
				}
				defer conn.Close()
				assert.Equal(t, "[connected]", a.Left("/page"))
				_, _ = stream.WriteString(
					"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
				_ = stream.Flush()
				line, _ := stream.ReadString('\n')
				_, _ = stream.WriteString("echo " + line)
				_ = stream.Flush()
			})
			conn, err := net.Dial("tcp", strings.TrimPrefix(a.Serve().URL, "http://"))
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
			_, err = io.WriteString(conn,
				"GET /socket HTTP/1.1\r\nHost: a\r\nUser: alice\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			require.NoError(t, err)
			stream := bufio.NewReader(conn)
			response, err := http.ReadResponse(stream, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
			_, err = io.WriteString(conn, "hello\n")
			require.NoError(t, err)
			line, err := stream.ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, "echo hello\n", line)
			assert.Equal(t, "[connected]", a.Shown("/page"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// departing is a connection that notes when the headers have left.
type departing struct {
	*httptest.ResponseRecorder
	left atomic.Bool
}

func (w *departing) WriteHeader(status int) {
	w.left.Store(true)
	w.ResponseRecorder.WriteHeader(status)
}

// What was added is stored before anything of the answer can be seen.
func TestStoredBeforeTheHeadersLeave(t *testing.T) {
	for name, send := range map[string]func(c *gin.Context){
		"Write":          func(c *gin.Context) { _, _ = c.Writer.Write([]byte("sent")) },
		"WriteString":    func(c *gin.Context) { _, _ = c.Writer.WriteString("sent") },
		"WriteHeaderNow": func(c *gin.Context) { c.Writer.WriteHeaderNow() },
		"Flush":          func(c *gin.Context) { c.Writer.Flush() },
		"controller":     func(c *gin.Context) { _ = http.NewResponseController(c.Writer).Flush() },
		"abort":          func(c *gin.Context) { c.AbortWithStatus(http.StatusTeapot) },
		"redirect": func(c *gin.Context) {
			c.Redirect(http.StatusSeeOther, "/page")
			c.Writer.WriteHeaderNow()
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := apptest.NewSpyStore()
			a := apptest.NewAppWithoutSessions(t,
				flashgin.Config{SessionKey: apptest.UserOf, Store: store})
			w := &departing{ResponseRecorder: httptest.NewRecorder()}
			a.GET("/", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("saved").At("/page")))
				assert.False(t, w.left.Load())
				assert.Zero(t, store.Count("Add"))
				send(c)
				assert.True(t, w.left.Load())
				assert.Equal(t, 1, store.Count("Add"))
			})
			store.On(func(_ context.Context, _ string, call func() error) error {
				assert.False(t, w.left.Load(), "the headers have left")
				return call()
			})
			request := httptest.NewRequest(http.MethodGet, "/", nil)
			request.Header.Set("User", "alice")
			a.ServeHTTP(w, request)
			store.On(nil)
			assert.Equal(t, "[saved]", a.Left("/page"))
		})
	}
}

func TestFlushPassesThrough(t *testing.T) {
	a := apptest.NewBoard(t)
	a.GET("/", func(c *gin.Context) { c.Writer.Flush() })
	assert.True(t, a.Visit(http.MethodGet, "/").Flushed)
}

type pusher struct {
	*httptest.ResponseRecorder
	pushed []string
}

func (p *pusher) Push(target string, _ *http.PushOptions) error {
	p.pushed = append(p.pushed, target)
	return nil
}

// A handler can push where its server can.
func TestPush(t *testing.T) {
	a := apptest.NewBoard(t)
	a.GET("/", func(c *gin.Context) {
		if push := c.Writer.Pusher(); push != nil {
			assert.NoError(t, push.Push("/style.css", nil))
		}
	})
	assert.Equal(t, http.StatusOK, a.Visit(http.MethodGet, "/").Code,
		"a server without push has no Pusher")
	w := &pusher{ResponseRecorder: httptest.NewRecorder()}
	a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, []string{"/style.css"}, w.pushed)
}

// Pages with messages are compressed, whichever of the two middlewares comes first.
func TestGzipInEitherOrder(t *testing.T) {
	compress := gzipped.Gzip(gzipped.BestSpeed)
	for _, test := range []struct {
		name string
		wire func(engine *gin.Engine, install gin.OptionFunc)
	}{
		{"flash, gzip", func(engine *gin.Engine, install gin.OptionFunc) {
			engine.With(install).Use(compress)
		}},
		{"gzip, flash", func(engine *gin.Engine, install gin.OptionFunc) {
			engine.Use(compress)
			engine.With(install)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewSite(t, io.Discard, test.wire)
			a.Template("page", `page[{{range flashes}}{{.Text}}{{end}}]`)
			a.GET("/", apptest.Page)
			a.GET("/own", apptest.Add(t, apptest.Page, flashgin.Success("own")))
			a.Leave(flashgin.Success("saved"))
			for _, want := range []string{"page[saved]", "page[]"} {
				answer := a.Visit(http.MethodGet, "/", "Accept-Encoding", "gzip")
				assert.Equal(t, "gzip", answer.Header().Get("Content-Encoding"))
				assert.Equal(t, want, apptest.ReadBody(t, answer))
			}
			assert.Equal(t, "page[own]",
				apptest.ReadBody(t, a.Visit(http.MethodGet, "/own", "Accept-Encoding", "gzip")))
			assert.Empty(t, a.Left("/own"))
		})
	}
}

// slow stands in for gin-contrib/timeout: it keeps headers and body to itself, runs the other
// handlers in a goroutine, and hands on what they made when they have ended, or else answers 503.
// No clock is involved: a handler calls expire.
type slow struct {
	expired  chan struct{}
	answered chan struct{}
}

const slowKey = "slow"

// expire makes the time-out fire, and returns when the client has its 503.
func expire(c *gin.Context) {
	s := c.MustGet(slowKey).(*slow)
	close(s.expired)
	<-s.answered
}

func timeout(c *gin.Context) {
	s := &slow{make(chan struct{}), make(chan struct{})}
	c.Set(slowKey, s)
	below := c.Writer
	w := &slowWriter{ResponseWriter: below, header: http.Header{}}
	c.Writer = w
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Next()
	}()
	select {
	case <-done:
		maps.Copy(below.Header(), w.header)
		below.WriteHeader(w.Status())
		_, _ = below.Write(w.body.Bytes())
	case <-s.expired:
		w.expire()
		below.WriteHeader(http.StatusServiceUnavailable)
		_, _ = below.WriteString("too slow")
		close(s.answered)
		<-done // Gin may not have c back before
	}
	c.Writer = below
}

// slowWriter swallows, like gin-contrib's, what comes too late.
type slowWriter struct {
	gin.ResponseWriter
	header http.Header

	mu      sync.Mutex
	body    bytes.Buffer
	status  int
	expired bool
}

func (w *slowWriter) Header() http.Header { return w.header }
func (w *slowWriter) WriteHeaderNow()     {}
func (w *slowWriter) Flush()              {}

func (w *slowWriter) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.expired {
		w.status = status
	}
}

func (w *slowWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.expired {
		return 0, nil
	}
	return w.body.Write(data)
}

func (w *slowWriter) WriteString(text string) (int, error) { return w.Write([]byte(text)) }

func (w *slowWriter) Status() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

func (w *slowWriter) Size() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.body.Len()
}

func (w *slowWriter) Written() bool { return w.Size() > 0 }

func (w *slowWriter) expire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expired, w.status = true, http.StatusServiceUnavailable
	w.body.Reset()
}

// eachTimeout runs a test with the time-out at every place among the middlewares.
func eachTimeout(t *testing.T, test func(t *testing.T, a *apptest.App)) {
	session := sessions.Sessions("id", apptest.CookieStore())
	cookieKey := flashgin.Config{SessionKey: flashgin.CookieKey("flash")}
	for _, order := range []struct {
		name string
		cfg  flashgin.Config
		wire func(engine *gin.Engine, install gin.OptionFunc)
	}{
		{"flash, timeout, sessions", flashgin.Config{},
			func(engine *gin.Engine, install gin.OptionFunc) {
				engine.With(install).Use(timeout, session)
			}},
		{"flash, sessions, timeout", flashgin.Config{},
			func(engine *gin.Engine, install gin.OptionFunc) {
				engine.With(install).Use(session, timeout)
			}},
		{"timeout, flash, sessions", flashgin.Config{},
			func(engine *gin.Engine, install gin.OptionFunc) {
				engine.Use(timeout)
				engine.With(install).Use(session)
			}},
		{"flash, timeout, cookie key", cookieKey, func(engine *gin.Engine, install gin.OptionFunc) {
			engine.With(install).Use(timeout)
		}},
		{"timeout, flash, cookie key", cookieKey, func(engine *gin.Engine, install gin.OptionFunc) {
			engine.Use(timeout)
			engine.With(install)
		}},
	} {
		t.Run(order.name, func(t *testing.T) {
			a := apptest.NewAppWired(t, order.cfg, order.wire)
			a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
			a.GET("/page", apptest.Page)
			a.POST("/page", apptest.Add(t, apptest.Redirect("/page"), flashgin.Success("saved")))
			test(t, a)
			assert.Empty(t, a.Failures.String())
		})
	}
}

// A middleware that could answer in the handler's place, and does not, changes nothing.
func TestTimeoutThatDoesNotFire(t *testing.T) {
	eachTimeout(t, func(t *testing.T, a *apptest.App) {
		a.GET("/own", apptest.Add(t, apptest.Page, flashgin.Success("own")))
		b := a.Browser()
		answer := b.Post("/page")
		require.Equal(t, http.StatusSeeOther, answer.StatusCode)
		assert.Equal(t, 1, answer.CookieCount(), "the session reaches the browser")
		shows := b.Do(http.MethodGet, "/page")
		assert.Equal(t, "[saved]", shows.Body)
		assert.Equal(t, "private, no-store", shows.Header.Get("Cache-Control"))
		assert.Zero(t, shows.CookieCount())
		assert.Empty(t, b.Get("/page"))
		assert.Equal(t, "[own]", b.Get("/own"))
		assert.Empty(t, b.Get("/page"))
	})
}

// Whatever the handler does before and after the client has its 503, the messages show on the next
// page.
func TestTimeoutThatFires(t *testing.T) {
	late := flashgin.Success("late").At("/page")
	for _, test := range []struct {
		name    string
		handler func(t *testing.T, c *gin.Context)
		want    string
	}{
		{"nothing is shown", func(_ *testing.T, c *gin.Context) { expire(c) }, "[saved]"},
		{"the page comes too late", func(_ *testing.T, c *gin.Context) {
			expire(c)
			apptest.Page(c)
		}, "[saved]"},
		{"the page came before", func(_ *testing.T, c *gin.Context) {
			apptest.Page(c)
			expire(c)
		}, "[saved]"},
		{"the handler takes them", func(_ *testing.T, c *gin.Context) {
			flashgin.Flashes(c)
			expire(c)
			c.JSON(http.StatusOK, "late")
		}, "[saved]"},
		{"the handler adds one before", func(t *testing.T, c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c, late))
			expire(c)
		}, "[saved][late]"},
		{"the handler adds one after", func(t *testing.T, c *gin.Context) {
			expire(c)
			assert.NoError(t, flashgin.AddFlash(c, late))
		}, "[saved][late]"},
		{"the page shows its own too late", func(t *testing.T, c *gin.Context) {
			expire(c)
			assert.NoError(t, flashgin.AddFlash(c, late))
			c.HTML(http.StatusOK, "page", nil)
		}, "[saved][late]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachTimeout(t, func(t *testing.T, a *apptest.App) {
				a.GET("/slow", func(c *gin.Context) { test.handler(t, c) })
				a.POST("/anywhere", apptest.Add(t, apptest.Status(http.StatusNoContent),
					flashgin.Success("saved").At(flashgin.Anywhere)))
				b := a.Browser()
				b.Post("/anywhere")
				answer := b.Do(http.MethodGet, "/slow")
				assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
				assert.Equal(t, "too slow", answer.Body)
				assert.Equal(t, test.want, b.Get("/page"))
				assert.Empty(t, b.Get("/page"))
			})
		})
	}
}

// The ways in which middlewares wrap the writer.
type (
	hidden    = gin.ResponseWriter // embedded by this name it is no way through
	byValue   struct{ gin.ResponseWriter }
	byPointer struct{ *byValue }
	unwraps   struct{ hidden }
	closed    struct{ hidden }
	dangling  struct {
		*byValue // nil
		hidden
	}
	endless struct{ hidden }
)

func (w unwraps) Unwrap() http.ResponseWriter  { return w.hidden }
func (w *endless) Unwrap() http.ResponseWriter { return w }

// A page finds its request below the writers of other middleware, if they let it through.
func TestWritersOfOtherMiddleware(t *testing.T) {
	for _, test := range []struct {
		name  string
		wrap  func(w gin.ResponseWriter) gin.ResponseWriter
		found bool
	}{
		{"struct", func(w gin.ResponseWriter) gin.ResponseWriter { return byValue{w} }, true},
		{"pointer to a struct", func(w gin.ResponseWriter) gin.ResponseWriter {
			return &byValue{w}
		}, true},
		{"struct without a name", func(w gin.ResponseWriter) gin.ResponseWriter {
			return struct{ gin.ResponseWriter }{w}
		}, true},
		{"embedded twice", func(w gin.ResponseWriter) gin.ResponseWriter {
			return &byPointer{&byValue{w}}
		}, true},
		{"Unwrap", func(w gin.ResponseWriter) gin.ResponseWriter { return unwraps{w} }, true},
		{"several", func(w gin.ResponseWriter) gin.ResponseWriter {
			return byValue{unwraps{&byPointer{&byValue{w}}}}
		}, true},
		{"no way through", func(w gin.ResponseWriter) gin.ResponseWriter {
			return closed{w}
		}, false},
		{"no way through, below another", func(w gin.ResponseWriter) gin.ResponseWriter {
			return &byValue{&closed{w}}
		}, false},
		{"nil pointer", func(w gin.ResponseWriter) gin.ResponseWriter {
			return &dangling{hidden: w}
		}, false},
		{"no end", func(w gin.ResponseWriter) gin.ResponseWriter { return &endless{w} }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.Template("page", `page{{range flashes}}[{{.Text}}]{{end}}`)
			wrap := true
			a.Use(func(c *gin.Context) {
				if wrap {
					c.Writer = test.wrap(c.Writer)
				}
			})
			own := flashgin.Success("own")
			a.GET("/", func(c *gin.Context) {
				if c.Query("add") != "" {
					assert.NoError(t, flashgin.AddFlash(c, own))
				}
				apptest.Page(c)
			})
			a.Leave(flashgin.Success("saved"))
			if test.found {
				assert.Equal(t, "page[saved][own]", a.Shown("/?add=1"))
				assert.Empty(t, a.Left("/"))
				return
			}
			// The page cannot tell whose it is: it is complete, and everything waits for one that
			// can.
			assert.Equal(t, "page", a.Shown("/?add=1"))
			assert.Equal(t, "[saved][own]", a.Left("/"))
			wrap = false
			assert.Equal(t, "page[saved][own]", a.Shown("/"))
		})
	}
}
