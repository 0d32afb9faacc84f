package flashgin_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// eventCounter is the least that an Observer can do.
type eventCounter struct{ events atomic.Int64 }

func (c *eventCounter) Observe(context.Context, flashgin.Event) { c.events.Add(1) }

// observedPages are pages without an Observer and with one, side by side.
func observedPages(b testing.TB) []struct {
	name string
	app  *benchApp
} {
	with := func(observer flashgin.Observer) *benchApp {
		return newBenchApp(b, benchOptions{observer: observer, notice: "{{flashes}}", known: true})
	}
	return []struct {
		name string
		app  *benchApp
	}{{"unset", with(nil)}, {"counting", with(new(eventCounter))}}
}

// BenchmarkObserver is a whole request, with the store in memory: what an Observer costs, and that none costs nothing.
func BenchmarkObserver(b *testing.B) {
	for _, page := range observedPages(b) {
		b.Run("no message/"+page.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				page.app.page()
			}
		})
		b.Run("one message/"+page.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				page.app.leave()
				page.app.page()
			}
		})
	}
}

// What an Observer costs in allocations is bounded: the events that are held back while a page is locked. Each event by itself has none.
func TestAllocationsOfAnObserver(t *testing.T) {
	if raceEnabled() {
		t.Skip("the race detector empties pools at random")
	}
	pages := observedPages(t)
	allocations := func(app *benchApp) float64 {
		return testing.AllocsPerRun(200, func() { app.leave(); app.page() })
	}
	assert.LessOrEqual(t, allocations(pages[1].app)-allocations(pages[0].app), 4.0)
}
