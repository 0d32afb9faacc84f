package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// outliving are handlers that hand their context on, as Gin's documentation advises, and use it
// when the answer has left.
func outliving() []*scenario {
	list := []*scenario{
		{name: "late-copy-key", handle: func(v *visit, c *gin.Context) {
			cp := c.Copy()
			v.later(func() {
				if key, err := v.key(cp); err == nil {
					_ = v.job(key, flashgin.Anywhere,
						"Add with the key that a copy had after the answer")
				}
			})
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "late-copy-forget", handle: func(v *visit, c *gin.Context) {
			cp := c.Copy()
			v.later(func() {
				before, _ := v.key(cp)
				if err := v.site.messenger.Forget(cp); err == nil && before != "" {
					v.site.run.ledger.violate(wrongPromise, v.scenario, "Forget after the answer")
				}
			})
			c.String(http.StatusOK, "ok")
		}},
		{name: "late-copy-add", handle: func(v *visit, c *gin.Context) {
			cp := c.Copy()
			v.later(func() {
				_ = v.add(cp, flashgin.Anywhere, "AddFlash with a copy, after the answer")
			})
			c.String(http.StatusOK, "ok")
		}},
		{name: "late-request-context", handle: func(v *visit, c *gin.Context) {
			ctx := context.WithoutCancel(c.Request.Context())
			v.later(func() {
				_ = v.add(ctx, flashgin.Anywhere,
					"AddFlash with the request's context, after the answer")
				_, _ = v.take(ctx), flashgin.Markup(ctx)
				v.peek(ctx)
			})
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "late-after-add", handle: func(v *visit, c *gin.Context) {
			cp, ctx := c.Copy(), c.Request.Context()
			_ = v.add(c, "", "AddFlash, with goroutines that go on")
			v.later(func() {
				_ = v.add(cp, flashgin.Anywhere,
					"AddFlash with a copy, after an answer with messages")
				_ = v.add(ctx, flashgin.Anywhere,
					"AddFlash with the request's context, after one with messages")
				_, _ = v.key(cp)
			})
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "group-of-goroutines", handle: func(v *visit, c *gin.Context) {
			ctx, cancel := context.WithTimeout(c.Request.Context(), time.Minute)
			defer cancel()
			var group sync.WaitGroup
			for i := range 4 {
				group.Go(func() {
					_ = v.add(ctx, someView(), fmt.Sprint("AddFlash in goroutine ", i))
				})
			}
			group.Wait()
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "flashes-in-goroutines", handle: func(v *visit, c *gin.Context) {
			ctx := c.Request.Context()
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() { _ = v.take(ctx); v.peek(ctx) })
			}
			group.Wait()
			c.String(http.StatusOK, "%s", v.take(ctx))
		}},
		{name: "flashes-beside-session", handle: func(v *visit, c *gin.Context) {
			ctx := c.Request.Context()
			_ = v.take(c) // the first call belongs to the handler's own goroutine
			var group sync.WaitGroup
			group.Go(func() { _ = v.take(ctx) })
			if v.site.sessions {
				for i := range 10 {
					sessions.Default(c).Set("n", i)
				}
			}
			group.Wait()
			c.String(http.StatusOK, "%s", v.take(ctx))
		}},
		{name: "key-behind-headers", handle: func(v *visit, c *gin.Context) {
			c.String(http.StatusOK, "ok")
			if key, err := v.key(c); err == nil {
				_ = v.job(key, flashgin.Anywhere, "Add with a key that was made behind the headers")
			}
		}},
		{name: "copy-key-behind-headers", handle: func(v *visit, c *gin.Context) {
			cp := c.Copy()
			c.String(http.StatusOK, "ok")
			if key, err := v.key(cp); err == nil {
				_ = v.job(key, flashgin.Anywhere,
					"Add with a key that a copy had behind the headers")
			}
			_ = v.add(cp, flashgin.Anywhere, "AddFlash with a copy behind the headers")
		}},
		{name: "hijack", http1: true, handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, flashgin.Anywhere, "AddFlash before Hijack")
			conn, _, err := c.Writer.Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_ = v.add(c, flashgin.Anywhere, "AddFlash after Hijack")
			if key, err := v.key(c); err == nil {
				_ = v.job(key, flashgin.Anywhere, "Add with a key that was made after Hijack")
			}
			_, _ = conn.Write([]byte(
				"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"))
		}},
		{name: "timeout-handler", timeoutHandler: true, handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, flashgin.Anywhere, "AddFlash before http.TimeoutHandler's time-out")
			<-c.Request.Context().Done()
			time.Sleep(time.Millisecond)
			_ = v.add(c, flashgin.Anywhere, "AddFlash after http.TimeoutHandler's time-out")
			if key, err := v.key(c); err == nil {
				_ = v.job(key, flashgin.Anywhere,
					"Add with a key that was made after http.TimeoutHandler's time-out")
			}
			c.Redirect(http.StatusSeeOther, "/page/1")
		}},
		{name: "timeout-middleware",
			handle: withTimeout(func(v *visit, c *gin.Context, timedOut <-chan struct{}) {
				_ = v.add(c, flashgin.Anywhere, "AddFlash before a middleware's time-out")
				<-timedOut
				_ = v.add(c, flashgin.Anywhere, "AddFlash after a middleware's time-out")
				c.Redirect(http.StatusSeeOther, "/page/1")
			})},
		{name: "outside-after", outside: func(c *gin.Context) {
			c.Next()
			v := visitOf(c.Request.Context())
			_ = v.add(c, flashgin.Anywhere, "AddFlash in a middleware around flashgin, at the end")
			if key, err := v.key(c); err == nil {
				_ = v.job(key, flashgin.Anywhere,
					"Add with a key made in a middleware around flashgin")
			}
			_ = v.take(c)
		}, handle: func(v *visit, c *gin.Context) { c.Redirect(http.StatusSeeOther, somePage()) }},
		{name: "replaced-request", handle: func(v *visit, c *gin.Context) {
			ctx := context.WithValue(context.Background(), visitKey{}, v)
			if rnd(2) {
				c.Request = c.Request.WithContext(ctx)
			} else {
				c.Request = httptest.NewRequest(http.MethodGet, "/page/2", nil).WithContext(ctx)
				c.Request.Header.Set(userHeader, fmt.Sprint(v.user))
			}
			_ = v.add(c, flashgin.Anywhere, "AddFlash after c.Request was replaced")
			_, _ = v.key(c)
			if rnd(2) {
				c.Redirect(http.StatusSeeOther, somePage())
				return
			}
			c.Request.URL.Path = somePage()
			v.site.engine.HandleContext(c)
		}},
		{name: "handle-context", handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, someView(), "AddFlash before HandleContext")
			c.Request.Method, c.Request.URL.Path = http.MethodGet, somePage()
			v.site.engine.HandleContext(c)
			_ = v.add(c, flashgin.Anywhere, "AddFlash after HandleContext")
		}},
	}
	for _, s := range list {
		s.weight, s.fresh, s.post = 4, true, true
	}
	return list
}
