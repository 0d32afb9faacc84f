package e2e

import (
	"net/http"
	"strings"
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
		b.open(s.url)
		b.ready()
		s.untilOpen(1)
	}
	last := tabs[len(tabs)-1]
	s.leave(flashgin.Info("one"))
	last.untilEqual([]string{"one"}, texts)
	for _, b := range tabs[:7] {
		assert.True(t, eval[bool](b, `document.hidden`))
		assert.Empty(t, eval[[]string](b, texts))
	}
	// Another tab comes to the front and listens instead.
	first.call("Page.bringToFront", object{})
	first.until(`!document.hidden`)
	s.untilOpen(1)
	s.leave(flashgin.Info("two"))
	first.untilEqual([]string{"two"}, texts)
	assert.Equal(t, []string{"one"}, eval[[]string](last, texts))

	ninth := first.beside()
	ninth.open(s.url + "/away")
	ninth.ready()
}

// Five windows, all visible: each message is shown in one of them.
func TestLiveWindows(t *testing.T) {
	s, first := live(t, flashgin.Config{})
	windows := []*tab{first}
	// a browser has six connections to a server over HTTP/1.1, and the streams take one each
	for range 4 {
		b := first.beside()
		b.open(s.url)
		b.ready()
		windows = append(windows, b)
	}
	s.untilOpen(len(windows))
	want := map[string]int{}
	for _, text := range strings.Fields("a b c d e f g h i j k l") {
		s.leave(flashgin.Info(text))
		want[text] = 1
	}
	got := func() map[string]int {
		counts := map[string]int{}
		for _, b := range windows {
			for _, text := range eval[[]string](b, texts) {
				counts[text]++
			}
		}
		return counts
	}
	assert.Eventually(t, func() bool { return len(got()) == len(want) },
		patience, 50*time.Millisecond)
	assert.Equal(t, want, got())
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

// Check 25. A window that goes away while it listens, in whatever way, leaves what comes then to
// the others.
func TestLiveWindowsThatGo(t *testing.T) {
	for _, test := range []struct {
		name string
		gone func(*testing.T, *site, *tab)
	}{
		{"closed", func(t *testing.T, _ *site, b *tab) { b.call("Page.close", object{}) }},
		{"left for another page, and kept by the browser", func(t *testing.T, s *site, b *tab) {
			b.do(chromedp.Navigate(s.url + "/away"))
		}},
		{"frozen", func(t *testing.T, _ *site, b *tab) {
			b.call("Page.setWebLifecycleState", object{"state": "frozen"})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{},
				`{{define "head"}}{{if eq .Path "/"}}{{flashAssets}}{{end}}{{end}}`)
			s.line.lay(nil)
			var windows []*tab
			for range 2 {
				windows = append(windows, newTab(t))
				windows[len(windows)-1].open(s.url)
				windows[len(windows)-1].ready()
			}
			s.untilOpen(2)
			test.gone(t, s, windows[0])
			s.untilOpen(1)
			for _, text := range []string{"one", "two", "three"} {
				s.leave(flashgin.Info(text))
			}
			windows[1].untilEqual([]string{"one", "two", "three"}, texts)
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
	b.js(`Object.defineProperty(Document.prototype, "hidden", {value: false}); document.dispatchEvent(new Event("visibilitychange", {bubbles: true}))`)
	b.untilEqual([]string{"meanwhile"}, texts)
}

// Check 25. A logout in one window ends the stream of the other, which does not ask again; what
// comes for the next user is not for that page.
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
	// With a silence of half a second the page would hang up by itself now and then, and miss the
	// goodbye.
	b.before(strings.Replace(hasten, "ms === 50000", "false", 1))
	b.open(s.url)
	b.js(`await fetch("/login", {method: "POST"})`)
	user := <-keys
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	require.NoError(t, s.messenger.Add(t.Context(), user, flashgin.Info("for the user").At("/")))
	b.untilEqual([]string{"for the user"}, texts)

	other := b.beside()
	other.open(s.url + "/page.css") // no page that listens itself
	asked := s.line.asked.Load()
	other.js(`await fetch("/logout", {method: "POST"})`)
	next := <-keys
	require.NotEqual(t, user, next)
	s.untilOpen(0)
	require.NoError(t, s.messenger.Add(t.Context(), next,
		flashgin.Info("for the next one").At("/")))
	time.Sleep(300 * time.Millisecond)
	assert.Equal(t, asked, s.line.asked.Load())
	assert.Equal(t, []string{"for the user"}, eval[[]string](b, texts))
}
