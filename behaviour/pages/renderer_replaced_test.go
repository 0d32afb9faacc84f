package pages_test

import (
	"html/template"
	"testing"

	"github.com/gin-gonic/gin/render"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Templates that are set while the engine serves show no messages, and the log says why.
func TestRendererReplacedAfterTheFirstRequest(t *testing.T) {
	var log apptest.LockedBuffer
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		Logger: apptest.LogTo(&log), SessionKey: apptest.UserOf,
	})
	a.GET("/", apptest.Page)
	assert.Empty(t, a.Shown("/"))
	assert.NotContains(t, log.String(), "HTMLRender")
	page := template.Must(template.New("page").Parse("another page"))
	a.HTMLRender = render.HTMLProduction{Template: page}
	assert.Equal(t, "another page", a.Shown("/"))
	assert.Contains(t, log.String(), "the engine's HTMLRender was replaced after the first request")
}
