package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// caches are answers that a cache may keep, and requests of other sites.
func caches() []*scenario {
	public := func(c *gin.Context) { c.Header("Cache-Control", "public, max-age=600") }
	list := []*scenario{
		{name: "public-key", handle: func(v *visit, c *gin.Context) {
			public(c)
			_, _ = v.key(c)
			c.String(http.StatusOK, "a form")
		}},
		{name: "public-add", handle: func(v *visit, c *gin.Context) {
			public(c)
			_ = v.add(c, "/json", "AddFlash for elsewhere, on a public page")
			c.String(http.StatusOK, "ok")
		}},
		{name: "public-redirect", handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, "", "AddFlash, 301")
			c.Redirect(http.StatusMovedPermanently, somePage())
		}},
		{name: "public-page", handle: func(v *visit, c *gin.Context) {
			public(c)
			for _, name := range []string{"Surrogate-Control", "CDN-Cache-Control",
				"Fastly-CDN-Cache-Control", "Edge-Control"} {
				c.Header(name, "max-age=600")
			}
			c.Header("X-Accel-Expires", "600")
			_ = v.add(c, "", "AddFlash on its own page, for CDNs")
			c.HTML(http.StatusOK, "list", nil)
		}},
		{name: "public-peek", keyed: true, handle: func(v *visit, c *gin.Context) {
			public(c)
			v.waiting(c, "Add, peeked at on a public page")
			list := v.site.run.ours(v, flashgin.PeekFlashes(c), "by PeekFlashes")
			// What is only looked at is not shown: the number is.
			if len(list) > 0 && c.Writer.Written() {
				v.site.run.ledger.violate(publicAnswer, v.scenario,
					"headers were sent by PeekFlashes")
			}
			c.String(http.StatusOK, "%d messages", len(list))
		}},
		{name: "public-early-flush", keyed: true, handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, for a public page whose head is flushed first")
			public(c)
			c.Writer.WriteHeaderNow()
			c.Writer.Flush()
			fmt.Fprint(c.Writer, v.take(c))
		}},
		{name: "public-early-markup", keyed: true, handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, for a public page whose head is written first")
			public(c)
			_, _ = c.Writer.WriteString("<!doctype html>")
			_, _ = c.Writer.WriteString(string(flashgin.Markup(c.Request.Context())))
		}},
		{name: "public-early-template", keyed: true, handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, for a public page whose template comes late")
			public(c)
			c.Writer.Flush()
			c.HTML(http.StatusOK, "list", nil)
		}},
		{name: "public-after-take", keyed: true, handle: func(v *visit, c *gin.Context) {
			v.waiting(c, "Add, for a page that is made public when its messages are taken")
			text := v.take(c)
			public(c)
			c.Header("CDN-Cache-Control", "max-age=600")
			c.String(http.StatusOK, "%s", text)
		}},
		{name: "other-site", keyed: true, silent: true, handle: func(v *visit, c *gin.Context) {
			c.HTML(http.StatusOK, "page", nil)
		}, act: otherSite},
	}
	for _, s := range list {
		s.weight, s.fresh = 3, true
	}
	return list
}

// otherSite fetches a page as another site can, whose user never sees the answer.
func otherSite(b *browser, s *scenario, random *rand.Rand) {
	b.post(b.site.run.named("form"), "/s/form")
	requests := [][]string{
		{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "empty"},
		{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"},
		{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
		{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "json"},
		{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors",
			"Sec-Fetch-Dest", "speculationrules"},
		{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "same-origin",
			"Sec-Fetch-Dest", "xslt"},
	}
	b.checked(want{
		scenario: s, method: http.MethodGet, path: []string{"/s/" + s.name, "/json", "/markup",
			"/page/1"}[random.IntN(4)],
		header: requests[random.IntN(len(requests))],
	})
	pull := []string{"X-Get-Flash", "1", "Origin", "https://elsewhere.example"}
	b.checked(want{scenario: s, method: http.MethodGet,
		path: "/_flash/messages?view=/page/1&view=*", header: pull})
}
