package docs_test

import (
	"html/template"
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

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
	"github.com/flashgin/flashgin/internal/doctest"
)

// TestFromSessionsDiff keeps the diff on the page to what the two programs have.
func TestFromSessionsDiff(t *testing.T) {
	page, err := doctest.Open("..", "docs/from-sessions.md")
	require.NoError(t, err)
	diffs := page.Blocks("diff")
	require.Len(t, diffs, 1)
	hunks := regexp.MustCompile(`(?m)^@@ .*\n`).Split(diffs[0].Text, -1)[1:]
	require.NotEmpty(t, hunks)
	for _, hunk := range hunks {
		var before, after strings.Builder
		for line := range strings.Lines(hunk) {
			if line[0] != '+' {
				before.WriteString(line[1:])
			}
			if line[0] != '-' {
				after.WriteString(line[1:])
			}
		}
		assert.Contains(t, program(t, "before"), before.String())
		assert.Contains(t, program(t, "after"), after.String())
	}
}

func program(t *testing.T, name string) string {
	t.Helper()
	source, err := os.ReadFile("from-sessions/" + name + "/main.go")
	require.NoError(t, err)
	return string(source)
}

const (
	saved    = `<p class="notice">Your profile was saved.</p>`
	nameless = `<p class="error">A profile needs a name.</p>`
)

// TestFromSessions runs both programs. What the page says of each is what happens.
func TestFromSessions(t *testing.T) {
	for _, version := range []struct {
		name      string
		elsewhere []string // what the page of another tab shows of a message that is not for it
		overlap   []string // what is shown after two posts at once
	}{
		{"before", []string{saved}, []string{saved}},
		{"after", nil, []string{saved, saved}},
	} {
		t.Run(version.name, func(t *testing.T) {
			b := newBrowser(t, "http://"+doctest.Run(t, program(t, version.name), "127.0.0.1:8080"))

			b.post("/profile", "name", "Ada")
			assert.Equal(t, []string{saved}, b.shown("/profile"), "after the redirect")
			assert.Empty(t, b.shown("/profile"), "a second time")
			assert.Equal(t, []string{nameless}, messagesIn(b.post("/profile", "name", " ")),
				"in the answer itself")
			assert.Empty(t, b.shown("/profile"))

			b.post("/profile", "name", "Ada")
			assert.Equal(t, version.elsewhere, b.shown("/orders"), "in another tab")
			b.shown("/profile")

			b.together("/profile", "name", "Ada")
			assert.Equal(t, version.overlap, b.shown("/profile"), "two posts at once")
		})
	}
}

// browser is a client with cookies that follows no redirects.
type browser struct {
	t      *testing.T
	client *http.Client
	url    *url.URL
}

func newBrowser(t *testing.T, address string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t, &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: stay}, u}
}

func (b *browser) shown(path string) []string {
	b.t.Helper()
	response, err := b.client.Get(b.url.String() + path)
	require.NoError(b.t, err)
	return messagesIn(b.read(response))
}

func (b *browser) post(path string, form ...string) string {
	b.t.Helper()
	response, err := b.client.PostForm(b.url.String()+path, values(form))
	require.NoError(b.t, err)
	return b.read(response)
}

// together posts a form twice, both times with the cookies that the browser has now, and keeps
// those of both answers.
func (b *browser) together(path string, form ...string) {
	b.t.Helper()
	before := b.client.Jar.Cookies(b.url)
	for range 2 {
		jar, err := cookiejar.New(nil)
		require.NoError(b.t, err)
		jar.SetCookies(b.url, before)
		alone := *b.client
		alone.Jar = jar
		response, err := alone.PostForm(b.url.String()+path, values(form))
		require.NoError(b.t, err)
		b.read(response)
		b.client.Jar.SetCookies(b.url, response.Cookies())
	}
}

func (b *browser) read(response *http.Response) string {
	b.t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return string(body)
}

func values(form []string) url.Values {
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	return values
}

func messagesIn(page string) []string {
	return regexp.MustCompile(`<p class="\w+">[^<]*</p>`).FindAllString(page, -1)
}

// TestFromSessionsSideBySide uses both in one session, one request and one page.
func TestFromSessionsSideBySide(t *testing.T) {
	messages, err := flashgin.New(flashgin.Config{})
	require.NoError(t, err)
	router := gin.New(messages.Install)
	router.SetHTMLTemplate(template.Must(template.New("page").Funcs(router.FuncMap).Parse(
		`{{range .}}<p class="old">{{.}}</p>{{end}}{{range flashes}}<p class="new">{{.Text}}</p>{{end}}`)))
	cookies := cookie.NewStore([]byte("a secret of thirty-two bytes ...")) // not a secret: a test's
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true})
	router.Use(sessions.Sessions("id", cookies))
	router.POST("/page", func(c *gin.Context) {
		session := sessions.Default(c)
		session.AddFlash("before")
		assert.NoError(t, session.Save())
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("after")))
		c.Redirect(http.StatusSeeOther, "/page")
	})
	router.GET("/page", func(c *gin.Context) {
		session := sessions.Default(c)
		old := session.Flashes()
		assert.NoError(t, session.Save())
		c.HTML(http.StatusOK, "page", old)
	})
	server := httptest.NewServer(router)
	defer server.Close()

	b := newBrowser(t, server.URL)
	for range 2 {
		b.post("/page")
		assert.Equal(t, []string{`<p class="old">before</p>`, `<p class="new">after</p>`},
			b.shown("/page"))
		assert.Empty(t, b.shown("/page"))
	}
}

// Saving a session on each page made it slide. Without flashes in it, the two lines of the page do.
func TestSlidingSessions(t *testing.T) {
	flashes := func(c *gin.Context) {
		session := sessions.Default(c)
		session.Flashes()
		assert.NoError(t, session.Save())
	}
	sliding := func(c *gin.Context) {
		if session := sessions.Default(c); session.Get("user") != nil {
			session.Set("seen", time.Now().Unix())
			assert.NoError(t, session.Save())
		}
	}
	for name, test := range map[string]struct {
		onEachPage gin.HandlerFunc
		slides     bool
	}{
		"before":          {flashes, true},
		"after":           {func(*gin.Context) {}, false},
		"with both lines": {sliding, true},
	} {
		t.Run(name, func(t *testing.T) {
			messages, err := flashgin.New(flashgin.Config{})
			require.NoError(t, err)
			router := gin.New(messages.Install)
			// not a secret: a test's
			cookies := cookie.NewStore([]byte("a secret of thirty-two bytes ..."))
			cookies.Options(sessions.Options{Path: "/", MaxAge: 3600})
			router.Use(sessions.Sessions("id", cookies), test.onEachPage)
			router.SetHTMLTemplate(template.Must(
				template.New("page").Funcs(router.FuncMap).Parse(`{{flashes}}`)))
			router.POST("/login", func(c *gin.Context) {
				session := sessions.Default(c)
				session.Set("user", "ada")
				assert.NoError(t, session.Save())
			})
			router.GET("/page", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
			server := httptest.NewServer(router)
			defer server.Close()
			b := newBrowser(t, server.URL)
			b.post("/login")
			response, err := b.client.Get(server.URL + "/page")
			require.NoError(t, err)
			b.read(response)
			assert.Equal(t, test.slides, len(response.Cookies()) > 0)
		})
	}
	page, err := doctest.Open("..", "docs/from-sessions.md")
	require.NoError(t, err)
	assert.Contains(t, page.Blocks("go")[0].Text, `session.Set("seen", time.Now().Unix())`)
}

// Without a Referer, net/http redirects to the folder of the current path. The message waits there.
func TestRedirectToAnEmptyReferer(t *testing.T) {
	store := new(flashtest.Store)
	messages, err := flashgin.New(flashgin.Config{
		Store: store, SessionKey: func(*gin.Context) (string, error) { return "the test's", nil },
	})
	require.NoError(t, err)
	router := gin.New(messages.Install)
	router.POST("/settings/save", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("saved")))
		c.Redirect(http.StatusSeeOther, c.Request.Referer())
	})
	answer := httptest.NewRecorder()
	router.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/settings/save", nil))
	assert.Equal(t, "/settings/", answer.Header().Get("Location"))
	flashtest.Equal(t, store.Waiting("/settings"), flashgin.Info("saved"))
}
