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

// TestFlashesInAComment shows what docs/trouble.md says: comments of HTML do not keep a template
// from taking messages, those of templates do.
func TestFlashesInAComment(t *testing.T) {
	one := flashgin.Info("one")
	for _, test := range []struct {
		page    string
		waiting []flashgin.Message
	}{
		{"page<!-- {{flashes}} -->", nil},
		{"page{{/* {{flashes}} */}}", []flashgin.Message{one}},
	} {
		store := new(flashtest.Store)
		messages, err := flashgin.New(flashgin.Config{
			Store:      store,
			SessionKey: func(*gin.Context) (string, error) { return "the test's", nil },
		})
		require.NoError(t, err)
		router := gin.New(messages.Install)
		router.SetHTMLTemplate(template.Must(
			template.New("page").Funcs(router.FuncMap).Parse(test.page)))
		router.GET("/page", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
		require.NoError(t, messages.Add(t.Context(), "the test's", one.At("/page")))
		answer := httptest.NewRecorder()
		router.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/page", nil))
		assert.Equal(t, "page", answer.Body.String())
		flashtest.Equal(t, store.Waiting(), test.waiting...)
	}
}
