package flashgin_test

import (
	"context"
	"fmt"
	"time"

	"github.com/flashgin/flashgin"
)

// monitor is an Observer that prints what a metrics library would count.
type monitor struct{}

func (monitor) Observe(_ context.Context, e flashgin.Event) {
	switch e.Kind {
	case flashgin.EventAdded, flashgin.EventShown, flashgin.EventReleased, flashgin.EventDropped, flashgin.EventLeaseExpired, flashgin.EventLost:
		fmt.Println(e.Kind, e.Messages)
	case flashgin.EventStoreCall:
		fmt.Println(e.Call, "took a moment:", e.Duration >= 0, "failed:", e.Err != nil)
	case flashgin.EventBreakerOpened, flashgin.EventBreakerClosed:
		fmt.Println(e.Kind, e.Node)
	}
}

func ExampleObserver() {
	messages, _ := flashgin.New(flashgin.Config{Observer: monitor{}})
	ctx := context.Background()
	messages.Add(ctx, "session", flashgin.Success("Saved.").At("/settings"), flashgin.Info("Sent.").At("/settings"))
	messages.Take(ctx, "session", "/settings")
	// Output:
	// add took a moment: true failed: false
	// added 2
	// claim took a moment: true failed: false
	// confirm took a moment: true failed: false
	// shown 2
}

// New sets it where there is an Observer. On its own, a store tells what it alone knows.
func ExampleMemoryStore_OnEvent() {
	store := &flashgin.MemoryStore{Cap: 1}
	store.OnEvent(func(_ context.Context, e flashgin.Event) { fmt.Println(e.Kind, e.Messages) })
	ctx, views := context.Background(), []string{"/"}
	store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."}, flashgin.Message{View: "/", ID: "2", Text: "Sent."})
	store.Claim(ctx, "session", views, 0) // by a page that is never heard of again
	store.Claim(ctx, "session", views, 0)
	// Output:
	// dropped 1
	// lease_expired 1
}

// New sets it where there is an Observer. On its own, a store tells what it alone knows.
func ExampleRedisStore_OnEvent() {
	client, stop := exampleRedis()
	defer stop()
	store, _ := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop", Cap: 1})
	store.OnEvent(func(_ context.Context, e flashgin.Event) { fmt.Println(e.Kind, e.Messages) })
	ctx, views := context.Background(), []string{"/"}
	store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."}, flashgin.Message{View: "/", ID: "2", Text: "Sent."})
	store.Claim(ctx, "session", views, time.Millisecond) // by a page that is never heard of again
	time.Sleep(10 * time.Millisecond)
	store.Claim(ctx, "session", views, time.Second)
	// Output:
	// dropped 1
	// lease_expired 1
}
