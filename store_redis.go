package flashgin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	redisqueue "github.com/flashgin/flashgin/internal/queue/redis"
)

// RedisConfig is what a [RedisStore] needs to know.
type RedisConfig struct {
	// App is the first part of every key after "flash:", so that applications can share a server:
	// letters, digits, "_", "." and "-". Empty is an error.
	App string
	// TTL is how long an address keeps its messages after the last one was added. Zero means 24
	// hours; a negative TTL is an error. Redis counts it in whole milliseconds.
	TTL time.Duration
	// Cap is how many messages wait at one address at the most; the oldest are dropped. Zero means
	// 50; a negative Cap is an error.
	Cap int
	// Views is at how many views messages of one session are kept at the most; what the oldest hold
	// is dropped. It is a bound on growth: there may be half as many more, and a quarter for each
	// further process. Zero means 100; negative Views are an error.
	Views int
}

// RedisStore is a [Store] in Redis 5 or later, or in what speaks its protocol: messages survive
// restarts of the application and are shared by all its processes. It works with a single server,
// with Sentinel and with Cluster, whichever the client is made for.
//
// Each address is one sorted set, flash:<app>:{<hash of the session>}:<view>; neither sessions nor
// texts are ever part of a key or an error. Every call of the store is one round trip, in which
// each command is sent once: a lost reply is an error of the call, and calling again is safe, as
// the rules of Store say. It is [New] that bounds how long a page waits for the store and that
// tries again. The client is used as it is, with its own time-outs; it stays the caller's, who
// closes it.
//
// A RedisStore is safe for concurrent use by multiple goroutines.
type RedisStore struct {
	queue *redisqueue.Store[Message]
}

const appLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

// NewRedisStore returns a store on the server or servers of client. It sends nothing, so the server
// need not be up yet. The error names the field that cannot be used.
func NewRedisStore(client redis.UniversalClient, cfg RedisConfig) (*RedisStore, error) {
	if v := reflect.ValueOf(client); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("flashgin: NewRedisStore: the client is nil: want one, " +
			"as redis.NewClient returns it")
	}
	switch {
	case cfg.App == "":
		return nil, errors.New("flashgin: RedisConfig.App is empty: want the application's name, " +
			`such as "shop", which becomes part of every key`)
	case strings.Trim(cfg.App, appLetters) != "":
		return nil, fmt.Errorf("flashgin: RedisConfig.App is %q: "+
			"want letters, digits, '_', '.' and '-' only", cfg.App)
	case cfg.TTL < 0:
		return nil, fmt.Errorf("flashgin: RedisConfig.TTL is %v: want zero (24h) or more", cfg.TTL)
	case cfg.Cap < 0:
		return nil, fmt.Errorf("flashgin: RedisConfig.Cap is %d: want zero (50) or more", cfg.Cap)
	case cfg.Views < 0:
		return nil, fmt.Errorf("flashgin: RedisConfig.Views is %d: want zero (100) or more",
			cfg.Views)
	}
	return &RedisStore{redisqueue.New(client, redisqueue.Config[Message]{
		App: cfg.App, TTL: cfg.TTL, Cap: cfg.Cap, Views: cfg.Views,
		Encode: encodeValue, Decode: decodeMessage,
	})}, nil
}

// encodeValue encodes the fields of m that its item does not have.
func encodeValue(m Message) ([]byte, error) {
	m.View, m.ID, m.Key = "", "", ""
	return encodeMessage(m)
}

func (s *RedisStore) messages() messageQueue { return messageQueue{s.queue} }

// redisQueue is for stores of other types that embed this one.
func (s *RedisStore) redisQueue() *redisqueue.Store[Message] { return s.queue }

// OnError sets the function that is told of what no caller is there to hear: messages that were
// dropped, and data that cannot be read. What it is told never quotes a session, a text or a key.
// [New] calls it; nil means nobody.
func (s *RedisStore) OnError(report func(context.Context, error)) { s.queue.OnError(report) }

// OnEvent sets the function that is told how many messages are dropped, and how many are given out
// again after their lease. [New] calls it; nil means nobody.
func (s *RedisStore) OnEvent(event func(context.Context, Event)) {
	s.queue.OnEvent(tellEvents(event))
}

// Add implements [Store]. A server without memory for more refuses with an error that begins with
// OOM. When messages have several views and an error is returned, those of some views may have been
// added.
func (s *RedisStore) Add(ctx context.Context, session string, msgs ...Message) error {
	return s.messages().add(ctx, session, msgs, false)
}

// Claim implements [Store]. If the messages of some views could be claimed and those of others not,
// it returns the former and reports why through OnError; without any message, it returns the error.
// The claimed messages of a lost reply wait again when the lease ends.
//
// A lease is no longer than a year; the server's clock measures it.
func (s *RedisStore) Claim(ctx context.Context, session string, views []string, lease time.Duration) (Claim, error) {
	return s.messages().claim(ctx, session, views, lease)
}

// Peek implements [Store]. Like Claim it prefers what it could read over an error.
func (s *RedisStore) Peek(ctx context.Context, session string, views []string) (Messages, error) {
	return s.messages().peek(ctx, session, views)
}

// Confirm implements [Store].
func (s *RedisStore) Confirm(ctx context.Context, claim Claim) error {
	return s.messages().confirm(ctx, claim)
}

// Release implements [Store].
func (s *RedisStore) Release(ctx context.Context, claim Claim) error {
	return s.messages().release(ctx, claim)
}

// Withdraw implements [Store].
func (s *RedisStore) Withdraw(ctx context.Context, session, view, key string) error {
	return s.queue.Withdraw(ctx, session, view, key)
}

// Ping reports whether the server answers; in a cluster, whether one of the masters does. It
// returns when ctx ends, even if the client waits longer.
func (s *RedisStore) Ping(ctx context.Context) error { return s.queue.Ping(ctx) }

// Purge removes the messages that wait since longer than olderThan, at all addresses of this App,
// and returns how many there were. It is the way out when memory runs low; [RedisConfig].TTL
// removes messages in time without it. Claimed messages stay. The IDs of purged messages are not
// remembered. Zero removes all that wait; a negative olderThan is an error.
//
// It walks all keys of the server, of every master in a cluster, in small steps between which other
// clients are served, and takes a second or two per 100,000 keys. When ctx ends or a server fails,
// it returns what it had removed and the error; calling it again is safe.
func (s *RedisStore) Purge(ctx context.Context, olderThan time.Duration) (int, error) {
	if olderThan < 0 {
		return 0, fmt.Errorf("flashgin: Purge: olderThan is %v: want zero or more", olderThan)
	}
	return s.queue.Purge(ctx, olderThan)
}

// Watch tells open pages when messages are added, by any process, as [Store] describes it; it names
// sessions by the hash that their keys have, with a "}" before it if their open pages are to ask
// again whose they are. It holds one connection, which it gives up when the server falls silent.
// With a client for a ring of servers it returns nil at once.
func (s *RedisStore) Watch(ctx context.Context, wake func(session string)) error {
	return s.queue.Watch(ctx, wakeWords(wake))
}
