package recipes_test

import (
	"bufio"
	"context"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
)

// The tests of docs/testing.md.

func newApp(cfg flashgin.Config) (*gin.Engine, *flashgin.Messenger) {
	// instead of sessions
	cfg.SessionKey = func(*gin.Context) (string, error) { return "the test's", nil }
	messages, err := flashgin.New(cfg)
	if err != nil {
		panic(err)
	}
	app := gin.New(messages.Install)
	messages.Mount(app)
	app.SetHTMLTemplate(template.Must(
		template.New("settings").Funcs(flashgin.FuncMap()).Parse(`{{flashes}}`)))
	app.GET("/settings", func(c *gin.Context) { c.HTML(http.StatusOK, "settings", nil) })
	app.POST("/settings", func(c *gin.Context) {
		if c.PostForm("name") == "" {
			_ = flashgin.RedirectFlash(c, "/settings", flashgin.Error("Please enter a name."))
			return
		}
		_ = flashgin.RedirectFlash(c, "/settings", flashgin.Success("Saved."))
	})
	return app, messages
}

func TestSave(t *testing.T) {
	for name, test := range map[string]struct {
		form string
		want flashgin.Message
	}{
		"a name":  {"name=Ada", flashgin.Success("Saved.")},
		"no name": {"", flashgin.Error("Please enter a name.")},
	} {
		t.Run(name, func(t *testing.T) {
			store := new(flashtest.Store)
			app, _ := newApp(flashgin.Config{Store: store})
			form := strings.NewReader(test.form)
			request := httptest.NewRequest(http.MethodPost, "/settings", form)
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			answer := httptest.NewRecorder()
			app.ServeHTTP(answer, request)
			flashtest.Equal(t, store.Waiting(answer.Header().Get("Location")), test.want)
		})
	}
}

func TestSettingsShowMessages(t *testing.T) {
	app, _ := newApp(flashgin.Config{})
	request := httptest.NewRequest(http.MethodGet, "/settings", nil)
	request = flashtest.Seed(request, flashgin.Success("Saved."))
	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, request)
	if !strings.Contains(answer.Body.String(), "Saved.") {
		t.Error("the page does not show its messages:", answer.Body)
	}
}

// Import is a job.
func Import(ctx context.Context, messages *flashgin.Messenger, session string) error {
	time.Sleep(time.Hour)
	return messages.Add(ctx, session, flashgin.Success("Imported.").At("/imports"))
}

func TestImport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the hour passes at once
		store := new(flashtest.Store)
		_, messages := newApp(flashgin.Config{Store: store})
		if err := Import(t.Context(), messages, "the test's"); err != nil {
			t.Error(err)
		}
		flashtest.Equal(t, store.Waiting("/imports"), flashgin.Success("Imported."))
	})
}

func TestOpenPageIsTold(t *testing.T) {
	app, messages := newApp(flashgin.Config{})
	server := httptest.NewServer(app)
	defer server.Close()
	defer messages.Close(context.Background()) // ends the stream
	stream, err := http.Get(server.URL + "/_flash/stream?view=/imports")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	err = messages.Add(t.Context(), "the test's", flashgin.Info("Done.").At("/imports"))
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
		if strings.Contains(lines.Text(), "Done.") {
			return
		}
	}
	t.Error("the stream has ended without the message")
}
