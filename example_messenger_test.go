package flashgin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

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

// At login the session gets a new key: who planted the old session in this browser reads nothing from here on.
func ExampleMessenger_Forget() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	router.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/hint", func(c *gin.Context) {
		flashgin.RedirectFlash(c, "/", flashgin.Info("Please log in."))
	})
	router.POST("/login", func(c *gin.Context) {
		sessions.Default(c).Set("user", "Ada")
		if err := messages.Forget(c); err != nil { // it saves the session
			fmt.Println(err)
		}
		flashgin.RedirectFlash(c, "/", flashgin.Success("Welcome, Ada."))
	})

	visit := exampleBrowser(router)
	visit("POST", "/hint")
	visit("POST", "/login")
	visit("GET", "/")
	// Output:
	// POST /hint: 303
	// POST /login: 303
	// GET /: 200 Welcome, Ada.
}
