package flashtest_test

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
)

func getRequest(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

// shows fails the test unless the page ends with text, after "Settings.".
func shows(t *testing.T, app http.Handler, request *http.Request, text string) {
	t.Helper()
	if got := strings.TrimPrefix(serve(app, request).Body.String(), "Settings."); got != text {
		t.Errorf("the page shows %q, want %q", got, text)
	}
}

func TestSeed(t *testing.T) {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})

	plain := getRequest("/settings")
	seeded := flashtest.Seed(plain, saved, sent)
	shows(t, app, plain, "")
	shows(t, app, getRequest("/settings"), "")
	response := serve(app, seeded)
	if got := response.Body.String(); got != "Settings. Saved. Sent." {
		t.Errorf("the page is %q", got)
	}
	if got := response.Header().Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
	shows(t, app, seeded, "") // they were shown
	if n := store.Calls(flashtest.Add) + store.Calls(flashtest.Confirm); n != 0 {
		t.Errorf("%d calls of the application's store", n)
	}
}

func TestSeedTwice(t *testing.T) {
	app := newApp(flashgin.Config{})
	shows(t, app, flashtest.Seed(flashtest.Seed(getRequest("/settings"), saved), sent),
		" Saved. Sent.")
}

// Each page reads what is meant for it, and the rest keeps waiting for the request.
func TestSeedAddressed(t *testing.T) {
	app := newApp(flashgin.Config{})
	app.GET("/problems/:id", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	request := flashtest.Seed(getRequest("/problems/108"),
		saved.At("/problems/107"),
		sent.At("http://example.com/problems/108/?page=2#top"),
		full.At("/problems/:id"),
		failed.At(flashgin.Anywhere))
	shows(t, app, request, " Sent. The disk is full. Not sent.")

	other := getRequest("/problems/107").WithContext(request.Context())
	shows(t, app, other, " Saved.")
	shows(t, app, other, "")
}

// They are claimed, and settled, as all messages are: what is not shown is not taken.
func TestSeedIsTakenByPagesAlone(t *testing.T) {
	app := newApp(flashgin.Config{})
	broken := true
	app.SetHTMLTemplate(template.Must(template.New("page").Funcs(app.FuncMap).
		Funcs(template.FuncMap{
			"fail": func() (string, error) {
				if broken {
					return "", context.Canceled
				}
				return "", nil
			},
		}).Parse(`{{range flashes "success"}} {{.Text}}{{end}}{{fail}}`)))
	app.GET("/from", func(c *gin.Context) {
		if got := flashgin.PeekFlashes(c); len(got) != 2 {
			t.Errorf("PeekFlashes returns %d messages", len(got))
		}
		c.Redirect(http.StatusSeeOther, "/settings")
	})
	request := flashtest.Seed(getRequest("/settings"), saved, sent)

	serve(app, getRequest("/from").WithContext(request.Context()))
	head := httptest.NewRequest(http.MethodHead, "/settings", nil).WithContext(request.Context())
	serve(app, head)
	if code := serve(app, request).Code; code != http.StatusInternalServerError {
		t.Errorf("the page with a template that fails is answered with %d", code)
	}
	broken = false
	shows(t, app, request, " Saved.")
	shows(t, app, request, "") // the other one is filtered out, and waits
	app.GET("/json", func(c *gin.Context) { c.String(http.StatusOK, flashgin.Flashes(c).String()) })
	shows(t, app, getRequest("/json").WithContext(request.Context()), "Sent.")
}

// What waits for the session comes before, what the request adds comes after, and the same Key
// replaces.
func TestSeedBesideOtherMessages(t *testing.T) {
	messages, err := flashgin.New(flashgin.Config{SessionKey: func(*gin.Context) (string, error) {
		return "Ada", nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	app := gin.New(messages.Install)
	app.GET("/", func(c *gin.Context) {
		if err := flashgin.AddFlash(c,
			flashgin.Message{Text: "done", Key: "import"}, failed); err != nil {
			t.Error(err)
		}
		c.String(http.StatusOK, flashgin.Flashes(c).String())
	})
	if err := messages.Add(t.Context(), "Ada", saved.At("/")); err != nil {
		t.Fatal(err)
	}
	request := flashtest.Seed(getRequest("/"), sent,
		flashgin.Message{View: "/", Text: "50 %", Key: "import"})
	shows(t, app, request, "Saved.\nSent.\ndone\nNot sent.")
}

// A page whose store is down shows them, and any number and size of them.
func TestSeedNeedsNothing(t *testing.T) {
	store := new(flashtest.Store)
	store.Fail(nil)
	app := newApp(flashgin.Config{Store: store})
	shows(t, app, flashtest.Seed(getRequest("/settings"), saved), " Saved.")

	// without sessions
	bare, err := flashgin.New(flashgin.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	app = gin.New(bare.Install)
	app.GET("/", func(c *gin.Context) {
		for _, msg := range flashgin.Flashes(c) {
			c.String(http.StatusOK, msg.Text)
		}
	})
	long := strings.Repeat("long", 10_000)
	request := getRequest("/")
	for range 60 {
		request = flashtest.Seed(request, flashgin.Info(long), flashgin.Message{})
	}
	shows(t, app, request, strings.Repeat(long, 60))
}

// shownBy counts what an Observer is told was shown.
type shownBy int

func (n *shownBy) Observe(_ context.Context, e flashgin.Event) {
	if e.Kind == flashgin.EventShown {
		*n += shownBy(e.Messages)
	}
}

func TestSeedIsObserved(t *testing.T) {
	var n shownBy
	app := newApp(flashgin.Config{Observer: &n})
	shows(t, app, flashtest.Seed(getRequest("/settings"), saved, sent), " Saved. Sent.")
	if n != 2 {
		t.Errorf("%d messages were shown, says the Observer, want 2", n)
	}
}

func TestSeedPanics(t *testing.T) {
	defer func() {
		if got, want := recover(),
			"flashtest: Seed: flashgin: Message.TTL is -1s: want zero (the store's) or more"; got != want {
			t.Errorf("it panics with %v, want %v", got, want)
		}
	}()
	flashtest.Seed(getRequest("/"), flashgin.Message{Text: "Sent.", TTL: -time.Second})
}
