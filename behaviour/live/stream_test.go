package live_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// An open page is handed what is added for its views, and nothing else. What it has shown is gone.
func TestStream(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a", flashgin.Anywhere), nil,
		"Sec-Fetch-Site", "same-origin")
	header := page.Response.Header
	assert.Equal(t, http.StatusOK, page.Response.StatusCode)
	assert.Equal(t, "text/event-stream; charset=utf-8", header.Get("Content-Type"))
	assert.Equal(t, "private, no-cache, no-transform", header.Get("Cache-Control"))
	assert.Equal(t, "no", header.Get("X-Accel-Buffering"))
	assert.Equal(t, "identity", header.Get("Content-Encoding"))
	assert.Empty(t, header.Values("Set-Cookie"))

	a.Job(key, flashgin.Success("done").At("/a"))
	page.Hears("done")
	a.Job(key, flashgin.Success("elsewhere").At("/b"),
		flashgin.Success("anywhere").At(flashgin.Anywhere))
	page.Hears("done", "anywhere")
	assert.Equal(t, http.StatusNoContent,
		b.Acknowledge(apptest.AckBody("shown", apptest.HandedOver(t, page.All())...)).StatusCode)
	assert.Empty(t, b.Get("/a"))
	assert.Equal(t, "[elsewhere]", b.Get("/b"))
	assert.Equal(t, apptest.Event{Name: "", Data: "open"}, page.All()[1])
}

// What waits when a page begins to listen comes at once.
func TestStreamHandsOverWhatWaits(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	b := a.Browser()
	a.Job(b.Get("/key"), flashgin.Info("first").At("/a"), flashgin.Info("second").At("/b"),
		flashgin.Info("third").At("/a"))
	b.Listen(apptest.StreamPath("/a", "/b"), nil).Hears("first", "second", "third")
}

// Streams of one session and pages that are loaded meanwhile share what there is.
func TestStreamExactlyOnce(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	exactlyOnce(t, a, a.Browser(), nil)
}

// Without a session there is nothing to listen to; and a page that nobody has opened yet takes
// nothing.
func TestStreamWithoutSession(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	v := a.Visitor()
	answer := v.Get("/a")
	assert.Empty(t, answer)
	nothing := v.Do(http.MethodGet, apptest.StreamPath("/a"))
	assert.Equal(t, http.StatusNoContent, nothing.Code)
	assert.Empty(t, nothing.Header().Get("Set-Cookie"))
	assert.Empty(t, a.Failures.All())

	// A page that nobody has opened yet must not take messages.
	key := v.Get("/key")
	a.Job(key, flashgin.Info("later").At("/a"))
	assert.Equal(t, http.StatusNoContent,
		v.Do(http.MethodGet, apptest.StreamPath("/a"), "Sec-Purpose", "prefetch;prerender").Code)
	assert.Equal(t, "[later]", v.Get("/a"))
}

// Where the sessions middleware is missing, that is reported, and clients come back later.
func TestStreamWithoutSessionMiddleware(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
	a.MountLive()
	answer := a.Visitor().Do(http.MethodGet, apptest.StreamPath("/a"))
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "retry: 30000\n\n", answer.Body.String())
	assert.ErrorIs(t, errors.Join(a.Failures.All()...), flashgin.ErrNoSession)
}

// Sixteen views are read, written as scripts see them.
func TestStreamViews(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{Prefix: "/app"})
	b := a.Browser()
	key := b.Get("/key")
	views := []string{"/problems/:id", "/app/caf%C3%A9", "/100%25", "dashboard", flashgin.Anywhere}
	for len(views) < 16 {
		views = append(views, fmt.Sprintf("/%d", len(views)))
	}
	page := b.Listen(apptest.StreamPath(views...), nil)
	want := []string{}
	for _, view := range []string{
		"/problems/:id", "/café", "/100%25", "dashboard", flashgin.Anywhere, "/15",
	} {
		a.Job(key, flashgin.Info(view).At(view))
		want = append(want, view)
		page.Hears(want...)
	}
}

// Scripts show text, so what is nothing but HTML waits for a page that a template renders.
func TestStreamLeavesHTML(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	a.Template("page", `{{range flashes}}[{{.HTML}}{{.Text}}]{{end}}`)
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), b.Acknowledging())
	a.Job(key, flashgin.Message{HTML: "<b>bold</b>", View: "/a"}, flashgin.Info("plain").At("/a"))
	page.Hears("plain")
	apptest.Eventually(t, "[<b>bold</b>]", func() string { return b.Get("/a") })
}

// A stream gives signs of life, and ends after some minutes, as one whose client is to come back.
func TestStreamLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := apptest.NewLiveApp(t, flashgin.Config{})
		v := a.Visitor()
		v.Get("/key")
		start := time.Now()
		page := v.Listen(apptest.StreamPath("/a"))
		synctest.Wait()
		first := page.Events()
		require.Len(t, first, 2)
		retry, err := strconv.Atoi(first[0].Data)
		require.NoError(t, err)
		assert.True(t, 2000 <= retry && retry <= 8000, "retry %d", retry)

		// Beats, until it has lived its time.
		beats := 0
		for last := start; page.IsOpen(); {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			if now := len(page.Events()) - len(first); now > beats {
				beats = now
				if page.IsOpen() {
					between := time.Since(last)
					assert.True(t,
						17900*time.Millisecond < between && between < 22100*time.Millisecond,
						"%v between beats", between)
				}
				last = time.Now()
			}
			require.Less(t, time.Since(start), 4*time.Minute)
		}
		life := time.Since(start)
		assert.True(t, 144*time.Second <= life && life <= 217*time.Second, "%v", life)
		events := page.Events()
		assert.Equal(t, apptest.Event{Name: "flash-hb", Data: ""}, events[2])
		assert.Equal(t, apptest.Event{Name: "flash-bye", Data: "age"}, events[len(events)-1])
		soon, err := strconv.Atoi(events[len(events)-2].Data)
		require.NoError(t, err)
		assert.True(t, 0 < soon && soon <= 1000, "retry %d", soon)
		assert.Greater(t, beats, 5)
	})
}

// Every write has five seconds. Between writes there is no deadline: it would end a stream of
// HTTP/2.
func TestStreamDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := apptest.NewLiveApp(t, flashgin.Config{})
		v := a.Visitor()
		key := v.Get("/key")
		page := v.Listen(apptest.StreamPath("/a"))
		a.Job(key, flashgin.Info("text").At("/a"))
		time.Sleep(time.Minute)
		synctest.Wait()
		page.Mu.Lock()
		defer page.Mu.Unlock()
		require.Greater(t, len(page.Deadlines), 6)
		for i, deadline := range page.Deadlines {
			assert.Equal(t, i%2 == 0, deadline.IsZero(), "call %d", i)
		}
		assert.Zero(t, page.Deadline)
	})
}

// What nobody acknowledges waits again after the lease, and comes back by itself, to this page or
// to another one.
func TestStreamUnacknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := apptest.NewLiveApp(t, flashgin.Config{Lease: 10 * time.Second})
		v := a.Visitor()
		key := v.Get("/key")
		lost := v.Listen(apptest.StreamPath("/a"))
		synctest.Wait()
		a.Job(key, flashgin.Info("text").At("/a"))
		synctest.Wait()
		assert.Equal(t, []string{"text"}, apptest.TextsOf(t, lost.Events()))
		lost.Close()

		next := v.Listen(apptest.StreamPath("/a"))
		time.Sleep(9 * time.Second)
		synctest.Wait()
		assert.Empty(t, apptest.TextsOf(t, next.Events()))
		assert.Empty(t, v.Get("/a"))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"text"}, apptest.TextsOf(t, next.Events()))

		// It stays unacknowledged, so the same page gets it again, and again.
		time.Sleep(13 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"text", "text"}, apptest.TextsOf(t, next.Events()))
		v.Acknowledge(apptest.AckBody("shown", apptest.HandedOver(t, next.Events())...))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"text", "text"}, apptest.TextsOf(t, next.Events()))
	})
}

// A client that cannot be reached gets nothing, and what it was to get is for others at once.
func TestStreamWriteFails(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	v := a.Visitor()
	key := v.Get("/key")
	broken := v.ListenOn(&apptest.StreamWriter{Fail: func(text []byte) error {
		if bytes.Contains(text, []byte("event: flash\n")) {
			return errors.New("broken pipe")
		}
		return nil
	}}, apptest.StreamPath("/a"))
	require.Eventually(t, func() bool { return len(broken.Events()) > 0 }, 30*time.Second,
		time.Millisecond)
	a.Job(key, flashgin.Info("text").At("/a"))
	<-broken.Ended
	assert.Equal(t, "[text]", v.Get("/a"))
}

// Without wake-ups a stream asks every few seconds; with them, every half minute at the most, for
// they may be lost.
func TestStreamPolls(t *testing.T) {
	quiet := func(t *testing.T, store flashgin.Store, counter *apptest.SpyStore) (claims int) {
		a := apptest.NewLiveApp(t, flashgin.Config{Store: store})
		v := a.Visitor()
		v.Get("/key")
		page := v.Listen(apptest.StreamPath("/a"))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		before := counter.Count("Claim")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		claims = counter.Count("Claim") - before
		page.Close()
		return claims
	}
	synctest.Test(t, func(t *testing.T) {
		spy := apptest.NewSpyStore()
		claims := quiet(t, spy, spy)
		assert.True(t, 19 <= claims && claims <= 31, "%d claims in 2 minutes", claims)
	})
	synctest.Test(t, func(t *testing.T) {
		spy := apptest.NewSpyStore()
		claims := quiet(t, watchedStore{spy}, spy)
		assert.True(t, 3 <= claims && claims <= 9, "%d claims in 2 minutes", claims)
	})
}

// watchedStore is a apptest.SpyStore that can tell when messages are added.
type watchedStore struct{ *apptest.SpyStore }

func (s watchedStore) Watch(ctx context.Context, wake func(session string)) error {
	return s.Kept.(*flashgin.MemoryStore).Watch(ctx, wake)
}

// restlessStore wakes all pages, all the time.
type restlessStore struct{ *apptest.SpyStore }

func (s restlessStore) Watch(ctx context.Context, wake func(session string)) error {
	for ctx.Err() == nil {
		wake("")
		time.Sleep(100 * time.Microsecond)
	}
	return ctx.Err()
}

// A store that wakes pages without a reason is asked a few times a second, and somebody is told. A
// message still comes at once.
func TestStreamOfARestlessStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := apptest.NewSpyStore()
		a := apptest.NewLiveApp(t, flashgin.Config{Store: restlessStore{spy}})
		v := a.Visitor()
		key := v.Get("/key")
		page := v.Listen(apptest.StreamPath("/a"))
		time.Sleep(20 * time.Second)
		before := spy.Count("Claim")
		time.Sleep(10 * time.Second)
		claims := spy.Count("Claim") - before
		assert.LessOrEqual(t, claims, 120, "in 10 seconds")
		a.Job(key, flashgin.Info("text").At("/a"))
		time.Sleep(time.Second)
		assert.Equal(t, []string{"text"}, apptest.TextsOf(t, page.Events()))
		assert.Equal(t, 1, strings.Count(a.Failures.String(), "Watch"), a.Failures.String())
		page.Close()
	})
}

// ticketless is a store that needs no tickets.
type ticketless struct{ *apptest.SpyStore }

func (s ticketless) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	claim, err := s.SpyStore.Claim(ctx, session, views, lease)
	claim.Tickets = nil
	return claim, err
}

// The script looks up the ticket of each message.
func TestStreamOfAStoreWithoutTickets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := apptest.NewLiveApp(t, flashgin.Config{Store: ticketless{apptest.NewSpyStore()}})
		v := a.Visitor()
		key := v.Get("/key")
		a.Job(key, flashgin.Info("text").At("/a"))
		page := v.Listen(apptest.StreamPath("/a"))
		synctest.Wait()
		var handed []string
		for _, event := range page.Events() {
			if event.Name == "flash" {
				handed = append(handed, event.Data)
			}
		}
		require.Len(t, handed, 1)
		assert.Contains(t, handed[0], `"tickets":{}`)
		page.Close()
	})
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

// A store that panics where it is watched, which is in a goroutine of ours, has failed. It does not
// end the process.
func TestWatchPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := apptest.NewSpyStore()
		a := apptest.NewLiveApp(t,
			flashgin.Config{Store: brittleStore{watchedStore{spy}, new(atomic.Bool)}})
		v := a.Visitor()
		key := v.Get("/key")
		page := v.Listen(apptest.StreamPath("/a"))
		time.Sleep(time.Minute)
		assert.Contains(t, a.Failures.String(), "panicked: no such thing")
		a.Job(key, flashgin.Info("text").At("/a"))
		synctest.Wait()
		assert.Equal(t, []string{"text"}, apptest.TextsOf(t, page.Events()),
			"at once, so the store is watched again")
	})
}

// While the store is down a stream stays open, and hands over what waits when it is back.
func TestStreamWhileStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := apptest.NewSpyStore()
		a := apptest.NewLiveApp(t, flashgin.Config{Store: spy})
		v := a.Visitor()
		key := v.Get("/key")
		page := v.Listen(apptest.StreamPath("/a"))
		synctest.Wait()
		a.Job(key, flashgin.Info("text").At("/a"))
		spy.Fail(errors.New("down"))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Empty(t, apptest.TextsOf(t, page.Events()))
		assert.True(t, page.IsOpen())
		assert.Contains(t, a.Failures.String(), "down")
		assert.Less(t, spy.Count("Claim"), 15, "the breaker spares the store")
		spy.On(nil)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"text"}, apptest.TextsOf(t, page.Events()))
	})
}

// A claim that failed may have taken what waited: its answer was lost. The stream asks when that
// waits again, and does not leave it to the next poll.
func TestStreamAfterALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := apptest.NewSpyStore()
		a := apptest.NewLiveApp(t,
			flashgin.Config{Store: watchedStore{spy}, Lease: 10 * time.Second})
		v := a.Visitor()
		key := v.Get("/key")
		page := v.Listen(apptest.StreamPath("/a"))
		time.Sleep(time.Minute)
		spy.On(func(_ context.Context, method string, call func() error) error {
			err := call()
			if method == "Claim" {
				return apptest.ErrDown
			}
			return err
		})
		a.Job(key, flashgin.Info("text").At("/a"))
		synctest.Wait()
		spy.On(nil)
		assert.Contains(t, a.Failures.String(), apptest.ErrDown.Error())
		time.Sleep(9 * time.Second)
		synctest.Wait()
		assert.Empty(t, apptest.TextsOf(t, page.Events()))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"text"}, apptest.TextsOf(t, page.Events()))
	})
}

// Forget ends the streams of its own session.
func TestForgetEndsStreams(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	a.POST("/login", func(c *gin.Context) {
		assert.NoError(t, a.Messenger.Forget(c))
		c.Status(http.StatusNoContent)
	})
	server := a.Serve()
	b, other := apptest.NewBrowser(t, server.URL), apptest.NewBrowser(t, server.URL)
	b.Get("/key")
	otherKey := other.Get("/key")
	page, otherPage := b.Listen(apptest.StreamPath("/a"), nil),
		other.Listen(apptest.StreamPath("/a"), nil)
	b.Post("/login")
	assert.Equal(t, "over", page.Ends())
	a.Job(otherKey, flashgin.Info("goes on").At("/a"))
	otherPage.Hears("goes on")
}
