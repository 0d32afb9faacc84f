package flashtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
)

// The test of a form: what it leaves behind, and what the page after it shows. The app is your own,
// and get and post hand it a request.
func Example() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})

	post(app, "/settings")
	flashtest.Equal(t, store.Waiting("/settings"),
		flashgin.Success("Saved."),
		flashgin.Warning("The disk is nearly full."))

	fmt.Println(get(app, "/settings").Body)
	flashtest.Equal(t, store.Waiting()) // nothing
	// Output:
	// Settings. Saved. The disk is nearly full.
}

// Messages for one request: no earlier request and no session are needed.
func ExampleSeed() {
	app := newApp(flashgin.Config{})
	request := httptest.NewRequest(http.MethodGet, "/settings", nil)

	request = flashtest.Seed(request,
		flashgin.Info("Welcome back."),
		flashgin.Success("That is right.").At("/problems/108")) // not for this page
	fmt.Println(serve(app, request).Body)
	// Output:
	// Settings. Welcome back.
}

func ExampleEqual() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})

	post(app, "/settings")
	flashtest.Equal(t, store.Take(),
		flashgin.Error("Saved.").At("/settings"),
		flashgin.Warning("The disk is nearly full."),
		flashgin.Info("Bye."))
	// Output:
	// FAIL: flash messages: got 2, want 3:
	// 	got[0].Status is "success", want[0].Status is "error"
	// 	want[2] is missing: {Status: "info", Text: "Bye."}
}

func ExampleElementsMatch() {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})

	post(app, "/settings")
	flashtest.ElementsMatch(t, store.Waiting(),
		flashgin.Warning("The disk is nearly full."),
		flashgin.Success("Saved."))
	flashtest.ElementsMatch(t, store.Waiting(),
		flashgin.Warning("The disk is full."),
		flashgin.Success("Saved."))
	// Output:
	// FAIL: flash messages: got 2, want 2:
	// 	got[1].Text is "The disk is nearly full.", want[0].Text is "The disk is full."
}

// The application's own pages, as its router lists them. One of them is in a page cache.
func ExampleIsolated() {
	app := newApp(flashgin.Config{})
	var pages []string
	for _, route := range app.Routes() {
		if route.Method == http.MethodGet && !strings.ContainsAny(route.Path, ":*") {
			pages = append(pages, route.Path)
		}
	}
	flashtest.Isolated(t, app, nil, pages...) // it is as it should be

	flashtest.Isolated(t, keeping(app, byPath), nil, pages...)
	// Output:
	// FAIL: flash messages: /settings shows visitor 2 what is for visitor 1: is the page kept?
}
