package flashgin_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// What somebody may try with streams who does not mean well.

// Who names no view, or too many, and who asks from another site, gets no stream and takes nothing.
func TestStreamRefuses(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	v := a.visitor()
	a.job(v.get("/key"), flashgin.Info("waits").At("/a"))
	million := "/_flash/stream?" + strings.Repeat("view=/a&", 1_000_000)
	for _, test := range []struct {
		name   string
		path   string
		header []string
		status int
	}{
		{"no view", "/_flash/stream", nil, http.StatusBadRequest},
		{"an empty view", streamPath("/a", ""), nil, http.StatusBadRequest},
		{"17 views", streamPath(slices.Repeat([]string{"/a"}, 17)...), nil, http.StatusBadRequest},
		{"a million views", million, nil, http.StatusBadRequest},
		{"a long view", streamPath("/a", strings.Repeat("x", 9000)), nil, http.StatusBadRequest},
		{"another site", streamPath("/a"), []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"another host of the site", streamPath("/a"), []string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		{"another origin, by an old browser", streamPath("/a"), []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"no origin at all", streamPath("/a"), []string{"Origin", "null"}, http.StatusForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := v.do(http.MethodGet, test.path, test.header...)
			assert.Equal(t, test.status, answer.Code)
			assert.NotEqual(t, "text/event-stream; charset=utf-8", answer.Header().Get("Content-Type"))
		})
	}
	assert.Equal(t, "[waits]", v.get("/a"))
}

// A session has eight streams. The ninth ends the oldest.
func TestStreamsOfOneSession(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	server := a.serve()
	b, other := newBrowser(t, server.URL), newBrowser(t, server.URL)
	b.get("/key")
	other.get("/key")
	otherPage := other.listen(streamPath("/a"), nil)
	var pages []*listener
	for range 8 {
		pages = append(pages, b.listen(streamPath("/a"), nil))
	}
	for i := range 3 {
		pages = append(pages, b.listen(streamPath("/a"), nil))
		assert.Equal(t, "full", pages[i].ends())
	}
	for _, page := range append(pages[3:], otherPage) {
		select {
		case <-page.ended:
			assert.Fail(t, "a stream too many has ended")
		default:
		}
	}
}

// Ten thousand requests of one session leave it with eight streams, which serve it as ever.
func TestStreamAbuse(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	v := a.visitor()
	key := v.get("/key")
	var pages []*streamWriter
	for range 10_000 {
		pages = append(pages, v.listen(streamPath("/a")))
	}
	count := func(what func(*streamWriter) int) (n int) {
		for _, page := range pages {
			n += what(page)
		}
		return n
	}
	open := func(page *streamWriter) int {
		if page.isOpen() {
			return 1
		}
		return 0
	}
	assert.Eventually(t, func() bool { return count(open) == 8 }, 30*time.Second, 5*time.Millisecond)
	a.job(key, flashgin.Info("still served").At("/a"))
	heard := func(page *streamWriter) int { return len(textsOf(t, page.events())) }
	assert.Eventually(t, func() bool { return count(heard) == 1 }, 30*time.Second, 10*time.Millisecond)
	assert.Equal(t, 8, count(open))
}

// Views in numbers cost nothing but their length: they are not even looked at.
func TestStreamRefusesCheaply(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	for _, views := range []int{9_000, 1_000_000} { // net/url itself refuses more than 10,000
		request := httptest.NewRequest(http.MethodGet, "/_flash/stream?"+strings.Repeat("view=/a&", views), nil)
		answer := httptest.NewRecorder()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a.ServeHTTP(answer, request)
		runtime.ReadMemStats(&after)
		assert.Equal(t, http.StatusBadRequest, answer.Code)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<10), "bytes for %d views", views)
	}
}

// Nothing in a message can end the line that it is on, and nothing but ASCII is on it.
func TestStreamInjection(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	b := a.browser()
	key := b.get("/key")
	hostile := "a\r\n\r\nevent: flash-bye\rdata: x\n\n\u2028\u2029\x00\u0085é😀</script>\ufeff"
	view := "/a\r\ndata: x"
	m := flashgin.Message{Text: hostile, Title: hostile, Status: flashgin.Status(hostile), Key: hostile, ID: hostile, View: "view " + hostile}
	m.Link = &flashgin.Link{Label: hostile, URL: hostile}
	m.Data = map[string]string{hostile: hostile}
	page := b.listen(streamPath(m.View, view), nil)
	a.job(key, m)
	page.hears(hostile)
	a.job(key, flashgin.Info("second").At(view))
	page.hears(hostile, "second")
	events := page.all()
	require.Len(t, events, 4, "%q", events)
	for _, e := range events {
		assert.Empty(t, strings.Trim(e.data, " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"))
	}
	got := handedOver(t, events)[0].Messages[0]
	assert.Equal(t, m.Link, got.Link)
	assert.Equal(t, m.Data, got.Data)
	assert.Equal(t, m.View, got.View)
	for name, values := range page.response.Header {
		assert.NotContains(t, name+strings.Join(values, ""), "flash-bye")
	}
	assert.Equal(t, http.StatusNoContent, b.acknowledge(ackBody("shown", handedOver(t, events)...)).StatusCode)
	rest, err := a.messenger.Peek(t.Context(), key, m.View, view)
	require.NoError(t, err)
	assert.Empty(t, rest)
}

// A stream hands over what is for its own session, whatever else its client knows.
func TestStreamTellsNobodyElse(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	server := a.serve()
	anne, bert, thief := newBrowser(t, server.URL), newBrowser(t, server.URL), newBrowser(t, server.URL)
	annesKey, bertsKey := anne.get("/key"), bert.get("/key")
	annesPage, bertsPage := anne.listen(streamPath("/a"), nil), bert.listen(streamPath("/a"), nil)

	a.job(annesKey, flashgin.Info("for Anne").At("/a"))
	annesPage.hears("for Anne")
	a.job(bertsKey, flashgin.Info("for Bert").At("/a"))
	bertsPage.hears("for Bert")
	assert.Equal(t, []string{"for Anne"}, annesPage.texts())

	// Bert knows all there is to know of Anne's message, and her key.
	stolen := ackBody("back", handedOver(t, annesPage.all())...)
	assert.Equal(t, http.StatusNoContent, bert.acknowledge(stolen).StatusCode)
	assert.Equal(t, http.StatusNoContent, thief.acknowledge(stolen).StatusCode)
	assert.Empty(t, anne.get("/a"), "it is still out of sight")
	thief.get("/key")
	stranger := thief.listen(streamPath("/a")+"&session="+annesKey+"&key="+annesKey, nil)
	bert.listen(streamPath("/a"), nil)
	assert.Equal(t, http.StatusNoContent, anne.acknowledge(ackBody("back", handedOver(t, annesPage.all())...)).StatusCode)
	assert.Equal(t, "[for Anne]", anne.get("/a"))
	assert.Empty(t, stranger.texts())
}

// One client has a thousand streams, whatever sessions it invents. Others have theirs; so has it, when
// some have ended. The log says once what to do if the client is a proxy.
func TestStreamsOfOneClient(t *testing.T) {
	log := new(lockedBuffer)
	a := newAppWithoutSessions(t, flashgin.Config{Logger: logTo(log), SessionKey: flashgin.CookieKey("flash")})
	a.mountLive()
	v := a.visitor()
	invent := func(client string) *streamWriter {
		return v.listen(streamPath("/a"), "Cookie", "flash="+rand.Text(), "X-Forwarded-For", client)
	}
	isServed := func(page *streamWriter) bool {
		require.Eventually(t, func() bool { return len(page.events()) > 0 }, 30*time.Second, time.Millisecond)
		if page.events()[0].data == "30000" {
			<-page.ended
			return false
		}
		require.Eventually(t, func() bool { return len(page.events()) > 1 }, 30*time.Second, time.Millisecond)
		return true
	}
	var pages []*streamWriter
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
	pages[0].close()
	assert.True(t, isServed(invent("2001:db8::1")))
	assert.Equal(t, 1, strings.Count(log.String(), "SetTrustedProxies"), log)
}
