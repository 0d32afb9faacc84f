package flashgin_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/flashgin/flashgin"
)

// timed is a store of one's own, made of another: it measures how long claims take. storetest checks that it keeps the rules.
type timed struct {
	flashgin.Store
	observe func(time.Duration)
}

func (s timed) Claim(ctx context.Context, session string, views []string, lease time.Duration) (flashgin.Claim, error) {
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
	message := flashgin.Message{View: "/imports", ID: "import 7 done", Text: "200 contacts were imported."}
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
		claim, err := store.Claim(ctx, "session", []string{"/problems/:id", "/problems/108"}, 10*time.Second)
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

// New sets it, so that the store's reports are those of the Messenger: they go to Config.OnError and the log.
func ExampleMemoryStore_OnError() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attr
	}}))
	messages, _ := flashgin.New(flashgin.Config{Store: &flashgin.MemoryStore{Cap: 1}, Logger: log})
	err := messages.Add(context.Background(), "session", flashgin.Info("1").At("/"), flashgin.Info("2").At("/"))
	fmt.Println(err)
	// Output:
	// level=ERROR msg="flashgin: store" error="flashgin: add: dropped the 1 oldest messages of an address, which holds 1: is its page never opened?" suppressed=0
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

// The pages that are open watch the store. They look for messages when their session is named, and when nobody is: something may have been missed.
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
