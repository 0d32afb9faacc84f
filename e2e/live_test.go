package e2e

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/child"
)

// A line is what lies between pages and the stream. Unless a test lays it, pages are told that
// there is nothing to hear: what one test has waiting for the next page must not come to the one
// that is open.
type line struct {
	mu      sync.Mutex
	trouble func(*gin.Context) // answers instead of the stream; nil: the stream is there
	laid    bool

	asked atomic.Int32 // requests for the stream
	open  atomic.Int32 // of these, how many go on
	acks  atomic.Int32
}

func (l *line) handle(c *gin.Context) {
	switch {
	case strings.HasSuffix(c.Request.URL.Path, "/_flash/ack"):
		l.acks.Add(1)
	case strings.HasSuffix(c.Request.URL.Path, "/_flash/stream"):
		l.mu.Lock()
		laid, trouble := l.laid, l.trouble
		l.mu.Unlock()
		if !laid {
			c.AbortWithStatus(http.StatusNoContent)
			return
		}
		l.open.Add(1)
		defer l.open.Add(-1)
		l.asked.Add(1)
		if trouble != nil {
			trouble(c)
			c.Abort()
		}
		c.Next()
	}
}

// lay lets streams through, or to what troubles them.
func (l *line) lay(trouble func(*gin.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.laid, l.trouble = true, trouble
}

// untilOpen waits until so many streams are open.
func (s *site) untilOpen(n int) {
	s.t.Helper()
	assert.Eventually(s.t, func() bool { return int(s.line.open.Load()) == n }, patience,
		5*time.Millisecond, "%d streams, not %d", s.line.open.Load(), n)
}

// asks does what makes a page ask for the stream, and waits until it has and n streams are open.
// The server may still count the stream of a page that is gone, so their number alone says little.
func (s *site) asks(n int, do func()) {
	s.t.Helper()
	before := s.line.asked.Load()
	do()
	assert.Eventually(s.t, func() bool {
		return s.line.asked.Load() > before && int(s.line.open.Load()) == n
	}, patience, 5*time.Millisecond, "%d streams and a new one among them", n)
}

// live returns a site with streams and a tab in which its page "/" is open and listens.
func live(t *testing.T, cfg flashgin.Config, templates ...string) (*site, *tab) {
	t.Helper()
	s := newSite(t, cfg, templates...)
	return s, s.listening()
}

// listening returns a tab with the page "/", which listens, and in which these files of testdata
// ran first.
func (s *site) listening(files ...string) *tab {
	s.t.Helper()
	s.line.lay(nil)
	b := newTab(s.t)
	for _, name := range files {
		b.beforeFile(name)
	}
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	return b
}

// hasten makes the script come back at once when the line fails, and notes how long it would have
// waited in pauses. What comes back is what the script also calls when the browser is online again.
// Chance is the same each time. While the page has impatient set, half a second of silence makes it
// hang up.
const hasten = `{
	const real = setTimeout;
	const on = addEventListener;
	let listen;
	Math.random = () => 0.75;
	globalThis.pauses = [];
	globalThis.addEventListener = (type, f, ...rest) => {
		if (type === "online") listen = f;
		on(type, f, ...rest);
	};
	globalThis.setTimeout = (f, ms, ...rest) => {
		if (f === listen) { pauses.push(ms); ms = 20; }
		if (ms === 50000 && globalThis.impatient) ms = 500;
		return real(f, ms, ...rest);
	};
}`

// Check 24, without trouble: the message appears, is read out, and is gone from the store when the
// page says so.
func TestLive(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.listening("log.js")
	b.js(`globalThis.same = true; document.getElementById("field").focus()`)
	s.leave(flashgin.Success("done: Café ✓ 😀\nРахмат 日本語"))
	b.untilEqual([]string{"done: Café ✓ 😀\nРахмат 日本語"}, texts)
	b.untilEqual([]string{"Success. done: Café ✓ 😀\nРахмат 日本語"},
		`spoken.map(s => s.text)`)
	assert.True(t, eval[bool](b, `same && document.activeElement.id === "field"`))
	assert.Eventually(t, func() bool { return s.line.acks.Load() == 1 },
		patience, 10*time.Millisecond)

	s.leave(flashgin.Message{Text: "50 %", Key: "job", AutoClose: true},
		flashgin.Message{Text: "elsewhere", View: "/other"})
	s.leave(flashgin.Message{Text: "100 %", Key: "job",
		Link: &flashgin.Link{Label: "View", URL: "/away"}})
	b.untilEqual([]string{"done: Café ✓ 😀\nРахмат 日本語", "100 %"}, texts)
	assert.Equal(t, "elsewhere", s.waiting("/other"))
}

// What was shown is acknowledged before its lease ends. The store has it no more, so it does not
// come back.
func TestLiveAcknowledged(t *testing.T) {
	store := new(flashgin.MemoryStore)
	s, b := live(t, flashgin.Config{Store: store, Lease: time.Minute})
	b.js(`globalThis.shows = 0; addEventListener("flash:before-show", () => shows++)`)
	s.leave(flashgin.Info("one"))
	b.untilEqual([]string{"one"}, texts)
	untilEmpty(t, store)
	assert.Equal(t, 1, eval[int](b, `shows`))
	assert.EqualValues(t, 1, s.line.acks.Load())
}

// untilEmpty waits until a store has nothing, not even what a page has claimed.
func untilEmpty(t *testing.T, store *flashgin.MemoryStore) {
	t.Helper()
	assert.Eventually(t, func() bool { return store.Stats().Messages == 0 }, patience,
		10*time.Millisecond, "the store is not empty")
}

// An acknowledgement that is lost makes the message come again. It is not shown again, and is
// acknowledged again.
func TestLiveAcknowledgementLost(t *testing.T) {
	s := newSite(t, flashgin.Config{Lease: 2 * time.Second})
	s.line.lay(nil)
	b := newTab(t)
	b.before(`{ const real = fetch; let lost = 0; globalThis.fetch = (url, init) => {
		if (lost < 2 && /ack$/.test(url)) { lost++; return Promise.reject(new TypeError("lost")); }
		return real(url, init);
	} }`)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	s.leave(flashgin.Info("one"))
	b.untilEqual([]string{"one"}, texts)
	assert.Eventually(t, func() bool { return s.line.acks.Load() == 1 },
		patience, 10*time.Millisecond)
	assert.Equal(t, []string{"one"}, eval[[]string](b, texts))
}

// When the store has forgotten an own ID, the page that is still open shows another message with
// it.
func TestLiveOwnIDUsedAgain(t *testing.T) {
	const ttl = 3 * time.Second
	s, b := live(t, flashgin.Config{Store: &flashgin.MemoryStore{TTL: ttl}})
	s.leave(flashgin.Message{ID: "job", Text: "done"})
	b.untilEqual([]string{"done"}, texts)
	acknowledged := func(n int32) {
		t.Helper()
		assert.Eventually(t, func() bool { return s.line.acks.Load() == n }, patience,
			10*time.Millisecond)
	}
	acknowledged(1)
	b.js(`document.querySelector("[data-flash-close]").click()`)
	b.untilEqual([]string{}, texts)
	time.Sleep(ttl + time.Second)
	s.leave(flashgin.Message{ID: "job", Text: "done again"})
	b.untilEqual([]string{"done again"}, texts)
	acknowledged(2)
	assert.Empty(t, s.waiting("/"))
}

// Check 24: whatever the line does, the script comes back, more and more slowly, and nothing is
// lost or shown twice.
func TestLiveTrouble(t *testing.T) {
	for _, test := range []struct {
		name    string
		trouble func(*gin.Context)
	}{
		{"503", func(c *gin.Context) { c.Status(http.StatusServiceUnavailable) }},
		{"a page of a proxy", func(c *gin.Context) {
			c.Data(http.StatusBadGateway, "text/html",
				[]byte("<html>\n\nevent: flash\ndata: <h1>Bad gateway</h1>\n\n"))
		}},
		{"a page that says it is fine", func(c *gin.Context) {
			c.Data(http.StatusOK, "text/html", []byte("<h1>Log in</h1>"))
		}},
		{"a redirect", func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/page.css") }},
		{"connections that are cut", func(c *gin.Context) {
			conn, _, err := c.Writer.Hijack()
			if err == nil {
				conn.Close()
			}
		}},
		{"silence", func(c *gin.Context) { <-c.Request.Context().Done() }},
		{"silence after the beginning", func(c *gin.Context) {
			c.Header("Content-Type", "text/event-stream")
			_, _ = io.WriteString(c.Writer, "retry: 2000\n: open\n\nevent: fla")
			c.Writer.Flush()
			<-c.Request.Context().Done()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{})
			s.line.lay(nil)
			b := newTab(t)
			b.before(hasten)
			b.open(s.url)
			b.ready()
			s.untilOpen(1)
			s.leave(flashgin.Info("before"))
			b.untilEqual([]string{"before"}, texts)
			s.line.lay(test.trouble)
			asked := s.line.asked.Load()
			b.expect("Failed to load resource")
			b.js(`globalThis.impatient = ` + encode(strings.HasPrefix(test.name, "silence")))
			s.endStreams()
			require.Eventually(t, func() bool { return s.line.asked.Load() >= asked+6 }, patience,
				5*time.Millisecond)
			pauses := eval[[]float64](b, `pauses`)
			s.leave(flashgin.Info("meanwhile"))
			s.line.lay(nil)
			b.untilEqual([]string{"before", "meanwhile"}, texts)
			b.js(`globalThis.impatient = false`) // not earlier: the last silence must end, too
			s.leave(flashgin.Info("after"))
			b.untilEqual([]string{"before", "meanwhile", "after"}, texts)
			b.untilConsole("Failed to load resource")
			if strings.HasPrefix(test.name, "silence after") {
				return // that server has said when to come back
			}
			// The first pause is the one that the server of the stream has asked for. The others
			// grow.
			require.Greater(t, len(pauses), 5)
			for i, pause := range pauses[1:] {
				assert.Equal(t, 0.75*min(60_000, 1000*float64(int(1)<<i)), pause, "pause %d", i)
			}
		})
	}
}

// The same at the pace of users: a deployment during which a proxy answers 503 for three seconds.
func TestLiveDeployment(t *testing.T) {
	s, b := live(t, flashgin.Config{})
	b.js(`globalThis.same = true`)
	s.line.lay(func(c *gin.Context) { c.Status(http.StatusServiceUnavailable) })
	b.expect("Failed to load resource")
	s.endStreams()
	s.leave(flashgin.Info("meanwhile"))
	time.Sleep(3 * time.Second)
	s.line.lay(nil)
	b.untilEqual([]string{"meanwhile"}, texts)
	assert.True(t, eval[bool](b, `same`))
}

// endStreams cuts the connections of the streams, as the end of a server does.
func (s *site) endStreams() { s.server.CloseClientConnections() }

// A server that is not there for a while is come back to.
func TestLiveServerRestarted(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	s.line.lay(nil)
	addr := child.Address(child.Port(t))
	listen := func() *http.Server {
		listener, err := net.Listen("tcp", addr)
		require.NoError(t, err)
		server := &http.Server{Handler: s}
		go func() { _ = server.Serve(listener) }()
		return server
	}
	server := listen()
	// after the tab, which would note that its stream has broken off
	t.Cleanup(func() { server.Close() })
	b := newTab(t)
	b.before(hasten)
	b.open("http://" + addr)
	b.ready()
	s.untilOpen(1)
	b.expect("ERR_INCOMPLETE_CHUNKED_ENCODING") // its stream
	b.expect("ERR_CONNECTION_REFUSED")
	require.NoError(t, server.Close())
	s.untilOpen(0)
	s.leave(flashgin.Info("meanwhile"))
	b.until(`pauses.length > 3`)
	server = listen()
	b.untilEqual([]string{"meanwhile"}, texts)
	b.untilConsole("ERR_CONNECTION_REFUSED")
}

// Where there is nothing to hear, nobody asks twice.
func TestLiveNothingToHear(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	s.line.lay(func(c *gin.Context) { c.Status(http.StatusNoContent) })
	b := newTab(t)
	b.before(hasten)
	b.open(s.url)
	b.ready()
	require.Eventually(t, func() bool { return s.line.asked.Load() == 1 }, patience,
		5*time.Millisecond)
	time.Sleep(300 * time.Millisecond)
	assert.EqualValues(t, 1, s.line.asked.Load())

	// A session without a key is not even sent there.
	none := newSite(t,
		flashgin.Config{SessionKey: func(*gin.Context) (string, error) { return "", nil }})
	none.line.lay(nil)
	b.open(none.url)
	b.ready()
	b.never(`document.querySelector("[data-stream]") !== null`)
	assert.Zero(t, none.line.asked.Load())
}

// The page that a form leads to shows what its request said, and the page that is being left does
// not.
func TestLivePostRedirectGet(t *testing.T) {
	s := newSite(t, flashgin.Config{},
		`{{define "content"}}<form method="post" action="/"><button id="save">Save</button></form>{{end}}`)
	s.line.lay(nil)
	s.POST("/", func(c *gin.Context) {
		assert.NoError(t, flashgin.RedirectFlash(c, "/", flashgin.Success("saved")))
	})
	b := newTab(t)
	b.open(s.url)
	for range 5 {
		b.ready()
		s.untilOpen(1)
		b.js(`globalThis.old = true`)
		b.click("#save")
		b.until(`!globalThis.old`)
		b.untilEqual([]string{"saved"}, texts)
		assert.True(t,
			eval[bool](b, `document.querySelector("flash-messages > ul [data-status]") !== null`),
			"in the page, not in the corner")
	}
}

// A message that was hardly shown before the page was left is for the next page.
func TestLiveLeftTooEarly(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	s.line.lay(nil)
	b := newTab(t)
	b.before(`addEventListener("flash:shown", () => location.pathname === "/" && location.search === "" && (location.search = "?again"))`)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	s.leave(flashgin.Info("one"))
	b.untilEqual("?again", `location.search`)
	b.untilEqual([]string{"one"}, texts)
}

// Check 23, with a stream: it ends when the page is left, does not keep the page out of the
// back/forward cache, and is there again when the user comes back.
func TestLiveBackButton(t *testing.T) {
	s := newSite(t, flashgin.Config{},
		`{{define "head"}}{{if eq .Path "/"}}{{flashAssets}}{{end}}{{end}}`)
	s.line.lay(nil)
	b := newTab(t)
	b.before(`addEventListener("pageshow", e => globalThis.persisted = e.persisted)`)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	b.do(chromedp.Navigate(s.url + "/away"))
	s.untilOpen(0)
	b.js(`setTimeout(() => history.back())`)
	b.untilEqual("/", `location.pathname`)
	b.until(`persisted`)
	s.untilOpen(1)
	s.leave(flashgin.Info("welcome back"))
	b.untilEqual([]string{"welcome back"}, texts)
}

// Check 23: Back is instant also to a page that has shown a message, and so says no-store, and that
// has listened and acknowledged. It is private, too: a cookie that has changed, as a logout changes
// it, makes the browser ask for the page anew.
func TestBackIsInstantAndPrivate(t *testing.T) {
	for _, test := range []struct {
		name string
		away string // what happens before Back
		kept bool
	}{
		{"the same user", ``, true},
		// The browser hears of the cookie a moment later, of which there is no sign.
		{"after a logout", `document.cookie = "session=another";
			await new Promise(resolve => setTimeout(resolve, 500))`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{},
				`{{define "head"}}{{if eq .Path "/"}}{{flashAssets}}{{end}}{{end}}`)
			s.line.lay(nil)
			b := newTab(t)
			b.before(`addEventListener("pageshow", e => globalThis.persisted = e.persisted)`)
			b.call("Network.setCookie", object{"name": "session", "value": "one", "url": s.url})
			s.leave(flashgin.Info("printed"))
			b.open(s.url + "/?printed")
			b.ready()
			b.untilEqual([]string{"printed"}, texts)
			s.untilOpen(1)
			s.leave(flashgin.Info("live"))
			b.untilEqual([]string{"printed", "live"}, texts)
			// The browser keeps no page that waits for an answer.
			b.until(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/ack"))`)
			b.do(chromedp.Navigate(s.url + "/away"))
			s.untilOpen(0)
			b.js(test.away)
			b.js(`setTimeout(() => history.back())`)
			b.untilEqual("?printed", `location.search`)
			b.untilEqual(test.kept, `persisted`)
			b.untilEqual([]string{}, texts)
			s.untilOpen(1)
		})
	}
}

// Turbo replaces the page below the script. The stream is then that of the new one.
func TestLiveTurbo(t *testing.T) {
	s := newSite(t, flashgin.Config{}, `{{define "head"}}{{flashAssets}}`+withTurbo+`{{end}}`)
	s.policy = "" // Turbo has a style element of its own
	s.line.lay(nil)
	b := newTab(t)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	s.asks(1, func() {
		b.js(`Turbo.visit("/away")`)
		b.untilEqual("/away", `location.pathname`)
	})
	s.leave(flashgin.Info("for the first page"), flashgin.Info("for this page").At("/away"))
	b.untilEqual([]string{"for this page"}, texts)
	assert.Equal(t, "for the first page", s.waiting("/"))
}
