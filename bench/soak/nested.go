package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// nested are handlers that ask their own engine for another user: for a mail, a preview, a batch.
func nested() []*scenario {
	return []*scenario{
		{name: "nested-add", weight: 4, post: true, act: nestedAct,
			handle: nestedRequest(http.MethodPost, "/s/nested-inner")},
		{name: "nested-page", weight: 4, post: true, act: nestedAct,
			handle: nestedRequest(http.MethodGet, "/page/1")},
		{name: "nested-json", weight: 4, post: true, act: nestedAct,
			handle: nestedRequest(http.MethodGet, "/json")},
		{name: "nested-inner", handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, flashgin.Anywhere, "AddFlash in a request inside another user's")
			_ = v.add(c.Request.Context(), somePage(),
				"AddFlash by context in a request inside another user's")
			_, _ = v.key(c)
			c.Redirect(http.StatusSeeOther, somePage())
		}},
	}
}

// nestedAct sends the cookies of another user along, who has a session already.
func nestedAct(b *browser, s *scenario, random *rand.Rand) {
	r := b.site.run
	for range 20 {
		other := r.browsers[random.IntN(len(r.browsers))]
		if other.site == b.site && other != b && other.hasKey() {
			header := []string{otherHeader, strconv.Itoa(other.user), otherCookies, other.sent()}
			s.follow(b, b.do(want{scenario: s, method: http.MethodPost, path: "/s/" + s.name,
				header: header}), random)
			return
		}
	}
}

func nestedRequest(method, path string) func(v *visit, c *gin.Context) {
	return func(v *visit, c *gin.Context) {
		_ = v.add(c, "", "AddFlash before a request inside this one")
		user, _ := strconv.Atoi(c.GetHeader(otherHeader))
		inner := &visit{site: v.site, user: user, scenario: v.site.run.named("nested-inner"),
			done: make(chan struct{})}
		// gorilla/sessions keeps the sessions of a request in its context: there a second one would
		// have those of the first.
		parent := c.Request.Context()
		if v.site.sessions {
			parent = context.Background()
		}
		ctx := context.WithValue(parent, visitKey{}, inner)
		request, _ := http.NewRequestWithContext(ctx, method, path, nil)
		request.Header.Set("Cookie", c.GetHeader(otherCookies))
		recorder := httptest.NewRecorder()
		v.site.engine.ServeHTTP(recorder, request)
		close(inner.done)
		v.site.run.ledger.found(user, inner.scenario, "an inner "+method+" "+path,
			recorder.Body.String(), true)
		for _, cookie := range recorder.Result().Cookies() {
			key, _ := keyIn(cookie.Name, cookie.Value)
			v.site.run.ledger.own(key, user, inner.scenario, "in a cookie of an inner request")
			v.site.run.ledger.hold(key, user)
		}
		_ = v.add(c, "", "AddFlash after a request inside this one")
		c.Redirect(http.StatusSeeOther, somePage())
	}
}
