package flashgin

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/redistest"
)

// Claims that are confirmed together fail or succeed each by itself, whether the server knows the scripts or not.
func TestRedisConfirmGroup(t *testing.T) {
	client := redistest.Start(t).Client()
	store := redisStoreFor(t, client, "shop")
	ctx := t.Context()
	claim := func(session string, views ...string) Claim {
		for _, view := range views {
			require.NoError(t, store.Add(ctx, session, Message{ID: newID(), View: view, Text: "text"}))
		}
		claim, err := store.Claim(ctx, session, views, time.Minute)
		require.NoError(t, err)
		require.Len(t, claim.Messages, len(views))
		return claim
	}
	for _, known := range []bool{false, true} {
		one, broken, several, gone := claim("a", "/"), claim("b", "/"), claim("c", "/", "/c"), claim("d", "/")
		require.NoError(t, store.Confirm(ctx, gone))
		require.NoError(t, client.Set(ctx, store.key("b", "/"), "no sorted set", 0).Err())
		if !known {
			require.NoError(t, client.ScriptFlush(ctx).Err())
		}
		results := store.confirmGroup(ctx, []Claim{one, broken, several, gone, {Session: "e"}})
		require.Len(t, results, 5)
		require.ErrorContains(t, results[1].err, "WRONGTYPE")
		results[1].err = nil
		assert.Equal(t, []settled{{messages: 1}, {}, {messages: 2}, {}, {}}, results)
		require.NoError(t, client.Del(ctx, store.key("b", "/")).Err())
		for _, claim := range []Claim{one, several} { // else they would wait again
			require.NoError(t, store.Release(ctx, claim))
			left, err := store.Peek(ctx, claim.Session, []string{"/", "/c"})
			require.NoError(t, err)
			assert.Empty(t, left)
		}
	}
}
