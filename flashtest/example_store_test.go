package flashtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
)

// What a redirect leaves waits at its Location.
func ExampleStore_Waiting() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})

	response := post(app, "/orders")
	flashtest.Equal(t, store.Waiting(response.Header().Get("Location")),
		flashgin.Success("Thank you for your order."))
	for _, message := range store.Waiting() { // anywhere
		fmt.Println(message.View, message.Text)
	}
	// Output:
	// /orders/108 Thank you for your order.
}

func ExampleStore_Take() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})

	post(app, "/settings")
	fmt.Println(store.Take("/settings"))
	fmt.Println(get(app, "/settings").Body)
	// Output:
	// Saved.
	// The disk is nearly full.
	// Settings.
}

// A page without a message costs the store one claim, and a redirect with a message one add.
func ExampleStore_Calls() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})

	get(app, "/settings")
	fmt.Println(store.Calls(), store.Calls(flashtest.Claim), store.Calls(flashtest.Add))
	post(app, "/settings")
	fmt.Println(store.Calls(), store.Calls(flashtest.Claim), store.Calls(flashtest.Add))
	// Output:
	// 1 1 0
	// 2 1 1
}

// A page while the store is down, and after.
func ExampleStore_Fail() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})
	post(app, "/settings")

	store.Fail(errors.New("connection refused"))
	response := get(app, "/settings")
	fmt.Println(response.Code, response.Body)

	store.Recover()
	response = get(app, "/settings")
	fmt.Println(response.Code, response.Body)
	// Output:
	// 200 Settings.
	// 200 Settings. Saved. The disk is nearly full.
}

func ExampleStore_FailNext() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{
		Store: store,
		OnError: func(_ context.Context, err error) {
			fmt.Println("reported:", errors.Is(err, flashtest.ErrDown))
		},
	})
	post(app, "/settings")

	store.FailNext(1, nil, flashtest.Claim)
	fmt.Println(get(app, "/settings").Body)
	fmt.Println(get(app, "/settings").Body)
	// Output:
	// reported: true
	// Settings.
	// Settings. Saved. The disk is nearly full.
}

// A store that is slow, but not too slow.
func ExampleStore_Delay() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store, Timeout: time.Minute})
	post(app, "/settings")

	store.Delay(10*time.Millisecond, flashtest.Claim)
	started := time.Now()
	fmt.Println(get(app, "/settings").Body)
	fmt.Println(time.Since(started) >= 10*time.Millisecond)
	// Output:
	// Settings. Saved. The disk is nearly full.
	// true
}

// A store that hangs. The page waits for it for Config.Timeout, and is sent without messages.
func ExampleStore_Hold() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store, Timeout: 10 * time.Millisecond})

	release := store.Hold()
	defer release()
	response := get(app, "/settings")
	fmt.Println(response.Code == http.StatusOK, response.Body)
	// Output:
	// true Settings.
}

// Everything that was begun ends at once.
func ExampleStore_Recover() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})
	post(app, "/settings")

	store.Fail(nil, flashtest.Claim)
	store.Hold(flashtest.Confirm, flashtest.Release)
	store.Recover()
	fmt.Println(get(app, "/settings").Body)
	// Output:
	// Settings. Saved. The disk is nearly full.
}

func ExampleStore_InProcess() {
	store := new(flashtest.Store)
	fmt.Println(store.InProcess())
	store.Delay(time.Second)
	fmt.Println(store.InProcess())
	// Output:
	// true
	// false
}

// flashgin pings a store that has failed repeatedly, and asks it again when it answers.
func ExampleStore_Ping() {
	store := new(flashtest.Store)
	store.Fail(nil)
	fmt.Println(store.Ping(context.Background()))
	store.Recover()
	fmt.Println(store.Ping(context.Background()))
	// Output:
	// flashtest: the store was made to fail
	// <nil>
}

// The report comes by way of the Messenger.
func ExampleStore_OnError() {
	store := &flashtest.Store{Cap: 1}
	app := newApp(flashgin.Config{
		Store:   store,
		OnError: func(_ context.Context, err error) { fmt.Println(err) },
	})
	post(app, "/settings")
	fmt.Println(store.Waiting())
	// Output:
	// flashgin: add: dropped the 1 oldest messages at "/settings", where 1 may wait: is its page never opened? (session hiZ6jFJlAhtf8gTCZH_Oog)
	// The disk is nearly full.
}

// dropped prints how many messages the cap drops.
type dropped struct{}

func (dropped) Observe(_ context.Context, e flashgin.Event) {
	if e.Kind == flashgin.EventDropped {
		fmt.Println("dropped:", e.Messages)
	}
}

// Like the stores of an application, it tells an Observer what it alone knows.
func ExampleStore_OnEvent() {
	app := newApp(flashgin.Config{Store: &flashtest.Store{Cap: 1}, Observer: dropped{}})
	post(app, "/settings")
	// Output: dropped: 1
}

// Messenger.Waiting asks the store at which views a session has messages.
func ExampleStore_ViewsOf() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})
	post(app, "/settings")
	fmt.Println(store.ViewsOf(context.Background(), "the test's"))
	// Output: [/settings] <nil>
}

// Open pages watch the store; a test can do so, too.
func ExampleStore_Watch() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	named := make(chan string)
	go store.Watch(ctx, func(session string) { named <- session })
	fmt.Printf("%q\n", <-named) // it has begun

	go post(app, "/settings")
	fmt.Printf("%q\n", <-named)
	// Output:
	// ""
	// "the test's"
}
