package live_test

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
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
)

// A page that is still open when its user has logged out gets nothing more, if the session is on
// the server. What is told after that waits.
func TestStreamAfterLogout(t *testing.T) {
	user := func(c *gin.Context) (string, error) {
		user, _ := sessions.Default(c).Get("user").(string)
		return user, nil
	}
	clearSession := func(session sessions.Session) { session.Clear() }
	remove := func(session sessions.Session) {
		session.Options(sessions.Options{Path: "/", MaxAge: -1})
	}
	for _, test := range []struct {
		name   string
		cfg    flashgin.Config
		store  sessions.Store
		many   bool
		logout func(sessions.Session)
	}{
		{name: "cleared", store: memstore.NewStore([]byte("key")), logout: clearSession},
		{name: "removed", store: memstore.NewStore([]byte("key")), logout: remove},
		{name: "a file, cleared", store: apptest.NewFileSessions(t), logout: clearSession},
		{name: "a file, removed", store: apptest.NewFileSessions(t), logout: remove},
		{name: "one of two sessions", cfg: flashgin.Config{SessionName: "id"}, many: true,
			store: memstore.NewStore([]byte("key")), logout: clearSession},
		{name: "a user's ID", cfg: flashgin.Config{SessionKey: user},
			store: memstore.NewStore([]byte("key")), logout: clearSession},
		{name: "another user's ID", cfg: flashgin.Config{SessionKey: user},
			store:  memstore.NewStore([]byte("key")),
			logout: func(session sessions.Session) { session.Set("user", "bob") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewAppWithoutSessions(t, test.cfg)
			if test.many {
				a.Use(sessions.SessionsManyStores([]sessions.SessionStore{
					{Name: "id", Store: test.store},
					{Name: "other", Store: memstore.NewStore([]byte("key"))},
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
			a.MountLive()
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
			b := a.Browser()
			b.Post("/login")
			key := b.Get("/key")
			page := b.Listen(apptest.StreamPath("/a"), b.Acknowledging())
			a.Job(key, flashgin.Info("before").At("/a"))
			page.Hears("before")
			b.Post("/visit")
			a.Job(key, flashgin.Info("another").At("/a"))
			page.Hears("before", "another")

			b.Post("/logout")
			a.Job(key, flashgin.Info("secret").At("/a"))
			assert.Equal(t, "again", page.Ends())
			assert.Equal(t, []string{"before", "another"}, page.Texts())
			assert.Equal(t, []string{"secret"}, a.Waiting(key))
			assert.Empty(t, a.Failures.String())
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
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{
				SessionKey: func(*gin.Context) (string, error) {
					mu.Lock()
					defer mu.Unlock()
					return answer()
				},
			})
			a.MountLive()
			page := a.Browser().Listen(apptest.StreamPath("/a"), nil)
			a.Job("alice", flashgin.Info("before").At("/a"))
			page.Hears("before")
			mu.Lock()
			answer = test.locked
			mu.Unlock()
			a.Job("alice", flashgin.Info("secret").At("/a"))
			assert.Equal(t, "again", page.Ends())
			assert.Equal(t, []string{"before"}, page.Texts())
			assert.Equal(t, []string{"secret"}, a.Waiting("alice"))
		})
	}
}

// A store that does not wake streams is asked, and what it gives out is put back if the session has
// ended. Its owner's other page gets it.
func TestStreamThatPollsAfterLogout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		var mu sync.Mutex
		locked := map[string]bool{}
		a := apptest.NewAppWithoutSessions(t, flashgin.Config{
			Store: store,
			Lease: time.Hour,
			SessionKey: func(c *gin.Context) (string, error) {
				mu.Lock()
				defer mu.Unlock()
				if locked[c.GetHeader("Device")] {
					return "", nil
				}
				return "alice", nil
			},
		})
		a.MountLive()
		v := a.Visitor()
		listen := func(device string) *apptest.StreamWriter {
			page := v.Listen(apptest.StreamPath("/a"), "Device", device)
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
		a.Job("alice", flashgin.Info("secret").At("/a"))
		time.Sleep(12 * time.Second)
		synctest.Wait()
		assert.Equal(t, "again", apptest.Goodbye(lost.Events()))
		assert.Empty(t, apptest.TextsOf(t, lost.Events()))
		assert.Equal(t, []string{"secret"}, a.Waiting("alice"), "it was put back")

		mine, old := listen("notebook"), listen("old phone")
		lock("old phone")
		for range 5 { // whichever asks first
			v.Acknowledge(apptest.AckBody("shown", apptest.HandedOver(t, mine.Events())...))
			a.Job("alice", flashgin.Info("secret").At("/a"))
			time.Sleep(12 * time.Second)
			synctest.Wait()
		}
		assert.Empty(t, apptest.TextsOf(t, old.Events()))
		assert.Len(t, apptest.TextsOf(t, mine.Events()), 6)
		assert.Empty(t, a.Failures.String())
	})
}

// While the session cannot be loaded nobody knows whose the page is: it comes back later.
func TestStreamWhileTheSessionCannotBeLoaded(t *testing.T) {
	store := apptest.NewFileSessions(t)
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
	a.Use(sessions.Sessions("id", store))
	a.MountLive()
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	back := store.Away()
	a.Job(key, flashgin.Info("text").At("/a"))
	assert.Equal(t, "again", page.Ends())
	assert.Empty(t, page.Texts())
	assert.Contains(t, a.Failures.String(), "loading the session")
	back()
	b.Listen(apptest.StreamPath("/a"), nil).Hears("text")
}

// CookieKey's cookie is no session of gin-contrib's, so that is not asked.
func TestStreamOfCookieKeyLeavesSessions(t *testing.T) {
	store := apptest.NewFileSessions(t)
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
	a.Use(sessions.Sessions("id", store))
	a.MountLive()
	a.POST("/login", func(c *gin.Context) {
		sessions.Default(c).Set("user", "alice")
		assert.NoError(t, sessions.Default(c).Save())
	})
	b := a.Browser()
	b.Post("/login")
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	defer store.Away()()
	a.Job(key, flashgin.Info("text").At("/a"))
	page.Hears("text")
}

// End ends the streams of one session, also what one of them is about to hand over. What waits is
// left for the page that comes next.
func TestEnd(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	server := a.Serve()
	b, other := apptest.NewBrowser(t, server.URL), apptest.NewBrowser(t, server.URL)
	key, otherKey := b.Get("/key"), other.Get("/key")
	first, second, others := b.Listen(apptest.StreamPath("/a"), nil), b.Listen(
		apptest.StreamPath("/b"), nil), other.Listen(apptest.StreamPath("/a"), nil)
	require.NoError(t, a.Messenger.End(key))
	a.Job(key, flashgin.Info("text").At("/a"))
	assert.Equal(t, "again", first.Ends())
	assert.Equal(t, "again", second.Ends())
	assert.Empty(t, first.Texts())
	a.Job(otherKey, flashgin.Info("goes on").At("/a"))
	others.Hears("goes on")
	assert.Equal(t, "[text]", b.Get("/a"))

	assert.ErrorIs(t, a.Messenger.End(""), flashgin.ErrNoSession)
	assert.NoError(t, a.Messenger.End("nobody"))
	b.Listen(apptest.StreamPath("/a"), nil)
	require.NoError(t, a.Messenger.Close(t.Context()))
	assert.NoError(t, a.Messenger.End(key))
}

// What was claimed when End is called is not handed over.
func TestEndWhileAStreamClaims(t *testing.T) {
	store := apptest.NewSpyStore()
	a := apptest.NewLiveApp(t, flashgin.Config{Store: watchedStore{store}})
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	page.Until("it has asked", func() bool { return store.Count("Claim") > 0 })
	store.On(func(_ context.Context, method string, call func() error) error {
		err := call()
		if method == "Claim" {
			assert.NoError(t, a.Messenger.End(key))
		}
		return err
	})
	a.Job(key, flashgin.Info("text").At("/a"))
	assert.Equal(t, "again", page.Ends())
	assert.Empty(t, page.Texts())
	store.On(nil)
	apptest.Eventually(t, "[text]", func() string { return b.Get("/a") })
}

// End and Forget reach the streams of all processes on one Redis.
func TestRedisEnd(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	var apps [2]*apptest.App
	for i := range apps {
		apps[i] = apptest.NewLiveApp(t, flashgin.Config{
			Store: apptest.NewRedisStore(t, server.Client()),
			Lease: time.Second, // Close waits that long for a server that is gone
		})
		apps[i].POST("/login", func(c *gin.Context) {
			assert.NoError(t, apps[i].Messenger.Forget(c))
			c.Status(http.StatusNoContent)
		})
	}
	b := apps[0].Browser()
	elsewhere := *b
	elsewhere.URL = apps[1].Serve().URL // with the same cookies: the host is the same
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), b.Acknowledging())
	stranger := apps[0].Browser()
	stranger.Get("/key")
	others := stranger.Listen(apptest.StreamPath("/a"), nil)
	// The stream may find what is added before that, but End would not reach it.
	admin := server.Client()
	page.Until("the process of the streams has subscribed", func() bool {
		return subscribersOf(t, admin) == 1
	})
	apps[1].Job(key, flashgin.Info("text").At("/a"))
	page.Hears("text")
	require.NoError(t, apps[1].Messenger.End(key))
	assert.Equal(t, "again", page.Ends())

	page = b.Listen(apptest.StreamPath("/a"), nil)
	elsewhere.Post("/login")
	assert.Equal(t, "again", page.Ends())
	select {
	case <-others.Ended:
		assert.Fail(t, "another session's stream has ended")
	default:
	}
	for _, a := range apps {
		assert.Empty(t, a.Failures.String())
	}

	server.Kill()
	assert.Error(t, apps[0].Messenger.End(key), "others could not be told")
}
