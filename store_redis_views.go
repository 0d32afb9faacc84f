package flashgin

import (
	"context"
	"errors"
	"hash/maphash"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Without this a client that chooses paths fills Redis through one session, for each of its
// addresses is a key of its own. An index, one more sorted set (see redis/views.lua), knows the
// views of a session that has many. Nearly all have few, and an index takes as much memory as a
// message and stays for the TTL; so a process keeps none of a session for which it has created no
// more than a quarter of the addresses that are allowed.

// indexed returns how many addresses of a session a process creates before it keeps an index.
func (s *RedisStore) indexed() int { return min(s.views/4, createdAtMost-1) }

// indexCall returns the call that notes the views of the adds in the index of their session, or
// nil if that needs none.
func (s *RedisStore) indexCall(mailbox string, adds []*redisCall) *redisCall {
	if s.created.of(mailbox)+len(adds) <= s.indexed() {
		return nil
	}
	call := viewsScript.call(indexKey(mailbox)).append(s.ttlMilliseconds(), s.views+s.views/4)
	for _, add := range adds {
		call.append(add.view(mailbox))
	}
	return call
}

// indexKey returns the key of a session's index. Those of addresses go on after the brace.
func indexKey(mailbox string) string { return strings.TrimSuffix(mailbox, ":") }

func isIndex(key string) bool { return strings.HasSuffix(key, "}") }

// boundViews drops the oldest views of a session if there are too many. The index may name some at
// which nothing is left: they go first.
func (s *RedisStore) boundViews(ctx context.Context, mailbox string, index *redisCall) {
	dropped, err := s.dropViews(ctx, mailbox, index)
	if dropped > 0 {
		s.report(ctx, viewsError(dropped, s.views))
		s.tell(ctx, EventDropped, dropped)
	}
	if err != nil {
		s.report(ctx, s.failed("bound the views of a session", err))
	}
}

func (s *RedisStore) dropViews(ctx context.Context, mailbox string, index *redisCall) (int, error) {
	if err := index.err(); err != nil || index.cmd.Val() == nil {
		return 0, err
	}
	views, err := index.cmd.StringSlice() // and the time of each
	if err != nil {
		return 0, err
	}
	counts, pipeline := make([]once, len(views)/2), s.client.Pipeline()
	for i := range counts {
		counts[i] = newOnce(ctx, 1, "zcount", mailbox+views[2*i], "(-4e15", "+inf")
		_ = pipeline.Process(ctx, counts[i])
	}
	if _, err := pipeline.Exec(ctx); err != nil {
		return 0, err
	}
	var left []int
	var gone []any
	for i, count := range counts {
		if n, _ := count.Int(); n > 0 {
			left = append(left, i)
		} else {
			gone = append(gone, views[2*i])
		}
	}
	var drops []*redisCall
	for _, i := range left[:max(len(left)-s.views, 0)] {
		drops = append(drops, dropScript.call(mailbox+views[2*i]).append(views[2*i+1]))
	}
	if err := s.send(ctx, drops, together); err != nil {
		return 0, err
	}
	dropped, newer := 0, viewsScript.call(index.key()).append(s.ttlMilliseconds(), math.MaxInt32)
	noted := len(newer.args)
	for _, drop := range drops {
		switch n, err := drop.cmd.Int(); {
		case err == nil:
			dropped += n
			gone = append(gone, drop.view(mailbox))
		case errors.Is(err, redis.Nil): // its index was kept by none of the processes that added to it
			newer.append(drop.view(mailbox))
		default:
			return dropped, err
		}
	}
	if len(gone) > 0 {
		args := append([]any{"zrem", index.key()}, gone...)
		if err := s.client.Process(ctx, newOnce(ctx, 1, args...)); err != nil {
			return dropped, err
		}
	}
	if len(newer.args) == noted {
		return dropped, nil
	}
	if err := s.send(ctx, []*redisCall{newer}, together); err != nil {
		return dropped, err
	}
	return dropped, newer.err()
}

// createdViews counts the addresses that a process has created for each session, within the TTL of
// the store. It is a count-min sketch: of a fixed size, however many sessions there are, it may
// count too many for a session, and never too few.
type createdViews struct {
	mu     sync.Mutex
	seed   maphash.Seed
	counts *[2][1 << 17]uint8
	since  time.Time
}

// createdAtMost is how far createdViews counts.
const createdAtMost = math.MaxUint8

// of returns how many addresses were created for the session of mailbox.
func (c *createdViews) of(mailbox string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		return 0
	}
	first, second := c.counters(mailbox)
	return int(min(*first, *second))
}

// add counts n more.
func (c *createdViews) add(mailbox string, n int, ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.counts == nil {
		c.seed, c.counts, c.since = maphash.MakeSeed(), new([2][1 << 17]uint8), now
	} else if now.Sub(c.since) > ttl {
		clear(c.counts[:])
		c.since = now
	}
	first, second := c.counters(mailbox)
	count := uint8(min(int(min(*first, *second))+n, createdAtMost))
	*first, *second = max(*first, count), max(*second, count)
}

func (c *createdViews) counters(mailbox string) (first, second *uint8) {
	hash := maphash.String(c.seed, mailbox)
	low, high := hash%(1<<17), hash>>32%(1<<17)
	return &c.counts[0][low], &c.counts[1][high]
}
