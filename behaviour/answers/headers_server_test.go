package answers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/cachetest"
)

func nginxOf(tb testing.TB, backend string) string {
	return cachetest.Nginx(tb, backend, "proxy_set_header Host example.com;")
}

// nginx keeps all headers of an answer in one buffer, of 4 KB unless it is told otherwise. It
// answers 502 if they do not fit, and then what they carry is lost.
func TestHeadersWithMessagesFitIntoNginx(t *testing.T) {
	for header, asking := range map[string][]string{
		"HX-Trigger": apptest.HTMX(), "Flash-Messages": apptest.Asks(),
	} {
		t.Run(header, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			a.POST("/save", func(c *gin.Context) {
				c.Header("X-Of-The-Application", strings.Repeat("a", 1000))
				c.Header("Content-Type", "application/json")
				text := strings.Repeat("x", len(c.Query("x")))
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info(text)))
				c.JSON(http.StatusOK, "saved")
			})
			b := apptest.NewBrowser(t, a.BehindCache(nginxOf))
			for length := 1800; length < 4200; length += 50 {
				answer := b.Do(http.MethodPost, "/save?x="+strings.Repeat("x", length),
					append([]string{"User", "alice"}, asking...)...)
				require.Equal(t, http.StatusOK, answer.StatusCode, "%d bytes", length)
				require.NotEmpty(t, answer.Header.Get(header))
			}
		})
	}
}
