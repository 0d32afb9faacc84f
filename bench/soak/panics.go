package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// panics are handlers that panic, or whose application does at the end of the answer. What they
// leave behind must not reach the request that Gin gives their context to.
func panics() []*scenario {
	// after adds by the ways that the documentation allows, when the request has ended.
	after := func(v *visit, c *gin.Context) {
		cp, ctx := c.Copy(), c.Request.Context()
		v.later(func() {
			_ = v.add(ctx, flashgin.Anywhere, "AddFlash with the request's context, after a panic")
			_ = v.add(cp, flashgin.Anywhere, "AddFlash with a copy, after a panic")
			_ = v.take(ctx)
			v.peek(ctx)
			_, _ = v.key(cp)
		})
	}
	var list []*scenario
	for _, function := range []string{"view", "labels", "key", "session"} {
		list = append(list,
			&scenario{name: "panic-in-" + function, handle: func(v *visit, c *gin.Context) {
				after(v, c)
				_ = v.add(c, someView(), "AddFlash, then "+function+" panics")
				c.Status(http.StatusOK)
				v.panicIn(function)
			}},
			&scenario{name: "panic-in-" + function + "-of-page",
				handle: func(v *visit, c *gin.Context) {
					after(v, c)
					_ = v.add(c, someView(), "AddFlash, then "+function+" panics in the page")
					v.panicIn(function)
					c.HTML(http.StatusOK, "page", nil)
				}},
			&scenario{name: "panic-in-" + function + "-unrecovered", unrecovered: true,
				handle: func(v *visit, c *gin.Context) {
					after(v, c)
					v.panicIn(function)
					_ = v.add(c, someView(), "AddFlash while "+function+" panics")
					_ = v.take(c.Request.Context())
					_, _ = v.key(c)
				}},
		)
	}
	list = append(list,
		&scenario{name: "panic-before-page", handle: func(v *visit, c *gin.Context) {
			after(v, c)
			_ = v.add(c, someView(), "AddFlash, then the handler panics")
			panic("the handler")
		}},
		&scenario{name: "no-request", handle: func(v *visit, c *gin.Context) {
			after(v, c)
			_ = v.add(c, someView(), "AddFlash, then c.Request = nil")
			c.Status(http.StatusOK)
			c.Request = nil
		}},
		&scenario{name: "no-request-but-page", handle: func(v *visit, c *gin.Context) {
			after(v, c)
			c.Request = nil
			_ = v.add(c, someView(), "c.Request = nil, then AddFlash")
			c.Data(http.StatusOK, "text/plain", []byte("ok"))
		}},
		&scenario{name: "no-writer", handle: func(v *visit, c *gin.Context) {
			after(v, c)
			_ = v.add(c, someView(), "AddFlash, then c.Writer is another one")
			c.Writer = c.Copy().Writer
		}},
	)
	for _, s := range list {
		// No cookie leaves with an answer that breaks off.
		s.weight, s.fresh, s.keyed, s.post = 2, !s.unrecovered, s.unrecovered, true
	}
	return list
}
