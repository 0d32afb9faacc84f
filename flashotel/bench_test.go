package flashotel_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// usual are events of each kind, without errors.
var usual = []flashgin.Event{
	{Kind: flashgin.EventStoreCall, Call: "add", Duration: time.Millisecond},
	{Kind: flashgin.EventAdded, Messages: 1},
	{Kind: flashgin.EventStoreCall, Call: "claim", Duration: time.Millisecond,
		Node: "10.1.2.3:7001"},
	{Kind: flashgin.EventStoreCall, Call: "confirm", Duration: time.Millisecond},
	{Kind: flashgin.EventShown, Messages: 1},
	{Kind: flashgin.EventShown, Messages: 1, Direct: true},
	{Kind: flashgin.EventReleased, Messages: 1},
	{Kind: flashgin.EventDropped, Messages: 1},
	{Kind: flashgin.EventLeaseExpired, Messages: 1},
	{Kind: flashgin.EventLost, Messages: 1},
	{Kind: flashgin.EventSkipped},
	{Kind: flashgin.EventBreakerOpened, Node: "10.1.2.3:7001"},
	{Kind: flashgin.EventBreakerClosed, Node: "10.1.2.3:7001"},
}

func BenchmarkObserve(b *testing.B) {
	r := newRecorder(b)
	for _, e := range usual[1:3] {
		b.Run(string(e.Kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Observe(context.Background(), e)
			}
		})
	}
}

func TestAnEventAllocatesNothing(t *testing.T) {
	r := newRecorder(t)
	for _, e := range usual {
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			r.Observe(context.Background(), e)
		}), e.Kind)
	}
}
