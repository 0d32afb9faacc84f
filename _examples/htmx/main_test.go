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
	"time"

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

func TestAdd(t *testing.T) {
	_, v := start(t)
	answer := v.htmx(http.MethodPost, "/books", "title", "<Emma>")
	assert.Equal(t, http.StatusOK, answer.status)
	line, message, ok := strings.Cut(answer.body, "<ul hx-swap-oob=")
	require.True(t, ok, answer.body)
	assert.Contains(t, line, `<li><span>&lt;Emma&gt;</span>`)
	assert.Equal(t, 1, strings.Count(message, shown("“&lt;Emma&gt;” is on your list.")))
	page := v.get("/")
	assert.Contains(t, page.body, `<span>&lt;Emma&gt;</span>`)
	assert.NotContains(t, page.body, "is on your list.", "a second time")
}

func TestAddWithoutATitle(t *testing.T) {
	_, v := start(t)
	answer := v.htmx(http.MethodPost, "/books", "title", " ")
	assert.Equal(t, http.StatusUnprocessableEntity, answer.status)
	assert.Empty(t, answer.body)
	assert.Contains(t, answer.header.Get("HX-Trigger"), `"text":"Please enter a title."`)
}

func TestRead(t *testing.T) {
	_, v := start(t)
	answer := v.htmx(http.MethodPost, "/books/1/read")
	assert.Contains(t, answer.header.Get("HX-Trigger"), `"progress":`)
	assert.Contains(t, answer.body+answer.header.Get("HX-Trigger"), `You have read`)
	assert.Contains(t, v.htmx(http.MethodGet, "/progress").body, "1 to read, 1 finished")

	again := v.htmx(http.MethodPost, "/books/1/read")
	assert.Contains(t, again.body+again.header.Get("HX-Trigger"), "not on the list any more")
}

func TestRemove(t *testing.T) {
	_, v := start(t)
	answer := v.htmx(http.MethodDelete, "/books/2")
	assert.Contains(t, answer.body+answer.header.Get("HX-Trigger"), "was removed.")
	page := v.get("/")
	assert.NotContains(t, page.body, "Darkness")
	assert.Contains(t, page.body, "1 to read, 0 finished")
}

func TestReminder(t *testing.T) {
	app, v := start(t)
	app.books.reminder = time.Millisecond
	answer := v.htmx(http.MethodPost, "/reminder")
	assert.Equal(t, http.StatusNoContent, answer.status)
	assert.Contains(t, answer.header.Get("HX-Trigger"), "You will be reminded in 1ms.")
	// On a slow machine the answer has the reminder, too.
	if !strings.Contains(answer.header.Get("HX-Trigger"), "Time to read.") {
		require.Eventually(t, func() bool {
			return strings.Contains(v.get("/").body, shown("Time to read."))
		}, 10*time.Second, time.Millisecond)
	}
	assert.NotContains(t, v.get("/").body, "Time to read.")
}

func TestFinish(t *testing.T) {
	_, v := start(t)
	answer := v.htmx(http.MethodPost, "/finish")
	assert.Equal(t, "/finished", answer.header.Get("HX-Redirect"))
	assert.Empty(t, answer.header.Get("HX-Trigger"))
	assert.NotContains(t, v.get("/").body, "finished: 2", "on another page")
	page := v.get("/finished")
	assert.Contains(t, page.body, shown("The list is finished: 2 more read."))
	assert.Contains(t, page.body, "Middlemarch")
	assert.NotContains(t, v.get("/finished").body, "more read.", "a second time")
}

func TestFiles(t *testing.T) {
	_, v := start(t)
	assert.Contains(t, v.get("/").body, `<script src="/htmx.js" defer>`)
	assert.Contains(t, v.get("/htmx.js").body, `4.0.1`)
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
	header http.Header
	body   string
}

func start(t *testing.T) (*app, *visitor) {
	t.Helper()
	app, err := newApp(flashgin.Config{OnError: func(_ context.Context, err error) {
		t.Error("reported:", err)
	}})
	require.NoError(t, err)
	server := httptest.NewServer(app.handler)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := server.Client()
	client.Jar = jar
	return app, &visitor{t, client, server.URL}
}

func (v *visitor) get(path string) answer {
	v.t.Helper()
	return v.read(v.client.Get(v.url + path))
}

// htmx sends what htmx does when the page "/" is on screen; fields is a list of names and values.
func (v *visitor) htmx(method, path string, fields ...string) answer {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	request, err := http.NewRequest(method, v.url+path, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("HX-Request", "true")
	request.Header.Set("HX-Current-URL", v.url+"/")
	return v.read(v.client.Do(request))
}

func (v *visitor) read(response *http.Response, err error) answer {
	v.t.Helper()
	require.NoError(v.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}
