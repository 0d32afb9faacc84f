package requests_test

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A stubborn writer does not give its connection away.
type stubborn struct{ gin.ResponseWriter }

var errStubborn = errors.New("the connection stays here")

func (stubborn) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errStubborn }

// A handler that does not get the connection answers as any other: its page shows messages, and a
// visitor gets the cookie for those that wait.
func TestAnOrdinaryAnswerAfterAFailedHijack(t *testing.T) {
	for _, test := range []struct {
		name  string
		start func(*httptest.Server)
		wrap  gin.HandlerFunc // around flashgin
		err   error
	}{
		{"HTTP/2", func(s *httptest.Server) {
			s.EnableHTTP2 = true
			s.StartTLS()
		}, func(*gin.Context) {}, http.ErrNotSupported},
		{"HTTP/1.1, with a writer that refuses", (*httptest.Server).Start, func(c *gin.Context) {
			c.Writer = stubborn{c.Writer}
		}, errStubborn},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewAppBehind(t, flashgin.Config{}, test.wrap)
			hijack := func(c *gin.Context) {
				_, _, err := c.Writer.Hijack()
				assert.ErrorIs(t, err, test.err)
			}
			a.GET("/page", func(c *gin.Context) {
				hijack(c)
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own")))
				c.HTML(http.StatusUpgradeRequired, "page", nil)
			})
			a.POST("/", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("before")))
				hijack(c)
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("after")))
				c.Redirect(http.StatusSeeOther, "/page")
			})
			server := httptest.NewUnstartedServer(a)
			test.start(server)
			defer server.Close()
			browser := apptest.NewBrowser(t, server.URL)
			browser.Client.Transport = server.Client().Transport
			assert.Equal(t, 1, browser.Post("/").CookieCount())
			page := browser.Do(http.MethodGet, "/page")
			assert.Equal(t, http.StatusUpgradeRequired, page.StatusCode)
			assert.Equal(t, "[before][after][own]", page.Body)
			assert.Empty(t, a.Failures.String())
		})
	}
}

// What is written over a connection that was taken over is shown, though the server's time for an
// answer is over, and though the headers have left before, as some websocket libraries let them.
func TestMessagesOverAHijackedConnectionAreShown(t *testing.T) {
	switching := func(c *gin.Context) {
		c.Status(http.StatusSwitchingProtocols)
		c.Writer.WriteHeaderNow()
	}
	for _, test := range []struct {
		name   string
		before func(c *gin.Context)
		after  func(c *gin.Context)
		limit  time.Duration // of the server; zero: none that ends
	}{
		{"at once", func(*gin.Context) {}, func(*gin.Context) {}, 0},
		{"after the headers", switching, func(*gin.Context) {}, 0},
		{"taken before the headers", func(c *gin.Context) {
			flashgin.Flashes(c)
			switching(c)
		}, func(*gin.Context) {}, 0},
		{"after the server's time", func(*gin.Context) {}, func(*gin.Context) {
			time.Sleep(hijackTime * 3 / 2)
		}, hijackTime},
		{"after the handler's time", func(c *gin.Context) {
			past := time.Now().Add(-time.Second)
			assert.NoError(t, http.NewResponseController(c.Writer).SetWriteDeadline(past))
		}, func(*gin.Context) {}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := apptest.NewSpyStore()
			log := new(apptest.LockedBuffer)
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{
				SessionKey: apptest.UserOf, Store: store, Logger: apptest.LogTo(log),
			})
			a.GET("/socket", func(c *gin.Context) {
				test.before(c)
				conn, stream, err := c.Writer.Hijack()
				if !assert.NoError(t, err) {
					return
				}
				defer conn.Close()
				test.after(c)
				fmt.Fprintln(stream, "messages:", flashgin.Flashes(c))
				assert.NoError(t, stream.Flush())
			})
			a.Leave(flashgin.Info("hello"))
			server := httptest.NewUnstartedServer(a)
			server.Config.WriteTimeout = cmp.Or(test.limit, time.Minute)
			server.Start()
			defer server.Close()
			conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, "GET /socket HTTP/1.1\r\nHost: a\r\nUser: alice\r\n\r\n")
			require.NoError(t, err)
			answer, err := io.ReadAll(conn)
			require.NoError(t, err)
			assert.Contains(t, string(answer), "messages: hello\n")
			assert.Equal(t, "Confirm", store.Verdict(t))
			assert.Empty(t, log.String())
		})
	}
}

// hijackTime is the server's for writing an answer.
const hijackTime = 100 * time.Millisecond
