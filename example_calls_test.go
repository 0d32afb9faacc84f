package flashgin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

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
