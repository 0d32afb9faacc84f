package flashotel_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashotel"
)

// recorder is an Observer whose metrics a test can read.
type recorder struct {
	flashgin.Observer
	t      testing.TB
	reader *sdk.ManualReader
}

func newRecorder(t testing.TB) *recorder {
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	observer, err := flashotel.New(provider)
	require.NoError(t, err)
	return &recorder{observer, t, reader}
}

// metrics returns what was recorded, by name.
func (r *recorder) metrics() map[string]metricdata.Metrics {
	var all metricdata.ResourceMetrics
	require.NoError(r.t, r.reader.Collect(context.Background(), &all))
	found := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		assert.Equal(r.t, "github.com/flashgin/flashgin/flashotel", scope.Scope.Name)
		assert.Equal(r.t, semconv.SchemaURL, scope.Scope.SchemaURL)
		for _, m := range scope.Metrics {
			found[m.Name] = m
		}
	}
	return found
}

func (r *recorder) observe(events ...flashgin.Event) {
	for _, e := range events {
		r.Observe(context.Background(), e)
	}
}

func sum(monotonic bool, points ...metricdata.DataPoint[int64]) metricdata.Sum[int64] {
	return metricdata.Sum[int64]{Temporality: metricdata.CumulativeTemporality,
		IsMonotonic: monotonic, DataPoints: points}
}

func point(value int64, attributes ...attribute.KeyValue) metricdata.DataPoint[int64] {
	return metricdata.DataPoint[int64]{Value: value, Attributes: attribute.NewSet(attributes...)}
}

// Each kind of event has its instruments, with the name, the unit and the attributes that the
// package documentation lists.
func TestInstruments(t *testing.T) {
	source := attribute.Key("flashgin.message.source")
	node := []attribute.KeyValue{
		attribute.String("server.address", "10.1.2.3"),
		attribute.Int("server.port", 7001),
	}
	for _, test := range []struct {
		name   string
		events []flashgin.Event
		unit   string
		want   metricdata.Sum[int64]
	}{
		{"flashgin.message.added", []flashgin.Event{
			{Kind: flashgin.EventAdded, Messages: 2}, {Kind: flashgin.EventAdded, Messages: 3},
		}, "{message}", sum(true, point(5))},
		{"flashgin.message.shown", []flashgin.Event{
			{Kind: flashgin.EventShown, Messages: 2},
			{Kind: flashgin.EventShown, Messages: 1, Direct: true},
			{Kind: flashgin.EventShown, Messages: 1},
		}, "{message}", sum(true, point(3, source.String("store")),
			point(1, source.String("request")))},
		{"flashgin.message.released", []flashgin.Event{{Kind: flashgin.EventReleased, Messages: 4}},
			"{message}", sum(true, point(4))},
		{"flashgin.message.dropped", []flashgin.Event{{Kind: flashgin.EventDropped, Messages: 5}},
			"{message}", sum(true, point(5))},
		{"flashgin.message.lease_expired",
			[]flashgin.Event{{Kind: flashgin.EventLeaseExpired, Messages: 6}}, "{message}",
			sum(true, point(6))},
		{"flashgin.message.lost", []flashgin.Event{{Kind: flashgin.EventLost, Messages: 7}},
			"{message}", sum(true, point(7))},
		{"flashgin.store.call.skipped", []flashgin.Event{
			{Kind: flashgin.EventSkipped}, {Kind: flashgin.EventSkipped},
		}, "{call}", sum(true, point(2))},
		{"flashgin.store.breaker.open", []flashgin.Event{
			{Kind: flashgin.EventBreakerOpened}, {Kind: flashgin.EventBreakerClosed},
			{Kind: flashgin.EventBreakerOpened},
			{Kind: flashgin.EventBreakerOpened, Node: "10.1.2.3:7001"},
			{Kind: flashgin.EventBreakerOpened, Node: "odd"},
			{Kind: flashgin.EventBreakerClosed, Node: "odd"},
		}, "{breaker}", sum(false, point(1), point(1, node...),
			point(0, attribute.String("server.address", "odd")))},
		{"flashgin.store.breaker.openings", []flashgin.Event{
			{Kind: flashgin.EventBreakerOpened}, {Kind: flashgin.EventBreakerClosed},
			{Kind: flashgin.EventBreakerOpened},
			{Kind: flashgin.EventBreakerOpened, Node: "10.1.2.3:7001"},
		}, "{opening}", sum(true, point(2), point(1, node...))},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRecorder(t)
			r.observe(test.events...)
			got := r.metrics()[test.name]
			assert.Equal(t, test.unit, got.Unit)
			assert.NotEmpty(t, got.Description)
			metricdatatest.AssertAggregationsEqual(t, test.want, got.Data,
				metricdatatest.IgnoreTimestamp())
		})
	}
}

func TestStoreCalls(t *testing.T) {
	r := newRecorder(t)
	r.observe(
		flashgin.Event{Kind: flashgin.EventStoreCall, Call: "claim",
			Duration: 300 * time.Microsecond},
		flashgin.Event{Kind: flashgin.EventStoreCall, Call: "claim",
			Duration: 30 * time.Millisecond},
		flashgin.Event{Kind: flashgin.EventStoreCall, Call: "claim", Duration: 2 * time.Second,
			Err: context.DeadlineExceeded},
		flashgin.Event{Kind: flashgin.EventStoreCall, Call: "add", Duration: 20 * time.Second,
			Node: "[::1]:7002", Err: io.EOF},
	)
	bounds := []float64{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10}
	histogram := func(
		min, max, sum float64, counts []uint64, attributes ...attribute.KeyValue,
	) metricdata.HistogramDataPoint[float64] {
		total := uint64(0)
		for _, n := range counts {
			total += n
		}
		return metricdata.HistogramDataPoint[float64]{
			Attributes:   attribute.NewSet(attributes...),
			Bounds:       bounds,
			BucketCounts: append(counts, make([]uint64, 13-len(counts))...),
			Count:        total,
			Sum:          sum,
			Min:          metricdata.NewExtrema(min),
			Max:          metricdata.NewExtrema(max),
		}
	}
	name, class := attribute.Key("flashgin.store.call.name"), attribute.Key("error.type")
	got := r.metrics()["flashgin.store.call.duration"]
	assert.Equal(t, "s", got.Unit)
	assert.NotEmpty(t, got.Description)
	metricdatatest.AssertAggregationsEqual(t, metricdata.Histogram[float64]{
		Temporality: metricdata.CumulativeTemporality,
		DataPoints: []metricdata.HistogramDataPoint[float64]{
			histogram(0.0003, 0.03, 0.0303, []uint64{0, 1, 0, 0, 0, 1}, name.String("claim")),
			histogram(2, 2, 2, []uint64{0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, name.String("claim"),
				class.String("timeout")),
			histogram(20, 20, 20, []uint64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
				name.String("add"), class.String("_OTHER"),
				attribute.String("server.address", "::1"), attribute.Int("server.port", 7002)),
		},
	}, got.Data, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

// A later flashgin may tell more.
func TestUnknownKinds(t *testing.T) {
	r := newRecorder(t)
	r.observe(flashgin.Event{Kind: "unheard of", Messages: 1}, flashgin.Event{})
	assert.Empty(t, r.metrics())
}

// The metrics are those of a Messenger at work, and every instrument is in use.
func TestMessenger(t *testing.T) {
	r := newRecorder(t)
	messages, err := flashgin.New(flashgin.Config{Observer: r, Store: &flashgin.MemoryStore{Cap: 1},
		Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NoError(t, messages.Add(t.Context(), "session",
		flashgin.Info("1").At("/"), flashgin.Info("2").At("/")))
	_, err = messages.Take(t.Context(), "session", "/")
	require.NoError(t, err)
	found := r.metrics()
	assert.Len(t, found, 4)
	for name, want := range map[string]int64{
		"flashgin.message.added": 2, "flashgin.message.dropped": 1, "flashgin.message.shown": 1,
	} {
		assert.Equal(t, want, found[name].Data.(metricdata.Sum[int64]).DataPoints[0].Value, name)
	}
	var calls []string
	for _, p := range found["flashgin.store.call.duration"].
		Data.(metricdata.Histogram[float64]).DataPoints {
		name, _ := p.Attributes.Value("flashgin.store.call.name")
		calls = append(calls, name.AsString())
	}
	slices.Sort(calls)
	assert.Equal(t, []string{"add", "claim", "confirm"}, calls)
}

// The global provider may be set when the Observer is there already.
func TestGlobalProvider(t *testing.T) {
	observer, err := flashotel.New(nil)
	require.NoError(t, err)
	reader := sdk.NewManualReader()
	otel.SetMeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader)))
	r := recorder{observer, t, reader}
	r.observe(flashgin.Event{Kind: flashgin.EventAdded, Messages: 1})
	assert.Contains(t, r.metrics(), "flashgin.message.added")
}

// refusing is a provider that makes no counters.
type refusing struct{ metric.MeterProvider }

type refusingMeter struct{ metric.Meter }

func (p refusing) Meter(name string, options ...metric.MeterOption) metric.Meter {
	return refusingMeter{p.MeterProvider.Meter(name, options...)}
}

var errRefused = errors.New("no more instruments")

func (refusingMeter) Int64Counter(
	string, ...metric.Int64CounterOption,
) (metric.Int64Counter, error) {
	return nil, errRefused
}

func TestNewErrors(t *testing.T) {
	observer, err := flashotel.New(refusing{sdk.NewMeterProvider()})
	assert.ErrorIs(t, err, errRefused)
	assert.Nil(t, observer)
}

func TestConcurrentUse(t *testing.T) {
	r := newRecorder(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 100 {
				r.observe(
					flashgin.Event{Kind: flashgin.EventAdded, Messages: 1},
					flashgin.Event{Kind: flashgin.EventStoreCall,
						Call: []string{"add", "claim", "peek"}[i%3]},
					flashgin.Event{Kind: flashgin.EventBreakerOpened,
						Node: []string{"a:1", "b:2"}[i%2]},
				)
				if i%10 == 0 {
					r.metrics()
				}
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(800),
		r.metrics()["flashgin.message.added"].Data.(metricdata.Sum[int64]).DataPoints[0].Value)
}
