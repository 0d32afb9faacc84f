package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// Check 25. Eight tabs of which one is visible: it alone listens and shows, and a ninth page loads.
func TestLiveTabs(t *testing.T) {
	s, first := live(t, flashgin.Config{})
	tabs := []*tab{first}
	for range 7 {
		tabs = append(tabs, first.besideInWindow())
		b := tabs[len(tabs)-1]
		s.asks(1, func() {
			b.open(s.url)
			b.ready()
		})
	}
	last := tabs[len(tabs)-1]
	s.leave(flashgin.Info("one"))
	last.untilEqual([]string{"one"}, texts)
	s.acknowledged(1)
	for _, b := range tabs[:7] {
		b.until(`document.hidden`)
		assert.Empty(t, eval[[]string](b, texts))
	}
	// Another tab comes to the front and listens instead.
	s.asks(1, func() {
		first.call("Page.bringToFront", object{})
		first.until(`!document.hidden`)
		last.until(`document.hidden`)
	})
	s.leave(flashgin.Info("two"))
	first.untilEqual([]string{"two"}, texts)
	assert.Equal(t, []string{"one"}, eval[[]string](last, texts))

	ninth := first.beside()
	ninth.open(s.url + "/away")
	ninth.ready()
}

// windows opens so many windows, all visible, each with a page of its own: "/w/0" and so on. The
// last one listens.
func (s *site) windows(n int) []*tab {
	s.t.Helper()
	s.GET("/w/:n", s.page)
	s.line.lay(nil)
	list := []*tab{newTab(s.t)}
	for len(list) < n {
		list = append(list, list[0].beside())
	}
	for i, b := range list {
		s.asks(1, func() {
			b.open(fmt.Sprint(s.url, "/w/", i))
			b.ready()
		})
	}
	return list
}

// Twenty windows over HTTP/1.1, all visible: each loads, one of them listens, and each message is
// shown once, on the page that it is for.
func TestLiveWindows(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	windows := s.windows(20)
	for i, b := range windows {
		s.leave(flashgin.Info(fmt.Sprint(i)).At(fmt.Sprint("/w/", i)))
		b.untilEqual([]string{fmt.Sprint(i)}, texts)
	}
	s.acknowledged(len(windows))

	// Any of them may show what is for all. The one that was opened last does.
	s.leave(flashgin.Info("for all").At(flashgin.Anywhere))
	windows[19].untilEqual([]string{"19", "for all"}, texts)

	// The one that has listened goes away, and another one listens.
	s.asks(1, func() { windows[19].call("Page.close", object{}) })
	s.leave(flashgin.Info("later").At("/w/7"))
	windows[7].untilEqual([]string{"7", "later"}, texts)
	assert.Equal(t, []string{"3"}, eval[[]string](windows[3], texts))

	// So does one that only reads. What is for its page waits for it.
	hasPlace := func() bool {
		return eval[bool](windows[5], `navigator.locks.query().then(({held}) =>
			held.some(lock => lock.name.includes("%2Fw%2F3&")))`)
	}
	assert.True(t, hasPlace())
	windows[3].call("Page.close", object{})
	assert.Eventually(t, func() bool { return !hasPlace() }, patience, 10*time.Millisecond)
	s.leave(flashgin.Info("gone").At("/w/3"))
	windows[5].open(s.url + "/w/3")
	windows[5].untilEqual([]string{"gone"}, texts)
}

// A prefix that only browsers see is before the views that they name.
func TestLiveWindowsBehindAPrefix(t *testing.T) {
	s := newSite(t, flashgin.Config{Prefix: "/app"})
	proxy := http.NewServeMux()
	proxy.Handle("/app/", http.StripPrefix("/app", s))
	proxy.Handle("/", s) // its style sheet
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	s.url = server.URL + "/app"
	windows := s.windows(3)
	for i := range windows {
		s.leave(flashgin.Info(fmt.Sprint(i)).At(fmt.Sprint("/w/", i)))
	}
	for i, b := range windows {
		b.untilEqual([]string{fmt.Sprint(i)}, texts)
	}
}

// Where pages cannot agree on who listens, each does.
func TestLiveWindowsWithoutLocks(t *testing.T) {
	for name, script := range map[string]string{
		"not there": `Object.defineProperty(navigator, "locks", {value: undefined})`,
		"refused":   `navigator.locks.request = async () => { throw new DOMException("", "SecurityError") }`,
	} {
		t.Run(name, func(t *testing.T) {
			s, first := live(t, flashgin.Config{})
			second := first.beside()
			for i, b := range []*tab{first, second} {
				b.before(script)
				s.asks(i+1, func() {
					b.open(s.url)
					b.ready()
				})
			}
			s.leave(flashgin.Info("one"))
			count := func() int {
				return len(eval[[]string](first, texts)) + len(eval[[]string](second, texts))
			}
			assert.Eventually(t, func() bool { return count() == 1 }, patience, 20*time.Millisecond)
		})
	}
}

// Each user's messages come to that user.
func TestLiveUsers(t *testing.T) {
	s := newSite(t, flashgin.Config{SessionKey: func(c *gin.Context) (string, error) {
		return c.Cookie("user")
	}})
	s.line.lay(nil)
	var tabs []*tab
	for _, user := range []string{"anne", "bert"} {
		b := newTab(t)
		b.call("Network.setCookie", object{"name": "user", "value": user, "url": s.url})
		b.open(s.url)
		b.ready()
		tabs = append(tabs, b)
	}
	s.untilOpen(2)
	require.NoError(t, s.messenger.Add(t.Context(), "anne", flashgin.Info("for Anne").At("/")))
	tabs[0].untilEqual([]string{"for Anne"}, texts)
	require.NoError(t, s.messenger.Add(t.Context(), "bert", flashgin.Info("for Bert").At("/")))
	tabs[1].untilEqual([]string{"for Bert"}, texts)
	assert.Equal(t, []string{"for Anne"}, eval[[]string](tabs[0], texts))
}

// Check 25. The window that listens goes away, in whatever way, and another one shows what comes.
func TestLiveWindowsThatGo(t *testing.T) {
	for _, test := range []struct {
		name string
		gone func(*testing.T, *site, *tab)
	}{
		{"closed", func(t *testing.T, _ *site, b *tab) { b.call("Page.close", object{}) }},
		{"left for another page, and kept by the browser", func(t *testing.T, s *site, b *tab) {
			b.do(chromedp.Navigate(s.url + "/away"))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{},
				`{{define "head"}}{{if eq .Path "/"}}{{flashAssets}}{{end}}{{end}}`)
			s.line.lay(nil)
			other := newTab(t)
			other.open(s.url)
			other.ready()
			s.untilOpen(1)
			listens := other.beside()
			s.asks(1, func() {
				listens.open(s.url)
				listens.ready()
			})
			// What its stream still took would wait for a lease.
			s.asks(1, func() { test.gone(t, s, listens) })
			for _, text := range []string{"one", "two", "three"} {
				s.leave(flashgin.Info(text))
			}
			other.untilEqual([]string{"one", "two", "three"}, texts)
		})
	}
}

// A frozen page comes back when it thaws, and shows what has come meanwhile.
func TestLiveFrozen(t *testing.T) {
	s, b := live(t, flashgin.Config{})
	b.call("Page.setWebLifecycleState", object{"state": "frozen"})
	s.untilOpen(0)
	s.leave(flashgin.Info("meanwhile"))
	b.call("Page.setWebLifecycleState", object{"state": "active"})
	// The command leaves the page hidden.
	b.js(show)
	b.untilEqual([]string{"meanwhile"}, texts)
}

// Check 25. A logout in one window ends the stream of the others, which do not ask again; what
// comes for the next user is not for these pages.
func TestLiveLogout(t *testing.T) {
	s := newSite(t, flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
	s.line.lay(nil)
	keys := make(chan string, 2)
	key := func(c *gin.Context) {
		key, err := s.messenger.SessionKey(c)
		assert.NoError(t, err)
		keys <- key
		c.Status(http.StatusNoContent)
	}
	s.POST("/login", key)
	s.POST("/logout", func(c *gin.Context) {
		assert.NoError(t, s.messenger.Forget(c))
		key(c)
	})
	b := newTab(t)
	b.before(hasten)
	b.open(s.url)
	b.js(`await fetch("/login", {method: "POST"})`)
	user := <-keys
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	require.NoError(t, s.messenger.Add(t.Context(), user, flashgin.Info("for the user").At("/")))
	b.untilEqual([]string{"for the user"}, texts)

	second := b.beside()
	s.asks(1, func() {
		second.open(s.url)
		second.ready()
	})
	other := b.beside()
	other.open(s.url + "/page.css") // no page that listens itself
	asked := s.line.asked.Load()
	other.js(`await fetch("/logout", {method: "POST"})`)
	next := <-keys
	require.NotEqual(t, user, next)
	s.untilOpen(0)
	require.NoError(t, s.messenger.Add(t.Context(), next,
		flashgin.Info("for the next one").At("/")))
	time.Sleep(2500 * time.Millisecond) // longer than another page would wait before it listens
	assert.Equal(t, asked, s.line.asked.Load())
	assert.Empty(t, eval[[]string](second, texts))
	assert.Equal(t, []string{"for the user"}, eval[[]string](b, texts))
}
