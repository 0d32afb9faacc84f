package flashtest_test

import (
	"cmp"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/testrun"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	gin.DefaultWriter = io.Discard
	testrun.Waiting(16)
	os.Exit(m.Run())
}

// newApp is the application under test: settings that can be saved, and orders that are sent to a
// page of their own.
func newApp(cfg flashgin.Config) *gin.Engine {
	// instead of sessions
	cfg.SessionKey = func(*gin.Context) (string, error) { return "the test's", nil }
	cfg.Logger = slog.New(slog.DiscardHandler)
	// so that a busy machine fails no test
	cfg.Timeout, cfg.AddTimeout = cmp.Or(cfg.Timeout, time.Minute),
		cmp.Or(cfg.AddTimeout, time.Minute)
	messages, err := flashgin.New(cfg)
	if err != nil {
		panic(err)
	}
	app := gin.New(messages.Install)
	app.SetHTMLTemplate(template.Must(template.New("page").Funcs(app.FuncMap).Parse(
		`Settings.{{range flashes}} {{.Text}}{{end}}`)))
	app.GET("/settings", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	app.POST("/settings", func(c *gin.Context) {
		_ = flashgin.AddFlash(c, flashgin.Success("Saved."),
			flashgin.Warning("The disk is nearly full."))
		c.Redirect(http.StatusSeeOther, "/settings")
	})
	app.POST("/orders", func(c *gin.Context) {
		_ = flashgin.RedirectFlash(c, "/orders/108", flashgin.Success("Thank you for your order."))
	})
	return app
}

// serve answers a request.
func serve(app http.Handler, request *http.Request) *httptest.ResponseRecorder {
	response := httptest.NewRecorder()
	app.ServeHTTP(response, request)
	return response
}

func get(app http.Handler, path string) *httptest.ResponseRecorder {
	return serve(app, httptest.NewRequest(http.MethodGet, path, nil))
}

func post(app http.Handler, path string) *httptest.ResponseRecorder {
	return serve(app, httptest.NewRequest(http.MethodPost, path, nil))
}

// t stands for the *testing.T of a test, and prints its failures.
var t printer

type printer struct{}

func (printer) Helper() {}

func (printer) Errorf(format string, args ...any) { fmt.Printf("FAIL: "+format+"\n", args...) }
