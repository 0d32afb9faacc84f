package flashgin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/keyspace"
	"github.com/flashgin/flashgin/internal/queue/foreign"
	redisqueue "github.com/flashgin/flashgin/internal/queue/redis"
)

// RedisConfig is what a [RedisStore] needs to know.
type RedisConfig struct {
	// App is the first part of every Redis key after "flash:", so that applications can share a
	// server: letters, digits, "_", "." and "-". Empty is an error.
	App string
	// TTL is how long a view of a session keeps its messages after the last one was added. Zero
	// means 24 hours; a negative TTL is an error. Redis counts it in whole milliseconds. Give all
	// processes the same: where it is shorter, IDs are forgotten sooner.
	TTL time.Duration
	// Cap is how many messages wait for a session at one view at most; the oldest are dropped. Zero
	// means 50; a negative Cap is an error.
	Cap int
	// Views is roughly how many views of one session keep messages; those at the oldest views are
	// dropped. There may be half as many more, and a quarter more for each further process.
	// Zero means 100; negative Views are an error.
	Views int
}

// RedisStore is a [Store] in Redis 5 or later, or in a server that speaks its protocol: messages
// survive restarts of the application, and all its processes share them. It works with a single
// server, with Sentinel and with Cluster, whichever the client is made for.
//
// Each view of a session is one sorted set, flash:<app>:{<hash of the session key>}:<view>. No
// Redis key and no error has a session key or a text in it. Every call of the store is one round
// trip, or two for an Add of messages that have more than four views or whose views alternate. Each
// command is sent once: if the reply is lost, the call returns an error, and calling again is safe,
// as the rules of Store say. The store itself does not retry and bounds no time: the [Messenger]
// does. The store uses the client as it is, with its own time-outs, and never closes it. Of too
// many given IDs (rule 15) it forgets those first whose TTL ends first.
//
// A RedisStore is safe for concurrent use by multiple goroutines.
type RedisStore struct {
	queue *redisqueue.Store[Message]
}

// NewRedisStore returns a store on the server or servers of client. It sends nothing, so the server
// need not be up yet. A nil client is an error; any other error names the field of cfg that cannot
// be used.
func NewRedisStore(client redis.UniversalClient, cfg RedisConfig) (*RedisStore, error) {
	if v := reflect.ValueOf(client); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("flashgin: NewRedisStore: the client is nil: want one, " +
			"as redis.NewClient returns it")
	}
	switch {
	case cfg.App == "":
		return nil, errors.New("flashgin: RedisConfig.App is empty: want the application's name, " +
			`such as "shop", which becomes part of every Redis key`)
	case !keyspace.ValidApp(cfg.App):
		return nil, fmt.Errorf("flashgin: RedisConfig.App is %q: "+
			"want letters, digits, '_', '.' and '-' only", cfg.App)
	}
	err := refuseNegative("RedisConfig",
		number{"TTL", cfg.TTL < 0, cfg.TTL, "24h"},
		number{"Cap", cfg.Cap < 0, cfg.Cap, 50},
		number{"Views", cfg.Views < 0, cfg.Views, 100})
	if err != nil {
		return nil, err
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

// validate is for New. A type may embed a nil RedisStore.
func (s *RedisStore) validate() error {
	if s == nil || s.queue == nil {
		return errors.New("flashgin: Config.Store is a RedisStore without a client: " +
			"want one that NewRedisStore has returned")
	}
	return nil
}

// redisQueue is for stores of other types that embed this one.
func (s *RedisStore) redisQueue() *redisqueue.Store[Message] { return s.queue }

// OnError adds a function that is told of what no caller learns: messages that were dropped, and
// data that cannot be read; nil removes all. These errors never quote a session key, a text or a
// Redis key. [New] calls OnError, so each [Messenger] that uses the store is told.
func (s *RedisStore) OnError(report func(context.Context, error)) { s.queue.OnError(report) }

// OnEvent sets the function that is told how many messages are dropped, and how many are given out
// again after their lease. [New] calls it: of several Messengers with one store, the last one's
// Observer is told, so that nothing counts twice. Nil means nobody.
func (s *RedisStore) OnEvent(event func(context.Context, Event)) {
	s.queue.OnEvent(tellEvents(event))
}

// Add implements [Store]. If the server's memory is full, the error has OOM in it. If messages have
// several views and Add returns an error, it may have added those of some views.
func (s *RedisStore) Add(ctx context.Context, session string, msgs ...Message) error {
	return methods(s.queue).Add(ctx, session, msgs)
}

// Claim implements [Store]. If it could claim the messages of some views only, it returns these and
// reports the error through OnError; if it has no message, it returns the error. If the reply is
// lost, the claimed messages wait again when the lease ends.
//
// A lease is no longer than a year; the server's clock measures it.
func (s *RedisStore) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (Claim, error) {
	return methods(s.queue).Claim(ctx, session, views, lease)
}

// Peek implements [Store]. Like Claim, it returns what it could read and reports the error.
func (s *RedisStore) Peek(ctx context.Context, session string, views []string) (Messages, error) {
	return methods(s.queue).Peek(ctx, session, views)
}

// Confirm implements [Store].
func (s *RedisStore) Confirm(ctx context.Context, claim Claim) error {
	return methods(s.queue).Confirm(ctx, claim)
}

// Release implements [Store].
func (s *RedisStore) Release(ctx context.Context, claim Claim) error {
	return methods(s.queue).Release(ctx, claim)
}

// ViewsOf returns the views at which the store has something of session, sorted, for
// [Messenger.Waiting]. It walks all Redis keys as [RedisStore.Purge] does, and takes as long.
func (s *RedisStore) ViewsOf(ctx context.Context, session string) ([]string, error) {
	return s.queue.Views(ctx, session)
}

// RedisKey returns the Redis key of the sorted set in which messages of session wait at view, for
// operators. It has the [SessionHash] of the session in it, and not the session key. The view is
// one that [Message.View] of a message that waits has.
func (s *RedisStore) RedisKey(session, view string) string { return s.queue.Key(session, view) }

// Withdraw implements [Store].
func (s *RedisStore) Withdraw(ctx context.Context, session, view, key string) error {
	return s.queue.Withdraw(ctx, session, view, key)
}

// Ping reports whether the server answers; in a cluster, whether one of the masters does. It
// returns when ctx ends, even if the client waits longer.
func (s *RedisStore) Ping(ctx context.Context) error { return s.queue.Ping(ctx) }

// Purge removes the messages of all sessions of this App that have waited longer than olderThan,
// and returns how many it removed. Use it when memory runs low; without it, messages end by
// [RedisConfig].TTL. Claimed messages stay. The IDs of purged messages are not remembered. Zero
// removes all that wait; a negative olderThan is an error.
//
// It walks all Redis keys of the server, or of every master in a cluster, and takes a second or two
// per 100,000 of them. It does so in small steps, between which the server serves other clients. If
// ctx ends or a server fails, it returns how many it has removed and the error; calling it again is
// safe.
func (s *RedisStore) Purge(ctx context.Context, olderThan time.Duration) (int, error) {
	if olderThan < 0 {
		return 0, fmt.Errorf("flashgin: Purge: olderThan is %v: want zero or more", olderThan)
	}
	return s.queue.Purge(ctx, olderThan)
}

// Watch tells open pages when any process adds messages, as [Store] describes it. It calls wake
// with the hash of the session key that is in the Redis keys; a "}" before the hash ends the
// session's streams, as [Messenger.End] and [Messenger.Forget] do. It holds one connection, and
// gives it up when the server falls silent. With a client for a ring of servers it returns nil at
// once.
func (s *RedisStore) Watch(ctx context.Context, wake func(session string)) error {
	return s.queue.Watch(ctx, foreign.InWords(wake))
}
