package flashgin_test

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// The application serves the style sheet and the script itself, and {{flashAssets}} loads them. Their names change with their content.
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
		flashgin.AddFlash(c, flashgin.Success("Saved."), flashgin.Message{Title: "1 < 2"})
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
	// <p class="flash__title" data-flash-title><span class="flash__status">Info</span>: <bdi>1 &lt; 2</bdi></p>
}

// The tags that {{flashAssets}} prints, for a page that is not made by html/template and has a Content-Security-Policy with a nonce.
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
