package flashgin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisConfig is what a [RedisStore] needs to know.
type RedisConfig struct {
	// App is the first part of every key after "flash:", so that applications can share a server: letters, digits, "_", "." and "-".
	// Empty is an error.
	App string
	// TTL is how long an address keeps its messages after the last one was added. Zero means 24 hours; a negative TTL is an error. Redis
	// counts it in whole milliseconds.
	TTL time.Duration
	// Cap is how many messages wait at one address at the most; the oldest are dropped. Zero means 50; a negative Cap is an error.
	Cap int
	// Views is at how many views messages of one session are kept at the most; what the oldest hold
	// is dropped. It is a bound on growth: there may be half as many more, and a quarter for each
	// further process. Zero means 100; negative Views are an error.
	Views int
}

// RedisStore is a [Store] in Redis 5 or later, or in what speaks its protocol: messages survive restarts of the application and are shared
// by all its processes. It works with a single server, with Sentinel and with Cluster, whichever the client is made for.
//
// Each address is one sorted set, flash:<app>:{<hash of the session>}:<view>; neither sessions nor texts are ever part of a key or an
// error. Every call of the store is one round trip, in which each command is sent once: a lost reply is an error of the call, and
// calling again is safe, as the rules of Store say. It is [New] that bounds how long a page waits for the store and that tries again. The
// client is used as it is, with its own time-outs; it stays the caller's, who closes it.
//
// A RedisStore is safe for concurrent use by multiple goroutines.
type RedisStore struct {
	client  redis.UniversalClient
	cluster *redis.ClusterClient // the client, if it is one
	prefix  string
	ttl     time.Duration
	cap     int
	views   int
	created createdViews
	numbers atomic.Uint64 // see place
	onError atomic.Pointer[func(context.Context, error)]
	onEvent atomic.Pointer[func(context.Context, Event)]
	oneKey  atomic.Bool  // the server refuses calls with several keys
	nodes   sync.Map     // address of a master of the cluster → *redis.Client
	stored  atomic.Int64 // how often one was put there
}

// The longest times that the scores of an address have room for.
const (
	longestTTL   = 100 * 365 * 24 * time.Hour
	longestLease = 365 * 24 * time.Hour
)

// NewRedisStore returns a store on the server or servers of client. It sends nothing, so the server need not be up yet. The error names the
// field that cannot be used.
func NewRedisStore(client redis.UniversalClient, cfg RedisConfig) (*RedisStore, error) {
	if v := reflect.ValueOf(client); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("flashgin: NewRedisStore: the client is nil: want one, as redis.NewClient returns it")
	}
	switch {
	case cfg.App == "":
		return nil, errors.New(`flashgin: RedisConfig.App is empty: want the application's name, such as "shop", which becomes part of every key`)
	case strings.Trim(cfg.App, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") != "":
		return nil, fmt.Errorf("flashgin: RedisConfig.App is %q: want letters, digits, '_', '.' and '-' only", cfg.App)
	case cfg.TTL < 0:
		return nil, fmt.Errorf("flashgin: RedisConfig.TTL is %v: want zero (24h) or more", cfg.TTL)
	case cfg.Cap < 0:
		return nil, fmt.Errorf("flashgin: RedisConfig.Cap is %d: want zero (50) or more", cfg.Cap)
	case cfg.Views < 0:
		return nil, fmt.Errorf("flashgin: RedisConfig.Views is %d: want zero (100) or more", cfg.Views)
	}
	s := &RedisStore{
		client: client,
		prefix: "flash:" + cfg.App + ":{",
		ttl:    min(cmp.Or(cfg.TTL, defaultTTL), longestTTL),
		cap:    cmp.Or(cfg.Cap, defaultCap),
		views:  cmp.Or(cfg.Views, defaultViews),
	}
	s.cluster, _ = client.(*redis.ClusterClient)
	s.numbers.Store(rand.Uint64N(numberLimit / 2))
	return s, nil
}

// OnError sets the function that is told of what no caller is there to hear: messages that were dropped, and data that cannot be read.
// What it is told never quotes a session, a text or a key. [New] calls it; nil means nobody.
func (s *RedisStore) OnError(report func(context.Context, error)) {
	if report == nil {
		s.onError.Store(nil)
		return
	}
	s.onError.Store(&report)
}

func (s *RedisStore) report(ctx context.Context, err error) {
	if report := s.onError.Load(); report != nil {
		(*report)(ctx, err)
	}
}

// OnEvent sets the function that is told how many messages are dropped, and how many are given out again after their lease. [New] calls it; nil means
// nobody.
func (s *RedisStore) OnEvent(event func(context.Context, Event)) {
	if event == nil {
		s.onEvent.Store(nil)
		return
	}
	s.onEvent.Store(&event)
}

// tell tells of messages, if there are any and somebody is there to hear it.
func (s *RedisStore) tell(ctx context.Context, kind EventKind, messages int) {
	if event := s.onEvent.Load(); event != nil && messages > 0 {
		(*event)(ctx, Event{Kind: kind, Messages: messages})
	}
}

// Add implements [Store]. A server without memory for more refuses with an error that begins with OOM. When messages have several views
// and an error is returned, those of some views may have been added.
func (s *RedisStore) Add(ctx context.Context, session string, msgs ...Message) error {
	return s.add(ctx, session, msgs, s.channel())
}

func (s *RedisStore) addQuietly(ctx context.Context, session string, msgs ...Message) error {
	return s.add(ctx, session, msgs, "")
}

func (s *RedisStore) add(ctx context.Context, session string, msgs []Message, channel string) error {
	var calls []*redisCall
	mailbox, number := s.mailbox(session), s.place(len(msgs))
	for len(msgs) > 0 {
		// A call for each run of messages with one view: the scripts then run in the order of the messages, and the server's clock
		// puts them in order over all views.
		n := 1
		for n < len(msgs) && msgs[n].View == msgs[0].View {
			n++
		}
		call, err := s.addCall(mailbox, number, msgs[:n], channel)
		if err != nil {
			return err
		}
		calls = append(calls, call)
		number, msgs = number+uint64(n), msgs[n:]
	}
	adds, order := calls, inOrder
	index := s.indexCall(mailbox, adds)
	if index != nil {
		calls = append(calls, index)
		if len(adds) == 1 {
			order = together
		}
	}
	if err := s.send(ctx, calls, order); err != nil {
		return s.failed("add", err)
	}
	var dropped, created int
	var failed error
	for _, call := range adds {
		n, err := call.cmd.Int()
		dropped += n / 2
		created += n % 2
		failed = cmp.Or(failed, err)
	}
	if dropped > 0 {
		s.report(ctx, capError(dropped, s.cap))
		s.tell(ctx, EventDropped, dropped)
	}
	if created > 0 {
		s.created.add(mailbox, created, s.ttl)
	}
	if index != nil && failed == nil {
		s.boundViews(ctx, mailbox, index)
	}
	return s.failed("add", failed)
}

// addCall returns the call that adds messages with one view, the first of which gets the number.
func (s *RedisStore) addCall(mailbox string, number uint64, msgs []Message, channel string) (*redisCall, error) {
	entries := make([]any, len(msgs))
	var life int64 // of the address, for all of them
	for i, m := range msgs {
		ttl, needs := s.ownTTL(m)
		entry, err := encodeRedisEntry((number+uint64(i))%numberLimit, ttl, m)
		if err != nil {
			return nil, err
		}
		entries[i], life = entry, max(life, needs)
	}
	return addScript.call(mailbox+escapeView(msgs[0].View)).append(s.ttlMilliseconds(), life, s.cap, channel).append(entries...), nil
}

// Claim implements [Store]. If the messages of some views could be claimed and those of others not, it returns the former and reports why
// through OnError; without any message, it returns the error. The claimed messages of a lost reply wait again when the lease ends.
//
// A lease is no longer than a year; the server's clock measures it.
func (s *RedisStore) Claim(ctx context.Context, session string, views []string, lease time.Duration) (Claim, error) {
	// The end of the lease marks the claim. The spread keeps the marks of claims that follow at once apart, even on a clock that stands.
	spread := s.numbers.Add(1) % 1000
	length := microseconds(min(max(lease, 0), longestLease)) + int64(spread)
	found, err := s.read(ctx, "claim", session, views, claimScript, length)
	if len(found) == 0 {
		return Claim{}, err
	}
	claim := Claim{Session: session, Messages: make(Messages, len(found)), Tickets: map[string]string{}}
	for i, entry := range found {
		claim.Messages[i] = entry.message
		claim.Tickets[entry.message.View] = entry.ticket
	}
	return claim, nil
}

// Peek implements [Store]. Like Claim it prefers what it could read over an error.
func (s *RedisStore) Peek(ctx context.Context, session string, views []string) (Messages, error) {
	found, err := s.read(ctx, "peek", session, views, peekScript)
	if len(found) == 0 {
		return nil, err
	}
	messages := make(Messages, len(found))
	for i, entry := range found {
		messages[i] = entry.message
	}
	return messages, nil
}

// Confirm implements [Store].
func (s *RedisStore) Confirm(ctx context.Context, claim Claim) error {
	_, err := s.countConfirmed(ctx, claim)
	return err
}

func (s *RedisStore) countConfirmed(ctx context.Context, claim Claim) (int, error) {
	return s.settle(ctx, "confirm", claim, confirmScript)
}

// confirmGroup confirms claims in one round trip.
func (s *RedisStore) confirmGroup(ctx context.Context, claims []Claim) []settled {
	var all []*redisCall
	of := make([][]*redisCall, len(claims))
	for i, claim := range claims {
		of[i] = s.settleCalls(claim, confirmScript)
		all = append(all, of[i]...)
	}
	notSent := s.send(ctx, all, together)
	results := make([]settled, len(claims))
	for i, calls := range of {
		if notSent != nil {
			results[i].err = s.failed("confirm", notSent)
			continue
		}
		results[i].messages, results[i].err = s.sum("confirm", calls)
	}
	return results
}

// Release implements [Store].
func (s *RedisStore) Release(ctx context.Context, claim Claim) error {
	_, err := s.countReleased(ctx, claim)
	return err
}

func (s *RedisStore) countReleased(ctx context.Context, claim Claim) (int, error) {
	return s.settle(ctx, "release", claim, releaseScript)
}

// settle returns how many messages of claim the script has settled, also when it returns an error.
func (s *RedisStore) settle(ctx context.Context, doing string, claim Claim, script *redisScript) (int, error) {
	return s.run(ctx, doing, s.settleCalls(claim, script))
}

// settleCalls returns the calls that settle a claim by the script, one for each of its views. A claim of another store needs none.
func (s *RedisStore) settleCalls(claim Claim, script *redisScript) (calls []*redisCall) {
	of := map[string]*redisCall{} // by view
	mailbox, now := s.mailbox(claim.Session), time.Now().UnixMicro()
	for _, m := range claim.Messages {
		end, only, ok := cutTicket(claim.Tickets[m.View])
		if !ok {
			continue // no claim of ours
		}
		call := of[m.View]
		switch {
		case call != nil:
		case script == confirmScript && only != "" && only == m.ID && end > now:
			calls = append(calls, confirmOneScript.call(mailbox+escapeView(m.View)).append(end, only))
			continue
		default:
			call = script.call(mailbox+escapeView(m.View)).append(s.ttlMilliseconds(), end)
			of[m.View] = call
			calls = append(calls, call)
		}
		call.append(m.ID)
	}
	return calls
}

// Withdraw implements [Store].
func (s *RedisStore) Withdraw(ctx context.Context, session, view, key string) error {
	var calls []*redisCall
	if key != "" {
		calls = []*redisCall{withdrawScript.call(s.key(session, view)).append(s.ttlMilliseconds(), key)}
	}
	_, err := s.run(ctx, "withdraw", calls)
	return err
}

// run sends calls that reply a number or nothing, and returns their sum.
func (s *RedisStore) run(ctx context.Context, doing string, calls []*redisCall) (sum int, err error) {
	if err := s.send(ctx, calls, apart); err != nil {
		return 0, s.failed(doing, err)
	}
	return s.sum(doing, calls)
}

// sum adds up the replies of calls. It is right where a call failed, too.
func (s *RedisStore) sum(doing string, calls []*redisCall) (sum int, err error) {
	for _, call := range calls {
		n, _ := call.cmd.Int()
		sum += n
		err = cmp.Or(err, call.err())
	}
	return sum, s.failed(doing, err)
}

// Ping reports whether the server answers; in a cluster, whether one of the masters does. It returns when ctx ends, even if the client waits longer.
func (s *RedisStore) Ping(ctx context.Context) error { return s.ping(ctx, s.client) }

// ttlMilliseconds is the TTL as EXPIRE wants it.
func (s *RedisStore) ttlMilliseconds() int64 { return milliseconds(s.ttl) }

// ownTTL returns the TTL of m in microseconds, or 0 if it waits as long as its address, and for how many milliseconds it needs that: until it
// has ended and a retry of its add has as well.
func (s *RedisStore) ownTTL(m Message) (ttl, life int64) {
	if m.TTL <= 0 || m.TTL >= s.ttl {
		return 0, s.ttlMilliseconds()
	}
	return microseconds(m.TTL), milliseconds(min(m.TTL+rememberFor, s.ttl))
}

// A fraction counts as a whole: zero would mean something else.
func microseconds(d time.Duration) int64 { return int64((d + time.Microsecond - 1) / time.Microsecond) }
func milliseconds(d time.Duration) int64 { return int64((d + time.Millisecond - 1) / time.Millisecond) }
