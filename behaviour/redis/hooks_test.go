package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
)

// hook is a hook of an application, which is asked before each command is sent.
type hook func(redis.Cmder) error

func (hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := h(cmd); err != nil {
			return err
		}
		return next(ctx, cmd)
	}
}

func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			if err := h(cmd); err != nil {
				return err
			}
		}
		return next(ctx, cmds)
	}
}

// A hook that refuses a pipeline leaves its commands without a reply and without an error. That is
// no success.
func TestRedisHookThatSendsNothing(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client()
	var refuses atomic.Bool
	client.AddHook(hook(func(redis.Cmder) error {
		if refuses.Load() {
			return errors.New("the limiter says no")
		}
		return nil
	}))
	store := apptest.NewRedisStore(t, client)
	ctx := t.Context()
	views := []string{"/a", "/b"}
	msgs := []flashgin.Message{redisMessage("/a", "one"), redisMessage("/b", "two")}
	require.NoError(t, store.Add(ctx, "s", msgs...))
	claim, err := store.Claim(ctx, "s", views, time.Minute)
	require.NoError(t, err)
	require.Len(t, claim.Messages, 2)

	refuses.Store(true)
	assert.ErrorContains(t, store.Add(ctx, "s", redisMessage("/a", "x"), redisMessage("/b", "y")),
		"the limiter says no")
	assert.ErrorContains(t, store.Confirm(ctx, claim), "the limiter says no")
	assert.ErrorContains(t, store.Release(ctx, claim), "the limiter says no")
	_, err = store.Claim(ctx, "s", views, time.Minute)
	assert.ErrorContains(t, err, "the limiter says no")
	_, err = store.Peek(ctx, "s", views)
	assert.ErrorContains(t, err, "the limiter says no")
	assert.ErrorContains(t, store.Withdraw(ctx, "s", "/a", "key"), "the limiter says no")

	refuses.Store(false)
	require.NoError(t, store.Release(ctx, claim))
	claim, err = store.Claim(ctx, "s", views, time.Minute)
	require.NoError(t, err)
	assert.Len(t, claim.Messages, 2)
}

// A hook may give Redis keys a prefix, where they stand in a command. A script that is sent a
// second time, because the server did not know it, goes to the same keys.
func TestRedisHookThatGivesKeysAPrefix(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client()
	client.AddHook(hook(func(cmd redis.Cmder) error {
		if args := cmd.Args(); strings.HasPrefix(cmd.Name(), "eval") {
			for i := range args[2].(int) {
				args[3+i] = "tenant1:" + args[3+i].(string)
			}
		}
		return nil
	}))
	store := apptest.NewRedisStore(t, client)
	w := watch(t, store)
	w.until(t, 1)
	ctx := t.Context()
	msgs := []flashgin.Message{redisMessage("/a", "one"), redisMessage("/b", "two")}
	for i := range 2 {
		msgs[0].ID, msgs[1].ID = fmt.Sprint("one ", i), fmt.Sprint("two ", i)
		require.NoError(t, server.Client().ScriptFlush(ctx).Err())
		require.NoError(t, store.Add(ctx, "s", msgs...))
		require.NoError(t, server.Client().ScriptFlush(ctx).Err())
		claim, err := store.Claim(ctx, "s", []string{"/a", "/b"}, time.Minute)
		require.NoError(t, err)
		assert.Equal(t, []string{"one", "two"}, apptest.Texts(claim.Messages))
		require.NoError(t, store.Confirm(ctx, claim))
	}
	for _, name := range w.until(t, 3)[1:] {
		assert.Equal(t, flashgin.SessionHash("s"), name)
	}
}
