package pages_test

import (
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

var (
	german = flashgin.Labels{
		Region: "Meldungen", Close: "Schließen",
		Info: "Hinweis", Success: "Erfolg", Warning: "Warnung", Error: "Fehler",
	}
	arabic = flashgin.Labels{
		Region: "الرسائل", Close: "إغلاق",
		Info: "معلومة", Success: "تم بنجاح", Warning: "تحذير", Error: "خطأ",
	}
)

// Each word of the markup is the application's, or else English.
func TestLabels(t *testing.T) {
	english := flashgin.Labels{
		Region: "Messages", Close: "Close message",
		Info: "Info", Success: "Success", Warning: "Warning", Error: "Error",
	}
	for _, test := range []struct {
		name   string
		labels func(*gin.Context) flashgin.Labels
		want   flashgin.Labels
	}{
		{"nil is English", nil, english},
		{"empty words are English", func(*gin.Context) flashgin.Labels { return flashgin.Labels{} },
			english},
		{"some", func(*gin.Context) flashgin.Labels { return flashgin.Labels{Close: "Dismiss"} },
			flashgin.Labels{Region: "Messages", Close: "Dismiss",
				Info: "Info", Success: "Success", Warning: "Warning", Error: "Error"}},
		{"German", func(*gin.Context) flashgin.Labels { return german }, german},
		{"Arabic", func(*gin.Context) flashgin.Labels { return arabic }, arabic},
		{"hostile", func(*gin.Context) flashgin.Labels { return flashgin.Labels{Region: `"><b>`} },
			flashgin.Labels{Region: `&#34;&gt;&lt;b&gt;`, Close: "Close message",
				Info: "Info", Success: "Success", Warning: "Warning", Error: "Error"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewMounted(t, flashgin.Config{Labels: test.labels})
			a.GET("/one", apptest.Add(t, apptest.Page, flashgin.Info("i"), flashgin.Success("s"),
				flashgin.Warning("w"), flashgin.Error("e"),
				flashgin.Message{Status: "odd", Text: "o"}))
			a.GET("/none", apptest.Page)
			got := a.Visitor().Get("/one")
			assert.Contains(t, got, `role="region" aria-label="`+test.want.Region+`"`)
			for _, word := range []string{
				test.want.Info, test.want.Success, test.want.Warning, test.want.Error, "odd",
			} {
				assert.Contains(t, got, `<span class="flash__status">`+word+`</span>`)
			}
			assert.Contains(t, got, `aria-label="`+test.want.Close+`"`)
			empty := a.Visitor().Get("/none")
			assert.Contains(t, empty, `data-label="`+test.want.Region+`"`)
			assert.Contains(t, empty, `aria-label="`+test.want.Close+`"`,
				"what the script starts from")
			assert.NotContains(t, empty, `role="region"`)
		})
	}
}

// Pages without messages are rendered once for all; once for each language, that is.
func TestLabelsOfTheRequest(t *testing.T) {
	a := apptest.NewMounted(t, flashgin.Config{Labels: func(c *gin.Context) flashgin.Labels {
		if c.GetHeader("Accept-Language") == "de" {
			return german
		}
		return flashgin.Labels{}
	}})
	a.GET("/", apptest.Page)
	v := a.Visitor()
	for range 2 {
		german, english := v.Get("/", "Accept-Language", "de"), v.Get("/")
		assert.Contains(t, german, `data-label="Meldungen"`)
		assert.NotContains(t, german, `data-label="Messages"`)
		assert.Contains(t, english, `data-label="Messages"`)
		assert.NotContains(t, english, `data-label="Meldungen"`)
	}
}

// The button that closes a message does not repeat the message, which readers have said already.
func TestCloseButtonNames(t *testing.T) {
	a := apptest.NewMounted(t, flashgin.Config{})
	a.GET("/", apptest.Add(t, apptest.Page, flashgin.Message{Title: "Saved", Text: "All of it."}))
	assert.Contains(t, a.Visitor().Get("/"), `aria-label="Close message"`)
}
