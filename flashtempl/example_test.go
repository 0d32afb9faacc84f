package flashtempl_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtempl"
)

// settings is what templ would generate from a file of components:
//
//	templ settings() {
//		<main>
//			@flashtempl.Messages()
//			<h1>Settings</h1>
//		</main>
//	}
func settings() templ.Component {
	return templ.Join(templ.Raw("<main>\n"), flashtempl.Messages(),
		templ.Raw("\n<h1>Settings</h1>\n</main>"))
}

func ExampleMessages() {
	messages, _ := flashgin.New(flashgin.Config{
		// an application has sessions instead
		SessionKey: func(*gin.Context) (string, error) { return "Ada's", nil },
	})
	router := gin.New(messages.Install)
	router.GET("/settings", func(c *gin.Context) {
		templ.Handler(settings()).ServeHTTP(c.Writer, c.Request)
	})
	router.POST("/settings", func(c *gin.Context) {
		_ = flashgin.RedirectFlash(c, "/settings",
			flashgin.Success("Your settings have been changed successfully."))
	})

	visit := browser(router)
	visit(http.MethodPost, "/settings")
	visit(http.MethodGet, "/settings")
	visit(http.MethodGet, "/settings")
	// Output:
	// POST /settings: 303
	// GET /settings: 200
	// <p class="flash__text" data-flash-text dir="auto">Your settings have been changed successfully.</p>
	// <h1>Settings</h1>
	// GET /settings: 200
	// <h1>Settings</h1>
}

// Markup of your own takes the messages with flashgin.Flashes.
func ExampleMessages_list() {
	messages, _ := flashgin.New(flashgin.Config{
		SessionKey: func(*gin.Context) (string, error) { return "Ada's", nil },
	})
	// templ list() {
	//	for _, message := range flashgin.Flashes(ctx) {
	//		<p class={ string(message.Status) }>{ message.Text }</p>
	//	}
	// }
	list := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, message := range flashgin.Flashes(ctx) {
			fmt.Fprintf(w, "<p class=%q>%s</p>\n", message.Status, templ.EscapeString(message.Text))
		}
		return nil
	})
	router := gin.New(messages.Install)
	router.POST("/settings", func(c *gin.Context) {
		_ = flashgin.AddFlash(c, flashgin.Error("Please enter a name."))
		templ.Handler(list, templ.WithStatus(http.StatusUnprocessableEntity)).ServeHTTP(c.Writer,
			c.Request)
	})

	browser(router)(http.MethodPost, "/settings")
	// Output:
	// POST /settings: 422
	// <p class="error">Please enter a name.</p>
}

// The tags for the head of the page, with the nonce of its Content-Security-Policy.
func ExampleAssets() {
	messages, _ := flashgin.New(flashgin.Config{
		SessionKey: func(*gin.Context) (string, error) { return "Ada's", nil },
	})
	router := gin.New(messages.Install)
	messages.Mount(router)
	router.GET("/settings", func(c *gin.Context) {
		ctx := templ.WithNonce(c.Request.Context(), "bm9uY2U")
		templ.Handler(flashtempl.Assets()).ServeHTTP(c.Writer, c.Request.WithContext(ctx))
	})

	recorder := httptest.NewRecorder()
	router.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/settings", nil))
	fmt.Println(hashes.ReplaceAllString(recorder.Body.String(), "…"))
	// Output:
	// <link rel="stylesheet" href="/_flash/flash.….css" nonce="bm9uY2U">
	// <script src="/_flash/flash.….js" defer nonce="bm9uY2U"></script>
}

// hashes are in the names of the files, and change with their content.
var hashes = regexp.MustCompile(`[0-9a-f]{12}`)

// browser returns a function that sends a request and prints the answer, without the markup that is
// the same on every page.
func browser(router http.Handler) func(method, path string) {
	return func(method, path string) {
		recorder := httptest.NewRecorder()
		router.ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
		fmt.Printf("%s %s: %d\n", method, path, recorder.Code)
		for line := range strings.Lines(recorder.Body.String()) {
			if strings.HasPrefix(line, "<h1>") ||
				strings.HasPrefix(line, `<p class="flash__text"`) ||
				strings.HasPrefix(line, `<p class="error"`) {
				fmt.Print(line)
			}
		}
	}
}
