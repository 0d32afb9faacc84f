package flashgin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/flashgin/flashgin"
)

func ExampleNew() {
	messages, err := flashgin.New(flashgin.Config{MaxBytes: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = messages.Add(context.Background(), "key", flashgin.Info(strings.Repeat("long ", 20)).At("/"))
	fmt.Println(errors.Is(err, flashgin.ErrTooLarge))

	_, err = flashgin.New(flashgin.Config{Prefix: "app"})
	fmt.Println(err)
	// Output:
	// true
	// flashgin: Config.Prefix is "app": want it to begin with a slash, or to be empty
}

func ExampleConfig() {
	_, err := flashgin.New(flashgin.Config{
		Store:   &flashgin.MemoryStore{TTL: time.Hour, Cap: 10},
		Timeout: 50 * time.Millisecond,
		OnError: func(_ context.Context, err error) { fmt.Println("for the monitoring:", err) },
	})
	fmt.Println(err)

	_, err = flashgin.New(flashgin.Config{Timeout: -time.Second})
	fmt.Println(err)
	// Output:
	// <nil>
	// flashgin: Config.Timeout is -1s: want zero (100ms) or more
}

// The end of a program: first the server, then what its last pages have left in the background, then the store's client.
func ExampleMessenger_Close() {
	messages, _ := flashgin.New(flashgin.Config{})
	server := &http.Server{Handler: exampleRouter(messages, "")}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(server.Shutdown(ctx))
	fmt.Println(messages.Close(ctx))
	// Output:
	// <nil>
	// <nil>
}
