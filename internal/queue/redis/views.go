package redis

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/keyspace"
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
	call := viewsScript.Call(keyspace.Index(mailbox)).Append(s.ttlMilliseconds(), atMost)
	for _, add := range adds {
		call.Append(viewOf(add, mailbox))
	}
	return call
}

// viewOf returns the view of a call, as its Redis key has it.
func viewOf(call *lua.Call, mailbox string) string {
	return strings.TrimPrefix(call.Key(), mailbox)
}

// boundViews drops the oldest views of a session if it has too many. The index may name views at
// which no item is left. They go first.
func (s *Store[T]) boundViews(
	ctx context.Context, session, mailbox string, index *lua.Call,
) {
	dropped, err := s.dropViews(ctx, mailbox, index)
	if len(dropped) > 0 {
		s.Report(ctx, queue.ViewsError(session, dropped, s.cfg.Views))
		s.Tell(ctx, queue.Dropped, session, dropped)
	}
	if err != nil {
		s.Report(ctx, s.failed("bound the views of a session", err))
	}
}

// dropViews drops the oldest views and returns the items that they had. A view is as old as its
// last item. The index may have another time: a process without an index may have added to the
// view, and while the slot moves, view and index may be at two servers, of which one runs its
// script later.
func (s *Store[T]) dropViews(
	ctx context.Context, mailbox string, index *lua.Call,
) (dropped []queue.Item[T], _ error) {
	if err := index.Err(); err != nil || index.Cmd.Val() == nil {
		return nil, err
	}
	noted, err := index.Cmd.StringSlice() // views, and the time of each
	if err != nil {
		return nil, err
	}
	newest := make([]*lua.Call, len(noted)/2)
	for i := range newest {
		newest[i] = newestScript.Call(mailbox + noted[2*i])
	}
	if err := lua.Send(ctx, s.client, newest, lua.Together); err != nil {
		return nil, err
	}
	var left []datedView
	var gone []any
	for i, call := range newest {
		view := datedView{noted[2*i], noted[2*i+1]}
		if err := call.Err(); err != nil {
			return nil, err
		}
		if call.Cmd.Err() != nil { // no item is left
			gone = append(gone, view.name)
			continue
		}
		last, _ := call.Cmd.Text()
		if _, err := strconv.ParseUint(last, 10, 64); err == nil {
			view.last = last
		}
		left = append(left, view)
	}
	slices.SortStableFunc(left, func(a, b datedView) int { return strings.Compare(a.last, b.last) })
	var drops []*lua.Call
	for _, view := range left[:max(len(left)-s.cfg.Views, 0)] {
		drops = append(drops, dropScript.Call(mailbox+view.name).Append(view.last))
	}
	if err := lua.Send(ctx, s.client, drops, lua.Together); err != nil {
		return nil, err
	}
	for _, drop := range drops {
		entries, err := drop.Cmd.Slice()
		if errors.Is(err, redis.Nil) { // an item has come since: the next add looks again
			continue
		}
		if err != nil {
			return dropped, err
		}
		name := viewOf(drop, mailbox)
		view, _ := keyspace.Unescape(name)
		dropped = append(dropped, s.itemsGone(entries, view)...)
		gone = append(gone, name)
	}
	if len(gone) == 0 {
		return dropped, nil
	}
	args := append([]any{"zrem", index.Key()}, gone...)
	return dropped, s.client.Process(ctx, lua.NewOnce(ctx, 1, args...))
}

// A datedView is a view with the time of its last item, in microseconds since 1970, 16 digits.
type datedView struct{ name, last string }
