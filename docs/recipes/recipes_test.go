package recipes_test

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/docs/recipes"
	"github.com/flashgin/flashgin/internal/doctest"
	"github.com/flashgin/flashgin/storetest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

// TestPage keeps the declarations on the page equal to those that are tested here.
func TestPage(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		source.Write(text)
	}
	for _, path := range []string{
		"docs/recipes.md", "docs/look.md", "docs/testing.md",
	} {
		page, err := doctest.Open("../..", path)
		require.NoError(t, err)
		declarations := 0
		for _, block := range page.Blocks("go") {
			text := "\n" + block.Text
			if strings.Contains(text, "\nfunc ") || strings.Contains(text, "\ntype ") {
				declarations++
				assert.Contains(t, source.String(), block.Text)
			}
		}
		assert.Positive(t, declarations, path)
	}
}

// visitor is somebody with cookies.
type visitor struct {
	http.Handler
	cookies map[string]*http.Cookie
}

func (v *visitor) do(method, path string) string {
	request := httptest.NewRequest(method, path, nil)
	for _, cookie := range v.cookies {
		request.AddCookie(cookie)
	}
	recorder := httptest.NewRecorder()
	v.ServeHTTP(recorder, request)
	for _, cookie := range recorder.Result().Cookies() {
		v.cookies[cookie.Name] = cookie
	}
	return strings.TrimSpace(recorder.Body.String())
}

// newSite returns an application whose template "page" is given, and a visitor.
func newSite(
	t *testing.T, cfg flashgin.Config, page string,
) (*gin.Engine, *flashgin.Messenger, *visitor) {
	t.Helper()
	messages, err := flashgin.New(cfg)
	require.NoError(t, err)
	router := gin.New(messages.Install)
	router.SetHTMLTemplate(template.Must(template.New("page").Funcs(router.FuncMap).Parse(page)))
	cookies := cookie.NewStore([]byte("a secret of thirty-two bytes ...")) // not a secret: a test's
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true})
	router.Use(sessions.Sessions("id", cookies))
	return router, messages, &visitor{router, map[string]*http.Cookie{}}
}

func show(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }

func TestMarkdown(t *testing.T) {
	router, _, v := newSite(t, flashgin.Config{}, `{{range flashes}}{{or .HTML .Text}}{{end}}`)
	router.GET("/", show)
	router.POST("/", func(c *gin.Context) {
		assert.NoError(t, flashgin.RedirectFlash(c, "/",
			recipes.Markdown(flashgin.Success("**Saved** as [report 7](/reports/7)."))))
	})
	v.do(http.MethodPost, "/")
	assert.Equal(t, `<p><strong>Saved</strong> as <a href="/reports/7">report 7</a>.</p>`,
		v.do(http.MethodGet, "/"))

	for _, hostile := range []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
		"[x](java\nscript:alert(1))", "![x](javascript:alert(1))", "<javascript:alert(1)>",
		"[x]: javascript:alert(1)\n\n[x]", `[x](/ "\" onclick=alert(1)")`,
		"[x](data:text/html;base64,PHNjcmlwdD4=)",
	} {
		made := string(recipes.Markdown(flashgin.Info(hostile)).HTML)
		for _, bad := range []string{
			"<script", "<img src=x", `="javascript:`, `" onclick`, `="data:text`,
		} {
			assert.NotContains(t, made, bad, hostile)
		}
	}
}

func TestUnread(t *testing.T) {
	router, messages, v := newSite(t, flashgin.Config{}, `{{range flashes}}{{.Text}}{{end}}`)
	router.GET("/inbox", show)
	router.GET("/", func(c *gin.Context) {
		c.String(http.StatusOK, fmt.Sprint(recipes.Unread(c, messages, "/inbox")))
	})
	router.POST("/", func(c *gin.Context) {
		assert.NoError(t, flashgin.RedirectFlash(c, "/inbox", flashgin.Info("new")))
	})
	assert.Equal(t, "0", v.do(http.MethodGet, "/"))
	v.do(http.MethodPost, "/")
	assert.Equal(t, "1", v.do(http.MethodGet, "/"))
	assert.Equal(t, "1", v.do(http.MethodGet, "/"), "a second time")
	assert.Equal(t, "new", v.do(http.MethodGet, "/inbox"))
	assert.Equal(t, "0", v.do(http.MethodGet, "/"))
}

func TestBadgeOfThisPage(t *testing.T) {
	page, err := doctest.Open("../..", "docs/recipes.md")
	require.NoError(t, err)
	var badge string
	for _, block := range page.Blocks("html") {
		if block.Heading == "A badge" {
			badge = block.Text
		}
	}
	router, _, v := newSite(t, flashgin.Config{}, badge)
	router.GET("/", show)
	router.POST("/", func(c *gin.Context) {
		assert.NoError(t, flashgin.RedirectFlash(c, "/", flashgin.Info("a"), flashgin.Info("b")))
	})
	assert.Empty(t, v.do(http.MethodGet, "/"))
	v.do(http.MethodPost, "/")
	for range 2 {
		assert.Contains(t, v.do(http.MethodGet, "/"), ">2<")
	}
}

// Two applications on one Redis know nothing of each other, although the key is the same; two
// processes of one application share what waits.
func TestSeveralApps(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	defer client.Close()
	open := func(app string) *flashgin.Messenger {
		store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: app})
		require.NoError(t, err)
		messages, err := flashgin.New(flashgin.Config{Store: store})
		require.NoError(t, err)
		return messages
	}
	require.NoError(t, open("orders").Add(t.Context(), "key", flashgin.Info("for orders").At("/")))
	for app, want := range map[string]int{"support": 0, "orders": 1} {
		waiting, err := open(app).Peek(t.Context(), "key", "/")
		require.NoError(t, err)
		assert.Len(t, waiting, want, app)
	}
	for _, key := range client.Keys(t.Context(), "*").Val() {
		assert.True(t, strings.HasPrefix(key, "flash:orders:"), key)
	}
}

func TestTenants(t *testing.T) {
	t.Run("the contract", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T, ttl time.Duration, cap int) flashgin.Store {
			return recipes.Tenants{Others: &flashgin.MemoryStore{TTL: ttl, Cap: cap}}
		})
	})
	acme, globex := &flashgin.MemoryStore{Cap: 1}, new(flashgin.MemoryStore)
	var reported []error
	router, messages, v := newSite(t, flashgin.Config{
		Store: recipes.Tenants{
			Of:     map[string]flashgin.Store{"acme": acme, "globex": globex},
			Others: new(flashgin.MemoryStore),
		},
		SessionKey: recipes.TenantKey,
		OnError:    func(_ context.Context, err error) { reported = append(reported, err) },
	}, `{{range flashes}}[{{.Text}}]{{end}}`)
	router.POST("/login", func(c *gin.Context) {
		session := sessions.Default(c)
		session.Set("user", "ada")
		assert.NoError(t, session.Save())
	})
	router.GET("/:tenant/orders", show)
	assert.Empty(t, v.do(http.MethodGet, "/acme/orders"), "nobody")
	v.do(http.MethodPost, "/login")

	require.NoError(t, messages.Add(t.Context(), "acme/ada",
		flashgin.Info("shipped").At("/:tenant/orders")))
	waiting, err := acme.Peek(t.Context(), "acme/ada", []string{"/:tenant/orders"})
	require.NoError(t, err)
	assert.Len(t, waiting, 1, "in the store of its tenant")
	assert.Empty(t, v.do(http.MethodGet, "/globex/orders"))
	assert.Empty(t, v.do(http.MethodGet, "/nobody/orders"))
	assert.Equal(t, "[shipped]", v.do(http.MethodGet, "/acme/orders"))

	require.NoError(t, messages.Add(t.Context(), "acme/ada", flashgin.Info("1").At("/a"),
		flashgin.Info("2").At("/a")))
	assert.Len(t, reported, 1, "one too many for the cap of the store")
}

// The words of the markup are in the language that the browser likes best.
func TestLabels(t *testing.T) {
	for header, want := range map[string]string{
		"":                              "Close",
		"de":                            "Meldung schließen",
		"de-CH, de;q=0.9, en;q=0.8":     "Meldung schließen",
		"en-US, en;q=0.9, de;q=0.8":     "Close",
		"fr, de;q=0.5":                  "Meldung schließen",
		"fr":                            "Close",
		"*":                             "Close",
		"de;q=x, ;;":                    "Close",
		strings.Repeat("de-CH, ", 2000): "Close",
	} {
		messages, err := flashgin.New(flashgin.Config{
			SessionKey: func(*gin.Context) (string, error) { return "the test's", nil },
			Labels:     recipes.Labels,
		})
		require.NoError(t, err)
		router := gin.New(messages.Install)
		router.SetHTMLTemplate(template.Must(
			template.New("page").Funcs(router.FuncMap).Parse(`{{flashes}}`)))
		router.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
		require.NoError(t, messages.Add(t.Context(), "the test's", flashgin.Info("one").At("/")))
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Accept-Language", header)
		answer := httptest.NewRecorder()
		router.ServeHTTP(answer, request)
		assert.Contains(t, answer.Body.String(), want, "%.40s", header)
	}
}

// The text of a job's message is in the language of whoever is shown it, with its plural.
func TestTranslate(t *testing.T) {
	recipes.AddTexts()
	router, messages, _ := newSite(t, flashgin.Config{
		SessionKey: func(*gin.Context) (string, error) { return "the test's", nil },
		Translate:  recipes.Translate,
	}, `{{range flashes}}{{.Text}}{{end}}`)
	router.GET("/", show)
	for _, test := range []struct{ language, count, want string }{
		{"de-CH, de;q=0.9", "1", "1 Kontakt wurde importiert."},
		{"de", "312", "312 Kontakte wurden importiert."},
		{"en", "1", "1 contact was imported."},
		{"", "312", "312 contacts were imported."},
		{"fr", "312", "312 contacts were imported."},
	} {
		require.NoError(t, messages.Add(t.Context(), "the test's", flashgin.Message{
			View: "/", Text: "Contacts were imported.",
			Data: map[string]string{"text": "imported", "count": test.count},
		}))
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Accept-Language", test.language)
		answer := httptest.NewRecorder()
		router.ServeHTTP(answer, request)
		assert.Equal(t, test.want, answer.Body.String(), test.language)
	}
	for _, data := range []map[string]string{
		nil, {"text": "unknown"}, {"text": "imported", "count": "many"},
	} {
		m := flashgin.Message{Text: "Contacts were imported.", Data: data}
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
		assert.Equal(t, m, recipes.Translate(c, m))
	}
}

// All devices of a user are told, and all who look at a page.
func TestGroups(t *testing.T) {
	groups := new(recipes.Groups)
	router, messages, one := newSite(t, flashgin.Config{}, `{{range flashes}}[{{.Text}}]{{end}}`)
	router.GET("/prices", func(c *gin.Context) {
		key, err := messages.SessionKey(c)
		assert.NoError(t, err)
		groups.Join("/prices", key)
		show(c)
	})
	router.GET("/other", show)
	two, other := &visitor{router, map[string]*http.Cookie{}},
		&visitor{router, map[string]*http.Cookie{}}
	for range 2 {
		one.do(http.MethodGet, "/prices")
		two.do(http.MethodGet, "/prices")
	}
	other.do(http.MethodGet, "/other")
	m := flashgin.Info("Prices have changed.").At("/prices")
	require.NoError(t, groups.Tell(t.Context(), messages, "/prices", m))
	for _, v := range []*visitor{one, two} {
		assert.Equal(t, "[Prices have changed.]", v.do(http.MethodGet, "/prices"))
		assert.Empty(t, v.do(http.MethodGet, "/prices"))
	}
	assert.Empty(t, other.do(http.MethodGet, "/prices"))
}

// A notice is on each page, and on none after it was closed.
func TestNotice(t *testing.T) {
	router, _, v := newSite(t, flashgin.Config{}, `{{range flashes}}[{{.Text}}]{{end}}`)
	terms := func(c *gin.Context) {
		recipes.Notice(c, "terms", flashgin.Info("Our terms have changed."))
		show(c)
	}
	router.GET("/a", terms)
	router.GET("/b", terms)
	router.POST("/notices/:name/closed", recipes.CloseNotice)
	for _, path := range []string{"/a", "/a", "/b"} {
		assert.Equal(t, "[Our terms have changed.]", v.do(http.MethodGet, path))
	}
	v.do(http.MethodPost, "/notices/terms/closed")
	assert.Empty(t, v.do(http.MethodGet, "/a"))
	assert.Empty(t, v.do(http.MethodGet, "/b"))
}
