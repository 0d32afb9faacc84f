package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// addresses are answers that lead somewhere by odd ways.
func addresses() []*scenario {
	list := []*scenario{
		{name: "raw-path", weight: 2, keyed: true, post: true, act: besideRawPath,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, "/files/a%2Fb", forRawPath)
				c.Status(http.StatusNoContent)
			}},
		{name: "cleared", weight: 3, fresh: true, post: true,
			handle: func(v *visit, c *gin.Context) {
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
					v.site.run.ledger.violate(strangersSession, v.scenario,
						"a planted cookie is taken")
				}
				_ = v.add(c, "", "AddFlash beside a planted cookie")
				c.Redirect(http.StatusSeeOther, somePage())
			}},
	}
	for i, location := range locations {
		list = append(list, &scenario{name: fmt.Sprint("to-", i), weight: 1, fresh: true,
			alone: true, act: land,
			handle: func(v *visit, c *gin.Context) {
				number, text := v.note("AddFlash, redirect to " + location)
				v.site.run.ledger.added(number, flashgin.AddFlash(c, flashgin.Info(text)))
				c.Header(noteHeader, strconv.Itoa(number))
				c.Redirect(http.StatusSeeOther,
					strings.Replace(location, "HOST", c.Request.Host, 1))
			}})
	}
	return list
}

// locations are read by browsers, and then by Gin's router, in ways of their own.
var locations = []string{
	"/PAGE/2", "/page/1 ", "/page/1?x=1#y", "/page/%31", "/page/2/../1", "../page/1", "/page/1/",
	"/PAGE/1/",
	"http://HOST/page/3", "//HOST/page/3", "/page/1\t", "/page//1",
	"//HOST//page/1",
	"/files/a%2Fb", "/files/x%20y", "/files/x y", "/files/ü", "/files/%C3%BC", "/files/%2e%2e",
	"/files/a;b",
	"/files/a+b", "/files/a%252Fb", "/./page/1", "/page/1#", "/page/1?", "/files/%5Cx",
	"/files/a%3Fb",
}

const noteHeader = "X-Note"

// land goes where an answer leads, as a browser does. The message must be there, on a later page if
// Redis was slower than a page waits for it.
func land(b *browser, s *scenario, _ *rand.Rand) {
	r := b.site.run
	at, _ := url.Parse(b.site.url + "/s/" + url.PathEscape(s.name))
	a := b.post(s, at.EscapedPath())
	number, err := strconv.Atoi(a.header.Get(noteHeader))
	led := ""
	for range 5 {
		location := a.header.Get("Location")
		if location == "" {
			break
		}
		if at, err = at.Parse(asBrowser(location)); err != nil {
			return
		}
		led += " -> " + location
		a = b.get(r.named("page"), at.RequestURI())
	}
	missed := func() bool { return a.status == http.StatusOK && !r.ledger.isSeen(number) }
	const most = 3 * leaseAndMore // a page that gives up may leave its messages claimed
	for start := time.Now(); r.store == redisStore && missed() && time.Since(start) < most; {
		time.Sleep(100 * time.Millisecond)
		a = b.get(r.named("page"), at.RequestURI())
	}
	if missed() {
		r.ledger.violate(shownWrongly, s, "not shown where the answer leads: %q", led)
	}
}

// asBrowser writes a location as browsers read it.
func asBrowser(location string) string {
	location = strings.TrimFunc(location, func(r rune) bool { return r <= ' ' })
	location = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(location)
	path, rest, found := strings.Cut(location, "?")
	path = strings.ReplaceAll(path, "\\", "/")
	if found {
		path += "?" + rest
	}
	return path
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
