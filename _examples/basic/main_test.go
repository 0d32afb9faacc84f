package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
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

const changed = "Your settings have been changed successfully."

func TestSettings(t *testing.T) {
	_, b := start(t)

	page := b.post("/settings", "name", "Ada", "email", "ada@example.com")
	assert.Equal(t, "/settings", page.path, "after the redirect")
	assert.Equal(t, 1, strings.Count(page.body, ">"+changed+"<"))
	assert.Contains(t, page.body, `value="ada@example.com"`)
	assert.NotContains(t, b.get("/settings").body, changed, "a second time")
}

func TestSettingsThatAreNotValid(t *testing.T) {
	_, b := start(t)

	page := b.post("/settings", "name", "<Ada>", "email", "nowhere")
	assert.Equal(t, http.StatusUnprocessableEntity, page.status)
	assert.Contains(t, page.body, "Nothing was saved.")
	assert.Contains(t, page.body, `value="&lt;Ada&gt;"`, "what was entered is still there")
	assert.NotContains(t, b.get("/settings").body, "Nothing was saved.", "a second time")
}

func TestAnswerIsShownOnItsOwnProblem(t *testing.T) {
	_, b := start(t)
	b.staysPut()

	require.Equal(t, http.StatusSeeOther, b.post("/problems/108", "answer", "8").status)
	for _, other := range []string{"/problems/107", "/problems/109", "/settings", "/"} {
		assert.NotContains(t, b.get(other).body, "That is right.", other)
	}
	page := b.get("/problems/108")
	assert.Contains(t, page.body, "That is right.")
	assert.Contains(t, page.body, `<a href="/problems/109">Next problem</a>`)

	b.post("/problems/109", "answer", "404")
	assert.Contains(t, b.get("/problems/109").body, "That is not the answer.")

	assert.Equal(t, http.StatusNotFound, b.get("/problems/110").status)
	assert.Equal(t, http.StatusNotFound, b.post("/problems/110", "answer", "?").status)
}

func TestImportReportsOnItsOwnPage(t *testing.T) {
	app, b := start(t)
	app.imports.takes = 20 * time.Millisecond

	page := b.post("/imports", "contacts", "ada@example.com\r\ngrace@example.com")
	assert.Equal(t, "/imports", page.path)
	assert.Regexp(t, "Your import has started|2 contacts were imported", page.body)

	require.Eventually(t, func() bool {
		assert.NotContains(t, b.get("/settings").body, "imported")
		page = answer{body: page.body + b.get("/imports").body}
		return strings.Contains(page.body, "2 contacts were imported.")
	}, 10*time.Second, time.Millisecond)
	assert.Equal(t, 1, strings.Count(page.body+b.get("/imports").body,
		">2 contacts were imported.<"))
}

func TestImportThatEndsBeforeAnybodyLooks(t *testing.T) {
	app, b := start(t)
	app.imports.takes = 0
	b.staysPut()

	b.post("/imports", "contacts", "ada@example.com")
	app.imports.running.Wait()
	page := b.get("/imports")
	assert.Contains(t, page.body, "1 contact was imported.")
	assert.NotContains(t, page.body, "has started", "the result has replaced it")
}

func TestImportThatRunsTwice(t *testing.T) {
	app, b := startWith(t, flashgin.Config{SessionKey: func(*gin.Context) (string, error) {
		return "Ada's", nil
	}})
	app.imports.takes = 0
	job := importJob{ID: "7", Session: "Ada's", Contacts: []string{"ada@example.com"}}

	app.imports.run(job)
	assert.Contains(t, b.get("/imports").body, "1 contact was imported.")
	app.imports.run(job)
	assert.NotContains(t, b.get("/imports").body, "imported.")
}

func TestImportOfNothing(t *testing.T) {
	_, b := start(t)

	page := b.post("/imports", "contacts", " \n")
	assert.Equal(t, http.StatusUnprocessableEntity, page.status)
	assert.Contains(t, page.body, "There is nothing to import.")
}

func TestLoginAndLogout(t *testing.T) {
	_, b := start(t)

	assert.Contains(t, b.post("/login", "name", " ").body, "Please enter a name.")

	page := b.post("/login", "name", "Ada")
	assert.Equal(t, "/settings", page.path)
	assert.Contains(t, page.body, "Welcome, Ada.")
	assert.Contains(t, page.body, "Log out")
	assert.NotContains(t, b.get("/settings").body, "Welcome")

	page = b.post("/logout")
	assert.Equal(t, "/", page.path)
	assert.Contains(t, page.body, "You are logged out. Goodbye.")
	assert.NotContains(t, page.body, "Log out</button>")
	assert.NotContains(t, b.get("/").body, "You are logged out.")
}

func TestLoginForgetsWhatTheSessionWasToldBefore(t *testing.T) {
	_, planted := start(t)
	planted.staysPut()
	planted.post("/settings", "name", "Mallory", "email", "m@example.com")
	victim := newBrowser(t, planted.url)
	u, err := url.Parse(planted.url)
	require.NoError(t, err)
	victim.client.Jar.SetCookies(u, planted.client.Jar.Cookies(u))
	victim.staysPut()

	victim.post("/login", "name", "Ada")
	assert.NotContains(t, planted.get("/settings").body, "Welcome")
	page := victim.get("/settings")
	assert.Contains(t, page.body, "Welcome, Ada.")
	assert.NotContains(t, page.body, changed)
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	_, b := start(t)
	request, err := http.NewRequest(http.MethodPost, b.url+"/logout", nil)
	require.NoError(t, err)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := b.client.Do(request)
	require.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, http.StatusForbidden, response.StatusCode)
}

func TestPagesWithoutMessagesSetNoCookie(t *testing.T) {
	_, b := start(t)
	for _, path := range []string{"/", "/settings", "/problems/107", "/imports", "/login"} {
		page := b.get(path)
		assert.Equal(t, http.StatusOK, page.status, path)
		assert.NotContains(t, page.body, `id="flash-`, path)
		assert.Contains(t, page.body, "</html>", path)
		assert.Empty(t, page.header.Values("Set-Cookie"), path)
	}
	assert.Contains(t, b.get("/style.css").body, "color-scheme")
	assert.Contains(t, b.get("/_flash/flash.css").body, ".flash__item")
}

// TestRun starts the program as main does, on a free port, and ends it as Ctrl-C does.
func TestRun(t *testing.T) {
	b := newBrowser(t, startProgram(t))
	assert.Contains(t, b.post("/settings", "name", "Ada", "email", "ada@example.com").body, changed)
}

// TestTwoProcesses posts to one process and reads from another. All that they share is the Redis
// server and the secret.
func TestTwoProcesses(t *testing.T) {
	t.Setenv("REDIS_URL", "redis://"+miniredis.RunT(t).Addr())
	t.Setenv("SECRET", "a secret of the test")
	one, other := newBrowser(t, startProgram(t)), newBrowser(t, startProgram(t))
	one.staysPut()
	one.post("/settings", "name", "Ada", "email", "ada@example.com")
	// Cookies do not depend on the port.
	other.client.Jar = one.client.Jar
	assert.Eventually(t, func() bool { // a page does not wait for a store that is slow
		return strings.Contains(other.get("/settings").body, changed)
	}, 30*time.Second, time.Millisecond)
	assert.NotContains(t, one.get("/settings").body, changed)
}

// startProgram returns the address of a program that ends with the test.
func startProgram(t *testing.T) string {
	t.Helper()
	ctx, interrupt := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, "127.0.0.1:0", in)
		in.Close()
	}()
	t.Cleanup(func() {
		interrupt()
		assert.NoError(t, <-ended)
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	url := regexp.MustCompile(`http://\S+`).FindString(line)
	require.NotEmpty(t, url, line)
	return url
}

func TestRunOnAnAddressThatIsTaken(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	require.Error(t, run(t.Context(), strings.TrimPrefix(server.URL, "http://"), io.Discard))
}

// start serves an application of its own for a test, and opens a browser on it.
func start(t *testing.T) (*app, *browser) {
	t.Helper()
	return startWith(t, flashgin.Config{})
}

func startWith(t *testing.T, config flashgin.Config) (*app, *browser) {
	t.Helper()
	config.OnError = func(_ context.Context, err error) { t.Error("reported:", err) }
	app, err := newApp(config, []byte("a secret of the test"))
	require.NoError(t, err)
	server := httptest.NewServer(app.handler)
	t.Cleanup(func() {
		server.Close()
		app.imports.running.Wait()
		require.NoError(t, app.messenger.Close(context.Background()))
	})
	return app, newBrowser(t, server.URL)
}

// browser is a client with a cookie jar, which follows redirects.
type browser struct {
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

func newBrowser(t *testing.T, url string) *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, url: url, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// staysPut makes the browser follow no redirects from here on.
func (b *browser) staysPut() {
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	response, err := b.client.Get(b.url + path)
	require.NoError(b.t, err)
	return b.read(response)
}

// post sends a form; fields is a list of names and values.
func (b *browser) post(path string, fields ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	response, err := b.client.PostForm(b.url+path, form)
	require.NoError(b.t, err)
	return b.read(response)
}

func (b *browser) read(response *http.Response) answer {
	b.t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return answer{response.StatusCode, response.Request.URL.Path, response.Header, string(body)}
}
