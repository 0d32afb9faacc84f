package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// rnd reports true once in n calls.
func rnd(n int) bool { return rand.IntN(n) == 0 }

// deliveries are answers that show their messages to nobody. The messages must wait again.
func deliveries() []*scenario {
	content := func(v *visit, c *gin.Context) {
		http.ServeContent(c.Writer, c.Request, "text.txt", time.Unix(1e9, 0),
			bytes.NewReader(bytes.Repeat([]byte("x"), 500)))
	}
	// taken takes the messages of a handler that does not show them.
	taken := func(name string, answer func(v *visit, c *gin.Context), header ...string) *scenario {
		return &scenario{name: name, silent: true, header: header,
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, taken by an answer without it")
				_ = v.take(c)
				_ = v.add(c, "", "AddFlash, taken by an answer without it")
				_ = v.take(c)
				answer(v, c)
			}}
	}
	list := []*scenario{
		{name: "write-deadline-passed", post: true, handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, for a page behind the write deadline")
			_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(-time.Second))
			if rnd(2) {
				c.HTML(http.StatusOK, "list", nil)
			} else {
				c.String(http.StatusOK, "%s", v.take(c))
			}
		}},
		{name: "flushed-then-gone", act: goneAfter(0), handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, taken for a client that left behind the head")
			text := v.take(c)
			c.Writer.Flush()
			v.gone(c)
			fmt.Fprint(c.Writer, text)
		}},
		{name: "gone-before-page", act: goneAfter(5 * time.Millisecond),
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, for the page of a client that left before")
				v.gone(c)
				c.HTML(http.StatusOK, "list", nil)
			}},
		{name: "gone-sometime", uncertain: true, act: goneAfter(-1),
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, for a client that leaves sometime")
				c.String(http.StatusOK, "%s", v.take(c))
			}},
		{name: "abort-after-page", post: true, unrecovered: true,
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, then http.ErrAbortHandler behind the page")
				c.HTML(http.StatusOK, "list", nil)
				panic(http.ErrAbortHandler)
			}},
		{name: "panic-after-page", handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, then a panic behind the page")
			c.HTML(http.StatusOK, "list", nil)
			panic("the handler")
		}},
		{name: "broken-template", silent: true, handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, for a template that fails")
			c.HTML(http.StatusOK, "broken", gin.H{"Nothing": []int{}})
		}},
		taken("taken-panic", func(*visit, *gin.Context) { panic("the handler") }),
		taken("taken-500", func(_ *visit, c *gin.Context) {
			c.JSON(http.StatusInternalServerError,
				gin.H{"error": "sorry"})
		}),
		taken("taken-empty-200", func(_ *visit, c *gin.Context) { c.Status(http.StatusOK) }),
		taken("taken-204", func(_ *visit, c *gin.Context) { c.Status(http.StatusNoContent) }),
		taken("taken-304", func(_ *visit, c *gin.Context) { c.Status(http.StatusNotModified) }),
		taken("taken-403", func(_ *visit, c *gin.Context) {
			c.AbortWithStatus(http.StatusForbidden)
		}),
		taken("taken-redirect", func(_ *visit, c *gin.Context) {
			c.Redirect(http.StatusSeeOther,
				"/page/1")
		}),
		taken("taken-206", content, "Range", "bytes=0-9"),
		taken("taken-412", content, "If-Match", `"x"`),
		taken("taken-416", content, "Range", "bytes=900-999"),
		taken("taken-silent-recover", func(v *visit, c *gin.Context) {
			func() {
				defer func() { _ = recover() }()
				panic("caught by a middleware that answers nothing")
			}()
			c.Abort()
		}),
		{name: "taken-408", silent: true,
			handle: withTimeout(func(v *visit, c *gin.Context, timedOut <-chan struct{}) {
				v.waiting(c, "Add, taken by a handler that takes too long")
				text := v.take(c)
				<-timedOut
				c.String(http.StatusOK, "%s", text)
			})},
		{name: "deadline-after-page", deadline: 300 * time.Millisecond,
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, for a page that is done before a deadline ends")
				c.HTML(http.StatusOK, "list", nil)
				<-c.Request.Context().Done()
			}},
		{name: "location-after-body", handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, for a page that sets Location behind its body")
			c.HTML(http.StatusOK, "list", nil)
			c.Header([]string{"Location", "HX-Redirect", "HX-Location"}[rand.IntN(3)], "/page/1")
		}},
	}
	for _, s := range list {
		s.weight, s.keyed = 2, true
	}
	return list
}

// gone waits until the server knows that the client has gone.
func (v *visit) gone(c *gin.Context) {
	select {
	case <-c.Request.Context().Done():
	case <-time.After(5 * time.Second):
	}
}

// goneAfter opens the page and goes away: with the head for 0, sometime for less.
func goneAfter(d time.Duration) func(b *browser, s *scenario, random *rand.Rand) {
	return func(b *browser, s *scenario, random *rand.Rand) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		w := want{scenario: s, method: http.MethodGet, path: "/s/" + s.name, ctx: ctx,
			http1: s.http1}
		w.reading = func(*http.Response) []byte { cancel(); return nil }
		if d < 0 {
			d = rand.N(3 * time.Millisecond)
			w.reading = func(response *http.Response) []byte {
				body := make([]byte, 4<<10)
				n, _ := response.Body.Read(body)
				return body[:n]
			}
		}
		if d > 0 {
			time.AfterFunc(d, cancel)
		}
		b.do(w)
	}
}

// withTimeout answers 408 when 10 ms have passed, as middlewares do, while the handler goes on.
// They keep what the handler writes in a buffer. It returns with the handler.
func withTimeout(handle func(v *visit, c *gin.Context, timedOut <-chan struct{})) func(v *visit,
	c *gin.Context) {
	return func(v *visit, c *gin.Context) {
		outer := c.Writer
		c.Writer = &bufferedWriter{ResponseWriter: outer, header: http.Header{},
			status: http.StatusOK}
		timedOut, ended := make(chan struct{}), make(chan any)
		go func() {
			defer func() { ended <- recover() }()
			handle(v, c, timedOut)
		}()
		time.Sleep(10 * time.Millisecond)
		outer.WriteHeader(http.StatusRequestTimeout)
		_, _ = outer.WriteString("too slow")
		outer.Flush()
		close(timedOut)
		<-ended
		c.Writer = outer
	}
}

// bufferedWriter keeps an answer that is thrown away.
type bufferedWriter struct {
	gin.ResponseWriter
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *bufferedWriter) Header() http.Header               { return w.header }
func (w *bufferedWriter) Write(data []byte) (int, error)    { return w.body.Write(data) }
func (w *bufferedWriter) WriteString(s string) (int, error) { return w.body.WriteString(s) }
func (w *bufferedWriter) WriteHeader(status int)            { w.status = status }
func (w *bufferedWriter) WriteHeaderNow()                   {}
func (w *bufferedWriter) Status() int                       { return w.status }
func (w *bufferedWriter) Written() bool                     { return w.body.Len() > 0 }
func (w *bufferedWriter) Size() int                         { return w.body.Len() }
func (w *bufferedWriter) Flush()                            {}
