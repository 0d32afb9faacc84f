package flashgin_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// These tests need nothing but the package. The others lie in behaviour/, by story.

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	slog.SetDefault(slog.New(slog.DiscardHandler)) // gin-contrib/sessions logs there
	os.Exit(m.Run())
}

// newSettings returns an application. Its template "page" lists the texts of {{flashes}}. What
// flashgin has to report fails the test.
func newSettings(t *testing.T) *gin.Engine {
	t.Helper()
	messages, err := flashgin.New(flashgin.Config{
		OnError: func(_ context.Context, err error) { t.Error(err) },
		Logger:  slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, messages.Close(context.Background())) })
	return exampleRouter(messages, `{{range flashes}}[{{.Text}}]{{end}}`)
}

// settingsPage shows the messages that wait for it.
func settingsPage(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }

// posts returns a handler that adds messages and redirects.
func posts(t *testing.T, location string, msgs ...flashgin.Message) gin.HandlerFunc {
	return func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, msgs...))
		c.Redirect(http.StatusSeeOther, location)
	}
}

// A client is a browser with cookies of its own, which does not follow redirects.
type client struct {
	*http.Client
	t   *testing.T
	url string
}

// newURL starts a server for the application.
func newURL(t *testing.T, router *gin.Engine) string {
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	return server.URL
}

func newClient(t *testing.T, url string) client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client{&http.Client{Jar: jar, CheckRedirect: stay}, t, url}
}

// get returns the body of a page.
func (c client) get(path string) string {
	c.t.Helper()
	response, err := c.Get(c.url + path)
	require.NoError(c.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return string(body)
}

// post returns the status of the answer.
func (c client) post(path string) int {
	c.t.Helper()
	response, err := c.PostForm(c.url+path, nil)
	require.NoError(c.t, err)
	require.NoError(c.t, response.Body.Close())
	return response.StatusCode
}

// What all this is for: a message is shown once, on the page that it is for, to the user that it is
// for.
func TestPostRedirectGet(t *testing.T) {
	router := newSettings(t)
	router.GET("/settings", settingsPage)
	router.GET("/other", settingsPage)
	router.POST("/settings", posts(t, "/settings", flashgin.Success("saved")))
	url := newURL(t, router)
	alice, bob := newClient(t, url), newClient(t, url)

	require.Equal(t, http.StatusSeeOther, alice.post("/settings"))
	assert.Empty(t, alice.get("/other"), "another page")
	assert.Empty(t, bob.get("/settings"), "another session")
	assert.Equal(t, "[saved]", alice.get("/settings"))
	assert.Empty(t, alice.get("/settings"), "a second time")
}

// A message with an ID of its own is shown once, however often it is added.
func TestAGivenIDInRequests(t *testing.T) {
	router := newSettings(t)
	welcome := flashgin.Message{ID: "welcome", Text: "welcome", View: "/"}
	router.GET("/", settingsPage)
	router.POST("/", posts(t, "/", welcome, welcome))
	alice := newClient(t, newURL(t, router))
	alice.post("/")
	alice.post("/")
	assert.Equal(t, "[welcome]", alice.get("/"))
	alice.post("/")
	assert.Empty(t, alice.get("/"))
}

// A message that waits is shown once beside its own repetition by this very request.
func TestAGivenIDThatWaitsAndIsAddedByThePage(t *testing.T) {
	router := newSettings(t)
	welcome := flashgin.Message{ID: "welcome", Text: "welcome", View: "/"}
	router.POST("/", posts(t, "/", welcome))
	first := true
	router.GET("/", func(c *gin.Context) {
		if first {
			assert.NoError(t, flashgin.AddFlash(c, welcome))
		}
		settingsPage(c)
	})
	alice := newClient(t, newURL(t, router))
	alice.post("/")
	assert.Equal(t, "[welcome]", alice.get("/"))
	first = false
	assert.Empty(t, alice.get("/"), "neither of the two waits")
}

// PeekFlashes returns what Flashes would: neither what the request's own message replaces, nor a
// repetition of what waits.
func TestPeekFlashesReturnsWhatFlashesWould(t *testing.T) {
	for _, test := range []struct {
		name           string
		earlier, later flashgin.Message
		want           string
	}{
		{"a Key", flashgin.Message{Key: "import", Text: "earlier"},
			flashgin.Message{Key: "import", Text: "later"}, "later"},
		{"an ID", flashgin.Message{ID: "import", Text: "earlier"},
			flashgin.Message{ID: "import", Text: "later"}, "earlier"},
	} {
		t.Run(test.name, func(t *testing.T) {
			router := newSettings(t)
			router.POST("/", posts(t, "/", test.earlier))
			router.GET("/", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, test.later))
				list := [][]string{}
				for _, found := range []flashgin.Messages{
					flashgin.PeekFlashes(c), flashgin.Flashes(c), flashgin.PeekFlashes(c),
				} {
					texts := []string{}
					for _, m := range found {
						texts = append(texts, m.Text)
					}
					list = append(list, texts)
				}
				c.JSON(http.StatusOK, list)
			})
			alice := newClient(t, newURL(t, router))
			alice.post("/")
			assert.Equal(t, strings.ReplaceAll(`[["x"],["x"],["x"]]`, "x", test.want),
				alice.get("/"))
		})
	}
}

// What a caller does with a message after it was added changes nothing.
func TestAMessageIsCopiedWhenItIsAdded(t *testing.T) {
	router := newSettings(t)
	router.GET("/", func(c *gin.Context) { c.JSON(http.StatusOK, flashgin.Flashes(c)) })
	m := flashgin.Message{Text: "x", Link: &flashgin.Link{Label: "l", URL: "u"},
		Data: map[string]string{"k": "v"}}
	msgs := []flashgin.Message{m}
	router.POST("/", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, msgs...))
		msgs[0].Text, m.Link.URL, m.Data["k"] = "changed", "changed", "changed"
		c.Redirect(http.StatusSeeOther, "/")
	})
	alice := newClient(t, newURL(t, router))
	alice.post("/")
	body := alice.get("/")
	assert.Contains(t, body, `"url":"u"`)
	assert.NotContains(t, body, "changed")
}
