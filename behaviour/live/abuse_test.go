package live_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/testrun"
)

// What somebody may try with streams who does not mean well.

// Who names no view, or too many, and who asks from another site, gets no stream and takes nothing.
func TestStreamRefuses(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	v := a.Visitor()
	a.Job(v.Get("/key"), flashgin.Info("waits").At("/a"))
	million := "/_flash/stream?" + strings.Repeat("view=/a&", 1_000_000)
	for _, test := range []struct {
		name   string
		path   string
		header []string
		status int
	}{
		{"no view", "/_flash/stream", nil, http.StatusBadRequest},
		{"an empty view", apptest.StreamPath("/a", ""), nil, http.StatusBadRequest},
		{"65 views", apptest.StreamPath(slices.Repeat([]string{"/a"}, 65)...), nil,
			http.StatusBadRequest},
		{"a million views", million, nil, http.StatusBadRequest},
		{"a long view", apptest.StreamPath("/a", strings.Repeat("x", 9000)), nil,
			http.StatusBadRequest},
		{"another site", apptest.StreamPath("/a"), []string{"Sec-Fetch-Site", "cross-site"},
			http.StatusForbidden},
		{"another host of the site", apptest.StreamPath("/a"),
			[]string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		{"another origin, by an old browser", apptest.StreamPath("/a"),
			[]string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"no origin at all", apptest.StreamPath("/a"), []string{"Origin", "null"},
			http.StatusForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := v.Do(http.MethodGet, test.path, test.header...)
			assert.Equal(t, test.status, answer.Code)
			assert.NotEqual(t, "text/event-stream; charset=utf-8",
				answer.Header().Get("Content-Type"))
		})
	}
	assert.Equal(t, "[waits]", v.Get("/a"))
}

// A session has eight streams. The ninth ends the oldest.
func TestStreamsOfOneSession(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	server := a.Serve()
	b, other := apptest.NewBrowser(t, server.URL), apptest.NewBrowser(t, server.URL)
	b.Get("/key")
	other.Get("/key")
	otherPage := other.Listen(apptest.StreamPath("/a"), nil)
	var pages []*apptest.Listener
	for range 8 {
		pages = append(pages, b.Listen(apptest.StreamPath("/a"), nil))
	}
	for i := range 3 {
		pages = append(pages, b.Listen(apptest.StreamPath("/a"), nil))
		assert.Equal(t, "full", pages[i].Ends())
	}
	for _, page := range append(pages[3:], otherPage) {
		select {
		case <-page.Ended:
			assert.Fail(t, "a stream too many has ended")
		default:
		}
	}
}

// A thousand requests of one session leave it with eight streams, which serve it as ever.
func TestStreamAbuse(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	v := a.Visitor()
	key := v.Get("/key")
	streams := 1000
	if testrun.Soaking() {
		streams = 10_000
	}
	var pages []*apptest.StreamWriter
	for range streams {
		pages = append(pages, v.Listen(apptest.StreamPath("/a")))
	}
	count := func(what func(*apptest.StreamWriter) int) (n int) {
		for _, page := range pages {
			n += what(page)
		}
		return n
	}
	open := func(page *apptest.StreamWriter) int {
		if page.IsOpen() {
			return 1
		}
		return 0
	}
	assert.Eventually(t, func() bool { return count(open) == 8 },
		2*time.Minute, 50*time.Millisecond)
	a.Job(key, flashgin.Info("still served").At("/a"))
	heard := func(page *apptest.StreamWriter) int { return len(apptest.TextsOf(t, page.Events())) }
	assert.Eventually(t, func() bool { return count(heard) == 1 },
		2*time.Minute, 50*time.Millisecond)
	assert.Equal(t, 8, count(open))
}

// Views in numbers cost nothing but their length: they are not even looked at.
func TestStreamRefusesCheaply(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	for _, views := range []int{9_000, 1_000_000} { // net/url itself refuses more than 10,000
		request := httptest.NewRequest(http.MethodGet,
			"/_flash/stream?"+strings.Repeat("view=/a&", views), nil)
		bytes := apptest.LeastAllocated(func() {
			answer := httptest.NewRecorder()
			a.ServeHTTP(answer, request)
			assert.Equal(t, http.StatusBadRequest, answer.Code)
		})
		assert.Less(t, bytes, uint64(64<<10), "bytes for %d views", views)
	}
}

// Nothing in a message can end the line that it is on, and nothing but ASCII is on it.
func TestStreamInjection(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	b := a.Browser()
	key := b.Get("/key")
	hostile := "a\r\n\r\nevent: flash-bye\rdata: x\n\n\u2028\u2029\x00\u0085é😀</script>\ufeff"
	view := "/a\r\ndata: x"
	m := flashgin.Message{
		Text: hostile, Title: hostile, Status: flashgin.Status(hostile), Key: hostile, ID: hostile,
		View: "view " + hostile,
	}
	m.Link = &flashgin.Link{Label: hostile, URL: hostile}
	m.Data = map[string]string{hostile: hostile}
	page := b.Listen(apptest.StreamPath(m.View, view), nil)
	a.Job(key, m)
	page.Hears(hostile)
	a.Job(key, flashgin.Info("second").At(view))
	page.Hears(hostile, "second")
	events := page.All()
	require.Len(t, events, 4, "%q", events)
	for _, e := range events {
		assert.Empty(t, strings.Trim(e.Data,
			" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"))
	}
	got := apptest.HandedOver(t, events)[0].Messages[0]
	assert.Equal(t, m.Link, got.Link)
	assert.Equal(t, m.Data, got.Data)
	assert.Equal(t, m.View, got.View)
	for name, values := range page.Response.Header {
		assert.NotContains(t, name+strings.Join(values, ""), "flash-bye")
	}
	assert.Equal(t, http.StatusNoContent,
		b.Acknowledge(apptest.AckBody("shown", apptest.HandedOver(t, events)...)).StatusCode)
	rest, err := a.Messenger.Peek(t.Context(), key, m.View, view)
	require.NoError(t, err)
	assert.Empty(t, rest)
}

// A stream hands over what is for its own session, whatever else its client knows.
func TestStreamTellsNobodyElse(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	server := a.Serve()
	anne, bert, thief := apptest.NewBrowser(t, server.URL), apptest.NewBrowser(t,
		server.URL), apptest.NewBrowser(t, server.URL)
	annesKey, bertsKey := anne.Get("/key"), bert.Get("/key")
	annesPage, bertsPage := anne.Listen(apptest.StreamPath("/a"), nil), bert.Listen(
		apptest.StreamPath("/a"), nil)

	a.Job(annesKey, flashgin.Info("for Anne").At("/a"))
	annesPage.Hears("for Anne")
	a.Job(bertsKey, flashgin.Info("for Bert").At("/a"))
	bertsPage.Hears("for Bert")
	assert.Equal(t, []string{"for Anne"}, annesPage.Texts())

	// Bert knows all there is to know of Anne's message, and her key.
	stolen := apptest.AckBody("back", apptest.HandedOver(t, annesPage.All())...)
	assert.Equal(t, http.StatusNoContent, bert.Acknowledge(stolen).StatusCode)
	assert.Equal(t, http.StatusNoContent, thief.Acknowledge(stolen).StatusCode)
	assert.Empty(t, anne.Get("/a"), "it is still out of sight")
	thief.Get("/key")
	stranger := thief.Listen(apptest.StreamPath("/a")+"&session="+annesKey+"&key="+annesKey, nil)
	bert.Listen(apptest.StreamPath("/a"), nil)
	assert.Equal(t, http.StatusNoContent, anne.Acknowledge(
		apptest.AckBody("back", apptest.HandedOver(t, annesPage.All())...)).StatusCode)
	assert.Equal(t, "[for Anne]", anne.Get("/a"))
	assert.Empty(t, stranger.Texts())
}

// One client has a thousand streams, whatever sessions it invents. Others have theirs; so has it,
// when some have ended. The log says once what to do if the client is a proxy.
func TestStreamsOfOneClient(t *testing.T) {
	log := new(apptest.LockedBuffer)
	a := apptest.NewAppWithoutSessions(t,
		flashgin.Config{Logger: apptest.LogTo(log), SessionKey: flashgin.CookieKey("flash")})
	a.MountLive()
	v := a.Visitor()
	invent := func(client string) *apptest.StreamWriter {
		return v.Listen(apptest.StreamPath("/a"), "Cookie", "flash="+rand.Text(), "X-Forwarded-For",
			client)
	}
	isServed := func(page *apptest.StreamWriter) bool {
		require.Eventually(t, func() bool { return len(page.Events()) > 0 }, 30*time.Second,
			time.Millisecond)
		if page.Events()[0].Data == "30000" {
			<-page.Ended
			return false
		}
		require.Eventually(t, func() bool { return len(page.Events()) > 1 }, 30*time.Second,
			time.Millisecond)
		return true
	}
	var pages []*apptest.StreamWriter
	for range 1000 {
		pages = append(pages, invent("2001:db8::1"))
	}
	for _, page := range pages {
		require.True(t, isServed(page))
	}
	for range 2 {
		assert.False(t, isServed(invent("2001:db8::2")), "another address of the same network")
	}
	assert.True(t, isServed(invent("2001:db8:0:1::1")))
	assert.True(t, isServed(invent("192.0.2.1")))
	pages[0].Close()
	assert.True(t, isServed(invent("2001:db8::1")))
	assert.Equal(t, 1, strings.Count(log.String(), "SetTrustedProxies"), log)
}

// An open page is told of what other frameworks call an error as of an error.
func TestStreamHasOurStatuses(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/"), nil)
	a.Job(key, flashgin.Message{Status: "danger", Text: "no", View: "/"})
	page.Hears("no")
	got := apptest.HandedOver(t, page.All())[0].Messages[0]
	assert.Equal(t, flashgin.StatusError, got.Status)
}

// A download opens no page: what it adds is for the one that is open still, and wakes it.
func TestDownloadWakesThePageThatStays(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	a.GET("/file", func(c *gin.Context) {
		c.Header("Content-Disposition", "attachment")
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("downloaded")))
		c.String(http.StatusOK, "a,b")
	})
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/settings"), b.Acknowledging())
	a.Job(key, flashgin.Info("it listens").At("/settings"))
	page.Hears("it listens")
	b.Get("/file", "Referer", b.URL+"/settings", "Sec-Fetch-Mode", "navigate",
		"Sec-Fetch-Dest", "document")
	page.Hears("it listens", "downloaded")
}
