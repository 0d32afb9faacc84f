package flashgin_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

func ExampleMessenger_SessionKey() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	done := make(chan error)
	router.POST("/imports", func(c *gin.Context) {
		session, err := messages.SessionKey(c)
		if err != nil {
			fmt.Println(err)
			return
		}
		go func() { // gets the key, and never c
			done <- messages.Add(context.Background(), session, flashgin.Success("200 contacts were imported.").At("/imports"))
		}()
		c.Redirect(http.StatusSeeOther, "/imports")
	})
	router.GET("/imports", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })

	visit := exampleBrowser(router)
	visit("POST", "/imports")
	fmt.Println(<-done)
	visit("GET", "/imports")
	// Output:
	// POST /imports: 303
	// <nil>
	// GET /imports: 200 200 contacts were imported.
}

// A job needs no request: it adds messages by the key of the session, and reads nothing back.
func ExampleMessenger_Add() {
	messages, err := flashgin.New(flashgin.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	session := "what Messenger.SessionKey returned to the handler"

	half := flashgin.Message{View: "/imports", Text: "50 %", Key: "import 7"}
	done := flashgin.Message{View: "/imports", Text: "200 contacts were imported.", Key: "import 7", ID: "import 7 done"}
	for _, message := range []flashgin.Message{half, done, done} { // the last by a job that was run again
		if err := messages.Add(ctx, session, message); err != nil {
			fmt.Println(err) // maybe stored: with an ID it is safe to add it again
		}
	}

	waiting, err := messages.Take(ctx, session, "/imports")
	fmt.Println(waiting, err)
	// Output:
	// 200 contacts were imported. <nil>
}

// A page of a program that is no web page: what it takes counts as shown.
func ExampleMessenger_Take() {
	messages, _ := flashgin.New(flashgin.Config{})
	ctx, session := context.Background(), "what Messenger.SessionKey returned"
	messages.Add(ctx, session, flashgin.Info("1").At("/a"), flashgin.Info("2").At("/b"), flashgin.Info("3").At("/a"))

	list, err := messages.Take(ctx, session, "/a", "/b")
	fmt.Println(len(list), err)
	list, err = messages.Take(ctx, session, "/a", "/b")
	fmt.Println(len(list), err)
	// Output:
	// 3 <nil>
	// 0 <nil>
}

func ExampleMessenger_Peek() {
	messages, _ := flashgin.New(flashgin.Config{})
	ctx, session := context.Background(), "what Messenger.SessionKey returned"
	messages.Add(ctx, session, flashgin.Info("The export is ready.").At("/exports"))

	for range 2 {
		list, err := messages.Peek(ctx, session, "/exports")
		fmt.Println(list, err)
	}
	// Output:
	// The export is ready. <nil>
	// The export is ready. <nil>
}

// The user has stopped the import, so its progress is no news any more.
func ExampleMessenger_Withdraw() {
	messages, _ := flashgin.New(flashgin.Config{})
	ctx, session := context.Background(), "what Messenger.SessionKey returned"
	messages.Add(ctx, session, flashgin.Message{View: "/imports", Text: "50 %", Key: "import 7"})

	fmt.Println(messages.Withdraw(ctx, session, "/imports", "import 7"))
	list, err := messages.Peek(ctx, session, "/imports")
	fmt.Println(len(list), err)
	// Output:
	// <nil>
	// 0 <nil>
}
