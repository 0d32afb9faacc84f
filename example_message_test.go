package flashgin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

func ExampleInfo() {
	message := flashgin.Info("The rules have changed.")
	fmt.Println(message.Status, message.Text)
	// Output:
	// info The rules have changed.
}

func ExampleSuccess() {
	message := flashgin.Success("Saved.")
	fmt.Println(message.Status, message.Text)
	// Output:
	// success Saved.
}

func ExampleWarning() {
	message := flashgin.Warning("The disk is nearly full.")
	fmt.Println(message.Status, message.Text)
	// Output:
	// warning The disk is nearly full.
}

func ExampleError() {
	message := flashgin.Error("The mail was not sent.")
	fmt.Println(message.Status, message.Text)
	// Output:
	// error The mail was not sent.
}

// More than a text is a literal.
func ExampleMessage() {
	message := flashgin.Message{
		View:   "/orders",
		Status: flashgin.StatusSuccess,
		Title:  "Order 5",
		Text:   "It was sent today.",
		Link:   &flashgin.Link{Label: "View order", URL: "/orders/5"},
		Data: map[string]string{
			"carrier": "by bicycle", // for a template of yours: {{.Data.carrier}}
		},
	}
	text, err := json.MarshalIndent(message, "", "  ")
	fmt.Println(string(text), err)
	// Output:
	// {
	//   "view": "/orders",
	//   "status": "success",
	//   "title": "Order 5",
	//   "text": "It was sent today.",
	//   "link": {
	//     "label": "View order",
	//     "url": "/orders/5"
	//   },
	//   "data": {
	//     "carrier": "by bicycle"
	//   }
	// } <nil>
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

// A handler that answers with JSON hands on the list as it is.
func ExampleMessages_MarshalJSON() {
	var none flashgin.Messages
	text, err := json.Marshal(map[string]any{"messages": none})
	fmt.Println(string(text), err)
	text, err = json.Marshal(flashgin.Messages{flashgin.Info("Saved.")})
	fmt.Println(string(text), err)
	// Output:
	// {"messages":[]} <nil>
	// [{"status":"info","text":"Saved."}] <nil>
}

func ExampleMessages_String() {
	messages := flashgin.Messages{
		{Title: "Order 5", Text: "It was sent today."},
		{HTML: "Our <b>rules</b> have changed."},
	}
	fmt.Println(messages)
	// Output:
	// Order 5: It was sent today.
	// Our rules have changed.
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

// A template of this name replaces the ready-made markup of {{flashes}}.
func ExampleMessenger_Install_markup() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages,
		`{{flashes}}{{define "flashgin/messages"}}<ul>{{range .}}<li class="{{.Status}}">{{.Text}}</li>{{end}}</ul>{{end}}`)
	router.GET("/", func(c *gin.Context) {
		_ = flashgin.AddFlash(c, flashgin.Warning("1 < 2"))
		c.HTML(http.StatusOK, "page", nil)
	})

	visit := exampleBrowser(router)
	visit("GET", "/")
	// Output:
	// GET /: 200 <ul><li class="warning">1 &lt; 2</li></ul>
}

// The application serves the style sheet and the script itself, and {{flashAssets}} loads them.
// Their names change with their content.
func ExampleMessenger_Mount() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "<head>{{flashAssets}}</head>")
	messages.Mount(router)
	router.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })

	visit := exampleBrowser(router)
	visit("GET", "/")
	// Output:
	// GET /: 200 <head><link rel="stylesheet" href="/_flash/flash.….css">
	// <script src="/_flash/flash.….js" defer></script></head>
}

// A page that is not made by html/template has the ready-made markup, too.
func ExampleMarkup() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "")
	router.GET("/", func(c *gin.Context) {
		_ = flashgin.AddFlash(c, flashgin.Success("Saved."), flashgin.Message{Title: "1 < 2"})
		for line := range strings.Lines(string(flashgin.Markup(c))) {
			if strings.HasPrefix(line, "<p") { // the rest is left out here
				c.String(http.StatusOK, "%s", line)
			}
		}
	})

	visit := exampleBrowser(router)
	visit("GET", "/")
	// Output:
	// GET /: 200 <p class="flash__title" data-flash-title><span class="flash__status">Success</span></p>
	// <p class="flash__text" data-flash-text dir="auto">Saved.</p>
	// <p class="flash__title" data-flash-title><span class="flash__status">Info: </span><bdi>1 &lt; 2</bdi></p>
}

// The tags that {{flashAssets}} prints, for a page that is not made by html/template and has a
// Content-Security-Policy with a nonce.
func ExampleAssets() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "")
	messages.Mount(router)
	router.GET("/", func(c *gin.Context) {
		c.String(http.StatusOK, "<head>%s</head>", flashgin.Assets(c, "bm9uY2U"))
	})

	visit := exampleBrowser(router)
	visit("GET", "/")
	// Output:
	// GET /: 200 <head><link rel="stylesheet" href="/_flash/flash.….css" nonce="bm9uY2U">
	// <script src="/_flash/flash.….js" defer nonce="bm9uY2U"></script></head>
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
			done <- messages.Add(context.Background(), session,
				flashgin.Success("200 contacts were imported.").At("/imports"))
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
	done := flashgin.Message{View: "/imports", Text: "200 contacts were imported.",
		Key: "import 7", ID: "import 7 done"}
	// The last by a job that was run again.
	for _, message := range []flashgin.Message{half, done, done} {
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
	messages.Add(ctx, session, flashgin.Info("1").At("/a"), flashgin.Info("2").At("/b"),
		flashgin.Info("3").At("/a"))

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

// At login the session gets a new key: who planted the old session in this browser reads nothing
// from here on.
func ExampleMessenger_Forget() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	router.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/hint", func(c *gin.Context) {
		_ = flashgin.RedirectFlash(c, "/", flashgin.Info("Please log in."))
	})
	router.POST("/login", func(c *gin.Context) {
		sessions.Default(c).Set("user", "Ada")
		if err := messages.Forget(c); err != nil { // it saves the session
			fmt.Println(err)
		}
		_ = flashgin.RedirectFlash(c, "/", flashgin.Success("Welcome, Ada."))
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

// The keys are the IDs of users, which outlive a login. So a logout says that the pages that are
// open must ask again whose they are.
func ExampleMessenger_End() {
	messages, _ := flashgin.New(flashgin.Config{SessionKey: func(c *gin.Context) (string, error) {
		user, _ := sessions.Default(c).Get("user").(string)
		return user, nil
	}})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	messages.Mount(router)
	router.POST("/logout", func(c *gin.Context) {
		session := sessions.Default(c)
		user, _ := session.Get("user").(string)
		session.Clear()
		if err := session.Save(); err != nil {
			fmt.Println(err)
		}
		if user != "" {
			if err := messages.End(user); err != nil { // another process may not know
				fmt.Println(err)
			}
		}
		c.Redirect(http.StatusSeeOther, "/")
	})

	visit := exampleBrowser(router)
	visit("POST", "/logout")
	// Output:
	// POST /logout: 303
}

// An application without gin-contrib/sessions.
func ExampleCookieKey() {
	messages, _ := flashgin.New(flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
	router := gin.New(messages.Install)
	router.SetHTMLTemplate(template.Must(template.New("page").Funcs(router.FuncMap).Parse(
		"{{range flashes}}{{.Text}}{{end}}")))
	router.GET("/settings", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/settings", func(c *gin.Context) {
		_ = flashgin.RedirectFlash(c, "/settings",
			flashgin.Success("Your settings have been changed successfully."))
	})
	router.POST("/logout", func(c *gin.Context) {
		messages.Forget(c) // the next user of this browser shall not read what waits
		_ = flashgin.RedirectFlash(c, "/settings", flashgin.Info("Goodbye."))
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
