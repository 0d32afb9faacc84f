package e2e

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// A visitor whose session has no key listens to nothing. An answer to htmx or Turbo starts a job:
// it makes the key and brings the first message. From then on the page listens, without being
// loaded again, so what the job says later appears.
func TestLiveAfterTheFirstMessage(t *testing.T) {
	type library struct {
		name    string
		cfg     flashgin.Config
		head    string
		content string
		answer  gin.HandlerFunc
	}
	libraries := []library{{
		name: "turbo", cfg: flashgin.Config{Turbo: true},
		head:    `<script src="/npm/@hotwired/turbo/dist/turbo.es2017-umd.js"></script>`,
		content: `<form method="post" action="/do"><button id="go">Go</button></form><p id="out"></p>`,
		answer: func(c *gin.Context) {
			c.Data(http.StatusOK, "text/vnd.turbo-stream.html",
				[]byte(`<turbo-stream action="update" target="out"><template>done</template></turbo-stream>`))
		},
	}}
	for _, version := range htmxes {
		libraries = append(libraries, library{
			name: version, cfg: flashgin.Config{HTMX: true},
			head:    `<script src="/npm/` + version + `/dist/htmx.js"></script>`,
			content: goButton + `<div id="out"></div>`,
			answer:  func(c *gin.Context) { html(c, http.StatusOK, "<p>done</p>") },
		})
	}
	for _, lib := range libraries {
		t.Run(lib.name, func(t *testing.T) {
			lib.cfg.SessionKey = flashgin.CookieKey("flash")
			s := newSite(t, lib.cfg, `{{define "head"}}{{flashAssets}}`+lib.head+`{{end}}`,
				`{{define "content"}}`+lib.content+`{{end}}`)
			s.policy = ""
			s.line.lay(nil)
			keys := make(chan string, 1)
			s.POST("/do", func(c *gin.Context) {
				key, err := s.messenger.SessionKey(c)
				assert.NoError(t, err)
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("begun")))
				keys <- key
				lib.answer(c)
			})
			b := newTab(t)
			b.open(s.url)
			b.ready()
			b.until(`globalThis.htmx !== undefined || globalThis.Turbo !== undefined`)
			b.js(`globalThis.fresh = true`)
			assert.Zero(t, s.line.asked.Load(), "nobody asks before")
			b.click("#go")
			b.untilEqual([]string{"begun"}, texts)
			s.untilOpen(1)
			require.NoError(t, s.messenger.Add(t.Context(), <-keys,
				flashgin.Success("ended").At("/")))
			b.untilEqual([]string{"begun", "ended"}, texts)
			assert.True(t, eval[bool](b, `globalThis.fresh`), "the same page")
			assert.EqualValues(t, 1, s.line.asked.Load())
		})
	}
}
