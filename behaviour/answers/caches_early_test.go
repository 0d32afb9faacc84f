package answers_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// earlyWarning is in the log once a page has asked too late.
const earlyWarning = "left before its messages were asked for"

// sendEarly are ways to let the headers leave before the page is written.
var sendEarly = map[string]func(c *gin.Context){
	"Flush":          func(c *gin.Context) { c.Writer.Flush() },
	"WriteHeaderNow": func(c *gin.Context) { c.Writer.WriteHeaderNow() },
	"the head first": func(c *gin.Context) { fmt.Fprint(c.Writer, "<head>") },
	"a controller":   func(c *gin.Context) { _ = http.NewResponseController(c.Writer).Flush() },
}

// ask are ways to ask for messages.
var ask = map[string]gin.HandlerFunc{
	"flashes":     apptest.Page,
	"peekFlashes": func(c *gin.Context) { c.HTML(http.StatusOK, "peek", nil) },
	"Flashes":     func(c *gin.Context) { fmt.Fprint(c.Writer, flashgin.Flashes(c)) },
	"PeekFlashes": func(c *gin.Context) { fmt.Fprint(c.Writer, flashgin.PeekFlashes(c)) },
	"Markup":      func(c *gin.Context) { fmt.Fprint(c.Writer, flashgin.Markup(c)) },
	"by a context": func(c *gin.Context) {
		fmt.Fprint(c.Writer, flashgin.Markup(c.Request.Context()))
	},
}

// newEarlyBoard is apptest.NewBoard with the pages of ask, and a log.
func newEarlyBoard(t *testing.T) (*apptest.App, *apptest.LockedBuffer) {
	log := new(apptest.LockedBuffer)
	a := apptest.NewAppWithoutSessions(t,
		flashgin.Config{SessionKey: apptest.UserOf, Logger: apptest.LogTo(log)})
	a.Template("page",
		`{{range flashes}}[{{.Text}}]{{end}}{{define "peek"}}{{range peekFlashes}}[{{.Text}}]{{end}}{{end}}`)
	a.GET("/shows", apptest.Page)
	return a, log
}

// What caches may keep shows nobody's messages: they wait for a page that caches do not keep.
func TestAnswersThatLeftOpenToCachesShowNothing(t *testing.T) {
	for headers, set := range map[string]gin.HandlerFunc{
		"public":   keepable,
		"none":     func(*gin.Context) {},
		"no-cache": func(c *gin.Context) { c.Header("Cache-Control", "no-cache") },
		"no-store, but for a CDN": func(c *gin.Context) {
			c.Header("Cache-Control", "no-store")
			c.Header("CDN-Cache-Control", "max-age=600")
		},
	} {
		for how, send := range sendEarly {
			for asking, ask := range ask {
				t.Run(headers+"/"+how+"/"+asking, func(t *testing.T) {
					a, log := newEarlyBoard(t)
					a.GET("/tours/:id", func(c *gin.Context) {
						set(c)
						send(c)
						c.Header("Cache-Control", "no-store") // which comes too late
						ask(c)
					})
					a.Leave(flashgin.Info("secret"))
					for range 2 {
						assert.NotContains(t, a.Visit(http.MethodGet, "/tours/1").Body.String(),
							"secret")
					}
					assert.Equal(t, 1, strings.Count(log.String(), earlyWarning))
					assert.Contains(t, log.String(), "/tours/:id")
					assert.Equal(t, "[secret]", a.Shown("/shows"))
				})
			}
		}
	}
}

// Where the headers forbid it, messages are shown however late they are asked for.
func TestAnswersThatLeftClosedToCachesShowMessages(t *testing.T) {
	for headers, set := range map[string]gin.HandlerFunc{
		"no-store": func(c *gin.Context) { c.Header("Cache-Control", "no-store") },
		"private":  func(c *gin.Context) { c.Header("Cache-Control", "private, max-age=60") },
		"our own":  func(c *gin.Context) { keepable(c); flashgin.PeekFlashes(c) },
	} {
		for how, send := range sendEarly {
			for asking, ask := range ask {
				t.Run(headers+"/"+how+"/"+asking, func(t *testing.T) {
					a, log := newEarlyBoard(t)
					a.GET("/", func(c *gin.Context) { set(c); send(c); ask(c) })
					a.Leave(flashgin.Info("hello"))
					assert.Contains(t, a.Shown("/"), "hello")
					assert.Empty(t, log.String())
				})
			}
		}
	}
}

// Who writes past us has sent headers that we have not seen.
func TestAnswersThatWereBegunBelowUsShowNothing(t *testing.T) {
	for asking, ask := range ask {
		t.Run(asking, func(t *testing.T) {
			a, log := newEarlyBoard(t)
			a.GET("/", func(c *gin.Context) {
				keepable(c)
				below := c.Writer.(interface{ Unwrap() http.ResponseWriter }).Unwrap()
				assert.NoError(t, http.NewResponseController(below).Flush())
				c.Header("Cache-Control", "no-store") // which comes too late
				ask(c)
			})
			a.Leave(flashgin.Info("secret"))
			assert.NotContains(t, a.Shown("/"), "secret")
			assert.Contains(t, log.String(), earlyWarning)
			assert.Equal(t, "[secret]", a.Shown("/shows"))
		})
	}
}

// The headers may have left before the request came to us.
func TestAnswersThatWereBegunByOthersShowNothing(t *testing.T) {
	for headers, shown := range map[string]bool{"public": false, "no-store": true} {
		begin := func(c *gin.Context) {
			c.Header("Cache-Control", headers)
			c.Writer.Flush()
		}
		for by, start := range map[string]func(t *testing.T) *apptest.App{
			"middleware": func(t *testing.T) *apptest.App {
				a := apptest.NewAppBehind(t, flashgin.Config{SessionKey: apptest.UserOf},
					func(c *gin.Context) {
						if c.FullPath() == "/" {
							begin(c)
						}
					})
				a.GET("/", apptest.Page)
				return a
			},
			"another engine": func(t *testing.T) *apptest.App {
				a := apptest.NewBoard(t)
				inner := apptest.NewAppWired(t, flashgin.Config{SessionKey: apptest.UserOf},
					func(engine *gin.Engine, _ gin.OptionFunc) {
						engine.With(a.Messenger.Install)
					})
				inner.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
				inner.GET("/", apptest.Page)
				a.GET("/", func(c *gin.Context) {
					begin(c)
					inner.ServeHTTP(c.Writer, c.Request)
				})
				return a
			},
		} {
			t.Run(headers+"/"+by, func(t *testing.T) {
				a := start(t)
				a.GET("/shows", apptest.Page)
				a.Leave(flashgin.Info("hello"))
				first, second := "", "[hello]"
				if shown {
					first, second = second, first
				}
				assert.Equal(t, first, a.Shown("/"))
				assert.Equal(t, second, a.Shown("/shows"))
			})
		}
	}
}

// A connection that was taken over has no headers, and no cache.
func TestMessagesOverAHijackedConnection(t *testing.T) {
	a, log := newEarlyBoard(t)
	a.GET("/socket", func(c *gin.Context) {
		conn, stream, err := c.Writer.Hijack()
		if assert.NoError(t, err) {
			defer conn.Close()
			fmt.Fprintln(stream, flashgin.Flashes(c))
			_ = stream.Flush()
		}
	})
	a.Leave(flashgin.Info("hello"))
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.Serve().URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "GET /socket HTTP/1.1\r\nHost: a\r\nUser: alice\r\n\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "hello\n", line)
	assert.Empty(t, log.String())
}
