// Package flashotel makes OpenTelemetry metrics of what flashgin does: how many messages are added,
// shown and lost, and how the store answers.
//
//	observer, err := flashotel.New(nil) // nil: the global MeterProvider
//	if err != nil {
//		return err
//	}
//	messages, err := flashgin.New(flashgin.Config{Store: store, Observer: observer})
//
// The names and units are those of the semantic conventions. [flashgin.EventKind]
// says what is counted, and when:
//
//	instrument                       kind             unit        attributes
//	flashgin.message.added           Counter          {message}
//	flashgin.message.shown           Counter          {message}   flashgin.message.source
//	flashgin.message.released        Counter          {message}
//	flashgin.message.dropped         Counter          {message}
//	flashgin.message.lease_expired   Counter          {message}
//	flashgin.message.lost            Counter          {message}
//	flashgin.store.call.duration     Histogram        s           flashgin.store.call.name,
//	                                                              error.type, server.address,
//	                                                              server.port
//	flashgin.store.call.skipped      Counter          {call}
//	flashgin.store.breaker.open      UpDownCounter    {breaker}   server.address, server.port
//	flashgin.store.breaker.openings  Counter          {opening}   server.address, server.port
//
// flashgin.message.source is "store", or "request" for messages that were shown by the request that
// added them, and that no store ever had.
//
// flashgin.store.call.name is "add", "claim", "confirm", "release", "peek" or "withdraw".
//
// error.type is there if a call failed: "timeout", "canceled", why a Redis server refused it, such
// as "OOM", "NOPERM" or "READONLY" with every release of Redis and Valkey, what the error's method
// ErrorType returns, or the Go type of its cause, such as "syscall.Errno" where there is no
// connection; "_OTHER" where that says nothing.
//
// server.address and server.port are there where the store is a cluster of several servers.
//
// No attribute has more than a handful of values: none names a session, a view, or a message.
package flashotel

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/flashgin/flashgin"
)

// scope names what the metrics are from.
const scope = "github.com/flashgin/flashgin/flashotel"

// durations are the bounds of the histogram's buckets, in seconds: those that the semantic
// conventions advise for databases, with more below them, since a Redis nearby answers within a
// fraction of a millisecond, and with two seconds, after which flashgin gives up. 0.1 is the
// default of Config.Timeout.
var durations = []float64{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10}

// New returns an Observer for flashgin.Config that records by a meter of provider; nil means the
// global one, which may be set later. It may serve several Messengers, whose numbers it adds up,
// and is safe for concurrent use by multiple goroutines. The error is that of the provider, which
// refused an instrument.
//
// An event costs no allocation, unless it is the first of its kind or has an error.
func New(provider metric.MeterProvider) (flashgin.Observer, error) {
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	meter := provider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	var failed error
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit),
			metric.WithDescription(description))
		failed = errors.Join(failed, err)
		return c
	}
	o := &observer{
		added: counter("flashgin.message.added", "{message}",
			"Messages that the store has accepted."),
		shown: counter("flashgin.message.shown", "{message}",
			"Messages that were shown, and will not be again."),
		released: counter("flashgin.message.released", "{message}",
			"Messages that were taken for a page and wait again."),
		dropped: counter("flashgin.message.dropped", "{message}",
			"Messages that were removed unseen, because too many waited."),
		leaseExpired: counter("flashgin.message.lease_expired", "{message}",
			"Messages that were given out again, after a page that said nothing of them."),
		lost: counter("flashgin.message.lost", "{message}",
			"Messages of requests that may never be seen."),
		skipped: counter("flashgin.store.call.skipped", "{call}",
			"Pages that did not ask the store, because nothing waited."),
		openings: counter("flashgin.store.breaker.openings", "{opening}",
			"Breakers that opened, because the store failed repeatedly."),
		recordings: map[series][]metric.RecordOption{},
		additions:  map[string][]metric.AddOption{},
	}
	var err error
	o.open, err = meter.Int64UpDownCounter("flashgin.store.breaker.open",
		metric.WithUnit("{breaker}"),
		metric.WithDescription("Breakers that are open: pages are shown without messages."))
	failed = errors.Join(failed, err)
	o.call, err = meter.Float64Histogram("flashgin.store.call.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of calls of the store."),
		metric.WithExplicitBucketBoundaries(durations...))
	if failed = errors.Join(failed, err); failed != nil {
		return nil, failed
	}
	return o, nil
}

type observer struct {
	added, shown, released, dropped, leaseExpired, lost, skipped, openings metric.Int64Counter

	open metric.Int64UpDownCounter
	call metric.Float64Histogram

	mu         sync.RWMutex
	recordings map[series][]metric.RecordOption // of calls
	additions  map[string][]metric.AddOption    // of breakers, by node
}

var (
	fromStore = []metric.AddOption{
		metric.WithAttributeSet(attribute.NewSet(
			attribute.String("flashgin.message.source", "store"))),
	}
	fromRequest = []metric.AddOption{
		metric.WithAttributeSet(attribute.NewSet(
			attribute.String("flashgin.message.source", "request"))),
	}
)

// Observe implements flashgin.Observer.
func (o *observer) Observe(ctx context.Context, e flashgin.Event) {
	messages := int64(e.Messages)
	switch e.Kind {
	case flashgin.EventAdded:
		o.added.Add(ctx, messages)
	case flashgin.EventShown:
		source := fromStore
		if e.Direct {
			source = fromRequest
		}
		o.shown.Add(ctx, messages, source...)
	case flashgin.EventReleased:
		o.released.Add(ctx, messages)
	case flashgin.EventDropped:
		o.dropped.Add(ctx, messages)
	case flashgin.EventLeaseExpired:
		o.leaseExpired.Add(ctx, messages)
	case flashgin.EventLost:
		o.lost.Add(ctx, messages)
	case flashgin.EventStoreCall:
		o.call.Record(ctx, e.Duration.Seconds(),
			o.recording(series{e.Call, e.Node, errorType(e.Err)})...)
	case flashgin.EventSkipped:
		o.skipped.Add(ctx, 1)
	case flashgin.EventBreakerOpened:
		o.openings.Add(ctx, 1, o.addition(e.Node)...)
		o.open.Add(ctx, 1, o.addition(e.Node)...)
	case flashgin.EventBreakerClosed:
		o.open.Add(ctx, -1, o.addition(e.Node)...)
	}
}

// series names the calls that are measured together.
type series struct{ call, node, errorType string }

// recording returns the attributes of a series, which are made once.
func (o *observer) recording(s series) []metric.RecordOption {
	return once(o, o.recordings, s, func() metric.RecordOption {
		attributes := append(server(s.node), attribute.String("flashgin.store.call.name", s.call))
		if s.errorType != "" {
			attributes = append(attributes, semconv.ErrorTypeKey.String(s.errorType))
		}
		return metric.WithAttributeSet(attribute.NewSet(attributes...))
	})
}

func (o *observer) addition(node string) []metric.AddOption {
	return once(o, o.additions, node, func() metric.AddOption {
		return metric.WithAttributeSet(attribute.NewSet(server(node)...))
	})
}

// once returns the entry of a map of o, and makes it first if need be.
func once[K comparable, V any](o *observer, entries map[K][]V, key K, make func() V) []V {
	o.mu.RLock()
	entry, ok := entries[key]
	o.mu.RUnlock()
	if !ok {
		entry = []V{make()}
		o.mu.Lock()
		entries[key] = entry
		o.mu.Unlock()
	}
	return entry
}

// server returns the attributes of a node, or none.
func server(node string) []attribute.KeyValue {
	if node == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(node)
	number, failed := strconv.Atoi(port)
	if err != nil || failed != nil {
		return []attribute.KeyValue{semconv.ServerAddress(node)}
	}
	return []attribute.KeyValue{semconv.ServerAddress(host), semconv.ServerPort(number)}
}
