package docs_test

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
)

func init() { gin.SetMode(gin.TestMode) }

// TestFromOthers does what docs/from-others.md says of the idioms of other frameworks.
func TestFromOthers(t *testing.T) {
	one, two := flashgin.Info("one"), flashgin.Error("two")
	open := func(
		t *testing.T, page string, handler gin.HandlerFunc,
	) (func(...flashgin.Message) string, *flashtest.Store, *flashgin.Messenger) {
		t.Helper()
		store := new(flashtest.Store)
		messages, err := flashgin.New(flashgin.Config{
			Store:      store,
			SessionKey: func(*gin.Context) (string, error) { return "the test's", nil },
		})
		require.NoError(t, err)
		router := gin.New(messages.Install)
		router.SetHTMLTemplate(template.Must(
			template.New("page").Funcs(router.FuncMap).Parse(page)))
		router.GET("/page", handler)
		router.GET("/next", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
		get := func(waiting ...flashgin.Message) string {
			for _, m := range waiting {
				require.NoError(t, messages.Add(t.Context(), "the test's", m.At("/page")))
			}
			answer := httptest.NewRecorder()
			router.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/page", nil))
			return answer.Body.String()
		}
		return get, store, messages
	}
	const page = `{{range flashes}}[{{.Text}}]{{end}}`
	show := func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }

	t.Run("now", func(t *testing.T) {
		get, store, _ := open(t, page, func(c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c, one))
			show(c)
		})
		assert.Equal(t, "[one]", get())
		assert.Equal(t, "[one]", get(), "the second request's own")
		flashtest.Equal(t, store.Waiting())
	})
	t.Run("the answer leads on", func(t *testing.T) {
		get, store, _ := open(t, page, func(c *gin.Context) {
			assert.NoError(t, flashgin.RedirectFlash(c, "/next", one))
		})
		get()
		flashtest.Equal(t, store.Waiting("/next"), one)
	})
	t.Run("extra_tags", func(t *testing.T) {
		get, _, _ := open(t, `{{range flashes}}{{.Data.class}}{{end}}`, show)
		assert.Equal(t, "sticky",
			get(flashgin.Message{Text: "one", Data: map[string]string{"class": "sticky"}}))
	})
	t.Run("asking twice", func(t *testing.T) {
		get, _, _ := open(t, page+"|"+page, func(c *gin.Context) {
			assert.Len(t, flashgin.Flashes(c), 1)
			assert.NoError(t, flashgin.AddFlash(c, two))
			show(c)
		})
		assert.Equal(t, "[one][two]|[one][two]", get(one))
	})
	t.Run("filter", func(t *testing.T) {
		get, store, _ := open(t, `{{range flashes "error"}}[{{.Text}}]{{end}}`, show)
		assert.Equal(t, "[two]", get(one, two))
		flashtest.Equal(t, store.Waiting("/page"), one)
	})
	t.Run("keep", func(t *testing.T) {
		var messages *flashgin.Messenger
		keep := true
		get, _, messages := open(t, page, func(c *gin.Context) {
			if session, err := messages.SessionKey(c); keep && assert.NoError(t, err) {
				assert.NoError(t, messages.Add(c.Request.Context(), session,
					flashgin.Flashes(c)...))
			}
			show(c)
		})
		assert.Equal(t, "[one]", get(one))
		keep = false
		assert.Equal(t, "[one]", get(), "once more")
		assert.Empty(t, get())
	})
	t.Run("discard", func(t *testing.T) {
		answer := func(c *gin.Context) { c.String(http.StatusOK, "something else") }
		get, store, messages := open(t, page, func(c *gin.Context) {
			flashgin.Flashes(c)
			answer(c)
		})
		assert.Equal(t, "something else", get(one, two))
		flashtest.Equal(t, store.Waiting())
		for _, code := range []int{
			http.StatusOK, http.StatusSeeOther, http.StatusInternalServerError,
		} {
			answer = func(c *gin.Context) { c.Status(code) }
			get(one)
			flashtest.Equal(t, store.Waiting("/page"), one)
			_, err := messages.Take(t.Context(), "the test's", "/page")
			require.NoError(t, err)
			flashtest.Equal(t, store.Waiting())
		}
		require.NoError(t, messages.Add(t.Context(), "the test's",
			flashgin.Message{View: "/page", Text: "50 %", Key: "import"}))
		require.NoError(t, messages.Withdraw(t.Context(), "the test's", "/page", "import"))
		flashtest.Equal(t, store.Waiting())
	})
	t.Run("peek", func(t *testing.T) {
		get, store, _ := open(t, `{{range peekFlashes}}[{{.Text}}]{{end}}`, show)
		assert.Equal(t, "[one]", get(one))
		assert.Equal(t, "[one]", get())
		flashtest.Equal(t, store.Waiting("/page"), one)
	})
	t.Run("fail_silently", func(t *testing.T) {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodGet, "/page", nil)
		assert.ErrorIs(t, flashgin.AddFlash(c, one), flashgin.ErrNotInstalled)
	})
	t.Run("replace", func(t *testing.T) {
		get, _, _ := open(t, page, show)
		assert.Equal(t, "[one][one]", get(one, one))
		half, done := flashgin.Info("50 %"), flashgin.Info("done")
		half.Key, done.Key = "import", "import"
		assert.Equal(t, "[done]", get(half, done))
	})
}
