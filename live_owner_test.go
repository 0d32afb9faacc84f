package flashgin_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
)

// waiting returns the texts that wait for a session at /a.
func (a *app) waiting(key string) []string {
	a.t.Helper()
	waiting, err := a.messenger.Peek(context.Background(), key, "/a")
	require.NoError(a.t, err)
	return texts(waiting)
}

// A page that is still open when its user has logged out gets nothing more, if the session is on the
// server. What is told after that waits.
func TestStreamAfterLogout(t *testing.T) {
	user := func(c *gin.Context) (string, error) {
		user, _ := sessions.Default(c).Get("user").(string)
		return user, nil
	}
	clearSession := func(session sessions.Session) { session.Clear() }
	remove := func(session sessions.Session) { session.Options(sessions.Options{Path: "/", MaxAge: -1}) }
	for _, test := range []struct {
		name   string
		cfg    flashgin.Config
		store  sessions.Store
		many   bool
		logout func(sessions.Session)
	}{
		{name: "cleared", store: memstore.NewStore([]byte("key")), logout: clearSession},
		{name: "removed", store: memstore.NewStore([]byte("key")), logout: remove},
		{name: "a file, cleared", store: newFileSessions(t), logout: clearSession},
		{name: "a file, removed", store: newFileSessions(t), logout: remove},
		{name: "one of two sessions", cfg: flashgin.Config{SessionName: "id"}, many: true,
			store: memstore.NewStore([]byte("key")), logout: clearSession},
		{name: "a user's ID", cfg: flashgin.Config{SessionKey: user}, store: memstore.NewStore([]byte("key")),
			logout: clearSession},
		{name: "another user's ID", cfg: flashgin.Config{SessionKey: user}, store: memstore.NewStore([]byte("key")),
			logout: func(session sessions.Session) { session.Set("user", "bob") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAppWithoutSessions(t, test.cfg)
			if test.many {
				a.Use(sessions.SessionsManyStores([]sessions.SessionStore{
					{Name: "id", Store: test.store}, {Name: "other", Store: memstore.NewStore([]byte("key"))},
				}))
			} else {
				a.Use(sessions.Sessions("id", test.store))
			}
			session := func(c *gin.Context) sessions.Session {
				if test.many {
					return sessions.DefaultMany(c, "id")
				}
				return sessions.Default(c)
			}
			a.mountLive()
			a.POST("/login", func(c *gin.Context) {
				session(c).Set("user", "alice")
				assert.NoError(t, session(c).Save())
			})
			a.POST("/visit", func(c *gin.Context) {
				session(c).Set("visits", 2)
				assert.NoError(t, session(c).Save())
			})
			a.POST("/logout", func(c *gin.Context) {
				test.logout(session(c))
				assert.NoError(t, session(c).Save())
			})
			b := a.browser()
			b.post("/login")
			key := b.get("/key")
			page := b.listen(streamPath("/a"), b.acknowledging())
			a.job(key, flashgin.Info("before").At("/a"))
			page.hears("before")
			b.post("/visit")
			a.job(key, flashgin.Info("another").At("/a"))
			page.hears("before", "another")

			b.post("/logout")
			a.job(key, flashgin.Info("secret").At("/a"))
			assert.Equal(t, "again", page.ends())
			assert.Equal(t, []string{"before", "another"}, page.texts())
			assert.Equal(t, []string{"secret"}, a.waiting(key))
			assert.Empty(t, a.failures.String())
		})
	}
}

// Config.SessionKey is asked again, so a function that looks the user up ends the streams of an
// account that is locked. An error is a no.
func TestStreamOfALockedAccount(t *testing.T) {
	for _, test := range []struct {
		name   string
		locked func() (string, error)
	}{
		{"no key", func() (string, error) { return "", nil }},
		{"another key", func() (string, error) { return "bob", nil }},
		{"an error", func() (string, error) { return "alice", errors.New("locked") }},
		{"a panic", func() (string, error) { panic("locked") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex
			answer := func() (string, error) { return "alice", nil }
			a := newAppWithoutSessions(t, flashgin.Config{SessionKey: func(*gin.Context) (string, error) {
				mu.Lock()
				defer mu.Unlock()
				return answer()
			}})
			a.mountLive()
			page := a.browser().listen(streamPath("/a"), nil)
			a.job("alice", flashgin.Info("before").At("/a"))
			page.hears("before")
			mu.Lock()
			answer = test.locked
			mu.Unlock()
			a.job("alice", flashgin.Info("secret").At("/a"))
			assert.Equal(t, "again", page.ends())
			assert.Equal(t, []string{"before"}, page.texts())
			assert.Equal(t, []string{"secret"}, a.waiting("alice"))
		})
	}
}

// A store that does not wake streams is asked, and what it gives out is put back if the session has
// ended. Its owner's other page gets it.
func TestStreamThatPollsAfterLogout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		var mu sync.Mutex
		locked := map[string]bool{}
		a := newAppWithoutSessions(t, flashgin.Config{Store: store, Lease: time.Hour, SessionKey: func(c *gin.Context) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			if locked[c.GetHeader("Device")] {
				return "", nil
			}
			return "alice", nil
		}})
		a.mountLive()
		v := a.visitor()
		listen := func(device string) *streamWriter {
			page := v.listen(streamPath("/a"), "Device", device)
			synctest.Wait()
			return page
		}
		lock := func(device string) {
			mu.Lock()
			defer mu.Unlock()
			locked[device] = true
		}
		lost := listen("lost phone")
		lock("lost phone")
		a.job("alice", flashgin.Info("secret").At("/a"))
		time.Sleep(12 * time.Second)
		synctest.Wait()
		assert.Equal(t, "again", goodbye(lost.events()))
		assert.Empty(t, textsOf(t, lost.events()))
		assert.Equal(t, []string{"secret"}, a.waiting("alice"), "it was put back")

		mine, old := listen("notebook"), listen("old phone")
		lock("old phone")
		for range 5 { // whichever asks first
			v.acknowledge(ackBody("shown", handedOver(t, mine.events())...))
			a.job("alice", flashgin.Info("secret").At("/a"))
			time.Sleep(12 * time.Second)
			synctest.Wait()
		}
		assert.Empty(t, textsOf(t, old.events()))
		assert.Len(t, textsOf(t, mine.events()), 6)
		assert.Empty(t, a.failures.String())
	})
}

// While the session cannot be loaded nobody knows whose the page is: it comes back later.
func TestStreamWhileTheSessionCannotBeLoaded(t *testing.T) {
	store := newFileSessions(t)
	a := newAppWithoutSessions(t, flashgin.Config{})
	a.Use(sessions.Sessions("id", store))
	a.mountLive()
	b := a.browser()
	key := b.get("/key")
	page := b.listen(streamPath("/a"), nil)
	back := store.away()
	a.job(key, flashgin.Info("text").At("/a"))
	assert.Equal(t, "again", page.ends())
	assert.Empty(t, page.texts())
	assert.Contains(t, a.failures.String(), "loading the session")
	back()
	b.listen(streamPath("/a"), nil).hears("text")
}

// CookieKey's cookie is no session of gin-contrib's, so that is not asked.
func TestStreamOfCookieKeyLeavesSessions(t *testing.T) {
	store := newFileSessions(t)
	a := newAppWithoutSessions(t, flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
	a.Use(sessions.Sessions("id", store))
	a.mountLive()
	a.POST("/login", func(c *gin.Context) {
		sessions.Default(c).Set("user", "alice")
		assert.NoError(t, sessions.Default(c).Save())
	})
	b := a.browser()
	b.post("/login")
	key := b.get("/key")
	page := b.listen(streamPath("/a"), nil)
	defer store.away()()
	a.job(key, flashgin.Info("text").At("/a"))
	page.hears("text")
}

// End ends the streams of one session, also what one of them is about to hand over. What waits is
// left for the page that comes next.
func TestEnd(t *testing.T) {
	a := newLiveApp(t, flashgin.Config{})
	server := a.serve()
	b, other := newBrowser(t, server.URL), newBrowser(t, server.URL)
	key, otherKey := b.get("/key"), other.get("/key")
	first, second, others := b.listen(streamPath("/a"), nil), b.listen(streamPath("/b"), nil), other.listen(streamPath("/a"), nil)
	require.NoError(t, a.messenger.End(key))
	a.job(key, flashgin.Info("text").At("/a"))
	assert.Equal(t, "again", first.ends())
	assert.Equal(t, "again", second.ends())
	assert.Empty(t, first.texts())
	a.job(otherKey, flashgin.Info("goes on").At("/a"))
	others.hears("goes on")
	assert.Equal(t, "[text]", b.get("/a"))

	assert.ErrorIs(t, a.messenger.End(""), flashgin.ErrNoSession)
	assert.NoError(t, a.messenger.End("nobody"))
	b.listen(streamPath("/a"), nil)
	require.NoError(t, a.messenger.Close(t.Context()))
	assert.NoError(t, a.messenger.End(key))
}

// What was claimed when End is called is not handed over.
func TestEndWhileAStreamClaims(t *testing.T) {
	store := newSpyStore()
	a := newLiveApp(t, flashgin.Config{Store: watchedStore{store}})
	b := a.browser()
	key := b.get("/key")
	page := b.listen(streamPath("/a"), nil)
	page.until("it has asked", func() bool { return store.count("Claim") > 0 })
	store.on(func(_ context.Context, method string, call func() error) error {
		err := call()
		if method == "Claim" {
			assert.NoError(t, a.messenger.End(key))
		}
		return err
	})
	a.job(key, flashgin.Info("text").At("/a"))
	assert.Equal(t, "again", page.ends())
	assert.Empty(t, page.texts())
	store.on(nil)
	eventually(t, "[text]", func() string { return b.get("/a") })
}

// End and Forget reach the streams of all processes on one Redis.
func TestRedisEnd(t *testing.T) {
	server := redistest.Start(t)
	var apps [2]*app
	for i := range apps {
		apps[i] = newLiveApp(t, flashgin.Config{Store: newRedisStore(t, server.Client())})
		apps[i].POST("/login", func(c *gin.Context) {
			assert.NoError(t, apps[i].messenger.Forget(c))
			c.Status(http.StatusNoContent)
		})
	}
	b := apps[0].browser()
	elsewhere := *b
	elsewhere.url = apps[1].serve().URL // with the same cookies: the host is the same
	key := b.get("/key")
	page := b.listen(streamPath("/a"), b.acknowledging())
	stranger := apps[0].browser()
	stranger.get("/key")
	others := stranger.listen(streamPath("/a"), nil)
	apps[1].job(key, flashgin.Info("text").At("/a"))
	page.hears("text") // so the subscription is there
	require.NoError(t, apps[1].messenger.End(key))
	assert.Equal(t, "again", page.ends())

	page = b.listen(streamPath("/a"), nil)
	elsewhere.post("/login")
	assert.Equal(t, "again", page.ends())
	select {
	case <-others.ended:
		assert.Fail(t, "another session's stream has ended")
	default:
	}
	for _, a := range apps {
		assert.Empty(t, a.failures.String())
	}

	server.Kill()
	assert.Error(t, apps[0].messenger.End(key), "others could not be told")
}
