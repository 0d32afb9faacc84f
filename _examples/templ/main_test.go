package main

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	gin.DefaultWriter = io.Discard
	os.Exit(m.Run())
}

// shown is the markup of a message with a text.
func shown(text string) string { return ` dir="auto">` + text + `</p>` }

func TestSign(t *testing.T) {
	v := start(t)
	page := v.post("/", "name", "<Ada>", "text", "I was here.")
	assert.Equal(t, "/entries/2", page.path)
	assert.Equal(t, 1, strings.Count(page.body, shown("Thank you, &lt;Ada&gt;.")))
	assert.Contains(t, page.body, "I was here.")
	assert.NotContains(t, v.get("/entries/2").body, "Thank you", "a second time")
	assert.Contains(t, v.get("/").body, `aria-label="The entry of &lt;Ada&gt;"`)
}

func TestSignWithoutAName(t *testing.T) {
	v := start(t)
	page := v.post("/", "name", " ", "text", "I was <here>.")
	assert.Equal(t, http.StatusUnprocessableEntity, page.status)
	assert.Contains(t, page.body, shown("Please enter a name and a few words."))
	assert.Contains(t, page.body, ">I was &lt;here&gt;.</textarea>",
		"what was entered is still there")
	assert.NotContains(t, v.get("/").body, "Please enter", "a second time")
}

// The message of one entry is not for the page of another.
func TestMessageWaitsForItsPage(t *testing.T) {
	v := start(t)
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	require.Equal(t, http.StatusSeeOther, v.post("/", "name", "Ada", "text", "I was here.").status)
	for _, other := range []string{"/", "/entries/1", "/entries/3"} {
		assert.NotContains(t, v.get(other).body, "Thank you", other)
	}
	assert.Contains(t, v.get("/entries/2").body, shown("Thank you, Ada."))
}

func TestRemove(t *testing.T) {
	v := start(t)
	page := v.post("/entries/1/remove")
	assert.Equal(t, "/", page.path)
	assert.Contains(t, page.body, shown("The entry of Grace was removed."))
	assert.NotContains(t, page.body, "engine room")
	assert.Contains(t, v.post("/entries/1/remove").body,
		shown("That entry was not there any more."))
	assert.Equal(t, http.StatusNotFound, v.get("/entries/1").status)
}

func TestPages(t *testing.T) {
	v := start(t)
	for _, path := range []string{"/", "/entries/1"} {
		page := v.get(path)
		assert.Equal(t, http.StatusOK, page.status, path)
		assert.Contains(t, page.body, `<script src="/_flash/flash.`)
		assert.NotContains(t, page.body, `id="flash-`)
		assert.Empty(t, page.header.Values("Set-Cookie"), "a visitor without messages")
	}
	assert.Contains(t, v.get("/style.css").body, "color-scheme")
}

// visitor is a client with a cookie jar.
type visitor struct {
	t      *testing.T
	client *http.Client
	url    string
}

type answer struct {
	status int
	path   string // after redirects
	header http.Header
	body   string
}

func start(t *testing.T) *visitor {
	t.Helper()
	handler, err := newHandler(flashgin.Config{OnError: func(_ context.Context, err error) {
		t.Error("reported:", err)
	}})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := server.Client()
	client.Jar = jar
	return &visitor{t, client, server.URL}
}

func (v *visitor) get(path string) answer {
	v.t.Helper()
	return v.read(v.client.Get(v.url + path))
}

// post sends a form; fields is a list of names and values.
func (v *visitor) post(path string, fields ...string) answer {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return v.read(v.client.PostForm(v.url+path, form))
}

func (v *visitor) read(response *http.Response, err error) answer {
	v.t.Helper()
	require.NoError(v.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	return answer{response.StatusCode, response.Request.URL.Path, response.Header, string(body)}
}
