package flashgin_test

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
	"github.com/flashgin/flashgin/storetest"
)

var _ flashgin.Store = (*flashgin.MemoryStore)(nil)

func TestMemoryStore(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, ttl time.Duration, cap int) flashgin.Store {
		return &flashgin.MemoryStore{TTL: ttl, Cap: cap}
	})
}

// The defaults are those that the documentation names.
func TestMemoryStoreDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store flashgin.MemoryStore
		m := newMessenger(t, flashgin.Config{Store: &store})
		for i := range 60 {
			require.NoError(t, m.Add(t.Context(), "session", flashgin.Info(fmt.Sprint(i)).At("/")))
		}
		waiting, err := m.Peek(t.Context(), "session", "/")
		require.NoError(t, err)
		assert.Len(t, waiting, 50)
		assert.Equal(t, "10", waiting[0].Text, "the oldest are dropped")

		for i := range 100 {
			require.NoError(t, m.Add(t.Context(), "other", flashgin.Info("hello").At(fmt.Sprint("/", i))))
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

// A generated ID is remembered for 10 seconds, so a retry within them adds nothing; then it is forgotten.
func TestMemoryStoreForgetsGeneratedIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store flashgin.MemoryStore
		generated := flashgin.Message{ID: "f-" + strings.Repeat("A", 26), View: "/", Text: "generated"}
		given := flashgin.Message{ID: "given", View: "/", Text: "given"}
		show := func() []string {
			claim, err := store.Claim(t.Context(), "session", []string{"/"}, time.Minute)
			require.NoError(t, err)
			require.NoError(t, store.Confirm(t.Context(), claim))
			return texts(claim.Messages)
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

// The cap reports, with what an operator needs and nothing that is private.
func TestMemoryStoreReportsTheCap(t *testing.T) {
	a := newApp(t, flashgin.Config{Store: &flashgin.MemoryStore{Cap: 2}})
	for _, text := range []string{"MARKER 1", "MARKER 2"} {
		require.NoError(t, a.messenger.Add(t.Context(), "MARKER session", flashgin.Info(text).At("/MARKER")))
	}
	assert.Empty(t, a.failures.all())
	require.NoError(t, a.messenger.Add(t.Context(), "MARKER session", flashgin.Info("MARKER 3").At("/MARKER"), flashgin.Info("MARKER 4").At("/MARKER")))
	require.Len(t, a.failures.all(), 1)
	assert.ErrorContains(t, a.failures.all()[0], "dropped the 2 oldest messages")
	assert.NotContains(t, a.failures.String(), "MARKER")
}

// So does the bound of views.
func TestMemoryStoreReportsTheBoundOfViews(t *testing.T) {
	a := newApp(t, flashgin.Config{Store: &flashgin.MemoryStore{Views: 2}})
	for _, view := range []string{"/MARKER/1", "/MARKER/2", "/MARKER/1", "/MARKER/3"} {
		require.NoError(t, a.messenger.Add(t.Context(), "MARKER session", flashgin.Info("MARKER").At(view)))
	}
	require.Len(t, a.failures.all(), 1)
	assert.ErrorContains(t, a.failures.all()[0], "dropped 1 messages at the oldest views of a session, which may have 2")
	assert.NotContains(t, a.failures.String(), "MARKER")
	for view, want := range map[string]int{"/MARKER/1": 2, "/MARKER/2": 0, "/MARKER/3": 1} {
		waiting, err := a.messenger.Peek(t.Context(), "MARKER session", view)
		require.NoError(t, err)
		assert.Len(t, waiting, want, view)
	}
}

// OnError may itself use the Messenger: no lock is held when it is called.
func TestMemoryStoreReportsWithoutALock(t *testing.T) {
	store := &flashgin.MemoryStore{Cap: 1}
	var m *flashgin.Messenger
	reported := 0
	m = newMessenger(t, flashgin.Config{Store: store, OnError: func(ctx context.Context, _ error) {
		reported++
		_, err := m.Peek(ctx, "session", "/")
		assert.NoError(t, err)
	}})
	for range 3 {
		require.NoError(t, m.Add(t.Context(), "session", flashgin.Info("x").At("/")))
	}
	assert.Equal(t, 2, reported)
}
