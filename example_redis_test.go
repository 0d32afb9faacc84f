package flashgin_test

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
)

// exampleRedis starts a Redis for an example. Yours is a server, a Sentinel or a cluster, and its client is closed when the Messenger is.
func exampleRedis() (client *redis.Client, stop func()) {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	client = redis.NewClient(&redis.Options{Addr: server.Addr()})
	return client, func() {
		client.Close()
		server.Close()
	}
}

// Two processes of an application share their messages.
func ExampleNewRedisStore() {
	client, stop := exampleRedis()
	defer stop()
	open := func() *flashgin.Messenger {
		store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
		if err != nil {
			panic(err)
		}
		messages, err := flashgin.New(flashgin.Config{Store: store})
		if err != nil {
			panic(err)
		}
		return messages
	}
	web, worker := open(), open()

	ctx, session := context.Background(), "what Messenger.SessionKey returned"
	fmt.Println(worker.Add(ctx, session, flashgin.Info("The export is ready.").At("/exports")))
	list, err := web.Take(ctx, session, "/exports")
	fmt.Println(list, err)

	_, err = flashgin.NewRedisStore(client, flashgin.RedisConfig{})
	fmt.Println(err)
	// Output:
	// <nil>
	// The export is ready. <nil>
	// flashgin: RedisConfig.App is empty: want the application's name, such as "shop", which becomes part of every key
}

// For a page of your own that tells whether the application is well.
func ExampleRedisStore_Ping() {
	client, stop := exampleRedis()
	store, _ := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
	fmt.Println(store.Ping(context.Background()))
	stop()
	fmt.Println(store.Ping(context.Background()) != nil)
	// Output:
	// <nil>
	// true
}

// Memory runs low: what has waited for an hour goes.
func ExampleRedisStore_Purge() {
	client, stop := exampleRedis()
	defer stop()
	store, _ := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
	ctx := context.Background()
	store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."})

	fmt.Println(store.Purge(ctx, time.Hour))
	fmt.Println(store.Purge(ctx, 0)) // everything
	// Output:
	// 0 <nil>
	// 1 <nil>
}

// New sets it, so that the store's reports are those of the Messenger. A store without one calls it itself.
func ExampleRedisStore_OnError() {
	client, stop := exampleRedis()
	defer stop()
	store, _ := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop", Cap: 1})
	store.OnError(func(_ context.Context, err error) { fmt.Println(err) })
	err := store.Add(context.Background(), "session",
		flashgin.Message{View: "/", ID: "1", Text: "Saved."},
		flashgin.Message{View: "/", ID: "2", Text: "Sent."})
	fmt.Println(err)
	// Output:
	// flashgin: add: dropped the 1 oldest messages of an address, which holds 1: is its page never opened?
	// <nil>
}

// The pages that are open watch the store, and look for messages when an add is told to them, by whichever process. It names no session, but a hash.
func ExampleRedisStore_Watch() {
	client, stop := exampleRedis()
	defer stop()
	store, _ := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
	ctx, cancel := context.WithCancel(context.Background())
	named, ended := make(chan string), make(chan error)
	go func() {
		ended <- store.Watch(ctx, func(session string) { named <- session })
	}()
	fmt.Printf("%q\n", <-named) // it has begun
	go store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."})
	fmt.Println(len(<-named))
	cancel()
	fmt.Println(<-ended != nil)
	// Output:
	// ""
	// 22
	// true
}
