package main

import (
	"math/rand/v2"
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// addresses are answers that lead somewhere by odd ways.
func addresses() []*scenario {
	to := func(name, location string) *scenario {
		return &scenario{name: name, weight: 2, fresh: true, post: true,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, "", "AddFlash, redirect to "+location)
				c.Redirect(http.StatusSeeOther, location)
			}}
	}
	return []*scenario{
		{name: "fixed-path", weight: 2, fresh: true, act: throughFixedPath,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, "", "AddFlash, redirect to a path in the wrong case")
				c.Redirect(http.StatusSeeOther, "/PAGE/2")
			}},
		to("trailing-space", "/page/1 "),
		to("query", "/page/1?x=1#y"),
		to("twice-escaped", "/page/%31"),
		to("dots", "/page/2/../1"),
		{name: "raw-path", weight: 2, keyed: true, post: true, act: besideRawPath,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, "/files/a%2Fb", forRawPath)
				c.Status(http.StatusNoContent)
			}},
		{name: "cleared", weight: 3, fresh: true, post: true, handle: func(v *visit, c *gin.Context) {
			_ = v.add(c, flashgin.Anywhere, "AddFlash, then session.Clear")
			if v.site.sessions {
				session := sessions.Default(c)
				session.Clear()
				session.Set("user", v.user)
				_ = session.Save()
			}
			_ = v.add(c, "", "AddFlash after session.Clear")
			c.Redirect(http.StatusSeeOther, somePage())
		}},
		{name: "two-cookies", weight: 3, fresh: true, post: true, act: planted,
			handle: func(v *visit, c *gin.Context) {
				key, err := v.key(c)
				if err == nil && v.site.run.ledger.isPlanted(key) {
					v.site.run.ledger.violate(strangersSession, v.scenario, "a planted cookie is taken")
				}
				_ = v.add(c, "", "AddFlash beside a planted cookie")
				c.Redirect(http.StatusSeeOther, somePage())
			}},
	}
}

// throughFixedPath follows the redirects of the router, too.
func throughFixedPath(b *browser, s *scenario, _ *rand.Rand) {
	a := b.post(s, "/s/"+s.name)
	for range 3 {
		location := a.header.Get("Location")
		if location == "" {
			return
		}
		a = b.get(b.site.run.named("page"), location)
	}
}

const forRawPath = "AddFlash for a path with an escaped slash"

// besideRawPath opens another page than the one that was meant, whose path only looks the same.
func besideRawPath(b *browser, s *scenario, _ *rand.Rand) {
	b.post(s, "/s/"+s.name)
	a := b.get(s, "/files/a/b")
	if a.messages > 0 && b.site.run.ledger.isHow(noteText.FindString(a.body), forRawPath) &&
		!b.site.sessions {
		b.site.run.ledger.violate(shownWrongly, s, "/files/a/b shows what is for /files/a%%2Fb")
	}
}

// planted sends a second cookie of the same name first, as one with a longer path is sent.
func planted(b *browser, s *scenario, random *rand.Rand) {
	if b.site.sessions || !b.hasKey() {
		return
	}
	b.do(want{scenario: s, method: http.MethodPost, path: "/s/" + s.name, header: []string{"Cookie",
		keyCookie + "=" + plantedSecret}})
}

// plantedSecret looks like one of CookieKey's.
const plantedSecret = "PLANTEDPLANTEDPLANTEDPLANT"

func (l *ledger) isPlanted(key string) bool {
	planted, _ := keyIn(keyCookie, plantedSecret)
	return key == planted
}
