package redis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
)

// What one session can keep is bounded, though two processes add to it of which neither knows what
// the other does; and what was dropped is reported and told, without anything private.
func TestRedisBoundsViews(t *testing.T) {
	t.Parallel()
	first := newRedisProbeWith(t, redistest.Start(t).Client(), flashgin.RedisConfig{Views: 8})
	second := newRedisProbeWith(t, first.client, flashgin.RedisConfig{Views: 8})
	second.session = first.session
	told := 0
	for _, p := range []*redisProbe{first, second} {
		p.store.OnEvent(func(_ context.Context, e flashgin.Event) {
			assert.Equal(t, flashgin.EventDropped, e.Kind)
			told += e.Messages
		})
	}
	var views []string
	for i := range 200 {
		p := first
		if i%3 == 0 {
			p = second
		}
		views = append(views, fmt.Sprint("/MARKER/", i))
		p.add(views[i], views[i])
		assert.LessOrEqual(t, len(p.keys()), 8+2+2+2+1,
			"of 8 views, a quarter more, a quarter for each process, the index")
	}
	waiting := first.peek(views...)
	assert.Equal(t, views[192:], waiting[len(waiting)-8:], "the newest")
	assert.Equal(t, 200-len(waiting), told)
	reported := append(first.reported(), second.reported()...)
	require.NotEmpty(t, reported)
	for _, text := range reported {
		assert.Contains(t, text, "views of a session, which may have 8")
		assert.NotContains(t, text, "MARKER")
		assert.NotContains(t, text, first.session)
	}
}

// One Add is bounded as many are.
func TestRedisBoundsTheViewsOfOneAdd(t *testing.T) {
	t.Parallel()
	p := newRedisProbeWith(t, redistest.Start(t).Client(), flashgin.RedisConfig{Views: 8})
	var msgs []flashgin.Message
	var views []string
	for i := range 200 {
		views = append(views, fmt.Sprint("/", i))
		msgs = append(msgs, redisMessage(views[i], views[i]))
	}
	require.NoError(t, p.store.Add(t.Context(), p.session, msgs...))
	assert.Equal(t, views[192:], p.peek(views...))
	assert.Len(t, p.keys(), 8+1)
}

// A session with few views has no index, which would cost as much memory as a message. One that
// has is gone with the messages.
func TestRedisIndexOfViews(t *testing.T) {
	t.Parallel()
	p := newRedisProbe(t, redistest.Start(t).Client())
	for i := range 25 {
		p.add(fmt.Sprint("/", i), "text")
	}
	index := func() (found []string) {
		for _, key := range p.keys() {
			if strings.HasSuffix(key, "}") {
				found = append(found, key)
			}
		}
		return found
	}
	assert.Empty(t, index())
	p.add("/25", "text")
	if assert.Len(t, index(), 1) {
		life := p.client.PTTL(t.Context(), index()[0]).Val()
		assert.Greater(t, life, 23*time.Hour)
		assert.LessOrEqual(t, life, 24*time.Hour)
	}
	n, err := p.store.Purge(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, 26, n, "messages")
	assert.Empty(t, p.keys())
	assert.Empty(t, p.reported())
}

// A view that only another process added to lately is not dropped for being old.
func TestRedisKeepsAViewThatAnotherProcessAddedTo(t *testing.T) {
	t.Parallel()
	p := newRedisProbeWith(t, redistest.Start(t).Client(), flashgin.RedisConfig{Views: 8})
	other := newRedisProbeWith(t, p.client, flashgin.RedisConfig{Views: 8})
	other.session = p.session
	for i := range 10 {
		p.add(fmt.Sprint("/", i), "text")
	}
	other.add("/3", "again")
	p.add("/10", "text")
	p.add("/11", "text")
	p.add("/12", "text")
	assert.Equal(t, []string{"text", "again"}, p.peek("/3"))
	assert.Empty(t, p.peek("/2", "/4"))

	for i := 13; i < 40; i++ { // from now on it is as old as its last message
		other.add(fmt.Sprint("/", i-3), "again")
		p.add(fmt.Sprint("/", i), "text")
		assert.LessOrEqual(t, len(p.keys()), 8+2+2+2+1)
	}
	assert.Empty(t, p.peek("/3"))
}

// The views of a session are bounded at every step of a slot that moves, whether the index moves
// before the views or after them.
func TestRedisBoundsViewsWhileTheSlotMoves(t *testing.T) {
	t.Parallel()
	for name, backwards := range map[string]bool{"index first": false, "index last": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := redistest.StartCluster(t, 3)
			p := newRedisProbeWith(t, cluster.Client(), flashgin.RedisConfig{Views: 8})
			next := 0
			var views []string
			bounded := func(step string) {
				t.Helper()
				for range 12 {
					views = append(views, fmt.Sprint("/", next))
					p.add(views[next], views[next])
					next++
					// Messages at two views came before the index.
					assert.LessOrEqual(t, len(p.peek(views...)), 8+2+2, step)
				}
				waiting := p.peek(views...)
				assert.Equal(t, views[next-8:], waiting[len(waiting)-8:], step)
				for _, err := range p.reported() {
					assert.Contains(t, err, "dropped", step)
				}
			}
			bounded("before")
			slot, home := -1, 0
			for i, server := range cluster.Servers {
				if keys := apptest.KeysAt(t, server.Client()); len(keys) > 0 {
					slot, home = cluster.SlotOf(keys[0]), i
				}
			}
			migration := cluster.Migrate(slot, home, (home+1)%3)
			migration.Backwards = backwards
			migration.Walk(bounded)
		})
	}
}
