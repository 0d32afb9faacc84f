// Package stores_test holds the store in memory to its contract, and stores that embed ours.
package stores_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/storetest"
)

var _ flashgin.Store = (*flashgin.MemoryStore)(nil)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(_ *testing.T, ttl time.Duration, cap int) flashgin.Store {
		return &flashgin.MemoryStore{TTL: ttl, Cap: cap}
	})
}

// The defaults are those that the documentation names.
func TestMemoryStoreDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store flashgin.MemoryStore
		m := apptest.NewMessenger(t, flashgin.Config{Store: &store})
		for i := range 60 {
			require.NoError(t, m.Add(t.Context(), "session", flashgin.Info(fmt.Sprint(i)).At("/")))
		}
		waiting, err := m.Peek(t.Context(), "session", "/")
		require.NoError(t, err)
		assert.Len(t, waiting, 50)
		assert.Equal(t, "10", waiting[0].Text, "the oldest are dropped")

		for i := range 100 {
			require.NoError(t,
				m.Add(t.Context(), "other", flashgin.Info("hello").At(fmt.Sprint("/", i))))
		}
		first := func() flashgin.Messages {
			waiting, err := m.Peek(t.Context(), "other", "/0")
			require.NoError(t, err)
			return waiting
		}
		assert.Len(t, first(), 1)
		require.NoError(t, m.Add(t.Context(), "other", flashgin.Info("hello").At("/100")))
		assert.Empty(t, first(), "the oldest of 101 views")

		time.Sleep(24*time.Hour - time.Second)
		waiting, err = m.Peek(t.Context(), "session", "/")
		require.NoError(t, err)
		assert.Len(t, waiting, 50)
		time.Sleep(time.Second)
		waiting, err = m.Peek(t.Context(), "session", "/")
		require.NoError(t, err)
		assert.Empty(t, waiting)
	})
}

// A generated ID is remembered for 10 seconds, so a retry within them adds nothing; then it is
// forgotten.
func TestMemoryStoreForgetsGeneratedIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store flashgin.MemoryStore
		generated := flashgin.Message{ID: "f-" + strings.Repeat("A", 26), View: "/",
			Text: "generated"}
		given := flashgin.Message{ID: "given", View: "/", Text: "given"}
		show := func() []string {
			claim, err := store.Claim(t.Context(), "session", []string{"/"}, time.Minute)
			require.NoError(t, err)
			require.NoError(t, store.Confirm(t.Context(), claim))
			return apptest.Texts(claim.Messages)
		}
		add := func() { require.NoError(t, store.Add(t.Context(), "session", generated, given)) }
		add()
		assert.Equal(t, []string{"generated", "given"}, show())
		time.Sleep(9 * time.Second)
		add()
		assert.Empty(t, show())
		time.Sleep(2 * time.Second)
		add()
		assert.Equal(t, []string{"generated"}, show())
		time.Sleep(23 * time.Hour)
		add()
		assert.Equal(t, []string{"generated"}, show())
	})
}

// The cap reports the view, which an operator needs, and nothing that is private.
func TestMemoryStoreReportsTheCap(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{Store: &flashgin.MemoryStore{Cap: 2}})
	for _, text := range []string{"MARKER 1", "MARKER 2"} {
		require.NoError(t,
			a.Messenger.Add(t.Context(), "MARKER session", flashgin.Info(text).At("/jobs")))
	}
	assert.Empty(t, a.Failures.All())
	require.NoError(t, a.Messenger.Add(t.Context(), "MARKER session",
		flashgin.Info("MARKER 3").At("/jobs"), flashgin.Info("MARKER 4").At("/jobs")))
	require.Len(t, a.Failures.All(), 1)
	assert.ErrorContains(t, a.Failures.All()[0],
		`dropped the 2 oldest messages at "/jobs", where 2 may wait`)
	assert.NotContains(t, a.Failures.String(), "MARKER")
}

// So does the bound of views.
func TestMemoryStoreReportsTheBoundOfViews(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{Store: &flashgin.MemoryStore{Views: 2}})
	for _, view := range []string{"/MARKER/1", "/MARKER/2", "/MARKER/1", "/MARKER/3"} {
		require.NoError(t,
			a.Messenger.Add(t.Context(), "MARKER session", flashgin.Info("MARKER").At(view)))
	}
	require.Len(t, a.Failures.All(), 1)
	assert.ErrorContains(t, a.Failures.All()[0],
		"dropped 1 messages at the oldest views of a session, which may have 2")
	assert.NotContains(t, a.Failures.String(), "MARKER")
	for view, want := range map[string]int{"/MARKER/1": 2, "/MARKER/2": 0, "/MARKER/3": 1} {
		waiting, err := a.Messenger.Peek(t.Context(), "MARKER session", view)
		require.NoError(t, err)
		assert.Len(t, waiting, want, view)
	}
}

// OnError may itself use the Messenger: no lock is held when it is called.
func TestMemoryStoreReportsWithoutALock(t *testing.T) {
	store := &flashgin.MemoryStore{Cap: 1}
	var m *flashgin.Messenger
	reported := 0
	m = apptest.NewMessenger(t, flashgin.Config{
		Store: store,
		OnError: func(ctx context.Context, _ error) {
			reported++
			_, err := m.Peek(ctx, "session", "/")
			assert.NoError(t, err)
		},
	})
	for range 3 {
		require.NoError(t, m.Add(t.Context(), "session", flashgin.Info("x").At("/")))
	}
	assert.Equal(t, 2, reported)
}

// What all sessions together take is bounded, whatever they keep: those go first to which nothing
// was added for longest. That is reported and told.
func TestMemoryStoreIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 1 << 20
		store := &flashgin.MemoryStore{MaxBytes: limit}
		events := new(apptest.Observed)
		a := apptest.NewApp(t, flashgin.Config{Store: store, Observer: events, MaxBytes: limit})
		add := func(session, view string) {
			m := flashgin.Info("MARKER " + strings.Repeat("x", 1000)).At(view)
			require.NoError(t, a.Messenger.Add(t.Context(), session, m))
			time.Sleep(time.Millisecond)
		}
		waits := func(session, view string) bool {
			waiting, err := a.Messenger.Peek(t.Context(), session, view)
			require.NoError(t, err)
			return len(waiting) > 0
		}
		const sessions = 3000
		add("kept alive", "/")
		for i := range sessions {
			add(fmt.Sprint("MARKER ", i), "/MARKER")
			add("kept alive", "/")
			assert.LessOrEqual(t, store.Stats().Bytes, limit)
		}
		stats := store.Stats()
		assert.Greater(t, stats.Bytes, limit*9/10)
		for i := range sessions {
			want := i >= sessions-(stats.Sessions-1)
			require.Equal(t, want, waits(fmt.Sprint("MARKER ", i), "/MARKER"), i)
		}
		assert.True(t, waits("kept alive", "/"), "an add makes it new")
		assert.Contains(t, a.Failures.String(), "raise MemoryStore.MaxBytes")
		assert.NotContains(t, a.Failures.String(), "MARKER")
		assert.Equal(t, 1+2*sessions, stats.Messages+events.Sum(flashgin.EventDropped))

		time.Sleep(24 * time.Hour) // what has expired makes room, and was not dropped
		before := events.Sum(flashgin.EventDropped)
		large := flashgin.Info(strings.Repeat("x", limit/2)).At("/")
		require.NoError(t, a.Messenger.Add(t.Context(), "large", large))
		for i := range 200 {
			add(fmt.Sprint("new ", i), "/")
		}
		assert.Equal(t, before, events.Sum(flashgin.EventDropped))
		assert.Equal(t, 201, store.Stats().Messages)
	})
}

// Stats counts what waits, and nothing is left of what was shown.
func TestMemoryStoreStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(flashgin.MemoryStore)
		m := apptest.NewMessenger(t, flashgin.Config{Store: store})
		for _, session := range []string{"one", "two"} {
			for _, view := range []string{"/a", "/a", "/b"} {
				require.NoError(t, m.Add(t.Context(), session, flashgin.Info("hello").At(view)))
			}
		}
		brief := flashgin.Message{View: "/c", Key: "key", ID: "given", Text: "hello",
			TTL: time.Minute}
		require.NoError(t, m.Add(t.Context(), "three", brief))
		stats := store.Stats()
		assert.Equal(t, 3, stats.Sessions)
		assert.Equal(t, 7, stats.Messages)
		assert.Greater(t, stats.Bytes, 7*200)

		require.NoError(t, m.Withdraw(t.Context(), "three", "/c", "key"))
		_, err := m.Take(t.Context(), "one", "/a", "/b")
		require.NoError(t, err)
		_, err = m.Take(t.Context(), "two", "/b")
		require.NoError(t, err)
		stats = store.Stats()
		assert.Equal(t, 1, stats.Sessions)
		assert.Equal(t, 2, stats.Messages)
		_, err = m.Take(t.Context(), "two", "/a")
		require.NoError(t, err)
		time.Sleep(time.Minute)
		_, err = m.Peek(t.Context(), "two", "/a")
		require.NoError(t, err)
		assert.Equal(t, flashgin.MemoryStats{}, store.Stats())
	})
}
