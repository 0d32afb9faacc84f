package compat

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	gincache "github.com/chenyahui/gin-cache"
	"github.com/chenyahui/gin-cache/persist"
	"github.com/gin-contrib/cache"
	"github.com/gin-contrib/cache/persistence"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
)

const (
	contribCache = "github.com/gin-contrib/cache"
	ginCache     = "github.com/chenyahui/gin-cache"
)

// A pageCache keeps the pages of an application.
type pageCache struct {
	pkg string
	// wire returns middleware outside of flashgin, inside, and around a handler; each may be nil.
	wire func() (outside, inside gin.HandlerFunc, around func(gin.HandlerFunc) gin.HandlerFunc)
}

func byDecorator(
	decorate func(persistence.CacheStore, time.Duration, gin.HandlerFunc) gin.HandlerFunc,
) pageCache {
	return pageCache{contribCache,
		func() (_, _ gin.HandlerFunc, around func(gin.HandlerFunc) gin.HandlerFunc) {
			store := persistence.NewInMemoryStore(time.Minute)
			return nil, nil, func(handler gin.HandlerFunc) gin.HandlerFunc {
				return decorate(store, time.Minute, handler)
			}
		}}
}

func byMiddleware() gin.HandlerFunc {
	return gincache.CacheByRequestURI(persist.NewMemoryStore(time.Minute), time.Minute)
}

var pageCaches = map[string]pageCache{
	"CachePage":              byDecorator(cache.CachePage),
	"CachePageWithoutQuery":  byDecorator(cache.CachePageWithoutQuery),
	"CachePageAtomic":        byDecorator(cache.CachePageAtomic),
	"CachePageWithoutHeader": byDecorator(cache.CachePageWithoutHeader),
	"gin-cache around": {ginCache,
		func() (outside, _ gin.HandlerFunc, _ func(gin.HandlerFunc) gin.HandlerFunc) {
			return byMiddleware(), nil, nil
		}},
	"gin-cache inside": {ginCache,
		func() (_, inside gin.HandlerFunc, _ func(gin.HandlerFunc) gin.HandlerFunc) {
			return nil, byMiddleware(), nil
		}},
}

// behind starts an application with the cache around all its routes but "/shows".
func (cache pageCache) behind(
	t *testing.T, cfg flashgin.Config, handler func(*app) gin.HandlerFunc,
) *app {
	t.Helper()
	outside, inside, around := cache.wire()
	but := func(handler gin.HandlerFunc) []gin.HandlerFunc {
		if handler == nil {
			return nil
		}
		return []gin.HandlerFunc{func(c *gin.Context) {
			if c.FullPath() != "/shows" {
				handler(c)
			}
		}}
	}
	a := newApp(t, cfg, but(outside), but(inside))
	serve := handler(a)
	if around != nil {
		serve = around(serve)
	}
	a.GET("/", serve)
	a.GET("/shows", page)
	return a
}

// A page cache stores what it is given, whatever the headers say. So a page behind one shows no
// messages, and the log says why.
func TestPageCachesKeepNobodysMessages(t *testing.T) {
	for name, cache := range pageCaches {
		for asking, handler := range map[string]gin.HandlerFunc{
			"flashes":     page,
			"peekFlashes": func(c *gin.Context) { c.HTML(http.StatusOK, "badge", nil) },
			"Flashes": func(c *gin.Context) {
				c.String(http.StatusOK, "page%v", flashgin.Flashes(c))
			},
			"PeekFlashes": func(c *gin.Context) {
				c.String(http.StatusOK, "page%v", flashgin.PeekFlashes(c))
			},
			"Markup": func(c *gin.Context) {
				fmt.Fprint(c.Writer, "page", flashgin.Markup(c))
			},
			"by a context": func(c *gin.Context) {
				fmt.Fprint(c.Writer, "page", flashgin.Markup(c.Request.Context()))
			},
		} {
			t.Run(name+"/"+asking, func(t *testing.T) {
				a := cache.behind(t, flashgin.Config{SessionKey: userOf},
					func(*app) gin.HandlerFunc { return handler })
				a.leave("ada", "for ada")
				for _, user := range []string{"ada", "bob", "ada"} {
					answer := a.get("/", "User", user)
					assert.Equal(t, http.StatusOK, answer.Code)
					assert.Contains(t, answer.Body.String(), "page")
					assert.NotContains(t, answer.Body.String(), "for ada", user)
				}
				assert.Equal(t, 1, strings.Count(a.log.String(), cache.pkg), a.log.String())
				assert.Equal(t, "page[for ada]", a.get("/shows", "User", "ada").Body.String())
			})
		}
	}
}

// The request's own messages are no less its user's.
func TestPageCachesKeepNoMessageOfThePageItself(t *testing.T) {
	for name, cache := range pageCaches {
		t.Run(name, func(t *testing.T) {
			a := cache.behind(t, flashgin.Config{SessionKey: userOf}, func(*app) gin.HandlerFunc {
				return func(c *gin.Context) {
					assert.NoError(t, flashgin.AddFlash(c,
						flashgin.Info("for "+c.GetHeader("User")).At(flashgin.Anywhere)))
					page(c)
				}
			})
			assert.Equal(t, "page", a.get("/", "User", "ada").Body.String())
			assert.Equal(t, "page", a.get("/", "User", "bob").Body.String())
			assert.Equal(t, "page[for ada]", a.get("/shows", "User", "ada").Body.String())
		})
	}
}

// What answers take along by themselves is kept as well.
func TestPageCachesKeepNoMessagesThatAnswersCarry(t *testing.T) {
	for name, cache := range pageCaches {
		for reader, header := range map[string][]string{
			"htmx":   {"HX-Request", "true"},
			"script": {"X-Get-Flash", "1"},
		} {
			t.Run(name+"/"+reader, func(t *testing.T) {
				a := cache.behind(t, flashgin.Config{SessionKey: userOf, HTMX: true},
					func(*app) gin.HandlerFunc {
						return func(c *gin.Context) {
							c.Data(http.StatusOK, "text/html", []byte("part"))
						}
					})
				a.messenger.Mount(a)
				a.leave("ada", "for ada")
				for _, user := range []string{"ada", "bob"} {
					answer := a.get("/", append(header, "User", user)...)
					assert.Equal(t, "part", answer.Body.String())
					assert.NotContains(t, fmt.Sprint(answer.Header()), "for ada")
				}
				assert.Equal(t, "page[for ada]", a.get("/shows", "User", "ada").Body.String())
			})
		}
	}
}

// A page cache would give one visitor's cookie to all the others.
func TestPageCachesKeepNoKey(t *testing.T) {
	for keys, cfg := range map[string]flashgin.Config{
		"session":           {},
		"cookie of its own": {SessionKey: flashgin.CookieKey("flash")},
	} {
		for name, cache := range pageCaches {
			for asking, ask := range map[string]func(a *app, c *gin.Context) error{
				"SessionKey": func(a *app, c *gin.Context) error {
					_, err := a.messenger.SessionKey(c)
					return err
				},
				"SessionKey of a copy": func(a *app, c *gin.Context) error {
					_, err := a.messenger.SessionKey(c.Copy())
					return err
				},
				"AddFlash of a copy": func(a *app, c *gin.Context) error {
					return flashgin.AddFlash(c.Copy(), flashgin.Info("x").At("/shows"))
				},
				"AddFlash": func(_ *app, c *gin.Context) error {
					return flashgin.AddFlash(c, flashgin.Info("x").At("/shows"))
				},
			} {
				t.Run(keys+"/"+name+"/"+asking, func(t *testing.T) {
					a := cache.behind(t, cfg, func(a *app) gin.HandlerFunc {
						return func(c *gin.Context) {
							err := ask(a, c)
							assert.ErrorIs(t, err, flashgin.ErrNoSession)
							assert.ErrorContains(t, err, cache.pkg)
							page(c)
						}
					})
					for range 2 {
						answer := a.get("/")
						assert.Equal(t, "page", answer.Body.String())
						assert.NotContains(t, answer.Header(), "Set-Cookie")
					}
				})
			}
		}
	}
}

// What Mount serves is one user's, too.
func TestPageCachesKeepNothingOfMount(t *testing.T) {
	for _, name := range []string{"gin-cache around", "gin-cache inside"} {
		t.Run(name, func(t *testing.T) {
			a := pageCaches[name].behind(t, flashgin.Config{SessionKey: userOf},
				func(*app) gin.HandlerFunc { return page })
			a.messenger.Mount(a)
			a.leave("ada", "for ada")
			for _, path := range []string{
				"/_flash/messages?view=/", "/_flash/stream?view=*", "/_flash/messages?view=*",
			} {
				for _, user := range []string{"ada", "bob"} {
					answer := a.get(path, "User", user, "X-Get-Flash", "1",
						"Sec-Fetch-Site", "same-origin")
					assert.NotContains(t, answer.Body.String(), "for ada", path)
					assert.NotEqual(t, http.StatusOK, answer.Code, path)
				}
			}
			assert.Equal(t, 1, strings.Count(a.log.String(), ginCache), a.log.String())
			assert.Equal(t, "page[for ada]", a.get("/shows", "User", "ada").Body.String())
		})
	}
}

// The files of Mount are the same for all.
func TestPageCachesKeepAssets(t *testing.T) {
	a := pageCaches["gin-cache inside"].behind(t, flashgin.Config{},
		func(*app) gin.HandlerFunc { return page })
	a.messenger.Mount(a)
	for range 2 {
		answer := a.get("/_flash/flash.js")
		assert.Equal(t, http.StatusOK, answer.Code)
		assert.Contains(t, answer.Body.String(), "FlashMessages")
	}
}

// Errors are not cached by either library, and pages without messages are not our concern.
func TestPageCachesKeepPagesWithoutMessages(t *testing.T) {
	for name, cache := range pageCaches {
		t.Run(name, func(t *testing.T) {
			rendered := 0
			a := cache.behind(t, flashgin.Config{SessionKey: userOf}, func(*app) gin.HandlerFunc {
				return func(c *gin.Context) { rendered++; page(c) }
			})
			for _, user := range []string{"ada", "bob", ""} {
				assert.Equal(t, "page", a.get("/", "User", user).Body.String())
			}
			assert.Equal(t, 1, rendered)
			assert.Empty(t, a.log.String())
		})
	}
}

// With a page cache that flashgin knows, visitors are kept apart. That page shows no messages.
func TestPageCachesKeepVisitorsApart(t *testing.T) {
	for name, cache := range pageCaches {
		t.Run(name, func(t *testing.T) {
			a := cache.behind(t, flashgin.Config{SessionKey: userOf},
				func(*app) gin.HandlerFunc { return page })
			flashtest.Isolated(t, a, nil, "/", "/shows")
			assert.Contains(t, a.log.String(), cache.pkg)
		})
	}
}
