package redis

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/flashgin/flashgin/internal/keyspace"
	"github.com/flashgin/flashgin/internal/lua"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/refusal"
)

// keysAtMost is how many Redis keys a script gets. The script passes them on in one call, and Lua
// allows some thousand arguments a call.
const keysAtMost = 1000

// read runs script at the views and returns the items it found, in order. If it found any, the
// error is nil. nothing says that the script has returned nothing for any view.
func (s *Store[T]) read(
	ctx context.Context, doing, session string, views []string, script *lua.Script, args ...any,
) (entries []entry[T], nothing bool, err error) {
	mailbox, atOnce := s.names.Mailbox(session), keysAtMost
	if s.cluster != nil || s.oneKey.Load() {
		atOnce = 1
	}
	calls := readCalls(script, mailbox, withoutRepeats(views), atOnce, args)
	if err := lua.Send(ctx, s.client, calls, lua.Apart); err != nil {
		return nil, false, s.failed(doing, err)
	}
	calls, err = s.readApart(ctx, mailbox, calls, script, args)
	if err != nil {
		return nil, false, s.failed(doing, err)
	}
	var failed error
	var again, expired []queue.Item[T]
	nothing = len(calls) > 0
	for _, call := range calls {
		found, err := s.found(call)
		failed = cmp.Or(failed, err)
		nothing = nothing && err == nil && call.Cmd.Val() == nil
		for _, at := range found {
			entries = append(entries, at.entries...)
			again = append(again, itemsOf(at.entries[:min(at.again, len(at.entries))])...)
			expired = append(expired, at.expired...)
			if at.unreadable != 0 {
				s.Report(ctx, s.unreadable(doing, at.unreadable))
			}
		}
	}
	if failed != nil && len(entries) > 0 {
		s.Report(ctx, s.failed(doing+" of some views", failed))
		failed = nil
	}
	s.Tell(ctx, queue.LeaseExpired, session, again)
	s.Tell(ctx, queue.Expired, session, expired)
	slices.SortFunc(entries, func(a, b entry[T]) int { return strings.Compare(a.place, b.place) })
	return entries, nothing, s.failed(doing, failed)
}

// readCalls prepares calls at the views, each at no more than atOnce of them.
func readCalls(
	script *lua.Script, mailbox string, views []string, atOnce int, args []any,
) (calls []*lua.Call) {
	for some := range slices.Chunk(views, atOnce) {
		keys := make([]string, len(some))
		for i, view := range some {
			keys[i] = mailbox + keyspace.Escape(view)
		}
		call := script.Call(keys...).Append(args...)
		call.Names = some
		calls = append(calls, call)
	}
	return calls
}

// readApart sends again what the server refused because of several keys: in one pipeline, with a
// call for each key. After such a refusal nothing was executed. A plain client gets it from a
// server of a cluster, or from a proxy before one.
func (s *Store[T]) readApart(
	ctx context.Context, mailbox string, calls []*lua.Call, script *lua.Script, args []any,
) ([]*lua.Call, error) {
	if !slices.ContainsFunc(calls, refusedForKeys) { // as nearly always
		return calls, nil
	}
	var accepted, single []*lua.Call
	for _, call := range calls {
		if !refusedForKeys(call) {
			accepted = append(accepted, call)
			continue
		}
		single = append(single, readCalls(script, mailbox, call.Names, 1, args)...)
		if refusal.Of(call.Cmd.Err()) == refusal.SeveralSlots { // the others end with a migration
			s.oneKey.Store(true)
		}
	}
	return append(accepted, single...), lua.Send(ctx, s.client, single, lua.Apart)
}

func refusedForKeys(call *lua.Call) bool {
	return len(call.Names) > 1 && refusal.Of(call.Cmd.Err()).RefusesSeveralKeys()
}

// withoutRepeats returns views, each once. Repeats are rare.
func withoutRepeats(views []string) []string {
	for i, view := range views {
		if slices.Contains(views[:i], view) {
			return withoutRepeats(slices.Delete(slices.Clone(views), i, i+1))
		}
	}
	return views
}

// found is what a script found at a view.
type found[T any] struct {
	entries    []entry[T]
	unreadable int // how many entries are no items; or notSortedSet
	again      int // how many of the first entries were in a claim whose lease has ended
	expired    []queue.Item[T]
}

const notSortedSet = -1

var errReply = errors.New("redis: the reply to a script of flashgin is not what that returns")

// found returns what the call, of claim.lua or peek.lua, found at its views: nothing, or one for
// each.
func (s *Store[T]) found(call *lua.Call) ([]found[T], error) {
	views := call.Names
	if err := call.Err(); err != nil || call.Cmd.Val() == nil {
		return nil, err
	}
	text, err := call.Cmd.Text()
	if err != nil {
		return nil, err
	}
	all, taken := make([]found[T], len(views)), make([]int, len(views))
	for reply := lua.NewReply(text); reply.Left(); {
		i, word, n := reply.Number()-1, reply.Word(), reply.Number()
		if reply.Failed() || i < 0 || i >= len(views) {
			return nil, errReply
		}
		at := &all[i]
		switch word {
		case "unreadable":
			at.unreadable += n
			continue
		case "again":
			at.again += n
			continue
		}
		if word == "expired" {
			at.expired = append(at.expired, s.itemOf(reply.Bytes(n), views[i]))
			continue
		}
		taken[i]++
		entry, err := s.decode(reply.Bytes(n))
		switch {
		case reply.Failed():
			return nil, errReply
		case err != nil:
			at.unreadable++
			continue
		}
		entry.ticket, entry.item.View = word, views[i]
		at.entries = append(at.entries, entry)
	}
	for i, n := range taken {
		if n == 1 && len(all[i].entries) == 1 {
			all[i].entries[0].bindTicket()
		}
	}
	return all, nil
}
