package guard

import (
	"context"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// deep asks the server from as far down the stack as a client of Redis does.
//
//go:noinline
func deep(frames int, server chan int) int {
	var frame [200]byte
	frame[0] = byte(frames)
	if frames == 0 {
		server <- 0
		return <-server
	}
	return deep(frames-1, server) + int(frame[frames]) // frame is used below the call
}

// pageCall returns what makes a call as a page does, which waits for a server.
func pageCall(tb testing.TB) func() {
	g, server := New(Config{}), make(chan int)
	go func() {
		for question := range server {
			server <- question
		}
	}()
	tb.Cleanup(func() { close(server) })
	o := Options{Node: g.Node("a"), Wait: time.Second}
	call := func(context.Context) (int, error) { return deep(28, server), nil }
	return func() { _, _ = Call(context.Background(), g, o, call, ignore) }
}

func BenchmarkCall(b *testing.B) {
	call := pageCall(b)
	b.ReportAllocs()
	for b.Loop() {
		call()
	}
}

// Nearly every page makes a call, so what that costs in allocations is bounded.
func TestAllocationsOfACall(t *testing.T) {
	info, _ := debug.ReadBuildInfo()
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector adds some")
	}
	assert.LessOrEqual(t, testing.AllocsPerRun(200, pageCall(t)), 17.0)
}
