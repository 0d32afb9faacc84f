package messages_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Two Messengers know nothing of each other.
func TestMessengersAreIndependent(t *testing.T) {
	first, second := apptest.NewMessenger(t, flashgin.Config{}), apptest.NewMessenger(t,
		flashgin.Config{})
	require.NoError(t, first.Add(t.Context(), "session", flashgin.Info("x").At("/")))
	got, err := second.Take(t.Context(), "session", "/")
	require.NoError(t, err)
	assert.Empty(t, got)
}

// What is not given is made: an ID of its own, and the status.
func TestAMessageIsMadeComplete(t *testing.T) {
	m := apptest.NewMessenger(t, flashgin.Config{})
	require.NoError(t, m.Add(t.Context(), "session", flashgin.Message{Text: "1"}.At("/a/?x"),
		flashgin.Message{Text: "2"}.At("/a")))
	taken, err := m.Take(t.Context(), "session", "/a#b")
	require.NoError(t, err)
	require.Len(t, taken, 2)
	for _, message := range taken {
		assert.Regexp(t, "^f-[A-Z2-7]{26}$", message.ID)
		assert.Equal(t, flashgin.StatusInfo, message.Status)
		assert.Equal(t, "/a", message.View)
	}
	assert.NotEqual(t, taken[0].ID, taken[1].ID)
}

// Add returns an error where a message would reach nobody, or is not what it may be. Nothing is
// stored then, not even the message beside it.
func TestAddRefuses(t *testing.T) {
	fine := flashgin.Info("fine").At("/")
	for _, test := range []struct {
		name    string
		session string
		msg     flashgin.Message
		is      error
		text    string
	}{
		{"no session", "", fine, flashgin.ErrNoSession, "Messenger.SessionKey"},
		{"no view", "session", flashgin.Info("x"), flashgin.ErrNoView, "At"},
		{"too large", "session", flashgin.Info(strings.Repeat("x", 8192)).At("/"),
			flashgin.ErrTooLarge, "Config.MaxBytes is 8192"},
		{"data too large", "session", flashgin.Message{View: "/", Text: "x",
			Data: map[string]string{"k": strings.Repeat("x", 8192)}},
			flashgin.ErrTooLarge, "bytes encoded"},
		{"a view of a megabyte", "session", flashgin.Info("x").At("/" + strings.Repeat("x", 1<<20)),
			flashgin.ErrTooLarge, ""},
		{"an ID of a megabyte", "session",
			flashgin.Message{View: "/", Text: "x", ID: strings.Repeat("x", 1<<20)},
			flashgin.ErrTooLarge, ""},
		{"a negative TTL", "session", flashgin.Message{View: "/", Text: "x", TTL: -time.Second},
			nil, "Message.TTL is -1s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := apptest.NewSpyStore()
			m := apptest.NewMessenger(t, flashgin.Config{Store: store})
			err := m.Add(t.Context(), test.session, fine, test.msg)
			require.Error(t, err)
			if test.is != nil {
				assert.ErrorIs(t, err, test.is)
			}
			assert.ErrorContains(t, err, test.text)
			assert.Less(t, len(err.Error()), 300)
			assert.Zero(t, store.Count(), "none of the messages is stored")
		})
	}
}

// Without a session, or without a view, there is nothing to take, to look at or to withdraw.
func TestTakePeekAndWithdrawRefuse(t *testing.T) {
	m := apptest.NewMessenger(t, flashgin.Config{})
	calls := map[string]func(session string, views ...string) error{
		"Take": func(session string, views ...string) error {
			_, err := m.Take(t.Context(), session, views...)
			return err
		},
		"Peek": func(session string, views ...string) error {
			_, err := m.Peek(t.Context(), session, views...)
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			assert.ErrorIs(t, call("", "/"), flashgin.ErrNoSession)
			assert.ErrorIs(t, call("session"), flashgin.ErrNoView)
			assert.ErrorIs(t, call("session", "/", ""), flashgin.ErrNoView)
			assert.NoError(t, call("session", "/", "/", "*", "name"))
		})
	}
	assert.ErrorIs(t, m.Withdraw(t.Context(), "", "/", "key"), flashgin.ErrNoSession)
	assert.ErrorIs(t, m.Withdraw(t.Context(), "session", "", "key"), flashgin.ErrNoView)
	assert.NoError(t, m.Withdraw(t.Context(), "session", "/", "key"),
		"nothing to withdraw is no error")
	assert.NoError(t, m.Withdraw(t.Context(), "session", "/", ""))
}

// A job adds at once: its messages are on the very next page, in order.
func TestJobs(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			a.GET("/", apptest.Page)
			a.GET("/other", apptest.Page)
			keys := map[string]string{}
			a.POST("/:user", func(c *gin.Context) {
				key, err := a.Messenger.SessionKey(c)
				assert.NoError(t, err)
				keys[c.Param("user")] = key
			})
			visitors := map[string]*apptest.Visitor{"alice": a.Visitor(), "bob": a.Visitor(),
				"carol": a.Visitor()}
			for user, visitor := range visitors {
				visitor.Post("/" + user)
			}
			var jobs sync.WaitGroup
			for user, key := range keys {
				jobs.Go(func() {
					assert.NoError(t, a.Messenger.Add(t.Context(), key,
						flashgin.Info(user+" 1").At("/"), flashgin.Info(user+" 2").At("/")))
					assert.NoError(t, a.Messenger.Add(t.Context(), key,
						flashgin.Info(user+" 3").At(flashgin.Anywhere)))
				})
			}
			jobs.Wait()
			for user, visitor := range visitors {
				assert.Equal(t, fmt.Sprintf("[%[1]s 1][%[1]s 2][%[1]s 3]", user), visitor.Get("/"))
				assert.Empty(t, visitor.Get("/other"))
			}
			assert.Empty(t, a.Failures.String())
		})
	}
}

// A job that runs twice says its message once, whether the first was shown or not.
func TestAGivenID(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			m := apptest.NewMessenger(t, flashgin.Config{Store: store()})
			done := flashgin.Message{ID: "import-7", Text: "imported", View: "/"}
			for range 3 {
				require.NoError(t, m.Add(t.Context(), "session", done, done))
			}
			got, err := m.Take(t.Context(), "session", "/")
			require.NoError(t, err)
			assert.Equal(t, []string{"imported"}, apptest.Texts(got))
			require.NoError(t, m.Add(t.Context(), "session", done))
			require.NoError(t, m.Add(t.Context(), "session", got...))
			got, err = m.Take(t.Context(), "session", "/")
			require.NoError(t, err)
			assert.Empty(t, got)

			require.NoError(t, m.Add(t.Context(), "session", done.At("/other")))
			require.NoError(t, m.Add(t.Context(), "another session", done))
			for _, where := range [][2]string{{"session", "/other"}, {"another session", "/"}} {
				got, err = m.Take(t.Context(), where[0], where[1])
				require.NoError(t, err)
				assert.Len(t, got, 1, "another address is another message")
			}
		})
	}
}

// "50 %", then "done": of two that wait with one Key, the later is shown.
func TestKey(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			m := apptest.NewMessenger(t, flashgin.Config{Store: store()})
			progress := func(text string) flashgin.Message {
				return flashgin.Message{Key: "import", Text: text, View: "/"}
			}
			take := func() []string {
				got, err := m.Take(t.Context(), "session", "/", "/other")
				require.NoError(t, err)
				return apptest.Texts(got)
			}
			require.NoError(t, m.Add(t.Context(), "session", progress("10 %"),
				flashgin.Info("another").At("/"), progress("elsewhere").At("/other")))
			require.NoError(t, m.Add(t.Context(), "session", progress("50 %"), progress("done")))
			assert.Equal(t, []string{"another", "elsewhere", "done"}, take(),
				"in the place of the later one, at its own address")
			require.NoError(t, m.Add(t.Context(), "session", progress("again")))
			assert.Equal(t, []string{"again"}, take(), "what was shown is not in the way")

			require.NoError(t,
				m.Add(t.Context(), "session", progress("50 %"), flashgin.Info("another").At("/")))
			require.NoError(t, m.Withdraw(t.Context(), "session", "/other", "import"))
			require.NoError(t, m.Withdraw(t.Context(), "another session", "/", "import"))
			require.NoError(t, m.Withdraw(t.Context(), "session", "/", "other key"))
			require.NoError(t, m.Withdraw(t.Context(), "session", "/", ""))
			got, err := m.Peek(t.Context(), "session", "/")
			require.NoError(t, err)
			assert.Len(t, got, 2)
			require.NoError(t, m.Withdraw(t.Context(), "session", "/?x", "import"))
			assert.Equal(t, []string{"another"}, take(), "withdrawn")
		})
	}
}

// Take shows and removes; Peek looks and leaves.
func TestTakeAndPeek(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			m := apptest.NewMessenger(t, flashgin.Config{Store: store()})
			require.NoError(t, m.Add(t.Context(), "session",
				flashgin.Info("1").At("/a"), flashgin.Info("2").At("/b"),
				flashgin.Info("3").At("/a"), flashgin.Info("4").At("/c")))
			for range 2 {
				got, err := m.Peek(t.Context(), "session", "/b", "/a", "/a/")
				require.NoError(t, err)
				assert.Equal(t, []string{"1", "2", "3"}, apptest.Texts(got))
			}
			got, err := m.Take(t.Context(), "session", "/b", "/a")
			require.NoError(t, err)
			assert.Equal(t, []string{"1", "2", "3"}, apptest.Texts(got))
			for _, read := range []func(context.Context, string, ...string) (
				flashgin.Messages, error,
			){m.Peek, m.Take} {
				got, err = read(t.Context(), "session", "/a", "/b")
				require.NoError(t, err)
				assert.Empty(t, got)
				got, err = read(t.Context(), "nobody", "/a", "/b")
				require.NoError(t, err)
				assert.Empty(t, got)
			}
			got, err = m.Take(t.Context(), "session", "/c")
			require.NoError(t, err)
			assert.Len(t, got, 1)
		})
	}
}

// A context that has ended changes nothing.
func TestJobsWithAnEndedContext(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			m := apptest.NewMessenger(t, flashgin.Config{Store: store()})
			require.NoError(t,
				m.Add(t.Context(), "session", flashgin.Message{Text: "x", Key: "key", View: "/"}))
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			assert.ErrorIs(t, m.Add(ended, "session", flashgin.Info("y").At("/")), context.Canceled)
			_, err := m.Take(ended, "session", "/")
			assert.ErrorIs(t, err, context.Canceled)
			_, err = m.Peek(ended, "session", "/")
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, m.Withdraw(ended, "session", "/", "key"), context.Canceled)
			got, err := m.Take(t.Context(), "session", "/")
			require.NoError(t, err)
			assert.Equal(t, []string{"x"}, apptest.Texts(got))
		})
	}
}
