package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// misuse are handlers whose goroutines use the *gin.Context itself after the answer, which Gin and
// flashgin forbid: another request has it by then. In debug mode that must be refused. In release
// mode not all of it can be told.
func misuse() []*scenario {
	// contexts are those that hand on to the *gin.Context, whichever request has it.
	contexts := map[string]func(c *gin.Context) context.Context{
		"c": func(c *gin.Context) context.Context { return c },
		"timeout-c": func(c *gin.Context) context.Context {
			ctx, cancel := context.WithTimeout(c, time.Minute)
			_ = cancel // the goroutine's
			return ctx
		},
		"without-c": func(c *gin.Context) context.Context { return context.WithoutCancel(c) },
		"value-c":   func(c *gin.Context) context.Context { return context.WithValue(c, key{}, 1) },
	}
	calls := map[string]func(v *visit, c *gin.Context, ctx context.Context){
		"add": func(v *visit, _ *gin.Context, ctx context.Context) {
			_ = v.add(ctx, flashgin.Anywhere, "AddFlash with a context of another request")
		},
		"flashes": func(v *visit, _ *gin.Context, ctx context.Context) { _ = v.take(ctx) },
		"peek":    func(v *visit, _ *gin.Context, ctx context.Context) { v.peek(ctx) },
		"markup": func(v *visit, _ *gin.Context, ctx context.Context) {
			text := string(flashgin.Markup(ctx))
			v.site.run.ledger.found(v.user, v.scenario, "Markup with a context of another request",
				text, false)
		},
		"key": func(v *visit, c *gin.Context, _ context.Context) { _, _ = v.key(c) },
		"forget": func(v *visit, c *gin.Context, _ context.Context) {
			if v.site.messenger.Forget(c) == nil {
				v.site.run.ledger.violate(wrongPromise, v.scenario, "Forget for another request")
			}
		},
		"redirect": func(v *visit, c *gin.Context, _ context.Context) {
			number, text := v.note("RedirectFlash with a context of another request")
			err := flashgin.RedirectFlash(c, "/page/1", flashgin.Info(text))
			v.site.run.ledger.added(number, err)
		},
	}
	var list []*scenario
	for from, of := range contexts {
		for name, call := range calls {
			if from != "c" && (name == "key" || name == "forget" || name == "redirect") {
				continue // they take the *gin.Context alone
			}
			list = append(list, &scenario{
				name: "misuse-" + name + "-" + from, weight: 2, fresh: true,
				post: true, misuse: true,
				handle: func(v *visit, c *gin.Context) {
					ctx := of(c)
					v.later(func() { call(v, c, ctx) })
					c.Redirect(http.StatusSeeOther, somePage())
				},
			})
		}
	}
	slices.SortFunc(list, func(a, b *scenario) int { return strings.Compare(a.name, b.name) })
	return list
}

type key struct{}
