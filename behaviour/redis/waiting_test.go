package redis_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
)

// An operator finds all that waits for a session, whichever server of the cluster keeps it, and the
// function that names the Redis key names the one that is there.
func TestRedisWaitingInACluster(t *testing.T) {
	t.Parallel()
	client := redistest.StartCluster(t, 3).Client()
	store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
	require.NoError(t, err)
	messages, err := flashgin.New(flashgin.Config{Store: store})
	require.NoError(t, err)
	ctx := t.Context()
	for i := range 12 {
		session := fmt.Sprint("session ", i)
		require.NoError(t, messages.Add(ctx, session, flashgin.Info("one").At("/a"),
			flashgin.Info("two").At("/b/"+session)))
	}
	for i := range 12 {
		session := fmt.Sprint("session ", i)
		waiting, err := messages.Waiting(ctx, session)
		require.NoError(t, err)
		require.Len(t, waiting, 2)
		assert.Equal(t, "/a", waiting[0].View)
		assert.Equal(t, "/b/"+session, waiting[1].View)
		for _, m := range waiting {
			n, err := client.ZCard(ctx, store.RedisKey(session, m.View)).Result()
			require.NoError(t, err)
			assert.Equal(t, int64(1), n)
		}
	}
}
