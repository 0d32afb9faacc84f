package flashgin_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
)

// timed is a store of one's own, made of another: it measures how long claims take. storetest
// checks that it keeps the rules.
type timed struct {
	flashgin.Store
	observe func(time.Duration)
}

func (s timed) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	start := time.Now()
	defer func() { s.observe(time.Since(start)) }()
	return s.Store.Claim(ctx, session, views, lease)
}

func ExampleStore() {
	messages, _ := flashgin.New(flashgin.Config{Store: timed{
		Store:   new(flashgin.MemoryStore),
		observe: func(d time.Duration) { fmt.Println("claimed within a minute:", d < time.Minute) },
	}})
	ctx := context.Background()
	messages.Add(ctx, "session", flashgin.Info("Saved.").At("/"))
	list, err := messages.Take(ctx, "session", "/")
	fmt.Println(list, err)
	// Output:
	// claimed within a minute: true
	// Saved. <nil>
}

// The calls of a store are made by a Messenger, which also makes IDs. A store takes each once.
func ExampleStore_Add() {
	ctx := context.Background()
	var store flashgin.Store = new(flashgin.MemoryStore)
	message := flashgin.Message{View: "/imports", ID: "import 7 done",
		Text: "200 contacts were imported."}
	for range 2 { // by a job that was run again
		if err := store.Add(ctx, "session", message); err != nil {
			fmt.Println(err)
		}
	}
	waiting, err := store.Peek(ctx, "session", []string{"/imports"})
	fmt.Println(waiting, err)
	// Output:
	// 200 contacts were imported. <nil>
}

// What one page has claimed, no other is given.
func ExampleStore_Claim() {
	ctx := context.Background()
	var store flashgin.Store = new(flashgin.MemoryStore)
	store.Add(ctx, "session",
		flashgin.Message{View: "/problems/:id", ID: "1", Text: "New rules."},
		flashgin.Message{View: "/problems/108", ID: "2", Text: "That is right."})

	for range 2 {
		claim, err := store.Claim(ctx, "session", []string{"/problems/:id", "/problems/108"},
			10*time.Second)
		fmt.Printf("%q %v\n", claim.Messages.String(), err)
	}
	// Output:
	// "New rules.\nThat is right." <nil>
	// "" <nil>
}

// The page was sent, so its messages are gone.
func ExampleStore_Confirm() {
	ctx := context.Background()
	var store flashgin.Store = new(flashgin.MemoryStore)
	store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."})

	claim, _ := store.Claim(ctx, "session", []string{"/"}, 10*time.Second)
	fmt.Println(store.Confirm(ctx, claim))
	waiting, err := store.Peek(ctx, "session", []string{"/"})
	fmt.Println(len(waiting), err)
	// Output:
	// <nil>
	// 0 <nil>
}

// The page failed, so its messages wait for the next one.
func ExampleStore_Release() {
	ctx := context.Background()
	var store flashgin.Store = new(flashgin.MemoryStore)
	store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."})

	claim, _ := store.Claim(ctx, "session", []string{"/"}, 10*time.Second)
	fmt.Println(store.Release(ctx, claim))
	waiting, err := store.Peek(ctx, "session", []string{"/"})
	fmt.Println(len(waiting), err)
	// Output:
	// <nil>
	// 1 <nil>
}

func ExampleStore_Peek() {
	ctx := context.Background()
	var store flashgin.Store = new(flashgin.MemoryStore)
	store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."})

	for range 2 {
		waiting, err := store.Peek(ctx, "session", []string{"/", flashgin.Anywhere})
		fmt.Println(waiting, err)
	}
	// Output:
	// Saved. <nil>
	// Saved. <nil>
}

func ExampleStore_Withdraw() {
	ctx := context.Background()
	var store flashgin.Store = new(flashgin.MemoryStore)
	store.Add(ctx, "session",
		flashgin.Message{View: "/", ID: "1", Key: "import 7", Text: "50 %"},
		flashgin.Message{View: "/", ID: "2", Text: "Saved."})

	fmt.Println(store.Withdraw(ctx, "session", "/", "import 7"))
	waiting, err := store.Peek(ctx, "session", []string{"/"})
	fmt.Println(waiting, err)
	// Output:
	// <nil>
	// Saved. <nil>
}

// New sets it, so that the store's reports are those of the Messenger: they go to Config.OnError
// and the log.
func ExampleMemoryStore_OnError() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return attr
		},
	}))
	messages, _ := flashgin.New(flashgin.Config{Store: &flashgin.MemoryStore{Cap: 1}, Logger: log})
	err := messages.Add(context.Background(), "session", flashgin.Info("1").At("/"),
		flashgin.Info("2").At("/"))
	fmt.Println(err)
	// Output:
	// level=ERROR msg="flashgin: store" error="flashgin: add: dropped the 1 oldest messages at \"/\", where 1 may wait: is its page never opened? (session Pzrx7Ou9FBCrQX7A0nu_y1)" suppressed=0
	// <nil>
}

func ExampleMemoryStore_Stats() {
	store := new(flashgin.MemoryStore)
	messages, _ := flashgin.New(flashgin.Config{Store: store})
	ctx := context.Background()
	messages.Add(ctx, "anna", flashgin.Info("Saved.").At("/"), flashgin.Info("Sent.").At("/mail"))
	messages.Add(ctx, "bert", flashgin.Info("Saved.").At("/"))

	stats := store.Stats()
	fmt.Println(stats.Messages, "messages wait for", stats.Sessions, "sessions")
	// Output: 3 messages wait for 2 sessions
}

// The pages that are open watch the store. They look for messages when their session is named, and
// when nobody is: something may have been missed.
func ExampleMemoryStore_Watch() {
	store := new(flashgin.MemoryStore)
	ctx, stop := context.WithCancel(context.Background())
	named, ended := make(chan string), make(chan error)
	go func() {
		ended <- store.Watch(ctx, func(session string) { named <- session })
	}()
	fmt.Printf("%q\n", <-named)
	go store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."})
	fmt.Printf("%q\n", <-named)
	stop()
	fmt.Println(<-ended)
	// Output:
	// ""
	// "session"
	// context canceled
}

// exampleRedis starts a Redis for an example. Yours is a server, a Sentinel or a cluster, and its
// client is closed when the Messenger is.
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
	// flashgin: RedisConfig.App is empty: want the application's name, such as "shop", which becomes part of every Redis key
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

// New sets it, so that the store's reports are those of the Messenger. A store without one calls it
// itself.
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
	// flashgin: add: dropped the 1 oldest messages at "/", where 1 may wait: is its page never opened? (session Pzrx7Ou9FBCrQX7A0nu_y1)
	// <nil>
}

// The pages that are open watch the store, and look for messages when an add is told to them, by
// whichever process. It names no session, but a hash.
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

// monitor is an Observer that prints what a metrics library would count.
type monitor struct{}

func (monitor) Observe(_ context.Context, e flashgin.Event) {
	switch e.Kind {
	case flashgin.EventAdded, flashgin.EventShown, flashgin.EventReleased, flashgin.EventDropped,
		flashgin.EventLeaseExpired, flashgin.EventLost:
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
	messages.Add(ctx, "session", flashgin.Success("Saved.").At("/settings"),
		flashgin.Info("Sent.").At("/settings"))
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
	store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."},
		flashgin.Message{View: "/", ID: "2", Text: "Sent."})
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
	store.Add(ctx, "session", flashgin.Message{View: "/", ID: "1", Text: "Saved."},
		flashgin.Message{View: "/", ID: "2", Text: "Sent."})
	store.Claim(ctx, "session", views, time.Millisecond) // by a page that is never heard of again
	time.Sleep(10 * time.Millisecond)
	store.Claim(ctx, "session", views, time.Second)
	// Output:
	// dropped 1
	// lease_expired 1
}

// An operator finds what waits for a session in the log, and in Redis under the same name.
func ExampleSessionHash() {
	fmt.Println(flashgin.SessionHash("ada"))
	// Output: _e5DDUC9V97qwYbNl5ADPQ
}
