package redis

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/lua"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/sketch"
)

// Each view of a session has a Redis key of its own, so a client that chooses paths could fill
// Redis through one session. An index, one more sorted set (see views.lua), knows the views of a
// session that has many. It takes as much memory as an item, for the TTL, and nearly all sessions
// have few views. So a process begins an index when it has created a quarter of the allowed views.

// indexed returns how many views of a session a process creates before it begins an index.
func (s *Store[T]) indexed() int { return min(s.cfg.Views/4, sketch.AtMost-1) }

// indexCall returns the call that notes the views of the adds in the index of their session, or
// nil if that needs none.
func (s *Store[T]) indexCall(mailbox string, adds []*lua.Call) *lua.Call {
	if s.created.Of(mailbox)+len(adds) <= s.indexed() {
		return nil
	}
	atMost := s.cfg.Views + s.cfg.Views/4
	call := viewsScript.Call(indexKey(mailbox)).Append(s.ttlMilliseconds(), atMost)
	for _, add := range adds {
		call.Append(viewOf(add, mailbox))
	}
	return call
}

// viewOf returns the view of a call, as its Redis key has it.
func viewOf(call *lua.Call, mailbox string) string {
	return strings.TrimPrefix(call.Key(), mailbox)
}

// indexKey returns the Redis key of a session's index. Those of views go on after the brace.
func indexKey(mailbox string) string { return strings.TrimSuffix(mailbox, ":") }

func isIndex(key string) bool { return strings.HasSuffix(key, "}") }

// boundViews drops the oldest views of a session if it has too many. The index may name views at
// which no item is left. They go first.
func (s *Store[T]) boundViews(ctx context.Context, mailbox string, index *lua.Call) {
	dropped, err := s.dropViews(ctx, mailbox, index)
	if dropped > 0 {
		s.Report(ctx, queue.ViewsError(dropped, s.cfg.Views))
		s.Tell(ctx, queue.Dropped, dropped)
	}
	if err != nil {
		s.Report(ctx, s.failed("bound the views of a session", err))
	}
}

func (s *Store[T]) dropViews(ctx context.Context, mailbox string, index *lua.Call) (int, error) {
	if err := index.Err(); err != nil || index.Cmd.Val() == nil {
		return 0, err
	}
	views, err := index.Cmd.StringSlice() // and the time of each
	if err != nil {
		return 0, err
	}
	counts := make([]*lua.Call, len(views)/2)
	for i := range counts {
		counts[i] = countScript.Call(mailbox + views[2*i])
	}
	if err := lua.Send(ctx, s.client, counts, lua.Together); err != nil {
		return 0, err
	}
	var left []int
	var gone []any
	for i, count := range counts {
		switch n, err := count.Cmd.Int(); {
		case err != nil:
			return 0, err
		case n > 0:
			left = append(left, i)
		default:
			gone = append(gone, views[2*i])
		}
	}
	var drops []*lua.Call
	for _, i := range left[:max(len(left)-s.cfg.Views, 0)] {
		drops = append(drops, dropScript.Call(mailbox+views[2*i]).Append(views[2*i+1]))
	}
	if err := lua.Send(ctx, s.client, drops, lua.Together); err != nil {
		return 0, err
	}
	dropped, newer := 0, viewsScript.Call(index.Key()).Append(s.ttlMilliseconds(), math.MaxInt32)
	var again bool
	for _, drop := range drops {
		switch n, err := drop.Cmd.Int(); {
		case err == nil:
			dropped += n
			gone = append(gone, viewOf(drop, mailbox))
		case errors.Is(err, redis.Nil): // a process without an index has added to the view
			newer.Append(viewOf(drop, mailbox))
			again = true
		default:
			return dropped, err
		}
	}
	if len(gone) > 0 {
		args := append([]any{"zrem", index.Key()}, gone...)
		if err := s.client.Process(ctx, lua.NewOnce(ctx, 1, args...)); err != nil {
			return dropped, err
		}
	}
	if !again {
		return dropped, nil
	}
	if err := lua.Send(ctx, s.client, []*lua.Call{newer}, lua.Together); err != nil {
		return dropped, err
	}
	return dropped, newer.Err()
}
