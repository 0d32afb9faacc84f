package requests_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// For middleware before Install, the request has ended when the handlers have. If it adds a message
// then, the error names the order in which it can.
func TestMiddlewareBeforeInstallIsToldTheOrder(t *testing.T) {
	sorry := flashgin.Error("Sorry.").At("/a")
	var added error
	tell := func(c *gin.Context) {
		added = flashgin.AddFlash(c, sorry)
		c.Redirect(http.StatusSeeOther, "/a")
	}
	for name, middleware := range map[string]gin.HandlerFunc{
		"Recovery": gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
			tell(c)
		}),
		"errors": func(c *gin.Context) {
			defer func() { _ = recover() }()
			defer tell(c)
			c.Next()
		},
	} {
		for _, mode := range []string{gin.TestMode, gin.DebugMode} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				gin.SetMode(mode)
				t.Cleanup(func() { gin.SetMode(gin.TestMode) })
				log := new(apptest.LockedBuffer)
				order := func(before, after []gin.HandlerFunc) string {
					a := apptest.NewSite(t, log, func(engine *gin.Engine, install gin.OptionFunc) {
						engine.Use(before...)
						engine.With(install)
						engine.Use(after...)
					})
					a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
					a.GET("/a", apptest.Page)
					a.POST("/", func(*gin.Context) { panic("of the handler") })
					added = nil
					a.Visit(http.MethodPost, "/")
					return a.Shown("/a")
				}
				one := []gin.HandlerFunc{middleware}
				assert.Empty(t, order(one, nil))
				assert.True(t, errors.Is(added, flashgin.ErrTooLate), added)
				assert.ErrorContains(t, added, "call Install before that middleware")
				assert.Contains(t, log.String(), "call Install before that middleware")
				assert.Equal(t, "[Sorry.]", order(nil, one))
				assert.NoError(t, added)
			})
		}
	}
}

// Whoever passes Install by, or hides it, is told once why pages show nothing, and the way out.
func TestPageThatCannotFindItsRequestIsLogged(t *testing.T) {
	hide := func(c *gin.Context) { c.Writer = hiding{c.Writer} }
	hidden := func(engine *gin.Engine, install gin.OptionFunc) {
		engine.With(install)
		engine.Use(hide)
		engine.GET("/orders/:id", apptest.Page)
	}
	for name, test := range map[string]struct {
		template string
		wire     func(engine *gin.Engine, install gin.OptionFunc)
		log      string // "" if the page shows the message
	}{
		"a writer that hides what is below": {
			`{{range flashes}}[{{.Text}}]{{end}}`, hidden, "requests_test.hiding"},
		"and only looked at": {
			`{{len peekFlashes}}`, hidden, "requests_test.hiding"},
		"that middleware before Install": {
			`{{range flashes}}[{{.Text}}]{{end}}`,
			func(engine *gin.Engine, install gin.OptionFunc) {
				engine.Use(hide)
				engine.With(install)
				engine.GET("/orders/:id", apptest.Page)
			}, ""},
		"a group that was made before Install": {
			`{{range flashes}}[{{.Text}}]{{end}}`,
			func(engine *gin.Engine, install gin.OptionFunc) {
				group := engine.Group("/orders")
				engine.With(install)
				group.GET("/:id", apptest.Page)
			}, "after Install"},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(apptest.LockedBuffer)
			a := apptest.NewSite(t, log, test.wire)
			a.Template("page", test.template)
			a.Visit(http.MethodGet, "/") // no page, but it passes through Install
			a.Leave(flashgin.Info("saved").At("/orders/7"))
			if test.log == "" {
				assert.Equal(t, "[saved]", a.Shown("/orders/7"))
				assert.Empty(t, log.String())
				return
			}
			for range 2 {
				assert.NotContains(t, a.Shown("/orders/7"), "saved")
			}
			assert.Contains(t, log.String(), test.log)
			assert.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
		})
	}
}

// hiding neither embeds the writer below nor has Unwrap.
type hiding struct{ below gin.ResponseWriter }

func (w hiding) Header() http.Header                          { return w.below.Header() }
func (w hiding) Write(b []byte) (int, error)                  { return w.below.Write(b) }
func (w hiding) WriteString(s string) (int, error)            { return w.below.WriteString(s) }
func (w hiding) WriteHeader(status int)                       { w.below.WriteHeader(status) }
func (w hiding) WriteHeaderNow()                              { w.below.WriteHeaderNow() }
func (w hiding) Status() int                                  { return w.below.Status() }
func (w hiding) Size() int                                    { return w.below.Size() }
func (w hiding) Written() bool                                { return w.below.Written() }
func (w hiding) Flush()                                       { w.below.Flush() }
func (w hiding) Pusher() http.Pusher                          { return w.below.Pusher() }
func (w hiding) CloseNotify() <-chan bool                     { return w.below.CloseNotify() }
func (w hiding) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.below.Hijack() }
