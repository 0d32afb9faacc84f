package main

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// A scenario is something that users do, or that a handler does.
type scenario struct {
	name   string
	weight int
	// handle is the handler of the scenario, unless act goes elsewhere.
	handle func(v *visit, c *gin.Context)
	// act is what a browser does. Nil means that it opens the page of handle, or sends its form.
	act func(b *browser, s *scenario, random *rand.Rand)

	ordinary bool // it is played beside whatever -scenario says
	post     bool // it is a form
	fresh    bool // half of its users are new visitors
	keyed    bool // its users have a session with a key
	alone    bool // its browser does nothing else meanwhile
	silent   bool // no message may be in its answers
	http1    bool // it is nothing for HTTP/2
	// uncertain: nobody can know whether its clients got the answer.
	uncertain bool
	looks     bool     // its answers have messages that wait on
	header    []string // names and values

	unrecovered    bool            // without a Recovery
	timeoutHandler bool            // an http.TimeoutHandler is around the engine
	misuse         bool            // it is forbidden, and may panic
	deadline       time.Duration   // of the context around the engine
	outside        gin.HandlerFunc // runs around flashgin
}

func (s *scenario) String() string {
	if s == nil {
		return "(none)"
	}
	return s.name
}

// scenarios returns all of them, those of misuse only if they are to run.
func scenarios(withMisuse bool) []*scenario {
	if withMisuse {
		return append(ordinary(), misuse()...)
	}
	return slices.Concat(ordinary(), outliving(), panics(), nested(), caches(), attacks(),
		deliveries(), addresses(), open())
}

// play lets a browser act, once.
func (s *scenario) play(b *browser, random *rand.Rand) {
	if s.alone {
		if !b.busy.TryLock() {
			return
		}
		defer b.busy.Unlock()
	} else {
		if !b.busy.TryRLock() {
			return
		}
		defer b.busy.RUnlock()
	}
	if s.fresh && random.IntN(2) == 0 {
		b.restart()
		if random.IntN(2) == 0 {
			b.post(s, "/login")
		}
	}
	if s.keyed && !b.hasKey() {
		b.post(s, "/key")
	}
	if s.act != nil {
		s.act(b, s, random)
		return
	}
	w := want{scenario: s, method: http.MethodGet, path: "/s/" + s.name, header: s.header,
		http1: s.http1}
	if s.post {
		w.method = http.MethodPost
	}
	s.follow(b, b.checked(w), random)
}

// checked is do, and no message may be in the answer if the scenario says so.
func (b *browser) checked(w want) answer {
	a := b.do(w)
	if w.scenario.silent && a.messages > 0 {
		b.site.run.ledger.violate(shownWrongly, w.scenario, "%s %s (%d) shows %d messages",
			w.method, w.path, a.status, a.messages)
	}
	return a
}

// follow goes where an answer leads, mostly.
func (s *scenario) follow(b *browser, a answer, random *rand.Rand) {
	location := a.header.Get("Location")
	if location == "" {
		location = a.header.Get("Hx-Redirect")
	}
	if location != "" && location[0] == '/' && random.IntN(10) < 7 {
		b.get(b.site.run.named("page"), location)
	}
}

func somePage() string { return pages[rand.IntN(3)] }

// someView returns a view at which a message may be added: "" is where the answer leads.
func someView() string {
	return []string{"", "", "", somePage(), pageRoute, flashgin.Anywhere, "/json",
		"/markup"}[rand.IntN(8)]
}

// ordinary is what applications do all day.
func ordinary() []*scenario {
	read := func(name string, weight int, path func() string, header ...string) *scenario {
		return &scenario{name: name, weight: weight, ordinary: true,
			act: func(b *browser, s *scenario, _ *rand.Rand) {
				b.do(want{scenario: s, method: http.MethodGet, path: path(), header: header})
			}}
	}
	fixed := func(path string) func() string { return func() string { return path } }
	return []*scenario{
		read("page", 30, somePage),
		read("list", 6, fixed("/list")),
		read("json", 6, fixed("/json")),
		read("markup", 6, fixed("/markup")),
		read("peek", 4, fixed("/peek")),
		read("htmx-page", 3, somePage, "HX-Request", "true", "HX-Current-URL",
			"http://localhost/page/1"),
		{name: "tabs", weight: 3, ordinary: true, act: threeTabs},
		{name: "restart", weight: 2, ordinary: true,
			act: func(b *browser, s *scenario, _ *rand.Rand) {
				b.restart()
				b.post(s, "/login")
			}},
		{name: "prefetch", weight: 3, ordinary: true, silent: true,
			act: func(b *browser, s *scenario, _ *rand.Rand) {
				b.checked(want{scenario: s, method: http.MethodGet, path: somePage(),
					header: []string{"Sec-Purpose", "prefetch"}})
			}},
		{name: "head", weight: 2, ordinary: true, silent: true,
			act: func(b *browser, s *scenario, _ *rand.Rand) {
				b.checked(want{scenario: s, method: http.MethodHead, path: "/s/head"})
			}, handle: func(v *visit, c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }},
		{name: "form", weight: 20, post: true, fresh: true, ordinary: true,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, someView(), "AddFlash, redirect")
				c.Redirect(http.StatusSeeOther, somePage())
			}},
		{name: "form-json", weight: 4, post: true, fresh: true, ordinary: true,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, someView(), "AddFlash, JSON")
				c.JSON(http.StatusOK, gin.H{"ok": true})
			}},
		{name: "form-shown", weight: 4, post: true, fresh: true, ordinary: true,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, "", "AddFlash, page of the same answer")
				c.HTML(http.StatusUnprocessableEntity, "page", nil)
			}},
		{name: "form-htmx", weight: 4, post: true, fresh: true, ordinary: true,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, someView(), "AddFlash, a part for htmx")
				c.Data(http.StatusOK, "text/html; charset=utf-8", []byte("<p>saved</p>"))
			}, header: []string{"HX-Request", "true", "HX-Current-URL", "http://localhost/page/1"}},
		{name: "form-htmx-redirect", weight: 3, post: true, fresh: true, ordinary: true,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, "", "AddFlash, HX-Redirect")
				c.Header("HX-Redirect", somePage())
				c.Status(http.StatusOK)
			}, header: []string{"HX-Request", "true"}},
		{name: "job", weight: 6, post: true, fresh: true, ordinary: true,
			handle: func(v *visit, c *gin.Context) {
				key, err := v.key(c)
				if err == nil {
					v.later(func() {
						_ = v.job(key, flashgin.Anywhere,
							"SessionKey in the handler, Add in a job")
					})
				}
				c.Redirect(http.StatusSeeOther, somePage())
			}},
		{name: "forget", weight: 2, post: true, handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, "", "AddFlash before Forget")
			_ = v.site.messenger.Forget(c)
			_ = v.add(c, "", "AddFlash after Forget")
			c.Redirect(http.StatusSeeOther, somePage())
		}},
	}
}

// threeTabs loads pages at the same time.
func threeTabs(b *browser, s *scenario, _ *rand.Rand) {
	done := make(chan struct{})
	for range 3 {
		go func() {
			b.do(want{scenario: s, method: http.MethodGet, path: somePage()})
			done <- struct{}{}
		}()
	}
	for range 3 {
		<-done
	}
}
