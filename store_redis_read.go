package flashgin

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// keysAtMost is how many keys a script gets: it passes them on in one call, and a call from Lua takes no more than some thousand arguments.
const keysAtMost = 1000

// read runs script at the views and returns the messages it found, in order. The error is nil if there are any.
func (s *RedisStore) read(ctx context.Context, doing, session string, views []string, script *redisScript, args ...any) ([]redisEntry, error) {
	mailbox, atOnce := s.mailbox(session), keysAtMost
	if s.cluster != nil || s.oneKey.Load() {
		atOnce = 1
	}
	calls := script.readCalls(mailbox, withoutRepeats(views), atOnce, args)
	if err := s.send(ctx, calls, apart); err != nil {
		return nil, s.failed(doing, err)
	}
	calls, err := s.readApart(ctx, mailbox, calls, script, args)
	if err != nil {
		return nil, s.failed(doing, err)
	}
	var entries []redisEntry
	var failed error
	var again int
	for _, call := range calls {
		found, err := call.found()
		failed = cmp.Or(failed, err)
		for _, at := range found {
			entries = append(entries, at.entries...)
			again += at.again
			if at.unreadable != 0 {
				s.report(ctx, s.unreadable(doing, at.unreadable))
			}
		}
	}
	if failed != nil && len(entries) > 0 {
		s.report(ctx, s.failed(doing+" of some views", failed))
		failed = nil
	}
	s.tell(ctx, EventLeaseExpired, again)
	slices.SortFunc(entries, func(a, b redisEntry) int { return strings.Compare(a.place, b.place) })
	return entries, s.failed(doing, failed)
}

// readCalls prepares calls at the views, each at no more than atOnce of them.
func (script *redisScript) readCalls(mailbox string, views []string, atOnce int, args []any) (calls []*redisCall) {
	for some := range slices.Chunk(views, atOnce) {
		keys := make([]string, len(some))
		for i, view := range some {
			keys[i] = mailbox + escapeView(view)
		}
		call := script.call(keys...).append(args...)
		call.views = some
		calls = append(calls, call)
	}
	return calls
}

// readApart sends those of the calls that the server refused because of their number of keys once more, in one pipeline with a call for each key. Such a refusal
// means that nothing was executed. It comes where a plain client talks to a server of a cluster or to a proxy in front of one.
func (s *RedisStore) readApart(ctx context.Context, mailbox string, calls []*redisCall, script *redisScript, args []any) ([]*redisCall, error) {
	var accepted, single []*redisCall
	for _, call := range calls {
		if err := call.cmd.Err(); len(call.views) > 1 && refusesSeveralKeys(err) {
			single = append(single, script.readCalls(mailbox, call.views, 1, args)...)
			if !redis.HasErrorPrefix(err, "TRYAGAIN") { // which ends with the migration of the slot
				s.oneKey.Store(true)
			}
			continue
		}
		accepted = append(accepted, call)
	}
	if len(single) == 0 {
		return calls, nil
	}
	return append(accepted, single...), s.send(ctx, single, apart)
}

// refusesSeveralKeys reports whether a server has refused a call because of where its keys are, although they have one hash tag.
func refusesSeveralKeys(err error) bool {
	if redis.HasErrorPrefix(err, "TRYAGAIN") || redis.HasErrorPrefix(err, "CROSSSLOT") {
		return true
	}
	server := redis.Error(nil)
	return errors.As(err, &server) && strings.HasPrefix(server.Error(), "ERR ") && strings.Contains(server.Error(), "slot") // as proxies say it
}

// withoutRepeats returns views, each once. Rarely is there one to leave out.
func withoutRepeats(views []string) []string {
	for i, view := range views {
		if slices.Contains(views[:i], view) {
			return withoutRepeats(slices.Delete(slices.Clone(views), i, i+1))
		}
	}
	return views
}

// redisFound is what a script found at an address.
type redisFound struct {
	entries    []redisEntry
	unreadable int // how many entries are no messages; or notSortedSet
	again      int // how many of the entries an earlier claim has let go by its lease
}

const notSortedSet = -1

var errReply = errors.New("redis: the reply to a script of flashgin is not what that returns")

// found returns what the call, of claim.lua or peek.lua, found at its views: nothing, or one for each.
func (call *redisCall) found() ([]redisFound, error) {
	views := call.views
	if err := call.err(); err != nil || call.cmd.Val() == nil {
		return nil, err
	}
	text, err := call.cmd.Text()
	if err != nil {
		return nil, err
	}
	found, taken := make([]redisFound, len(views)), make([]int, len(views))
	for reply := (redisReply{text: text}); reply.text != ""; {
		i, word, n := reply.number()-1, reply.word(), reply.number()
		if reply.failed || i < 0 || i >= len(views) {
			return nil, errReply
		}
		at := &found[i]
		switch word {
		case "unreadable":
			at.unreadable += n
			continue
		case "again":
			at.again += n
			continue
		}
		taken[i]++
		entry, err := decodeRedisEntry(reply.bytes(n))
		switch {
		case reply.failed:
			return nil, errReply
		case err != nil:
			at.unreadable++
			continue
		}
		entry.ticket, entry.message.View = word, views[i]
		at.entries = append(at.entries, entry)
	}
	for i, n := range taken {
		if n == 1 && len(found[i].entries) == 1 {
			found[i].entries[0].bindTicket()
		}
	}
	return found, nil
}

// redisReply reads what a script returns, field by field. A space ends each.
type redisReply struct {
	text   string
	failed bool
}

func (r *redisReply) word() string {
	word, rest, ok := strings.Cut(r.text, " ")
	r.text, r.failed = rest, r.failed || !ok
	return word
}

func (r *redisReply) number() int {
	n, err := strconv.Atoi(r.word())
	r.failed = r.failed || err != nil
	return n
}

// bytes returns the next n bytes, after which no space follows.
func (r *redisReply) bytes(n int) string {
	if n < 0 || n > len(r.text) {
		r.failed = true
		return ""
	}
	bytes := r.text[:n]
	r.text = r.text[n:]
	return bytes
}
