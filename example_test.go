package flashgin_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// Settings is a handler with the methods of the Controller that it embeds.
type Settings struct{ flashgin.Controller }

func (s *Settings) Edit(c *gin.Context) { c.HTML(http.StatusOK, "settings", nil) }

func (s *Settings) Update(c *gin.Context) {
	_ = s.AddFlash(c, flashgin.Success("Your settings have been changed successfully."))
	c.Redirect(http.StatusSeeOther, "/settings")
}

// A whole application: post the form, be redirected, read the message, and read it once.
func Example() {
	messages, err := flashgin.New(flashgin.Config{})
	if err != nil {
		panic(err)
	}
	router := gin.New(messages.Install)
	router.SetHTMLTemplate(template.Must(template.New("settings").Funcs(flashgin.FuncMap()).Parse(
		"{{range flashes}}{{.Status}}: {{.Text}}{{else}}No messages.{{end}}")))
	cookies := cookie.NewStore([]byte("your secret of 32 random bytes"))
	cookies.Options(sessions.Options{
		Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, // Secure: true under TLS
	})
	router.Use(sessions.Sessions("id", cookies))

	settings := &Settings{}
	router.GET("/settings", settings.Edit)
	router.POST("/settings", settings.Update)

	// Now a browser.
	server := httptest.NewServer(router)
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	response, err := browser.PostForm(server.URL+"/settings", nil) // follows the redirect
	fmt.Println(exampleBody(response, err))
	response, err = browser.Get(server.URL + "/settings")
	fmt.Println(exampleBody(response, err))
	// Output:
	// success: Your settings have been changed successfully.
	// No messages.
}

// The examples share what follows, and show what matters.

// exampleRouter returns an engine with flashgin, sessions and a template named "page".
func exampleRouter(messages *flashgin.Messenger, page string) *gin.Engine {
	router := gin.New(messages.Install)
	router.SetHTMLTemplate(template.Must(template.New("page").Funcs(router.FuncMap).Parse(page)))
	router.Use(sessions.Sessions("id", exampleSessions()))
	return router
}

// exampleSessions keeps sessions in a cookie.
func exampleSessions() sessions.Store {
	store := cookie.NewStore([]byte("a secret of thirty-two bytes ...")) // not a secret: a test's
	store.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return store
}

// exampleBrowser returns a function that sends a request, as one browser with its cookies, and
// prints the answer. It follows no redirects.
func exampleBrowser(router *gin.Engine) func(method, path string) {
	jar, _ := cookiejar.New(nil)
	return func(method, path string) {
		request := httptest.NewRequestWithContext(context.Background(), method,
			"http://example.com"+path, http.NoBody)
		for _, cookie := range jar.Cookies(request.URL) {
			request.AddCookie(cookie)
		}
		recorder := httptest.NewRecorder()
		router.ServeHTTP(recorder, request)
		response := recorder.Result()
		jar.SetCookies(request.URL, response.Cookies())
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%s %s: %d %s", method, path,
			response.StatusCode, exampleBody(response, nil))))
	}
}

// exampleBody returns the body of a response, with an ellipsis for what is different each time:
// IDs, and the hashes in the names of files.
func exampleBody(response *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return exampleChanges.ReplaceAllString(string(text), "…")
}

var exampleChanges = regexp.MustCompile(`\bf-[A-Z2-7]{26}\b|\b[0-9a-f]{12}\b`)

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
		_ = flashgin.AddFlash(c, flashgin.Error("Please enter a name."))
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
		_ = flashgin.AddFlash(c, flashgin.Success("Saved."))
		c.Status(http.StatusNoContent)
	})

	visit := exampleBrowser(router)
	visit("POST", "/api/save")
	// Output:
	// true
	// flashgin: no page to show the message on: POST /api/save: the browser stays on the page that it has, and names none of this host; address the messages with At, or answer with RedirectFlash
	// POST /api/save: 204
}

func ExampleRedirectFlash() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	router.GET("/orders", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/cart", func(c *gin.Context) {
		_ = flashgin.RedirectFlash(c, "/orders", flashgin.Success("Thank you for your order."))
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
		_ = flashgin.AddFlash(c, flashgin.Info("Saved.").At("/messages"))
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
		_ = flashgin.AddFlash(c, flashgin.Info("Saved.").At(flashgin.Anywhere))
		c.Status(http.StatusNoContent)
	})
	router.GET("/badge",
		func(c *gin.Context) { c.String(http.StatusOK, "%d", len(flashgin.PeekFlashes(c))) })

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
	_ = p.RedirectFlash(c, "/problems/"+c.Param("id"), flashgin.Success("That is right."))
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

// Mail embeds the Controller, so its handlers have the functions of the package as methods. Its
// messages are for all pages of the mail: see exampleMail.
type Mail struct{ flashgin.Controller }

func (m *Mail) Send(c *gin.Context) {
	if err := m.AddFlash(c, flashgin.Success("Sent.").At("mail")); err != nil {
		fmt.Println(err)
	}
	c.Redirect(http.StatusSeeOther, "/mail")
}

func (m *Mail) Delete(c *gin.Context) {
	_ = m.RedirectFlash(c, "/mail", flashgin.Success("Deleted.").At("mail"))
}

func (m *Mail) Count(c *gin.Context) {
	c.String(http.StatusOK, "%d", len(m.PeekFlashes(c)))
}

func (m *Mail) News(c *gin.Context) {
	c.String(http.StatusOK, "%s", m.Flashes(c))
}

// exampleMail returns a browser on an application that sends and deletes mail.
func exampleMail() func(method, path string) {
	messages, _ := flashgin.New(flashgin.Config{
		View: func(*gin.Context) string {
			return "mail" // which each page reads, besides its route and path
		},
	})
	router := exampleRouter(messages, "")
	mail := &Mail{}
	router.POST("/mail", mail.Send)
	router.DELETE("/mail", mail.Delete)
	router.GET("/mail", mail.News)
	router.GET("/mail/count", mail.Count)
	return exampleBrowser(router)
}

func ExampleController_AddFlash() {
	visit := exampleMail()
	visit("POST", "/mail")
	visit("GET", "/mail")
	// Output:
	// POST /mail: 303
	// GET /mail: 200 Sent.
}

func ExampleController_RedirectFlash() {
	visit := exampleMail()
	visit("DELETE", "/mail")
	visit("GET", "/mail")
	// Output:
	// DELETE /mail: 303
	// GET /mail: 200 Deleted.
}

func ExampleController_Flashes() {
	visit := exampleMail()
	visit("POST", "/mail")
	visit("GET", "/mail")
	visit("GET", "/mail")
	// Output:
	// POST /mail: 303
	// GET /mail: 200 Sent.
	// GET /mail: 200
}

func ExampleController_PeekFlashes() {
	visit := exampleMail()
	visit("POST", "/mail")
	visit("GET", "/mail/count")
	visit("GET", "/mail")
	visit("GET", "/mail/count")
	// Output:
	// POST /mail: 303
	// GET /mail/count: 200 1
	// GET /mail: 200 Sent.
	// GET /mail/count: 200 0
}

func ExampleNew() {
	messages, err := flashgin.New(flashgin.Config{MaxBytes: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = messages.Add(context.Background(), "key",
		flashgin.Info(strings.Repeat("long ", 20)).At("/"))
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

// The end of a program: first the server, then what its last pages have left in the background,
// then the store's client.
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
