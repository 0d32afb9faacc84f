package flashgin_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// What all this is for: a message is shown once, on the page that it is for, to the user that it is for.
func TestPostRedirectGet(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	a.GET("/settings", page)
	a.GET("/other", page)
	a.POST("/settings", add(t, redirect("/settings"), flashgin.Success("saved")))
	url := a.serve().URL
	alice, bob := newBrowser(t, url), newBrowser(t, url)

	require.Equal(t, http.StatusSeeOther, alice.post("/settings").StatusCode)
	assert.Empty(t, alice.get("/other"), "another page")
	assert.Empty(t, bob.get("/settings"), "another session")
	assert.Equal(t, "[saved]", alice.get("/settings"))
	assert.Empty(t, alice.get("/settings"), "a second time")
	assert.Empty(t, a.failures.String())
}

// Every field of a message arrives on the page, and in the handler that takes it.
func TestEveryFieldArrives(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			a := newApp(t, flashgin.Config{Store: store()})
			want := everyField()
			a.POST("/", add(t, status(http.StatusNoContent), want))
			var got flashgin.Messages
			a.GET("/orders", func(c *gin.Context) { got = flashgin.Flashes(c) })
			visitor := a.visitor()
			before := time.Now().Truncate(time.Microsecond)
			visitor.post("/")
			visitor.get("/orders")
			require.Len(t, got, 1)
			created := got[0].Created
			assert.Equal(t, time.UTC, created.Location())
			assert.Zero(t, created.Nanosecond()%1000, "whole microseconds")
			assert.False(t, created.Before(before) || created.After(time.Now()), "set when added, whatever was given")
			want.Created = created
			assert.Equal(t, want, got[0])
		})
	}
}

// What is not given is made: an ID of its own, and the status.
func TestAMessageIsMadeComplete(t *testing.T) {
	m := newMessenger(t, flashgin.Config{})
	require.NoError(t, m.Add(t.Context(), "session", flashgin.Message{Text: "1"}.At("/a/?x"), flashgin.Message{Text: "2"}.At("/a")))
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

// New says which field it cannot use, and what it wants.
func TestNewNamesTheField(t *testing.T) {
	for _, test := range []struct {
		field string
		cfg   flashgin.Config
		text  []string
	}{
		{"Config.Timeout", flashgin.Config{Timeout: -1}, []string{"-1ns", "100ms"}},
		{"Config.AddTimeout", flashgin.Config{AddTimeout: -time.Second}, []string{"-1s", "zero (1s)"}},
		{"Config.Lease", flashgin.Config{Lease: -time.Second}, []string{"-1s", "zero (10s)"}},
		{"Config.MaxBytes", flashgin.Config{MaxBytes: -5}, []string{"-5", "8192"}},
		{"Config.Prefix", flashgin.Config{Prefix: "app"}, []string{`"app"`, "slash"}},
		{"Config.MountPath", flashgin.Config{MountPath: "x"}, []string{`"x"`, "slash", "/_flash"}},
		{"Config.MountPath", flashgin.Config{MountPath: "/:any"}, []string{`"/:any"`, "without parameters"}},
		{"Config.Look", flashgin.Config{Look: 3}, []string{"3", "LookPlain, LookBootstrap or LookTailwind"}},
		{"Config.Look", flashgin.Config{Look: -1}, []string{"-1", "LookPlain"}},
		{"MemoryStore.TTL", flashgin.Config{Store: &flashgin.MemoryStore{TTL: -time.Hour}}, []string{"-1h", "24h"}},
		{"MemoryStore.Cap", flashgin.Config{Store: &flashgin.MemoryStore{Cap: -2}}, []string{"-2", "50"}},
	} {
		t.Run(test.field, func(t *testing.T) {
			m, err := flashgin.New(test.cfg)
			assert.Nil(t, m)
			require.ErrorContains(t, err, "flashgin: "+test.field+" is ")
			for _, text := range test.text {
				assert.ErrorContains(t, err, text)
			}
		})
	}
	_, err := flashgin.New(flashgin.Config{})
	assert.NoError(t, err, "the zero Config is ready")
}

// Two Messengers know nothing of each other.
func TestMessengersAreIndependent(t *testing.T) {
	first, second := newMessenger(t, flashgin.Config{}), newMessenger(t, flashgin.Config{})
	require.NoError(t, first.Add(t.Context(), "session", flashgin.Info("x").At("/")))
	got, err := second.Take(t.Context(), "session", "/")
	require.NoError(t, err)
	assert.Empty(t, got)
}

// Add returns an error where a message would reach nobody, or is not what it may be. Nothing is stored then, not even the message beside it.
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
		{"too large", "session", flashgin.Info(strings.Repeat("x", 8192)).At("/"), flashgin.ErrTooLarge, "Config.MaxBytes is 8192"},
		{"data too large", "session", flashgin.Message{View: "/", Text: "x", Data: map[string]string{"k": strings.Repeat("x", 8192)}}, flashgin.ErrTooLarge, "bytes encoded"},
		{"a view of a megabyte", "session", flashgin.Info("x").At("/" + strings.Repeat("x", 1<<20)), flashgin.ErrTooLarge, ""},
		{"an ID of a megabyte", "session", flashgin.Message{View: "/", Text: "x", ID: strings.Repeat("x", 1<<20)}, flashgin.ErrTooLarge, ""},
		{"a negative TTL", "session", flashgin.Message{View: "/", Text: "x", TTL: -time.Second}, nil, "Message.TTL is -1s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := newSpyStore()
			m := newMessenger(t, flashgin.Config{Store: store})
			err := m.Add(t.Context(), test.session, fine, test.msg)
			require.Error(t, err)
			if test.is != nil {
				assert.ErrorIs(t, err, test.is)
			}
			assert.ErrorContains(t, err, test.text)
			assert.Less(t, len(err.Error()), 300)
			assert.Zero(t, store.count(), "none of the messages is stored")
		})
	}
}

// MaxBytes bounds the whole of a message, not only its text.
func TestMaxBytes(t *testing.T) {
	small := newMessenger(t, flashgin.Config{MaxBytes: 200})
	assert.NoError(t, small.Add(t.Context(), "session", flashgin.Info("x").At("/")))
	assert.ErrorIs(t, small.Add(t.Context(), "session", flashgin.Info(strings.Repeat("x", 190)).At("/")), flashgin.ErrTooLarge)
	large := newMessenger(t, flashgin.Config{MaxBytes: 1 << 20})
	assert.NoError(t, large.Add(t.Context(), "session", flashgin.Info(strings.Repeat("x", 1<<19)).At("/")))
}

// Without a session, or without a view, there is nothing to take, to look at or to withdraw.
func TestTakePeekAndWithdrawRefuse(t *testing.T) {
	m := newMessenger(t, flashgin.Config{})
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
	assert.NoError(t, m.Withdraw(t.Context(), "session", "/", "key"), "nothing to withdraw is no error")
	assert.NoError(t, m.Withdraw(t.Context(), "session", "/", ""))
}

// An empty message is nothing: no error, no call of the store, and nothing that waits is replaced by it.
func TestEmptyMessages(t *testing.T) {
	store := newSpyStore()
	a := newApp(t, flashgin.Config{Store: store})
	a.GET("/", page)
	empty := []flashgin.Message{{}, flashgin.Info(""), {Key: "progress", View: "/"}, {Data: map[string]string{"k": "v"}, Link: &flashgin.Link{Label: "x"}, TTL: -1}}
	a.POST("/", add(t, redirect("/"), empty...))
	a.POST("/progress", add(t, redirect("/"), flashgin.Message{Key: "progress", Text: "50 %", View: "/"}))
	visitor := a.visitor()
	visitor.post("/progress")
	calls := store.count()
	visitor.post("/")
	assert.NoError(t, a.messenger.Add(t.Context(), "session", empty...))
	assert.NoError(t, a.messenger.Add(t.Context(), "session"))
	assert.Equal(t, calls, store.count())
	assert.Equal(t, "[50 %]", visitor.get("/"))

	titled := []flashgin.Message{{Title: "title", View: "/"}, {HTML: "<b>", View: "/"}, {Text: " ", View: "/"}}
	require.NoError(t, a.messenger.Add(t.Context(), "session", titled...))
	got, err := a.messenger.Take(t.Context(), "session", "/")
	require.NoError(t, err)
	assert.Len(t, got, 3, "any of the three makes a message")
}

// A job adds at once: its messages are on the very next page, in order.
func TestJobs(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			a := newApp(t, flashgin.Config{Store: store()})
			a.GET("/", page)
			a.GET("/other", page)
			keys := map[string]string{}
			a.POST("/:user", func(c *gin.Context) {
				key, err := a.messenger.SessionKey(c)
				assert.NoError(t, err)
				keys[c.Param("user")] = key
			})
			visitors := map[string]*visitor{"alice": a.visitor(), "bob": a.visitor(), "carol": a.visitor()}
			for user, visitor := range visitors {
				visitor.post("/" + user)
			}
			var jobs sync.WaitGroup
			for user, key := range keys {
				jobs.Go(func() {
					assert.NoError(t, a.messenger.Add(t.Context(), key, flashgin.Info(user+" 1").At("/"), flashgin.Info(user+" 2").At("/")))
					assert.NoError(t, a.messenger.Add(t.Context(), key, flashgin.Info(user+" 3").At(flashgin.Anywhere)))
				})
			}
			jobs.Wait()
			for user, visitor := range visitors {
				assert.Equal(t, fmt.Sprintf("[%[1]s 1][%[1]s 2][%[1]s 3]", user), visitor.get("/"))
				assert.Empty(t, visitor.get("/other"))
			}
			assert.Empty(t, a.failures.String())
		})
	}
}

// A job that runs twice says its message once, whether the first was shown or not.
func TestAGivenID(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			m := newMessenger(t, flashgin.Config{Store: store()})
			done := flashgin.Message{ID: "import-7", Text: "imported", View: "/"}
			for range 3 {
				require.NoError(t, m.Add(t.Context(), "session", done, done))
			}
			got, err := m.Take(t.Context(), "session", "/")
			require.NoError(t, err)
			assert.Equal(t, []string{"imported"}, texts(got))
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

// The same, in requests.
func TestAGivenIDInRequests(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	welcome := flashgin.Message{ID: "welcome", Text: "welcome", View: "/"}
	a.GET("/", page)
	a.POST("/", add(t, redirect("/"), welcome, welcome))
	visitor := a.visitor()
	visitor.post("/")
	visitor.post("/")
	assert.Equal(t, "[welcome]", visitor.get("/"))
	visitor.post("/")
	assert.Empty(t, visitor.get("/"))
}

// A message that waits is shown once beside its own repetition by this very request.
func TestAGivenIDThatWaitsAndIsAddedByThePage(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	welcome := flashgin.Message{ID: "welcome", Text: "welcome", View: "/"}
	a.POST("/", add(t, redirect("/"), welcome))
	first := true
	a.GET("/", func(c *gin.Context) {
		if first {
			assert.NoError(t, flashgin.AddFlash(c, welcome))
		}
		page(c)
	})
	visitor := a.visitor()
	visitor.post("/")
	assert.Equal(t, "[welcome]", visitor.get("/"))
	first = false
	assert.Empty(t, visitor.get("/"), "neither of the two waits")
}

// "50 %", then "done": of two that wait with one Key, the later is shown.
func TestKey(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			m := newMessenger(t, flashgin.Config{Store: store()})
			progress := func(text string) flashgin.Message {
				return flashgin.Message{Key: "import", Text: text, View: "/"}
			}
			take := func() []string {
				got, err := m.Take(t.Context(), "session", "/", "/other")
				require.NoError(t, err)
				return texts(got)
			}
			require.NoError(t, m.Add(t.Context(), "session", progress("10 %"), flashgin.Info("another").At("/"), progress("elsewhere").At("/other")))
			require.NoError(t, m.Add(t.Context(), "session", progress("50 %"), progress("done")))
			assert.Equal(t, []string{"another", "elsewhere", "done"}, take(), "in the place of the later one, at its own address")
			require.NoError(t, m.Add(t.Context(), "session", progress("again")))
			assert.Equal(t, []string{"again"}, take(), "what was shown is not in the way")

			require.NoError(t, m.Add(t.Context(), "session", progress("50 %"), flashgin.Info("another").At("/")))
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

// A page shows the later of two with one Key, also if it adds the later one itself.
func TestKeyOnThePageThatAddsTheLater(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			a := newApp(t, flashgin.Config{Store: store()})
			step := ""
			own := func(c *gin.Context) flashgin.Message {
				return flashgin.Message{Key: "import", Text: c.Query("text"), View: "/"}
			}
			a.POST("/", func(c *gin.Context) { add(t, redirect("/"), own(c))(c) })
			a.GET("/", func(c *gin.Context) {
				if step == "own" {
					assert.NoError(t, flashgin.AddFlash(c, own(c)))
				}
				page(c)
			})
			visitor := a.visitor()
			visitor.post("/?text=50")
			step = "own"
			assert.Equal(t, "[done]", visitor.get("/?text=done"))
			step = ""
			assert.Empty(t, visitor.get("/"), "the earlier one does not come back")
			visitor.post("/?text=1")
			visitor.post("/?text=2")
			assert.Equal(t, "[2]", visitor.get("/"))
		})
	}
}

// PeekFlashes returns what Flashes would: neither what the request's own message replaces, nor a repetition of what waits.
func TestPeekFlashesReturnsWhatFlashesWould(t *testing.T) {
	for _, test := range []struct {
		name           string
		earlier, later flashgin.Message
		want           string
	}{
		{"a Key", flashgin.Message{Key: "import", Text: "earlier"}, flashgin.Message{Key: "import", Text: "later"}, "later"},
		{"an ID", flashgin.Message{ID: "import", Text: "earlier"}, flashgin.Message{ID: "import", Text: "later"}, "earlier"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newApp(t, flashgin.Config{})
			a.POST("/", add(t, redirect("/"), test.earlier))
			a.GET("/", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, test.later))
				peeked, taken, again := flashgin.PeekFlashes(c), flashgin.Flashes(c), flashgin.PeekFlashes(c)
				c.JSON(http.StatusOK, []any{texts(peeked), texts(taken), texts(again)})
			})
			visitor := a.visitor()
			visitor.post("/")
			assert.Equal(t, strings.ReplaceAll(`[["x"],["x"],["x"]]`, "x", test.want), visitor.get("/"))
		})
	}
}

// Take shows and removes; Peek looks and leaves.
func TestTakeAndPeek(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			m := newMessenger(t, flashgin.Config{Store: store()})
			require.NoError(t, m.Add(t.Context(), "session", flashgin.Info("1").At("/a"), flashgin.Info("2").At("/b"), flashgin.Info("3").At("/a"), flashgin.Info("4").At("/c")))
			for range 2 {
				got, err := m.Peek(t.Context(), "session", "/b", "/a", "/a/")
				require.NoError(t, err)
				assert.Equal(t, []string{"1", "2", "3"}, texts(got))
			}
			got, err := m.Take(t.Context(), "session", "/b", "/a")
			require.NoError(t, err)
			assert.Equal(t, []string{"1", "2", "3"}, texts(got))
			for _, read := range []func(context.Context, string, ...string) (flashgin.Messages, error){m.Peek, m.Take} {
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
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			m := newMessenger(t, flashgin.Config{Store: store()})
			require.NoError(t, m.Add(t.Context(), "session", flashgin.Message{Text: "x", Key: "key", View: "/"}))
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
			assert.Equal(t, []string{"x"}, texts(got))
		})
	}
}

// What a caller does with a message after it was added changes nothing.
func TestAMessageIsCopiedWhenItIsAdded(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	a.GET("/", func(c *gin.Context) { c.JSON(http.StatusOK, flashgin.Flashes(c)) })
	m := flashgin.Message{Text: "x", Link: &flashgin.Link{Label: "l", URL: "u"}, Data: map[string]string{"k": "v"}}
	msgs := []flashgin.Message{m}
	a.POST("/", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, msgs...))
		msgs[0].Text, m.Link.URL, m.Data["k"] = "changed", "changed", "changed"
		c.Redirect(http.StatusSeeOther, "/")
	})
	visitor := a.visitor()
	visitor.post("/")
	body := visitor.get("/")
	assert.Contains(t, body, `"url":"u"`)
	assert.NotContains(t, body, "changed")
}

// A message may have a TTL of its own, which is shorter than the store's.
func TestTTL(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newApp(t, flashgin.Config{Store: store()})
				a.GET("/", page)
				a.POST("/", add(t, redirect("/"), flashgin.Message{Text: "short", TTL: time.Minute}, flashgin.Info("long")))
				early, late := a.visitor(), a.visitor()
				early.post("/")
				late.post("/")
				time.Sleep(time.Minute - 1)
				assert.Equal(t, "[short][long]", early.get("/"))
				time.Sleep(1)
				assert.Equal(t, "[long]", late.get("/"))
			})
		})
	}
}
