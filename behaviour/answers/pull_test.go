package answers_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// pullable is an application in which messages wait for a page that was loaded ahead of time.
func pullable(t *testing.T, cfg flashgin.Config) (*apptest.App, *apptest.Visitor) {
	a := apptest.NewMounted(t, cfg)
	a.GET("/problems/:id", apptest.Page)
	a.GET("/slow", apptest.Page)
	a.POST("/add", apptest.Add(t, apptest.Status(http.StatusNoContent),
		flashgin.Info("path").At("/problems/108"), flashgin.Info("route").At("/problems/:id"),
		flashgin.Info("anywhere").At(flashgin.Anywhere),
		flashgin.Message{HTML: "<b>HTML</b>", View: "/problems/108"},
		flashgin.Message{HTML: "<b>HTML</b>", Title: "Title", View: "/problems/108"},
		flashgin.Info("another path").At("/problems/107")))
	v := a.Visitor()
	v.Post("/add")
	return a, v
}

var pullPath = regexp.MustCompile(` data-pull="([^"]*)"`)

// pulled asks for messages as the script does.
func pulled(t *testing.T, v *apptest.Visitor, path string) []string {
	t.Helper()
	return pulledBy(t, v.Do(http.MethodGet, path, "X-Get-Flash", "1",
		"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "empty"))
}

// pulledBy returns the titles and texts that the script gets.
func pulledBy(t *testing.T, answer *httptest.ResponseRecorder) (texts []string) {
	t.Helper()
	require.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
	assert.Equal(t, "application/json; charset=utf-8", answer.Header().Get("Content-Type"))
	var body struct{ Messages []flashgin.Message }
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &body))
	require.NotNil(t, body.Messages, answer.Body.String())
	for _, m := range body.Messages {
		texts = append(texts, m.Title+m.Text)
	}
	return texts
}

func TestPageLoadedAheadSaysWhereItsMessagesAre(t *testing.T) {
	for _, prefix := range []string{"", "/app"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			_, v := pullable(t, flashgin.Config{Prefix: prefix})
			ahead := v.Get("/problems/108", "Sec-Purpose", "prefetch;prerender")
			found := pullPath.FindStringSubmatch(ahead)
			require.NotNil(t, found, ahead)
			address := strings.ReplaceAll(found[1], "&amp;", "&")
			at, ok := strings.CutPrefix(address, prefix)
			require.True(t, ok, address)
			assert.Equal(t, []string{"path", "route", "anywhere", "Title"}, pulled(t, v, at))
			assert.Empty(t, pulled(t, v, at), "once")
			assert.Contains(t, v.Get("/problems/107"), "another path")
			rest, _, _ := strings.Cut(v.Get("/problems/108"), "<template>")
			assert.Contains(t, rest, "<b>HTML</b>", "what scripts cannot show waits")
			assert.NotContains(t, rest, "Title")
			assert.NotContains(t, rest, "data-pull")
		})
	}
	t.Run("without Mount", func(t *testing.T) {
		a := apptest.NewApp(t, flashgin.Config{})
		a.Template("page", `{{flashes}}`)
		a.GET("/", apptest.Page)
		assert.NotContains(t, a.Visitor().Get("/", "Sec-Purpose", "prefetch"), "data-pull")
	})
}

// Other sites and links get nothing, and nobody gets what he has not named. All of it keeps
// waiting.
func TestPullIsRefused(t *testing.T) {
	from := func(site string) []string {
		return []string{"X-Get-Flash", "1", "Sec-Fetch-Site", site}
	}
	for _, test := range []struct {
		name, query string
		header      []string
		want        int
		texts       []string
	}{
		{"another site", "?view=/problems/108", from("cross-site"), http.StatusForbidden, nil},
		{"another host of the site", "?view=/problems/108", from("same-site"),
			http.StatusForbidden, nil},
		{"the address bar", "?view=/problems/108", from("none"), http.StatusForbidden, nil},
		{"another origin, by an old browser", "?view=/problems/108",
			[]string{"X-Get-Flash", "1", "Origin", "https://evil.example"},
			http.StatusForbidden, nil},
		{"a sandbox, by an old browser", "?view=/problems/108",
			[]string{"X-Get-Flash", "1", "Origin", "null"}, http.StatusForbidden, nil},
		{"a link, an image", "?view=/problems/108", []string{"Sec-Fetch-Site", "same-origin"},
			http.StatusForbidden, nil},
		{"no view", "", from("same-origin"), http.StatusBadRequest, nil},
		{"too many views", "?view=/problems/108" + strings.Repeat("&view=x", 16),
			from("same-origin"), http.StatusBadRequest, nil},
		{"ahead of time", "?view=/problems/108",
			append(from("same-origin"), "Sec-Purpose", "prefetch;prerender"), http.StatusOK, nil},
		{"another page, by an old browser", "?view=/problems/107", []string{"X-Get-Flash", "1"},
			http.StatusOK, []string{"another path"}},
		{"a long view", "?view=/" + strings.Repeat("x", 10_000), from("same-origin"),
			http.StatusOK, nil},
		{"an empty view", "?view=", from("same-origin"), http.StatusOK, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, v := pullable(t, flashgin.Config{})
			answer := v.Do(http.MethodGet, "/_flash/messages"+test.query, test.header...)
			require.Equal(t, test.want, answer.Code)
			assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
			assert.Empty(t, answer.Header().Get("Flash-Messages"))
			if test.want == http.StatusOK {
				assert.Equal(t, test.texts, pulledBy(t, answer))
			} else {
				assert.Empty(t, answer.Body.String())
			}
			assert.Contains(t, v.Get("/problems/108"), ">path<", "still there")
		})
	}
}

// Who names a view reaches what waits there for his own session.
func TestPullOfAnotherSession(t *testing.T) {
	a, _ := pullable(t, flashgin.Config{})
	stranger := a.Visitor()
	assert.Empty(t, pulled(t, stranger, "/_flash/messages?view=/problems/108&view=*"))
	assert.Empty(t, stranger.Jar, "asking makes no session")
}

// Without Install there are no messages to ask for, which the log says. The files are served.
func TestPullWithoutInstall(t *testing.T) {
	log := new(apptest.LockedBuffer)
	messenger, err := flashgin.New(flashgin.Config{Logger: apptest.LogTo(log)})
	require.NoError(t, err)
	engine := gin.New()
	messenger.Mount(engine)
	assert.Equal(t, http.StatusNotFound, apptest.NewVisitor(t, engine).
		Do(http.MethodGet, "/_flash/messages?view=/", "X-Get-Flash", "1").Code)
	assert.Contains(t, log.String(), "Install")
	assert.Equal(t, http.StatusOK,
		apptest.NewVisitor(t, engine).Do(http.MethodGet, "/_flash/flash.js").Code)
}

// Who names views gets what waits there, and not what any other answer would take along.
func TestPullTakesNothingElse(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.Leave(flashgin.Info("on screen").At("/orders/5"), flashgin.Info("anywhere"),
		flashgin.Info("named").At("/other"))
	for _, test := range []struct {
		view string
		want []string
	}{
		{"/none", nil},
		{"/other", []string{"named"}},
	} {
		answer := a.Visit("GET", "/_flash/messages?view="+test.view,
			apptest.Asks("Sec-Fetch-Site", "same-origin")...)
		assert.Empty(t, answer.Header().Get("Flash-Messages"))
		assert.Equal(t, test.want, pulledBy(t, answer), test.view)
	}
	unnamed := a.Visit("GET", "/_flash/messages", apptest.Asks("Sec-Fetch-Site", "same-origin")...)
	assert.Equal(t, http.StatusBadRequest, unnamed.Code)
	assert.Empty(t, unnamed.Header().Get("Flash-Messages"))
	assert.Equal(t, "[on screen][anywhere]", a.Left("/orders/5", "/other"))
}

// What the request adds before the handler of these messages, as middleware may, comes with them.
func TestPullWithMessagesOfItsOwn(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{SessionKey: apptest.UserOf})
	a.Messenger.Mount(a.Group("", apptest.Add(t, func(*gin.Context) {}, flashgin.Info("own"),
		flashgin.Info("elsewhere").At("/other"))))
	assert.Equal(t, []string{"own"},
		pulledBy(t, a.Visit("GET", "/_flash/messages?view=/orders/5", "X-Get-Flash", "1")))
	assert.Equal(t, "[elsewhere]", a.Left("/other", "/_flash/messages"))
}
