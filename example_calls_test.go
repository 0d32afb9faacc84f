package flashgin_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

func ExampleAddFlash() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	router.GET("/problems/:id", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/problems/:id", func(c *gin.Context) {
		// The message waits where the redirect leads, so the handler does not say where.
		if err := flashgin.AddFlash(c, flashgin.Success("That is right.")); err != nil {
			fmt.Println(err)
		}
		c.Redirect(http.StatusSeeOther, c.Request.URL.Path)
	})

	visit := exampleBrowser(router)
	visit("POST", "/problems/108")
	visit("GET", "/problems/107")
	visit("GET", "/problems/108")
	visit("GET", "/problems/108")
	// Output:
	// POST /problems/108: 303
	// GET /problems/107: 200
	// GET /problems/108: 200 That is right.
	// GET /problems/108: 200
}

// A form that is rendered again shows the message at once. Nothing is stored.
func ExampleAddFlash_unprocessable() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	router.POST("/settings", func(c *gin.Context) {
		flashgin.AddFlash(c, flashgin.Error("Please enter a name."))
		c.HTML(http.StatusUnprocessableEntity, "page", nil)
	})

	visit := exampleBrowser(router)
	visit("POST", "/settings")
	// Output:
	// POST /settings: 422 Please enter a name.
}

// The form is called by a script, and no GET request can open its route.
func ExampleAddFlash_noView() {
	messages, _ := flashgin.New(flashgin.Config{
		OnError: func(_ context.Context, err error) {
			fmt.Println(errors.Is(err, flashgin.ErrNoView))
			fmt.Println(err)
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	router := exampleRouter(messages, "")
	router.POST("/api/save", func(c *gin.Context) {
		flashgin.AddFlash(c, flashgin.Success("Saved."))
		c.Status(http.StatusNoContent)
	})

	visit := exampleBrowser(router)
	visit("POST", "/api/save")
	// Output:
	// true
	// flashgin: no page to show the message on: POST /api/save answered 204 without showing its messages, and no GET route has that path; address them with At, or answer with RedirectFlash
	// POST /api/save: 204
}

func ExampleRedirectFlash() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	router.GET("/orders", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/cart", func(c *gin.Context) {
		flashgin.RedirectFlash(c, "/orders", flashgin.Success("Thank you for your order."))
	})

	visit := exampleBrowser(router)
	visit("POST", "/cart")
	visit("GET", "/orders")
	// Output:
	// POST /cart: 303
	// GET /orders: 200 Thank you for your order.
}

// A handler that answers with JSON takes the messages itself.
func ExampleFlashes() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "")
	router.POST("/save", func(c *gin.Context) {
		flashgin.AddFlash(c, flashgin.Info("Saved.").At("/messages"))
		c.Status(http.StatusNoContent)
	})
	router.GET("/messages", func(c *gin.Context) {
		for _, message := range flashgin.Flashes(c) {
			c.String(http.StatusOK, "%s: %s", message.Status, message.Text)
		}
	})

	visit := exampleBrowser(router)
	visit("POST", "/save")
	visit("GET", "/messages")
	visit("GET", "/messages")
	// Output:
	// POST /save: 204
	// GET /messages: 200 info: Saved.
	// GET /messages: 200
}

// A badge that counts, on a page that does not take the messages.
func ExamplePeekFlashes() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "")
	router.POST("/save", func(c *gin.Context) {
		flashgin.AddFlash(c, flashgin.Info("Saved.").At(flashgin.Anywhere))
		c.Status(http.StatusNoContent)
	})
	router.GET("/badge", func(c *gin.Context) { c.String(http.StatusOK, "%d", len(flashgin.PeekFlashes(c))) })

	visit := exampleBrowser(router)
	visit("POST", "/save")
	visit("GET", "/badge")
	visit("GET", "/badge")
	// Output:
	// POST /save: 204
	// GET /badge: 200 1
	// GET /badge: 200 1
}

// Problems embeds the Controller, so that its handlers call p.AddFlash and the like.
type Problems struct{ flashgin.Controller }

func (p *Problems) Answer(c *gin.Context) {
	p.RedirectFlash(c, "/problems/"+c.Param("id"), flashgin.Success("That is right."))
}

func ExampleController() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	problems := &Problems{}
	router.GET("/problems/:id", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/problems/:id", problems.Answer)

	visit := exampleBrowser(router)
	visit("POST", "/problems/108")
	visit("GET", "/problems/108")
	// Output:
	// POST /problems/108: 303
	// GET /problems/108: 200 That is right.
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

// SetFuncMap replaces all functions of the engine, so ours are merged with yours.
func ExampleFuncMap() {
	messages, err := flashgin.New(flashgin.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	router := gin.New(messages.Install)
	router.SetFuncMap(flashgin.FuncMap(template.FuncMap{
		"year": func() int { return 2026 },
	}))
	router.SetHTMLTemplate(template.Must(template.New("page").Funcs(router.FuncMap).Parse(
		"{{range flashes}}{{.Text}} {{end}}© {{year}}")))
	router.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })

	visit := exampleBrowser(router)
	visit("GET", "/")
	// Output:
	// GET /: 200 © 2026
}

func ExampleMessages_ByStatus() {
	messages := flashgin.Messages{
		flashgin.Success("Saved."),
		flashgin.Warning("The disk is nearly full."),
		flashgin.Error("The mail was not sent."),
	}
	fmt.Println(messages.ByStatus(flashgin.StatusWarning, flashgin.StatusError))
	// Output:
	// The disk is nearly full.
	// The mail was not sent.
}

// In a template, this is what {{(flashes)}} prints inside a script.
func ExampleMessages_JSON() {
	messages := flashgin.Messages{{Status: flashgin.StatusInfo, Text: "1 < 2"}}
	text, err := messages.JSON()
	fmt.Println(text, err)
	// Output:
	// [{"status":"info","text":"1 \u003c 2"}] <nil>
}

func ExampleMessage_At() {
	message := flashgin.Info("The rules have changed.")
	fmt.Println(message.At("/problems/108").View)   // that page
	fmt.Println(message.At("/problems/:id").View)   // the next page of that route
	fmt.Println(message.At(flashgin.Anywhere).View) // the next page of the session
	// Output:
	// /problems/108
	// /problems/:id
	// *
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

// A template of this name replaces the ready-made markup of {{flashes}}.
func ExampleMessenger_Install_markup() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, `{{flashes}}{{define "flashgin/messages"}}<ul>{{range .}}<li class="{{.Status}}">{{.Text}}</li>{{end}}</ul>{{end}}`)
	router.GET("/", func(c *gin.Context) {
		flashgin.AddFlash(c, flashgin.Warning("1 < 2"))
		c.HTML(http.StatusOK, "page", nil)
	})

	visit := exampleBrowser(router)
	visit("GET", "/")
	// Output:
	// GET /: 200 <ul><li class="warning">1 &lt; 2</li></ul>
}

// An application without gin-contrib/sessions.
func ExampleCookieKey() {
	messages, _ := flashgin.New(flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
	router := gin.New(messages.Install)
	router.SetHTMLTemplate(template.Must(template.New("page").Funcs(router.FuncMap).Parse("{{range flashes}}{{.Text}}{{end}}")))
	router.GET("/settings", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/settings", func(c *gin.Context) {
		flashgin.RedirectFlash(c, "/settings", flashgin.Success("Your settings have been changed successfully."))
	})
	router.POST("/logout", func(c *gin.Context) {
		messages.Forget(c) // the next user of this browser shall not read what waits
		flashgin.RedirectFlash(c, "/settings", flashgin.Info("Goodbye."))
	})

	visit := exampleBrowser(router)
	visit("POST", "/settings")
	visit("GET", "/settings")
	visit("POST", "/settings")
	visit("POST", "/logout")
	visit("GET", "/settings")
	// Output:
	// POST /settings: 303
	// GET /settings: 200 Your settings have been changed successfully.
	// POST /settings: 303
	// POST /logout: 303
	// GET /settings: 200 Goodbye.
}
