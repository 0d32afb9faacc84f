package redis_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/testrun"
)

// A knownApp is a process whose pages do not always ask the store.
type knownApp struct {
	*apptest.App
	asked, skipped atomic.Int64 // pages that asked, and that did not
}

// newKnownApp returns an application on client. cfg needs no Store.
func newKnownApp(t *testing.T, client redis.UniversalClient, cfg flashgin.Config) *knownApp {
	t.Helper()
	a := new(knownApp)
	cfg.Observer, cfg.Store = a, apptest.NewRedisStore(t, client)
	// A page that gives up would show nothing, and an add that does would be lost.
	cfg.Timeout, cfg.AddTimeout = 10*time.Second, 10*time.Second
	a.App = apptest.NewApp(t, cfg)
	a.GET("/login", func(c *gin.Context) {
		key, err := a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		c.String(http.StatusOK, key)
	})
	a.GET("/page", apptest.Page)
	a.POST("/page", func(c *gin.Context) {
		assert.NoError(t, flashgin.RedirectFlash(c, "/page", flashgin.Info(c.Query("text"))))
	})
	a.POST("/add", func(c *gin.Context) { // by the function for jobs
		message := flashgin.Info(c.Query("text")).At("/page")
		assert.NoError(t, a.Messenger.Add(c, c.Query("key"), message))
		c.Redirect(http.StatusSeeOther, "/page")
	})
	a.POST("/logout", func(c *gin.Context) { assert.NoError(t, a.Messenger.Forget(c)) })
	return a
}

func (a *knownApp) Observe(_ context.Context, e flashgin.Event) {
	switch {
	case e.Kind == flashgin.EventStoreCall && e.Call == "claim":
		a.asked.Add(1)
	case e.Kind == flashgin.EventSkipped:
		a.skipped.Add(1)
	}
}

// get loads the page. If a page could not ask the store meanwhile, as on a machine that stood
// still, it waits for one that has a message.
func (a *knownApp) get(v *apptest.Visitor) (page string) {
	before := len(a.Failures.All())
	page = v.Get("/page")
	if page == "" && len(a.Failures.All()) > before {
		page = a.until(v)
	}
	return page
}

// until loads pages until one has a message, and returns that.
func (a *knownApp) until(v *apptest.Visitor) (page string) {
	a.T.Helper()
	assert.Eventually(a.T, func() bool { page = v.Get("/page"); return page != "" }, 30*time.Second,
		10*time.Millisecond)
	return page
}

// skips reports whether the visitor's page asks nothing. It must show nothing.
func (a *knownApp) skips(v *apptest.Visitor) bool {
	before := a.skipped.Load()
	v.Handler = a
	require.Empty(a.T, v.Get("/page"))
	return a.skipped.Load() > before
}

// untilKnown loads pages until they ask nothing.
func (a *knownApp) untilKnown(v *apptest.Visitor) {
	a.T.Helper()
	require.Eventually(a.T, func() bool { return a.skips(v) }, 30*time.Second, time.Millisecond)
}

// loggedIn returns a visitor with a session, and its key.
func (a *knownApp) loggedIn() (v *apptest.Visitor, key string) {
	v = a.Visitor()
	return v, v.Get("/login")
}

// follow posts a form and returns the page after it.
func follow(v *apptest.Visitor, path string) string {
	v.Post(path)
	return v.Get("/page")
}

// bothKeys runs a test with a key in a session and with CookieKey.
func bothKeys(t *testing.T, test func(t *testing.T, cfg flashgin.Config)) {
	t.Run("session", func(t *testing.T) { test(t, flashgin.Config{KnownFor: time.Minute}) })
	t.Run("cookie key", func(t *testing.T) {
		test(t, flashgin.Config{KnownFor: time.Minute, SessionKey: flashgin.CookieKey("flash")})
	})
}

func TestKnownPageAsksNothing(t *testing.T) {
	t.Parallel()
	bothKeys(t, func(t *testing.T, cfg flashgin.Config) {
		a := newKnownApp(t, redistest.Start(t).Client(), cfg)
		v, _ := a.loggedIn()
		a.untilKnown(v)
		asked := a.asked.Load()
		for range 10 {
			assert.True(t, a.skips(v))
		}
		assert.Equal(t, asked, a.asked.Load())
		assert.Equal(t, "[one]", follow(v, "/page?text=one"))
		assert.Eventually(t, func() bool { return a.skips(v) }, 30*time.Second, time.Millisecond,
			"after its message was shown, although the store remembers the ID")
	})
}

// What a browser has caused is on its next page, whichever process that comes to: its cookie says
// that there is news.
func TestPostHereAndPageThere(t *testing.T) {
	t.Parallel()
	posts := 200
	if testrun.Soaking() {
		posts = 10_000
	}
	bothKeys(t, func(t *testing.T, cfg flashgin.Config) {
		server := redistest.Start(t)
		apps := []*knownApp{
			newKnownApp(t, server.Client(), cfg), newKnownApp(t, server.Client(), cfg),
		}
		v, key := apps[0].loggedIn()
		for i := range posts {
			here := rand.IntN(2)
			if i%10 == 0 {
				// The page there would ask nothing. What was shown is confirmed a moment later, and
				// until then pages ask.
				apps[1-here].untilKnown(v)
			}
			v.Handler = apps[here]
			form := fmt.Sprintf("%s?text=%d&key=%s", []string{"/page", "/add"}[i/10%2], i, key)
			v.Post(form, "Sec-Fetch-Mode", "navigate")
			v.Handler = apps[1-here]
			require.Equal(t, fmt.Sprintf("[%d]", i), apps[1-here].get(v))
			for _, a := range apps {
				v.Handler = a
				require.Empty(t, v.Get("/page"))
			}
		}
	})
}

// A job runs elsewhere and tells no browser. The store tells the other processes.
func TestMessageOfAJobIsOnAKnownPage(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a := newKnownApp(t, server.Client(), flashgin.Config{KnownFor: time.Minute})
	jobs := newKnownApp(t, server.Client(), flashgin.Config{})
	v, key := a.loggedIn()
	messages := 30
	if testrun.Soaking() {
		messages = 200
	}
	var late []time.Duration
	for i := range messages {
		a.untilKnown(v)
		text := fmt.Sprint(i)
		require.NoError(t, jobs.Messenger.Add(t.Context(), key, flashgin.Info(text).At("/page")))
		added := time.Now()
		require.Eventually(t, func() bool { return v.Get("/page") == "["+text+"]" },
			30*time.Second, 100*time.Microsecond)
		late = append(late, time.Since(added))
	}
	slices.Sort(late)
	t.Logf("a message of a job is on the pages after %v (median), %v (99 %%)",
		late[len(late)/2], late[len(late)*99/100])
	// The job's own process needs no news from the store.
	same := newKnownApp(t, server.Client(), flashgin.Config{KnownFor: time.Minute})
	v, key = same.loggedIn()
	for i := range messages {
		same.untilKnown(v)
		text := fmt.Sprint(i)
		require.NoError(t, same.Messenger.Add(t.Context(), key, flashgin.Info(text).At("/page")))
		require.Equal(t, "["+text+"]", v.Get("/page"))
	}
}

// An answer that does not arrive brings no mark. The store tells the other processes.
func TestPostWhoseAnswerGetsLost(t *testing.T) {
	t.Parallel()
	bothKeys(t, func(t *testing.T, cfg flashgin.Config) {
		server := redistest.Start(t)
		here, there := newKnownApp(t, server.Client(), cfg), newKnownApp(t, server.Client(), cfg)
		v, _ := here.loggedIn()
		there.untilKnown(v)
		unread := here.Visitor() // sends what v sends, and v does not get the answer
		unread.Jar = maps.Clone(v.Jar)
		unread.Post("/page?text=one")
		v.Handler = there
		require.Eventually(t, func() bool { return v.Get("/page") == "[one]" }, 30*time.Second,
			time.Millisecond)
	})
}

// If the connection seems well but brings no news, the process notices: it sends some to itself.
func TestPagesAskIfNoNewsArrive(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	a := newKnownApp(t, client, flashgin.Config{KnownFor: time.Hour})
	jobs := newKnownApp(t, server.Client(), flashgin.Config{})
	v, key := a.loggedIn()
	// so that jobs has a connection: the process notices soon
	early := flashgin.Info("early").At("/page")
	require.NoError(t, jobs.Messenger.Add(t.Context(), "another", early))
	a.untilKnown(v)
	var lost atomic.Int64
	proxy.Judge(func(reply []byte) redistest.Verdict {
		if bytes.Contains(reply, []byte("\r\nmessage\r\n")) {
			lost.Add(1)
			return redistest.Swallow
		}
		return redistest.Pass
	})
	require.NoError(t, jobs.Messenger.Add(t.Context(), key, flashgin.Info("late").At("/page")))
	added := time.Now()
	before := a.skipped.Load()
	require.Eventually(t, func() bool { return v.Get("/page") == "[late]" }, 30*time.Second,
		10*time.Millisecond)
	skipped := a.skipped.Load() - before
	t.Logf("%v late, %d pages did not ask", time.Since(added).Round(time.Millisecond), skipped)
	assert.Positive(t, lost.Load(), "no news was lost")
	assert.Positive(t, skipped, "each page asked, so this shows nothing")
}

// Without the right to publish, no news come.
func TestPagesAskWithoutTheRightToPublish(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	setRedisUser(t, server.Client(), redisKeys, redisRights, redisWakeRights, "-publish")
	client := server.ClientWith(&redis.Options{Username: "flash", Password: "secret"})
	a := newKnownApp(t, client, flashgin.Config{
		KnownFor: time.Hour, OnError: func(context.Context, error) {},
	})
	v, _ := a.loggedIn()
	for range 20 {
		require.False(t, a.skips(v))
		time.Sleep(time.Millisecond)
	}
}

// The connection that brings news is cut, frozen and half-open in turn. No message is lost, shown
// twice, or late beyond KnownFor; what the browser itself has caused is never late.
func TestKnownWhileNewsAreInTrouble(t *testing.T) {
	testrun.Soak(t)
	const messages = 1000 // a minute; 10,000 take thirteen
	t.Run("late by KnownFor", func(t *testing.T) {
		t.Parallel()
		knownInTrouble(t, messages, 100*time.Millisecond)
	})
	t.Run("until the process notices", func(t *testing.T) {
		t.Parallel()
		knownInTrouble(t, messages/4, time.Hour)
	})
}

func knownInTrouble(t *testing.T, messages int, knownFor time.Duration) {
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	cfg := flashgin.Config{KnownFor: knownFor}
	here, there := newKnownApp(t, server.Client(), cfg), newKnownApp(t, client, cfg)

	var trouble, troubled atomic.Int32
	proxy.Judge(func(reply []byte) redistest.Verdict {
		if !redistest.IsNews(reply) {
			return redistest.Pass
		}
		switch was := trouble.Load(); was {
		case 1:
			return redistest.Cut
		case 2:
			return redistest.Swallow
		case 3: // this connection alone
			for trouble.Load() == was {
				time.Sleep(time.Millisecond)
			}
		}
		return redistest.Pass
	})
	done := make(chan struct{})
	var troubles sync.WaitGroup
	troubles.Go(func() {
		defer trouble.Store(0)
		for good := true; ; good = !good {
			period := time.Second + rand.N(time.Second) // a process listens again after a second
			if trouble.Store(0); !good {
				trouble.Store(1 + troubled.Add(1)%3)
			}
			select {
			case <-done:
				return
			case <-time.After(period):
			}
		}
	})
	defer troubles.Wait()
	defer close(done)

	const users = 8
	var all sync.WaitGroup
	var early atomic.Int64
	for user := range users {
		v, key := there.loggedIn()
		all.Go(func() {
			for i := 0; i < messages/users || troubled.Load() < 4; i++ { // each trouble was there
				text := fmt.Sprintf("%d-%d", user, i)
				for range 4 {
					assert.Empty(t, v.Get("/page"))
					time.Sleep(rand.N(20 * time.Millisecond))
				}
				if i%2 == 0 {
					v.Handler = here
					v.Post("/page?text=" + text)
					v.Handler = there
					assert.Equal(t, "["+text+"]", there.get(v))
					continue
				}
				message := flashgin.Info(text).At("/page")
				if !assert.NoError(t, here.Messenger.Add(t.Context(), key, message)) {
					return
				}
				added := time.Now()
				begun := added
				failures := len(there.Failures.All())
				page := v.Get("/page")
				for ; page == "" && begun.Sub(added) < knownFor; page = v.Get("/page") {
					early.Add(1)
					time.Sleep(5 * time.Millisecond)
					if begun = time.Now(); begun.Sub(added) > 30*time.Second {
						break
					}
				}
				if page == "" && len(there.Failures.All()) > failures {
					page = there.until(v)
				}
				assert.Equal(t, "["+text+"]", page)
			}
			assert.Empty(t, v.Get("/page"))
		})
	}
	all.Wait()
	n := there.skipped.Load()
	t.Logf("%d pages did not ask, %d of them came too early for a message", n, early.Load())
	assert.Positive(t, n, "nothing was known, so this shows nothing")
}

// Without the connection that brings news, each page asks, at once.
func TestPagesAskWhileNobodyListens(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	a := newKnownApp(t, client, flashgin.Config{KnownFor: time.Hour})
	v, _ := a.loggedIn()
	a.untilKnown(v)
	refuse := atomic.Bool{}
	refuse.Store(true)
	proxy.Judge(func(reply []byte) redistest.Verdict {
		if refuse.Load() && bytes.Contains(reply, []byte("subscribe\r\n")) {
			return redistest.Cut
		}
		return redistest.Pass
	})
	proxy.CutAll()
	require.Eventually(t, func() bool { return !a.skips(v) }, 30*time.Second, time.Millisecond)
	for range 100 {
		require.False(t, a.skips(v), "nothing is learned either")
	}
	refuse.Store(false)
	a.untilKnown(v)
}

// A page has claimed a message and fails. Another process has looked meanwhile, and found nothing.
func TestReleasedMessageIsOnAKnownPage(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	cfg := flashgin.Config{KnownFor: time.Hour}
	here, there := newKnownApp(t, server.Client(), cfg), newKnownApp(t, server.Client(), cfg)
	taken, fail := make(chan struct{}), make(chan struct{})
	here.GET("/fails", func(c *gin.Context) {
		assert.Len(t, flashgin.Flashes(c), 1)
		close(taken)
		<-fail
		c.Status(http.StatusInternalServerError)
	})
	v, key := here.loggedIn()
	there.untilKnown(v)
	message := flashgin.Info("one").At(flashgin.Anywhere)
	require.NoError(t, here.Messenger.Add(t.Context(), key, message))
	done := make(chan struct{})
	tab := here.Visitor()
	tab.Jar = maps.Clone(v.Jar)
	go func() {
		defer close(done)
		tab.Get("/fails")
	}()
	<-taken
	require.Eventually(t, func() bool { return !there.skips(v) }, 30*time.Second, time.Millisecond)
	for range 10 {
		assert.False(t, there.skips(v), "a claimed message may come back")
	}
	close(fail)
	<-done
	v.Handler = there
	require.Eventually(t, func() bool { return v.Get("/page") == "[one]" }, 30*time.Second,
		time.Millisecond)
}

// A cookie that the client edits only makes its pages ask.
func TestEditedMarkMakesPagesAsk(t *testing.T) {
	t.Parallel()
	a := newKnownApp(t, redistest.Start(t).Client(), flashgin.Config{KnownFor: time.Hour})
	v, _ := a.loggedIn()
	a.untilKnown(v)
	mark := *v.Jar["flash-mark"]
	for name, value := range map[string]string{
		"none": "", "another": "AAAAAAAA",
		"too short": mark.Value[1:], "too long": mark.Value + "A",
		"lower case": strings.ToLower(mark.Value[:4]) + "aaaa",
		"two":        mark.Value + "; flash-mark=AAAAAAAA",
	} {
		request := httptest.NewRequest(http.MethodGet, "/page", nil)
		request.Header.Set("Cookie", "id="+v.Jar["id"].Value+"; flash-mark="+value)
		before := a.skipped.Load()
		a.ServeHTTP(httptest.NewRecorder(), request)
		assert.Equal(t, before, a.skipped.Load(), name)
	}
	assert.True(t, a.skips(v))
}

// The browser gets a mark with what may bring news, and never with a page.
func TestMarkComesWithNews(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client()
	marked := func(header http.Header) bool {
		return slices.ContainsFunc(header["Set-Cookie"], func(line string) bool {
			ok := strings.HasPrefix(line, "flash-mark=")
			if ok {
				assert.Regexp(t, `^flash-mark=[A-Z2-7]{8}; Path=/; HttpOnly; SameSite=Lax$`, line)
				assert.Contains(t, header.Get("Cache-Control"), "no-store")
			}
			return ok
		})
	}
	for _, on := range []bool{false, true} {
		cfg := flashgin.Config{}
		if on {
			cfg.KnownFor = time.Minute
		}
		a := newKnownApp(t, client, cfg)
		v := a.Visitor()
		assert.False(t, marked(v.Do(http.MethodGet, "/page").Result().Header), "a visitor")
		assert.Equal(t, on, marked(v.Do(http.MethodGet, "/login").Result().Header),
			"a key for a job")
		assert.Equal(t, on, marked(v.Post("/page?text=one").Result().Header), "a message waits")
		assert.False(t, marked(v.Do(http.MethodGet, "/page").Result().Header), "it is shown")
		assert.Equal(t, on, marked(v.Post("/logout").Result().Header), "a new key")
	}
}

// A session that gets another key is another session.
func TestKnownEndsWithTheKey(t *testing.T) {
	t.Parallel()
	a := newKnownApp(t, redistest.Start(t).Client(), flashgin.Config{KnownFor: time.Hour})
	v, _ := a.loggedIn()
	a.untilKnown(v)
	v.Post("/logout")
	assert.False(t, a.skips(v))
	a.untilKnown(v)
}

// A store of another type does not say whether something is claimed, so it is always asked.
func TestKnownForOurRedisStoreAlone(t *testing.T) {
	t.Parallel()
	type embedded struct{ *flashgin.RedisStore }
	store := apptest.NewRedisStore(t, redistest.Start(t).Client())
	for name, store := range map[string]flashgin.Store{
		"in memory": new(flashgin.MemoryStore), "embedded": embedded{store},
	} {
		t.Run(name, func(t *testing.T) {
			observed := new(apptest.Observed)
			app := apptest.NewApp(t, flashgin.Config{
				KnownFor: time.Hour, Store: store, Observer: observed,
				Timeout: 10 * time.Second, // what is late is told later
			})
			app.GET("/page", apptest.Page)
			app.GET("/login", func(c *gin.Context) {
				_, err := app.Messenger.SessionKey(c)
				assert.NoError(t, err)
			})
			v := app.Visitor()
			v.Get("/login")
			for range 20 {
				v.Get("/page")
			}
			assert.Equal(t, slices.Repeat([]string{"claim"}, 20), observed.Calls())
			assert.NotContains(t, v.Jar, "flash-mark")
		})
	}
}

func TestKnownIsChecked(t *testing.T) {
	_, err := flashgin.New(flashgin.Config{KnownFor: -time.Second})
	assert.EqualError(t, err, "flashgin: Config.KnownFor is -1s: "+
		"want zero (each page asks the store) or more")
	_, err = flashgin.New(flashgin.Config{KnownSessions: -1})
	assert.EqualError(t, err, "flashgin: Config.KnownSessions is -1: want zero (100000) or more")
}
