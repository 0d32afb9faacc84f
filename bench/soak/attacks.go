package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// attacks are further ways to keep a context too long, to break one, and to show a page to nobody.
func attacks() []*scenario {
	list := []*scenario{
		{name: "after-func", handle: func(v *visit, c *gin.Context) {
			ctx := c.Request.Context()
			ended := make(chan struct{})
			context.AfterFunc(ctx, func() { close(ended) })
			v.beside(func() {
				<-ended
				_ = v.add(ctx, flashgin.Anywhere, "AddFlash when the request's context ends")
				_ = v.take(ctx)
			})
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "group-of-c", handle: func(v *visit, c *gin.Context) {
			ctx, cancel := context.WithTimeout(c, time.Minute)
			defer cancel()
			var group sync.WaitGroup
			for range 3 {
				group.Go(func() {
					_ = v.add(ctx, someView(), "AddFlash with a context of c, in the request")
				})
			}
			group.Wait()
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "copy-of-copy", handle: func(v *visit, c *gin.Context) {
			cp := c.Copy().Copy()
			cp.Request = cp.Request.WithContext(context.WithoutCancel(cp.Request.Context()))
			v.later(func() {
				_ = v.add(cp, flashgin.Anywhere, "AddFlash with a copy of a copy")
				if key, err := v.key(cp); err == nil {
					_ = v.job(key, flashgin.Anywhere, "Add with the key of a copy of a copy")
				}
				_ = v.site.messenger.Forget(cp)
			})
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "copy-renders", handle: func(v *visit, c *gin.Context) {
			// A page for a mail, on a writer of its own.
			_ = v.add(c, flashgin.Anywhere, "AddFlash, then a page for a mail")
			recorder := httptest.NewRecorder()
			other := gin.CreateTestContextOnly(recorder, v.site.engine)
			other.Request = c.Request
			other.HTML(http.StatusOK, "list", nil)
			c.JSON(http.StatusOK, gin.H{"mailed": recorder.Body.Len() > 0})
		}},
		{name: "captured-page", handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, flashgin.Anywhere,
				"AddFlash, then a page that is captured and put into JSON")
			outer := c.Writer
			captured := &bufferedWriter{ResponseWriter: outer, header: http.Header{},
				status: http.StatusOK}
			c.Writer = captured
			c.HTML(http.StatusOK, "list", nil)
			c.Writer = outer
			c.JSON(http.StatusOK, gin.H{"html": captured.body.String()})
		}},
		{name: "captured-key", handle: func(v *visit, c *gin.Context) {
			outer := c.Writer
			c.Writer = &bufferedWriter{ResponseWriter: outer, header: http.Header{},
				status: http.StatusOK}
			if key, err := v.key(c); err == nil {
				_ = v.job(key, flashgin.Anywhere, "Add with a key made while the page is captured")
			}
			_ = v.add(c, flashgin.Anywhere, "AddFlash while the page is captured")
			c.Writer = outer
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "goexit", unrecovered: true, handle: func(v *visit, c *gin.Context) {
			ctx := c.Request.Context()
			v.later(func() { _ = v.add(ctx, flashgin.Anywhere, "AddFlash after runtime.Goexit") })
			_ = v.add(c, flashgin.Anywhere, "AddFlash, then runtime.Goexit")
			runtime.Goexit()
		}},
		{name: "no-url", handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, "", "AddFlash, then c.Request.URL = nil")
			c.Status(http.StatusOK)
			c.Request.URL = nil
		}},
		{name: "no-header", handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, flashgin.Anywhere, "AddFlash, then c.Request.Header = nil")
			c.Request.Header = nil
			c.HTML(http.StatusOK, "list", nil)
		}},
		{name: "no-keys", handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, flashgin.Anywhere, "AddFlash, then c.Keys = nil")
			c.Keys = nil
			_ = v.add(c, "", "c.Keys = nil, then AddFlash")
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		// alone, for without a key a new one would have to leave with headers that have left
		// already
		{name: "other-writer", keyed: true, alone: true, handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, flashgin.Anywhere, "AddFlash, then an answer below all writers")
			w := c.Writer
			for {
				next, ok := any(w).(interface{ Unwrap() http.ResponseWriter })
				if !ok {
					break
				}
				inner := next.Unwrap()
				if gw, ok := inner.(gin.ResponseWriter); ok {
					w = gw
					continue
				}
				inner.WriteHeader(http.StatusOK)
				_, _ = inner.Write([]byte("ok"))
				return
			}
		}},
		{name: "parallel-nested", handle: func(v *visit, c *gin.Context) {
			var group sync.WaitGroup
			ctx, cookies := c.Request.Context(), c.GetHeader("Cookie")
			if v.site.sessions { // see nestedRequest
				ctx = context.WithValue(context.Background(), visitKey{}, v)
			}
			for range 3 {
				group.Go(func() {
					inner, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/json", nil)
					inner.Header.Set("Cookie", cookies)
					recorder := httptest.NewRecorder()
					v.site.engine.ServeHTTP(recorder, inner)
					text := recorder.Body.String()
					v.site.run.ledger.found(v.user, v.scenario, "a request inside its own", text,
						true)
				})
			}
			_ = v.add(c, flashgin.Anywhere, "AddFlash beside requests inside this one")
			group.Wait()
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "public-304", handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, "/json", "AddFlash, 304")
			c.Header("Cache-Control", "public, max-age=600")
			c.Status(http.StatusNotModified)
		}},
		{name: "public-early-peek", looks: true, keyed: true,
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, looked at on a public page whose head has left")
				c.Header("Cache-Control", "public, max-age=600")
				c.Writer.Flush()
				for _, m := range flashgin.PeekFlashes(c) {
					fmt.Fprint(c.Writer, m.Text)
				}
			}},
		{name: "part-then-gone", keyed: true, act: goneAfter(0),
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, taken for a client that left after a part of the page")
				text := v.take(c)
				fmt.Fprint(c.Writer, "<!doctype html>")
				c.Writer.Flush()
				v.gone(c)
				fmt.Fprint(c.Writer, text)
			}},
		{name: "part-then-panic", keyed: true, silent: true,
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, taken for a page that panics after a part")
				_ = v.take(c)
				fmt.Fprint(c.Writer, "<!doctype html>")
				c.Writer.Flush()
				panic(http.ErrAbortHandler)
			}, unrecovered: true},
		{name: "short-length", keyed: true, handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, for a page that is longer than it says")
			text := v.take(c)
			c.Header("Content-Length", "10")
			_, _ = c.Writer.Write(bytes.Repeat([]byte("x"), 10))
			_, _ = c.Writer.WriteString(text)
		}},
		{name: "slow-page-timeout", timeoutHandler: true, keyed: true, silent: true,
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, for a page behind http.TimeoutHandler's time-out")
				<-c.Request.Context().Done()
				c.HTML(http.StatusOK, "list", nil)
			}},
		{name: "page-then-timeout", timeoutHandler: true, keyed: true, silent: true,
			handle: func(v *visit, c *gin.Context) {
				v.waiting(c, "Add, for a page that http.TimeoutHandler throws away")
				c.HTML(http.StatusOK, "list", nil)
				<-c.Request.Context().Done()
				time.Sleep(time.Millisecond)
			}},
		{name: "real-write-timeout", keyed: true, handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, for a page that outlasts the write time-out")
			_ = http.NewResponseController(c.Writer).
				SetWriteDeadline(time.Now().Add(5 * time.Millisecond))
			text := v.take(c)
			time.Sleep(10 * time.Millisecond)
			c.String(http.StatusOK, "%s", text)
		}},
	}
	for _, s := range list {
		s.weight = 2
		s.fresh = !s.keyed && !s.unrecovered
		s.keyed = s.keyed || s.unrecovered
		s.post = s.act == nil // a GET is sent again when the connection breaks
	}
	return list
}
