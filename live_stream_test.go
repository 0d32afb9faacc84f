package flashgin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// An open page is handed what is added for its views, and nothing else. What it has shown is gone.
func TestStream(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	b := a.browser()
	key := b.get("/key")
	page := b.listen(streamPath("/a", flashgin.Anywhere), nil, "Sec-Fetch-Site", "same-origin")
	header := page.response.Header
	assert.Equal(t, http.StatusOK, page.response.StatusCode)
	assert.Equal(t, "text/event-stream; charset=utf-8", header.Get("Content-Type"))
	assert.Equal(t, "private, no-store, no-transform", header.Get("Cache-Control"))
	assert.Equal(t, "no", header.Get("X-Accel-Buffering"))
	assert.Equal(t, "identity", header.Get("Content-Encoding"))
	assert.Empty(t, header.Values("Set-Cookie"))

	a.job(key, flashgin.Success("done").At("/a"))
	page.hears("done")
	a.job(key, flashgin.Success("elsewhere").At("/b"), flashgin.Success("anywhere").At(flashgin.Anywhere))
	page.hears("done", "anywhere")
	assert.Equal(t, http.StatusNoContent, b.acknowledge(ackBody("shown", handedOver(t, page.all())...)).StatusCode)
	assert.Empty(t, b.get("/a"))
	assert.Equal(t, "[elsewhere]", b.get("/b"))
	assert.Equal(t, sse{"", "open"}, page.all()[1])
}

// What waits when a page begins to listen comes at once.
func TestStreamHandsOverWhatWaits(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	b := a.browser()
	a.job(b.get("/key"), flashgin.Info("first").At("/a"), flashgin.Info("second").At("/b"), flashgin.Info("third").At("/a"))
	b.listen(streamPath("/a", "/b"), nil).hears("first", "second", "third")
}

// Streams of one session and pages that are loaded meanwhile share what there is.
func TestStreamExactlyOnce(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	exactlyOnce(t, a, a.browser(), nil)
}

// Without a session there is nothing to listen to; and a page that nobody has opened yet takes nothing.
func TestStreamWithoutSession(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	v := a.visitor()
	answer := v.get("/a")
	assert.Empty(t, answer)
	nothing := v.do(http.MethodGet, streamPath("/a"))
	assert.Equal(t, http.StatusNoContent, nothing.Code)
	assert.Empty(t, nothing.Header().Get("Set-Cookie"))
	assert.Empty(t, a.failures.all())

	// A page that nobody has opened yet must not take messages.
	key := v.get("/key")
	a.job(key, flashgin.Info("later").At("/a"))
	assert.Equal(t, http.StatusNoContent, v.do(http.MethodGet, streamPath("/a"), "Sec-Purpose", "prefetch;prerender").Code)
	assert.Equal(t, "[later]", v.get("/a"))
}

// Where the sessions middleware is missing, that is reported, and clients come back later.
func TestStreamWithoutSessionMiddleware(t *testing.T) {
	a := newAppWithoutSessions(t, flashgin.Config{})
	a.mountLive()
	answer := a.visitor().do(http.MethodGet, streamPath("/a"))
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "retry: 30000\n\n", answer.Body.String())
	assert.ErrorIs(t, errors.Join(a.failures.all()...), flashgin.ErrNoSession)
}

// Sixteen views are read, written as scripts see them.
func TestStreamViews(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{Prefix: "/app"})
	b := a.browser()
	key := b.get("/key")
	views := []string{"/problems/:id", "/app/caf%C3%A9", "/100%25", "dashboard", flashgin.Anywhere}
	for len(views) < 16 {
		views = append(views, fmt.Sprintf("/%d", len(views)))
	}
	page := b.listen(streamPath(views...), nil)
	want := []string{}
	for _, view := range []string{"/problems/:id", "/café", "/100%25", "dashboard", flashgin.Anywhere, "/15"} {
		a.job(key, flashgin.Info(view).At(view))
		want = append(want, view)
		page.hears(want...)
	}
}

// Scripts show text, so what is nothing but HTML waits for a page that a template renders.
func TestStreamLeavesHTML(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	a.template("page", `{{range flashes}}[{{.HTML}}{{.Text}}]{{end}}`)
	b := a.browser()
	key := b.get("/key")
	page := b.listen(streamPath("/a"), b.acknowledging())
	a.job(key, flashgin.Message{HTML: "<b>bold</b>", View: "/a"}, flashgin.Info("plain").At("/a"))
	page.hears("plain")
	eventually(t, "[<b>bold</b>]", func() string { return b.get("/a") })
}

// A stream gives signs of life, and ends after some minutes, as one whose client is to come back.
func TestStreamLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLiveApp(t, flashgin.Config{})
		v := a.visitor()
		v.get("/key")
		start := time.Now()
		page := v.listen(streamPath("/a"))
		synctest.Wait()
		first := page.events()
		require.Len(t, first, 2)
		retry, err := strconv.Atoi(first[0].data)
		require.NoError(t, err)
		assert.True(t, 2000 <= retry && retry <= 8000, "retry %d", retry)

		// Beats, until it has lived its time.
		beats := 0
		for last := start; page.isOpen(); {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			if now := len(page.events()) - len(first); now > beats {
				beats = now
				if page.isOpen() {
					between := time.Since(last)
					assert.True(t, 17900*time.Millisecond < between && between < 22100*time.Millisecond, "%v between beats", between)
				}
				last = time.Now()
			}
			require.Less(t, time.Since(start), 4*time.Minute)
		}
		life := time.Since(start)
		assert.True(t, 144*time.Second <= life && life <= 217*time.Second, "%v", life)
		events := page.events()
		assert.Equal(t, sse{"flash-hb", ""}, events[2])
		assert.Equal(t, sse{"flash-bye", "age"}, events[len(events)-1])
		soon, err := strconv.Atoi(events[len(events)-2].data)
		require.NoError(t, err)
		assert.True(t, 0 < soon && soon <= 1000, "retry %d", soon)
		assert.Greater(t, beats, 5)
	})
}

// Every write has five seconds. Between writes there is no deadline: it would end a stream of HTTP/2.
func TestStreamDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLiveApp(t, flashgin.Config{})
		v := a.visitor()
		key := v.get("/key")
		page := v.listen(streamPath("/a"))
		a.job(key, flashgin.Info("text").At("/a"))
		time.Sleep(time.Minute)
		synctest.Wait()
		page.mu.Lock()
		defer page.mu.Unlock()
		require.Greater(t, len(page.deadlines), 6)
		for i, deadline := range page.deadlines {
			assert.Equal(t, i%2 == 0, deadline.IsZero(), "call %d", i)
		}
		assert.Zero(t, page.deadline)
	})
}

// What nobody acknowledges waits again after the lease, and comes back by itself, to this page or to another one.
func TestStreamUnacknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLiveApp(t, flashgin.Config{Lease: 10 * time.Second})
		v := a.visitor()
		key := v.get("/key")
		lost := v.listen(streamPath("/a"))
		synctest.Wait()
		a.job(key, flashgin.Info("text").At("/a"))
		synctest.Wait()
		assert.Equal(t, []string{"text"}, textsOf(t, lost.events()))
		lost.close()

		next := v.listen(streamPath("/a"))
		time.Sleep(9 * time.Second)
		synctest.Wait()
		assert.Empty(t, textsOf(t, next.events()))
		assert.Empty(t, v.get("/a"))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"text"}, textsOf(t, next.events()))

		// It stays unacknowledged, so the same page gets it again, and again.
		time.Sleep(13 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"text", "text"}, textsOf(t, next.events()))
		v.acknowledge(ackBody("shown", handedOver(t, next.events())...))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"text", "text"}, textsOf(t, next.events()))
	})
}

// A client that cannot be reached gets nothing, and what it was to get is for others at once.
func TestStreamWriteFails(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	v := a.visitor()
	key := v.get("/key")
	broken := v.listenOn(&streamWriter{fail: func(text []byte) error {
		if bytes.Contains(text, []byte("event: flash\n")) {
			return errors.New("broken pipe")
		}
		return nil
	}}, streamPath("/a"))
	require.Eventually(t, func() bool { return len(broken.events()) > 0 }, 30*time.Second, time.Millisecond)
	a.job(key, flashgin.Info("text").At("/a"))
	<-broken.ended
	assert.Equal(t, "[text]", v.get("/a"))
}

// Without wake-ups a stream asks every few seconds; with them, every half minute at the most, for they may be lost.
func TestStreamPolls(t *testing.T) {
	quiet := func(t *testing.T, store flashgin.Store, counter *spyStore) (claims int) {
		a := newLiveApp(t, flashgin.Config{Store: store})
		v := a.visitor()
		v.get("/key")
		page := v.listen(streamPath("/a"))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		before := counter.count("Claim")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		claims = counter.count("Claim") - before
		page.close()
		return claims
	}
	synctest.Test(t, func(t *testing.T) {
		spy := newSpyStore()
		claims := quiet(t, spy, spy)
		assert.True(t, 19 <= claims && claims <= 31, "%d claims in 2 minutes", claims)
	})
	synctest.Test(t, func(t *testing.T) {
		spy := newSpyStore()
		claims := quiet(t, watchedStore{spy}, spy)
		assert.True(t, 3 <= claims && claims <= 9, "%d claims in 2 minutes", claims)
	})
}

// watchedStore is a spyStore that can tell when messages are added.
type watchedStore struct{ *spyStore }

func (s watchedStore) Watch(ctx context.Context, wake func(session string)) error {
	return s.kept.(*flashgin.MemoryStore).Watch(ctx, wake)
}

// brittleStore is a watchedStore that breaks down as soon as it is watched, the first time.
type brittleStore struct {
	watchedStore
	broken *atomic.Bool
}

func (s brittleStore) Watch(ctx context.Context, wake func(session string)) error {
	if !s.broken.Swap(true) {
		panic("no such thing")
	}
	return s.watchedStore.Watch(ctx, wake)
}

// A store that panics where it is watched, which is in a goroutine of ours, has failed. It does not end the process.
func TestWatchPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := newSpyStore()
		a := newLiveApp(t, flashgin.Config{Store: brittleStore{watchedStore{spy}, new(atomic.Bool)}})
		v := a.visitor()
		key := v.get("/key")
		page := v.listen(streamPath("/a"))
		time.Sleep(time.Minute)
		assert.Contains(t, a.failures.String(), "panicked: no such thing")
		a.job(key, flashgin.Info("text").At("/a"))
		synctest.Wait()
		assert.Equal(t, []string{"text"}, textsOf(t, page.events()), "at once, so the store is watched again")
	})
}

// While the store is down a stream stays open, and hands over what waits when it is back.
func TestStreamWhileStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := newSpyStore()
		a := newLiveApp(t, flashgin.Config{Store: spy})
		v := a.visitor()
		key := v.get("/key")
		page := v.listen(streamPath("/a"))
		synctest.Wait()
		a.job(key, flashgin.Info("text").At("/a"))
		spy.fail(errors.New("down"))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Empty(t, textsOf(t, page.events()))
		assert.True(t, page.isOpen())
		assert.Contains(t, a.failures.String(), "down")
		assert.Less(t, spy.count("Claim"), 15, "the breaker spares the store")
		spy.on(nil)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"text"}, textsOf(t, page.events()))
	})
}

// A claim that failed may have taken what waited: its answer was lost. The stream asks when that waits again, and does not leave it to the next poll.
func TestStreamAfterALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := newSpyStore()
		a := newLiveApp(t, flashgin.Config{Store: watchedStore{spy}, Lease: 10 * time.Second})
		v := a.visitor()
		key := v.get("/key")
		page := v.listen(streamPath("/a"))
		time.Sleep(time.Minute)
		spy.on(func(_ context.Context, method string, call func() error) error {
			err := call()
			if method == "Claim" {
				return errDown
			}
			return err
		})
		a.job(key, flashgin.Info("text").At("/a"))
		synctest.Wait()
		spy.on(nil)
		assert.Contains(t, a.failures.String(), errDown.Error())
		time.Sleep(9 * time.Second)
		synctest.Wait()
		assert.Empty(t, textsOf(t, page.events()))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"text"}, textsOf(t, page.events()))
	})
}

// Forget ends the streams of its own session.
func TestForgetEndsStreams(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	a.POST("/login", func(c *gin.Context) {
		assert.NoError(t, a.messenger.Forget(c))
		c.Status(http.StatusNoContent)
	})
	server := a.serve()
	b, other := newBrowser(t, server.URL), newBrowser(t, server.URL)
	b.get("/key")
	otherKey := other.get("/key")
	page, otherPage := b.listen(streamPath("/a"), nil), other.listen(streamPath("/a"), nil)
	b.post("/login")
	assert.Equal(t, "over", page.ends())
	a.job(otherKey, flashgin.Info("goes on").At("/a"))
	otherPage.hears("goes on")
}

// The page that a request leads to shows what the request added, and not the page that is being left.
func TestStreamLeavesPostRedirectGet(t *testing.T) {
	message := flashgin.Success("saved")
	for _, test := range []struct {
		name   string
		do     gin.HandlerFunc
		header []string
		wakes  bool
	}{
		{"redirect", redirect("/a"), nil, false},
		{"redirect of a form", redirect("/a"), []string{"Sec-Fetch-Mode", "navigate"}, false},
		{"htmx redirect", func(c *gin.Context) { c.Header("HX-Redirect", "/a"); c.Status(http.StatusOK) }, []string{"Sec-Fetch-Mode", "cors"}, false},
		{"a page of its own", status(http.StatusOK), []string{"Sec-Fetch-Mode", "navigate"}, false},
		{"the same without TLS", status(http.StatusOK), []string{"Accept", "text/html,application/xml"}, false},
		{"fetch", status(http.StatusNoContent), []string{"Sec-Fetch-Mode", "cors"}, true},
		{"fetch without TLS", status(http.StatusNoContent), []string{"Accept", "*/*"}, true},
		{"a frame of Turbo that goes on", redirect("/b"), []string{"Sec-Fetch-Mode", "cors", "Turbo-Frame", "b", "Referer", "http://example.com/a"}, true},
		{"htmx without TLS", status(http.StatusNoContent), []string{"Accept", "text/html, */*", "HX-Request", "true"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newLiveApp(t, flashgin.Config{Turbo: true})
				a.POST("/a", add(t, test.do, message))
				v := a.visitor()
				v.get("/key")
				page := v.listen(streamPath("/a"))
				synctest.Wait()
				v.post("/a", test.header...)
				synctest.Wait()
				if test.wakes {
					assert.Equal(t, []string{"saved"}, textsOf(t, page.events()))
					return
				}
				assert.Empty(t, textsOf(t, page.events()))
				time.Sleep(time.Second)
				assert.Equal(t, "[saved]", v.get("/a"))
			})
		})
	}
}

// What a page was left too early for waits again as soon as the page says so.
func TestStreamGivesBack(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	b := a.browser()
	key := b.get("/key")
	page := b.listen(streamPath("/a"), nil)
	a.job(key, flashgin.Info("text").At("/a"))
	page.hears("text")
	assert.Empty(t, b.get("/a"))
	for range 2 { // once is enough, and twice does no harm
		assert.Equal(t, http.StatusNoContent, b.acknowledge(ackBody("back", handedOver(t, page.all())...)).StatusCode)
	}
	assert.Equal(t, "[text]", b.get("/a"))
	b.acknowledge(ackBody("back", handedOver(t, page.all())...))
	assert.Empty(t, b.get("/a"), "that claim is not the stream's")
}
