package flashgin_test

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

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
