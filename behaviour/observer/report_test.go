package observer_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A store that fails under load must not fill the disk.
func TestRepeatedFailuresAreLoggedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(apptest.LockedBuffer)
		// so that each page fails
		a := apptest.NewAppWithoutSessions(t, flashgin.Config{Logger: apptest.LogTo(log)})
		a.GET("/", apptest.Page)
		visitor := a.Visitor()
		lines := func() []string { return strings.Split(strings.TrimSpace(log.String()), "\n") }
		for range 100 {
			visitor.Get("/")
		}
		require.Len(t, lines(), 1)
		assert.Contains(t, lines()[0], "suppressed=0")
		time.Sleep(time.Second)
		visitor.Get("/")
		visitor.Get("/")
		require.Len(t, lines(), 2)
		assert.Contains(t, lines()[1], "suppressed=99")
	})
}

// OnError hears of each failure; only the log is spared.
func TestOnErrorHearsOfEachFailure(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
	a.GET("/", apptest.Page)
	for range 10 {
		a.Visitor().Get("/")
	}
	assert.Len(t, a.Failures.All(), 10)
}

// An OnError that panics fails no page, and in the background it does not end the process.
func TestOnErrorThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, log := apptest.NewSpyStore(), new(apptest.LockedBuffer)
		m := apptest.NewMessenger(t, flashgin.Config{
			Store: store, Logger: apptest.LogTo(log), Lease: 5 * time.Second,
			SessionKey: func(*gin.Context) (string, error) { return "session", nil },
			OnError:    func(context.Context, error) { panic("no such thing") },
		})
		router := gin.New(m.Install)
		router.GET("/",
			func(c *gin.Context) { c.JSON(http.StatusOK, apptest.Texts(flashgin.Flashes(c))) })
		get := func() string {
			recorder := httptest.NewRecorder()
			router.ServeHTTP(recorder,
				httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
			return recorder.Body.String()
		}
		require.NoError(t, m.Add(t.Context(), "session", flashgin.Info("hello").At("/")))
		store.Fail(apptest.ErrDown, "Claim")
		assert.JSONEq(t, "[]", get())
		store.Fail(apptest.ErrDown, "Confirm")
		assert.JSONEq(t, `["hello"]`, get())
		time.Sleep(10 * time.Second) // until it is given up, in the background
		assert.Equal(t, 2, strings.Count(log.String(), "Config.OnError panicked"))
		assert.Contains(t, log.String(), "may be shown again")
		store.On(nil)
	})
}

// A handler may ignore what AddFlash returns: OnError and the log have it, each time.
func TestErrorsOfAddFlashAreReported(t *testing.T) {
	for name, test := range map[string]struct {
		setup func(testing.TB, flashgin.Config) *apptest.App
		add   func(*gin.Context) error
		want  error
	}{
		"no session": {apptest.NewAppWithoutSessions, func(c *gin.Context) error {
			return flashgin.AddFlash(c, flashgin.Info("x"))
		}, flashgin.ErrNoSession},
		"too large": {apptest.NewApp, func(c *gin.Context) error {
			return flashgin.AddFlash(c, flashgin.Info(strings.Repeat("x", 9<<10)))
		}, flashgin.ErrTooLarge},
		"too late": {apptest.NewApp, func(c *gin.Context) error {
			c.Writer.WriteHeaderNow()
			return flashgin.AddFlash(c, flashgin.Info("x"))
		}, flashgin.ErrTooLate},
		"a redirect": {apptest.NewAppWithoutSessions, func(c *gin.Context) error {
			return flashgin.RedirectFlash(c, "/", flashgin.Info("x"))
		}, flashgin.ErrNoSession},
		"the store, after the headers": {func(t testing.TB, cfg flashgin.Config) *apptest.App {
			store := apptest.NewSpyStore()
			store.Fail(apptest.ErrDown, "Add")
			cfg.Store, cfg.SessionKey = store, apptest.UserOf
			return apptest.NewAppWithoutSessions(t, cfg)
		}, func(c *gin.Context) error {
			c.Writer.WriteHeaderNow()
			return flashgin.AddFlash(c, flashgin.Info("x").At("/"))
		}, apptest.ErrDown},
	} {
		// In synctest both are within the second of one line.
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log apptest.LockedBuffer
				a := test.setup(t, flashgin.Config{Logger: apptest.LogTo(&log)})
				a.GET("/", func(c *gin.Context) {
					assert.ErrorIs(t, test.add(c), test.want)
					assert.Empty(t, c.Errors, "the handler has the error")
				})
				for range 2 {
					a.Visit(http.MethodGet, "/")
				}
				require.Len(t, a.Failures.All(), 2)
				assert.ErrorIs(t, a.Failures.All()[0], test.want)
				assert.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), log.String())
			})
		})
	}
}

// At the level Debug the log tells what has become of each message, and nothing secret.
func TestDebugLogFollowsEachMessage(t *testing.T) {
	for name, open := range observedStores {
		t.Run(name, func(t *testing.T) {
			var log apptest.LockedBuffer
			handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{
				Store: open(t), SessionKey: apptest.UserOf, Logger: slog.New(handler),
				Timeout: time.Minute, AddTimeout: time.Minute,
			})
			a.GET("/a", apptest.Page)
			a.GET("/failing", func(c *gin.Context) {
				flashgin.Flashes(c)
				c.Status(http.StatusInternalServerError)
			})
			line := func(what, id, view string) string {
				return `msg="flashgin: ` + what + `" message=` + id + " view=" + view +
					" status=error session=" + flashgin.SessionHash("alice")
			}
			job := flashgin.Error("a secret text").At("/a")
			job.ID, job.Key = "job-7", "progress"
			a.Leave(job)
			assert.Contains(t, log.String(), line("added", "job-7", "/a"))
			assert.Equal(t, "[a secret text]", a.Shown("/a"))
			assert.Contains(t, log.String(), line("claimed", "job-7", "/a"))
			require.Eventually(t, func() bool {
				return strings.Contains(log.String(), line("shown", "job-7", "/a")+" page=/a")
			}, 20*time.Second, time.Millisecond, log.String)

			job.ID, job.View = "job-8", "/failing"
			a.Leave(job)
			a.Visit(http.MethodGet, "/failing")
			require.Eventually(t, func() bool {
				return strings.Contains(log.String(), line("released", "job-8", "/failing"))
			}, 20*time.Second, time.Millisecond)
			require.NoError(t, a.Messenger.Withdraw(t.Context(), "alice", "/failing", "progress"))
			assert.Contains(t, log.String(), `msg="flashgin: withdrawn" message="" view=/failing`)
			assert.NotContains(t, log.String(), "secret")
			assert.NotContains(t, log.String(), "alice")
		})
	}
}

// What a page shows of the request's own messages is shown, too, though no store had it.
func TestDebugLogTellsWhatARequestShowsItself(t *testing.T) {
	var log apptest.LockedBuffer
	handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: apptest.UserOf, Logger: slog.New(handler),
	})
	a.GET("/form", func(c *gin.Context) {
		message := flashgin.Error("a secret text")
		message.ID = "form-1"
		require.NoError(t, flashgin.AddFlash(c, message))
		apptest.Page(c)
	})
	assert.Equal(t, "[a secret text]", a.Shown("/form"))
	assert.Contains(t, log.String(), `msg="flashgin: shown" message=form-1 view="" status=error `+
		`session=`+flashgin.SessionHash("alice")+` page=/form`)
	assert.NotContains(t, log.String(), "secret")
}

// The store itself knows what it has dropped, what has expired, and whose lease has ended: the log
// and the report say at which view, and for whom.
func TestDebugLogTellsWhatTheStoreHasRemoved(t *testing.T) {
	for name, open := range observedStores {
		if name == "a stranger's" { // it reports, but has no lines
			continue
		}
		t.Run(name, func(t *testing.T) {
			var log apptest.LockedBuffer
			handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
			observed := new(apptest.Observed)
			store := open(t)
			messages, err := flashgin.New(flashgin.Config{
				Store: store, Logger: slog.New(handler), Observer: observed,
				Timeout: time.Minute, AddTimeout: time.Minute,
			})
			require.NoError(t, err)
			ctx := t.Context()
			hash := flashgin.SessionHash("alice")
			add := func(id, view string, ttl time.Duration) {
				message := flashgin.Warning("a secret text").At(view)
				message.ID, message.TTL = id, ttl
				require.NoError(t, messages.Add(ctx, "alice", message))
			}
			line := func(what, id, view string) string {
				return `msg="flashgin: ` + what + `" message=` + id + " view=" + view +
					" status=warning session=" + hash
			}
			for _, id := range []string{"1", "2", "3", "4"} { // the cap is 2
				add(id, "/full", 0)
			}
			for _, id := range []string{"1", "2"} {
				assert.Contains(t, log.String(), line("dropped", id, "/full"))
			}
			assert.NotContains(t, log.String(), line("dropped", "3", "/full"))
			assert.Contains(t, log.String(), `at \"/full\", where 2 may wait: `+
				`is its page never opened? (session `+hash+`)`)
			var at []string
			for _, e := range observed.All() {
				if e.Kind == flashgin.EventDropped {
					at = append(at, fmt.Sprint(e.Messages, e.View, e.Session))
				}
			}
			assert.Equal(t, []string{"1/full" + hash, "1/full" + hash}, at)

			add("long", "/later", time.Hour) // first: Redis removes a whole view by itself
			add("short", "/later", 20*time.Millisecond)
			require.Eventually(t, func() bool { // it is noticed when somebody looks
				waiting, err := messages.Peek(ctx, "alice", "/later")
				require.NoError(t, err)
				if len(waiting) > 1 { // a claim now might be released after the TTL, without a line
					return false
				}
				claim, err := store.Claim(ctx, "alice", []string{"/later"}, time.Minute)
				require.NoError(t, err)
				require.NoError(t, store.Release(ctx, claim))
				return strings.Contains(log.String(), line("expired", "short", "/later"))
			}, 20*time.Second, 10*time.Millisecond)
			assert.NotContains(t, log.String(), line("expired", "long", "/later"))

			_, err = store.Claim(ctx, "alice", []string{"/full"}, 0) // its process dies
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				_, err := messages.Take(ctx, "alice", "/full")
				require.NoError(t, err)
				return strings.Contains(log.String(), line("lease expired", "3", "/full"))
			}, 20*time.Second, time.Millisecond)
			assert.NotContains(t, log.String(), "secret")
			assert.NotContains(t, log.String(), "alice")
		})
	}
}

// What a Redis key is called for a session is what the log calls it.
func TestSessionHashIsInRedisKeys(t *testing.T) {
	client := apptest.StartMiniredis(t)
	store := apptest.NewRedisStore(t, client)
	require.NoError(t, store.Add(t.Context(), "alice", flashgin.Info("one").At("/a")))
	assert.Equal(t, []string{"flash:shop:{" + flashgin.SessionHash("alice") + "}:/a"},
		apptest.KeysAt(t, client))
}
