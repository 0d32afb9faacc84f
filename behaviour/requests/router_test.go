package requests_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// An engine with RedirectFixedPath serves /Konto to those who ask for /konto. A message for the one
// waits at the other.
func TestViewsFollowTheRedirectsOfTheRouter(t *testing.T) {
	both := func(engine *gin.Engine) { engine.RedirectFixedPath = true }
	fixedOnly := func(engine *gin.Engine) {
		engine.RedirectFixedPath, engine.RedirectTrailingSlash = true, false
	}
	extraSlash := func(engine *gin.Engine) { both(engine); engine.RemoveExtraSlash = true }
	rawPath := func(engine *gin.Engine) { both(engine); engine.UseRawPath = true }
	for _, test := range []struct {
		name, asked string // what the message is for, and what the browser asks for
		served      string // the page that shows it
	}{
		{"another case", "/konto", "/Konto"},
		{"a trailing slash", "/konto/", "/Konto"},
		{"without the trailing slash", "/LISTE", "/liste/"},
		{"doubled slashes", "/konto//", "/Konto"},
		{"dots", "/x/../KONTO", "/Konto"},
		{"a parameter keeps its case", "/TEAMS/Five", "/teams/Five"},
		{"the rest of a path keeps its case", "/Files/A/b", "/files/A/b"},
		{"beyond ASCII", "/CAF%C3%89", "/caf%C3%A9"},
		{"the spelling of a route of its own", "/other", "/other"},
		{"the other spelling of it", "/Other", "/Other"},
		{"the root", "/", "/"},
	} {
		for name, flags := range map[string]func(*gin.Engine){
			"both": both, "fixed path only": fixedOnly, "extra slash": extraSlash,
			"raw path": rawPath,
		} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{})
				flags(a.Engine)
				for _, route := range []string{
					"/", "/Konto", "/liste/", "/teams/:id", "/files/*path", "/café", "/other",
					"/Other",
				} {
					a.GET(route, apptest.Page)
				}
				saved := flashgin.Success("saved")
				a.POST("/redirect", apptest.Add(t, apptest.Redirect(test.asked), saved))
				a.POST("/flash", func(c *gin.Context) {
					assert.NoError(t, flashgin.RedirectFlash(c, test.asked, saved))
				})
				a.POST("/at",
					apptest.Add(t, apptest.Status(http.StatusNoContent), saved.At(test.asked)))
				a.POST("/late", func(c *gin.Context) {
					_, err := a.Messenger.SessionKey(c)
					assert.NoError(t, err)
					c.Status(http.StatusNoContent)
					c.Writer.WriteHeaderNow()
					assert.NoError(t, flashgin.AddFlash(c, saved.At(test.asked)))
				})
				a.POST("/htmx", apptest.Add(t, apptest.Header("HX-Redirect", test.asked), saved))
				visitor := a.Visitor()
				for _, path := range []string{"/redirect", "/flash", "/at", "/late", "/htmx"} {
					visitor.Post(path)
					for _, other := range []string{"/Konto", "/other", "/Other", "/teams/five"} {
						if other != test.served {
							assert.Empty(t, visitor.Get(other), "%s: %s", path, other)
						}
					}
					assert.Equal(t, "[saved]", visitor.Follow(test.asked), path)
					visitor.Post(path)
					assert.Equal(t, "[saved]", visitor.Get(test.served), path)
				}
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}

// Without RedirectFixedPath a path is what it says.
func TestViewsKeepTheirCase(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/Konto", apptest.Page)
	a.NoRoute(apptest.Page)
	a.POST("/save", apptest.Add(t, apptest.Redirect("/konto"), flashgin.Success("saved")))
	visitor := a.Visitor()
	visitor.Post("/save")
	assert.Empty(t, visitor.Get("/Konto"))
	assert.Equal(t, "[saved]", visitor.Get("/konto"))
}

// A view may be a route, and that may be written in another case, too.
func TestRoutesFollowTheRedirectsOfTheRouter(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.RedirectFixedPath = true
	a.GET("/Teams/:id", apptest.Page)
	a.GET("/files/*path", apptest.Page)
	a.POST("/save", apptest.Add(t, apptest.Status(http.StatusNoContent),
		flashgin.Success("saved").At("/teams/:id"), flashgin.Success("kept").At("/FILES/*path"),
		flashgin.Success("named").At("teams")))
	visitor := a.Visitor()
	visitor.Post("/save")
	assert.Equal(t, "[saved]", visitor.Get("/Teams/5"))
	assert.Equal(t, "[kept]", visitor.Get("/files/a"))
	assert.Empty(t, a.Failures.String())
}

// If the router goes by the path as the browser sends it, an encoded slash is part of a name. If it
// goes by the decoded path, that is a slash like any other.
func TestEncodedSlashes(t *testing.T) {
	const one, two = "/files/a%2Fb", "/files/a/b"
	routers := map[string]func(*gin.Engine){
		"raw path":     func(engine *gin.Engine) { engine.UseRawPath = true },
		"escaped path": func(engine *gin.Engine) { engine.UseEscapedPath = true },
		"raw path, values escaped": func(engine *gin.Engine) {
			engine.UseRawPath, engine.UnescapePathValues = true, false
		},
	}
	for _, send := range []struct {
		name string
		to   func(a *apptest.App, view string) gin.HandlerFunc
	}{
		{"redirect", func(a *apptest.App, view string) gin.HandlerFunc {
			return apptest.Add(a.T, apptest.Redirect(view), flashgin.Info("here"))
		}},
		{"At", func(a *apptest.App, view string) gin.HandlerFunc {
			return apptest.Add(a.T, apptest.Status(http.StatusNoContent),
				flashgin.Info("here").At(view))
		}},
		{"HX-Redirect", func(a *apptest.App, view string) gin.HandlerFunc {
			return apptest.Add(a.T, apptest.Header("HX-Redirect", view), flashgin.Info("here"))
		}},
		{"job", func(a *apptest.App, view string) gin.HandlerFunc {
			return func(c *gin.Context) {
				key, err := a.Messenger.SessionKey(c)
				assert.NoError(a.T, err)
				assert.NoError(a.T, a.Messenger.Add(c, key, flashgin.Info("here").At(view)))
			}
		}},
	} {
		for name, flags := range routers {
			t.Run(send.name+"/"+name, func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{})
				flags(a.Engine)
				a.GET("/files/:name", apptest.Page)
				a.GET("/files/:name/:sub", apptest.Page)
				a.POST("/one", send.to(a, one))
				a.POST("/lower", send.to(a, "/files/a%2fb/"))
				a.POST("/two", send.to(a, two))
				visitor := a.Visitor()
				for _, path := range []string{"/one", "/lower"} {
					visitor.Post(path)
					assert.Empty(t, visitor.Get(two), path)
					assert.Equal(t, "[here]", visitor.Get(one), path)
					visitor.Post(path)
					assert.Equal(t, "[here]", visitor.Get("/files/a%2fb"), path)
				}
				visitor.Post("/two")
				assert.Empty(t, visitor.Get(one))
				assert.Equal(t, "[here]", visitor.Get(two))
				assert.Empty(t, a.Failures.String())
			})
		}
		t.Run(send.name+"/decoded path", func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.GET("/files/:name/:sub", apptest.Page)
			a.POST("/one", send.to(a, one))
			a.POST("/two", send.to(a, two))
			visitor := a.Visitor()
			visitor.Post("/one")
			assert.Equal(t, "[here]", visitor.Get(one))
			visitor.Post("/two")
			assert.Equal(t, "[here]", visitor.Get(one))
			visitor.Post("/two")
			assert.Equal(t, "[here]", visitor.Get(two))
			if send.name != "job" { // which does not know how the engine routes
				visitor.Post("/one")
				assert.Equal(t, "[here]", visitor.Get(two))
			}
		})
	}
}

// A page that no route serves has the path that the browser sent as well.
func TestEncodedSlashesWithoutARoute(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.UseRawPath = true
	show := false
	a.NoRoute(func(c *gin.Context) {
		if show {
			apptest.Page(c)
			return
		}
		apptest.Add(t, apptest.Status(http.StatusOK), flashgin.Info("later"))(c)
	})
	visitor := a.Visitor()
	visitor.Get("/a%2Fb")
	show = true
	assert.Empty(t, visitor.Get("/a/b"))
	assert.Equal(t, "[later]", visitor.Get("/a%2Fb"))
}

// HandleContext goes on to another path, and leaves the one that the browser sent as it is.
func TestEncodedSlashesAndHandleContext(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.UseEscapedPath = true
	a.GET("/files/:name", func(c *gin.Context) {
		c.Request.URL.Path = "/other"
		a.HandleContext(c)
	})
	a.GET("/other", apptest.Page)
	a.POST("/save", apptest.Add(t, apptest.Status(http.StatusNoContent),
		flashgin.Info("1").At("/files/a%2Fb"), flashgin.Info("2").At("/other"),
		flashgin.Info("3").At("/files/a/b")))
	visitor := a.Visitor()
	visitor.Post("/save")
	assert.Equal(t, "[1][2]", visitor.Get("/files/a%2Fb"))
}
