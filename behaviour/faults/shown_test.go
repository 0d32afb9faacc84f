package faults_test

import (
	"io"
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

// Messages that a handler took wait for the next page if the answer has no body, or one that is not
// the handler's.
func TestAnswerWithoutTheMessagesLeavesThem(t *testing.T) {
	file := func(c *gin.Context) {
		c.Header("ETag", `"v1"`)
		http.ServeContent(c.Writer, c.Request, "file.txt", time.Now().Add(-time.Hour),
			strings.NewReader("a file"))
	}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		header []string
		status int
		shown  bool
	}{
		{name: "nothing", answer: func(*gin.Context) {}, status: 200},
		{name: "no content", answer: apptest.Status(http.StatusNoContent), status: 204},
		{name: "forbidden", answer: func(c *gin.Context) {
			c.AbortWithStatus(http.StatusForbidden)
		}, status: 403},
		{name: "forbidden, later", answer: apptest.Status(http.StatusForbidden), status: 403},
		{name: "a part of a file", answer: file, header: []string{"Range", "bytes=2-3"},
			status: 206},
		{name: "a file that has changed", answer: file, header: []string{"If-Match", `"v0"`},
			status: 412},
		{name: "behind the end of a file", answer: file, header: []string{"Range", "bytes=99-"},
			status: 416},
		{name: "a file that the browser has", answer: file,
			header: []string{"If-None-Match", `"v1"`}, status: 304},
		{name: "too slow", answer: func(c *gin.Context) {
			c.String(http.StatusRequestTimeout, "too slow")
		}, status: 408},
		{name: "a body before", status: 200, answer: func(*gin.Context) {}},
		{name: "an empty body", answer: func(c *gin.Context) {
			c.String(http.StatusOK, "")
		}, status: 200},
		{name: "forbidden, with a body", status: 403, shown: true, answer: func(c *gin.Context) {
			c.String(http.StatusForbidden, "no")
		}},
		{name: "a body", answer: func(c *gin.Context) {
			c.String(http.StatusOK, "body")
		}, status: 200, shown: true},
		{name: "a body, the headers first", status: 200, shown: true, answer: func(c *gin.Context) {
			c.Writer.WriteHeaderNow()
			c.String(http.StatusOK, "body")
		}},
	} {
		for taking, take := range map[string]gin.HandlerFunc{
			"Flashes": func(c *gin.Context) { flashgin.Flashes(c) },
			"Markup":  func(c *gin.Context) { flashgin.Markup(c) },
		} {
			t.Run(test.name+"/"+taking, func(t *testing.T) {
				a := apptest.NewBoard(t)
				a.GET("/", func(c *gin.Context) {
					assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own").At("/")))
					if test.name == "a body before" {
						c.String(http.StatusOK, "body")
					}
					take(c)
					test.answer(c)
				})
				a.Leave(flashgin.Info("hello"))
				answer := a.Visit(http.MethodGet, "/", test.header...)
				assert.Equal(t, test.status, answer.Code)
				want := "[hello][own]"
				if test.shown {
					want = ""
				}
				assert.Equal(t, want, a.Left("/"))
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}

// Headers that are set when the headers have left send nobody away.
func TestHeadersAfterTheBodyChangeNothing(t *testing.T) {
	for name, late := range map[string]func(c *gin.Context){
		"HX-Redirect": func(c *gin.Context) { c.Header("HX-Redirect", "/login") },
		"HX-Location": func(c *gin.Context) { c.Header("HX-Location", "/login") },
		"HX-Refresh":  func(c *gin.Context) { c.Header("HX-Refresh", "true") },
		"Location":    func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/login") },
	} {
		for answering, answer := range map[string]gin.HandlerFunc{
			"a page":         apptest.Page,
			"JSON":           apptest.JSONPage,
			"a flushed page": func(c *gin.Context) { apptest.Page(c); c.Writer.Flush() },
		} {
			t.Run(name+" after "+answering, func(t *testing.T) {
				a := apptest.NewBoard(t)
				a.GET("/", func(c *gin.Context) { answer(c); late(c) })
				a.Leave(flashgin.Info("hello"))
				assert.Contains(t, a.Shown("/"), "hello")
				assert.Empty(t, a.Left("/"))
			})
		}
	}
}

// The deadline of middleware around the engine is not the client: what was written before it ended
// was shown, once.
func TestDeadlineAfterThePageIsNotTheClient(t *testing.T) {
	for name, answer := range map[string]gin.HandlerFunc{
		"a page": apptest.Page, "JSON": apptest.JSONPage,
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			deadline := apptest.NewDeadline()
			a.GET("/", func(c *gin.Context) {
				answer(c)
				deadline.Expire()
			})
			a.Leave(flashgin.Info("hello"))
			server := httptest.NewServer(deadline.Around(a))
			defer server.Close()
			request, err := http.NewRequest(http.MethodGet, server.URL+"/", nil)
			require.NoError(t, err)
			request.Header.Set("User", "alice")
			response, err := server.Client().Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			assert.Contains(t, string(body), "hello")
			apptest.Eventually(t, "", func() string { return a.Left("/") })
		})
	}
}

// http.TimeoutHandler throws away what was written before its deadline.
func TestPageThatATimeoutHandlerThrowsAwayWaits(t *testing.T) {
	a := apptest.NewBoard(t)
	deadline := apptest.NewDeadline()
	a.GET("/", func(c *gin.Context) {
		apptest.Page(c)
		deadline.Expire()
		<-c.Request.Context().Done()
	})
	a.Leave(flashgin.Info("hello"))
	server := httptest.NewServer(
		deadline.Around(http.TimeoutHandler(a, time.Minute, "too slow")))
	defer server.Close()
	request, err := http.NewRequest(http.MethodGet, server.URL+"/", nil)
	require.NoError(t, err)
	request.Header.Set("User", "alice")
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	apptest.Eventually(t, "[hello]", func() string { return a.Left("/") })
}
