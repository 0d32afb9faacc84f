package live_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// The page that a request leads to shows what the request added, and not the page that is being
// left.
func TestStreamLeavesPostRedirectGet(t *testing.T) {
	message := flashgin.Success("saved")
	for _, test := range []struct {
		name   string
		do     gin.HandlerFunc
		header []string
		wakes  bool
	}{
		{"redirect", apptest.Redirect("/a"), nil, false},
		{"redirect of a form", apptest.Redirect("/a"),
			[]string{"Sec-Fetch-Mode", "navigate"}, false},
		{"htmx redirect", func(c *gin.Context) {
			c.Header("HX-Redirect", "/a")
			c.Status(http.StatusOK)
		}, []string{"Sec-Fetch-Mode", "cors"}, false},
		{"a page of its own", apptest.Status(http.StatusOK),
			[]string{"Sec-Fetch-Mode", "navigate"}, false},
		{"the same without TLS", apptest.Status(http.StatusOK),
			[]string{"Accept", "text/html,application/xml"}, false},
		{"fetch", apptest.Status(http.StatusNoContent), []string{"Sec-Fetch-Mode", "cors"}, true},
		{"fetch without TLS", apptest.Status(http.StatusNoContent),
			[]string{"Accept", "*/*"}, true},
		{"a frame of Turbo that goes on", apptest.Redirect("/b"),
			[]string{"Sec-Fetch-Mode", "cors", "Turbo-Frame", "b",
				"Referer", "http://example.com/a"}, true},
		{"htmx without TLS", apptest.Status(http.StatusNoContent),
			[]string{"Accept", "text/html, */*", "HX-Request", "true"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := apptest.NewLiveApp(t, flashgin.Config{Turbo: true})
				a.POST("/a", apptest.Add(t, test.do, message))
				v := a.Visitor()
				v.Get("/key")
				page := v.Listen(apptest.StreamPath("/a"))
				synctest.Wait()
				v.Post("/a", test.header...)
				synctest.Wait()
				if test.wakes {
					assert.Equal(t, []string{"saved"}, apptest.TextsOf(t, page.Events()))
					return
				}
				assert.Empty(t, apptest.TextsOf(t, page.Events()))
				time.Sleep(time.Second)
				assert.Equal(t, "[saved]", v.Get("/a"))
			})
		})
	}
}

// What a page was left too early for waits again as soon as the page says so.
func TestStreamGivesBack(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	a.Job(key, flashgin.Info("text").At("/a"))
	page.Hears("text")
	assert.Empty(t, b.Get("/a"))
	for range 2 { // once is enough, and twice does no harm
		assert.Equal(t, http.StatusNoContent,
			b.Acknowledge(apptest.AckBody("back", apptest.HandedOver(t, page.All())...)).StatusCode)
	}
	assert.Equal(t, "[text]", b.Get("/a"))
	b.Acknowledge(apptest.AckBody("back", apptest.HandedOver(t, page.All())...))
	assert.Empty(t, b.Get("/a"), "that claim is not the stream's")
}
