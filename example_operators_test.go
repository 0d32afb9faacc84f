package flashgin_test

import (
	"context"
	"fmt"

	"github.com/flashgin/flashgin"
)

// A user says that she never saw it. Her message waits for a page that does not exist.
func ExampleMessenger_Waiting() {
	messages, _ := flashgin.New(flashgin.Config{})
	ctx := context.Background()
	messages.Add(ctx, "session", flashgin.Error("Your order has failed.").At("/order/7"))

	waiting, err := messages.Waiting(ctx, "session")
	for _, m := range waiting {
		fmt.Println(m.View, m.Status, m.Text)
	}
	fmt.Println(err)
	// Output:
	// /order/7 error Your order has failed.
	// <nil>
}

func ExampleMemoryStore_ViewsOf() {
	store := new(flashgin.MemoryStore)
	ctx := context.Background()
	store.Add(ctx, "session", flashgin.Info("Saved.").At("/settings"))
	fmt.Println(store.ViewsOf(ctx, "session"))
	// Output: [/settings] <nil>
}

func ExampleRedisStore_ViewsOf() {
	client, stop := exampleRedis()
	defer stop()
	store, _ := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
	ctx := context.Background()
	store.Add(ctx, "session", flashgin.Info("Saved.").At("/settings"),
		flashgin.Info("Sent.").At("/orders/:id"))
	fmt.Println(store.ViewsOf(ctx, "session"))
	// Output: [/orders/:id /settings] <nil>
}

// What to look at with redis-cli.
func ExampleRedisStore_RedisKey() {
	client, stop := exampleRedis()
	defer stop()
	store, _ := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
	fmt.Println(store.RedisKey("ada", "/orders/:id"))
	// Output: flash:shop:{_e5DDUC9V97qwYbNl5ADPQ}:/orders/:id
}
