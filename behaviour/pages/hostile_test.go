package pages_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Bytes that are no text are replaced as they would be on their way to a page; everything else
// comes out as it went in.
func TestHostileText(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			a.Template("page", `{{range flashes}}<p title="{{.Text}}">{{.Text}}</p>{{end}}`)
			a.GET("/", apptest.Page)
			a.GET("/json", func(c *gin.Context) { c.JSON(http.StatusOK, flashgin.Flashes(c)) })
			var text string
			a.POST("/", func(c *gin.Context) {
				hostile := flashgin.Message{
					Text: text, Title: text, Key: text + "k", ID: text + "i",
					Status: flashgin.Status(text), Link: &flashgin.Link{Label: text, URL: text},
					Data: map[string]string{text: text},
				}
				apptest.Add(t, apptest.Redirect("/"), hostile, hostile.At("/json"))(c)
			})
			visitor := a.Visitor()
			for _, text = range []string{
				"\xff\xfe\xfd", "a\x00b", "<script>alert(1)</script>", `"><img src=x onerror=1>`,
				"{{flashes}}", "\u202e\u2028", "%s%n", "'; DROP TABLE", "\r\nSet-Cookie: x=y",
				strings.Repeat("é", 50),
			} {
				answer := visitor.Post("/")
				require.Equal(t, http.StatusSeeOther, answer.Code, "%q", text)
				want := strings.ToValidUTF8(text, "\ufffd")
				escaped := template.HTMLEscapeString(want)
				shown := visitor.Do(http.MethodGet, "/")
				assert.Equal(t, http.StatusOK, shown.Code, "%q", text)
				assert.Equal(t, `<p title="`+escaped+`">`+escaped+`</p>`, shown.Body.String(),
					"%q", text)
				var got flashgin.Messages
				require.NoError(t, json.Unmarshal([]byte(visitor.Get("/json")), &got), "%q", text)
				require.Len(t, got, 1, "%q", text)
				got[0].Created = time.Time{}
				assert.Equal(t, flashgin.Message{
					View: "/json", Text: want, Title: want, Key: want + "k", ID: want + "i",
					Status: flashgin.Status(want), Link: &flashgin.Link{Label: want, URL: want},
					Data: map[string]string{want: want},
				}, got[0])
			}
			assert.Empty(t, a.Failures.String())
		})
	}
}

// Errors and log lines name no session, no secret and no text of a message: they end up in places
// where many can read them.
func TestErrorsAndLogsKeepSecrets(t *testing.T) {
	log := new(apptest.LockedBuffer)
	store := apptest.NewSpyStore()
	a := apptest.NewApp(t, flashgin.Config{
		Store:  store,
		Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	// The log names IDs, at the level Debug.
	secret := flashgin.Message{
		Title: "MARKERtitle", Text: "MARKERtext", HTML: "MARKERhtml", Key: "MARKERkey", ID: "an-id",
		Data: map[string]string{"MARKER": "MARKER"},
	}
	var keys []string
	var told []error
	tell := func(err error) { told = append(told, err) }
	a.POST("/", func(c *gin.Context) {
		key, err := a.Messenger.SessionKey(c)
		tell(err)
		value, _ := sessions.Default(c).Get("flashgin").(string)
		keys = append(keys, key, value, base64.StdEncoding.EncodeToString([]byte(value)))
		tell(flashgin.AddFlash(c, secret, secret.At("/page")))
		big := secret
		big.Text = strings.Repeat("MARKER", 2000)
		tell(flashgin.AddFlash(c, big))
		big.Text, big.TTL = "MARKER", -1
		tell(flashgin.AddFlash(c, big))
		c.Status(http.StatusNoContent) // no page: ErrNoView
	})
	a.POST("/away", func(c *gin.Context) {
		tell(flashgin.AddFlash(c, secret))
		c.Redirect(http.StatusSeeOther, "https://elsewhere.example/MARKER?token=MARKER")
	})
	a.POST("/late", func(c *gin.Context) {
		c.String(http.StatusOK, "body")
		tell(flashgin.AddFlash(c, secret))
	})
	a.GET("/page", apptest.Page)
	a.GET("/peek", func(c *gin.Context) { flashgin.PeekFlashes(c) })
	visitor := a.Visitor()
	use := func() {
		for range 2 {
			for _, path := range []string{"/", "/away", "/late"} {
				visitor.Post(path + "?token=MARKER")
			}
			for _, path := range []string{"/page", "/peek", "/page"} {
				visitor.Get(path + "?token=MARKER")
			}
			tell(a.Messenger.Add(t.Context(), keys[0], secret.At("/page")))
			_, err := a.Messenger.Take(t.Context(), keys[0], "/page")
			tell(err)
			_, err = a.Messenger.Peek(t.Context(), keys[0], "/page")
			tell(err)
			tell(a.Messenger.Withdraw(t.Context(), keys[0], "/page", "MARKERkey"))
		}
	}
	use()
	store.Fail(errors.New("the store is down"))
	use()
	store.On(nil)
	require.NoError(t, a.Messenger.Close(t.Context()))

	all := log.String() + a.Failures.String() + errors.Join(told...).Error()
	require.Contains(t, all, "the store is down", "there is something to look at")
	require.NotEmpty(t, keys[0])
	require.NotEmpty(t, keys[1])
	assert.NotContains(t, all, "MARKER")
	for _, key := range keys {
		assert.NotContains(t, all, key)
	}
	assert.NotContains(t, all, visitor.Jar["id"].Value)
}

// Pages that nobody foresaw are shown whole, or not at all.
func TestOddRequests(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.NoRoute(func(c *gin.Context) { c.HTML(http.StatusNotFound, "page", nil) })
	a.POST("/", apptest.Add(t, apptest.Redirect("/"),
		flashgin.Info("anywhere").At(flashgin.Anywhere)))
	for name, target := range map[string]string{
		"a path of a megabyte": "/" + strings.Repeat("a", 1<<20),
		"NUL":                  "/%00",
		"not UTF-8":            "/%ff%fe",
		"dots":                 "/../../etc/passwd",
		"a star":               "/*",
		"braces":               "/{flash:x}:*",
		"the root of a proxy":  "http://example.com",
		"no path at all":       "*",
	} {
		t.Run(name, func(t *testing.T) {
			visitor := a.Visitor()
			visitor.Post("/")
			request := httptest.NewRequest(http.MethodGet, "/", nil)
			switch target {
			case "*":
				request.URL.Path = ""
			default:
				request = httptest.NewRequest(http.MethodGet, target, nil)
			}
			answer := visitor.Send(request)
			assert.Equal(t, http.StatusNotFound, answer.Code)
			assert.Equal(t, "[anywhere]", answer.Body.String())
			assert.Empty(t, a.Failures.String())
		})
	}
}

// A header that is longer than browsers send says nothing: neither which page is on screen nor
// whose script asks. Taking it apart would cost as much as many pages.
func TestLongHeadersSayNothing(t *testing.T) {
	for _, test := range []struct {
		name, method, path string
		header             []string
		long               string // the header that is made long
		// what the answer says of alice's messages, if that header is short
		seen string
	}{
		{"htmx", "POST", "/part", apptest.HTMX(), "HX-Current-URL", "on screen"},
		{"Turbo", "POST", "/stream", apptest.Turbo(), "Referer", "on screen"},
		{"a script", "POST", "/part", apptest.Asks(), "Referer", "on screen"},
		{"an origin", "GET", "/_flash/messages?view=/orders/5", []string{"X-Get-Flash", "1"},
			"Origin", "on screen"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, length := range []int{8 << 10, 8<<10 + 1} {
				a := apptest.NewParts(t, flashgin.Config{})
				a.POST("/part", apptest.Part(200))
				a.POST("/stream", apptest.Data(200, "text/vnd.turbo-stream.html; charset=utf-8",
					"<turbo-stream></turbo-stream>"))
				a.Leave(flashgin.Info("on screen").At("/orders/5"))
				value := "http://example.com/orders/5?"
				value += strings.Repeat("x", length-len(value))
				answer := a.Visit(test.method, test.path, append(test.header, test.long, value)...)
				said := answer.Body.String() + fmt.Sprint(answer.Header())
				assert.Equal(t, length <= 8<<10, strings.Contains(said, test.seen), said)
			}
		})
	}
	t.Run("where htmx refreshes", func(t *testing.T) {
		for _, length := range []int{8 << 10, 8<<10 + 1} {
			a := apptest.NewParts(t, flashgin.Config{})
			a.POST("/orders/:id/save", apptest.Add(t,
				apptest.WithHeader("HX-Refresh", "true", apptest.Status(200)),
				flashgin.Info("saved")))
			value := "http://example.com/orders/5?"
			value += strings.Repeat("x", length-len(value))
			a.Visit("POST", "/orders/5/save", "HX-Request", "true", "HX-Current-URL", value)
			assert.Equal(t, length <= 8<<10, a.Left("/orders/5") == "[saved]")
		}
	})
	t.Run("a forwarded host", func(t *testing.T) {
		a := apptest.NewParts(t, flashgin.Config{})
		a.POST("/save",
			apptest.Add(t, apptest.Redirect("http://shop.example/other"), flashgin.Info("saved")))
		a.Visit("POST", "/save", "X-Forwarded-Host", "shop.example, "+strings.Repeat("x", 8<<10))
		assert.Empty(t, a.Left("/other"))
	})
	t.Run("a purpose", func(t *testing.T) {
		a := apptest.NewParts(t, flashgin.Config{})
		a.Leave(flashgin.Info("text").At("/orders/5"))
		page := a.Visit("GET", "/orders/5", "Purpose",
			"prefetch"+strings.Repeat(" ", 8<<10)).Body.String()
		assert.Contains(t, page, ">text<")
	})
}
