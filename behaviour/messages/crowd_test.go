package messages_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Two pages that load together show a message once between them, and the one that fails gives it
// back.
func TestTabsShareMessages(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			const rounds, tabs = 60, 6
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			a.GET("/", apptest.Page)
			a.GET("/other", apptest.Page)
			var round string
			a.POST("/", func(c *gin.Context) {
				apptest.Add(t, apptest.Redirect("/"), flashgin.Info(round),
					flashgin.Info(round+"*").At(flashgin.Anywhere))(c)
			})
			browser := a.Browser()
			for i := range rounds {
				round = fmt.Sprint(i)
				browser.Post("/")
				seen := make(chan string, tabs)
				for tab := range tabs {
					go func() { seen <- browser.Get([]string{"/", "/other"}[tab%2]) }()
				}
				var all strings.Builder
				for range tabs {
					all.WriteString(<-seen)
				}
				require.Equal(t, 1, strings.Count(all.String(), "["+round+"]"),
					"round %s: %s", round, all.String())
				require.Equal(t, 1, strings.Count(all.String(), "["+round+"*]"),
					"round %s: %s", round, all.String())
				require.Equal(t, 2, strings.Count(all.String(), "["), all.String())
			}
			assert.Empty(t, a.Failures.String())
		})
	}
}

// Overlapping posts of one session lose nothing, for none of them writes the session.
func TestParallelPosts(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			const posts = 30
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			a.GET("/", apptest.Page)
			a.POST("/key", func(c *gin.Context) { _, _ = a.Messenger.SessionKey(c) })
			a.POST("/:n", func(c *gin.Context) {
				apptest.Add(t, apptest.Redirect("/"), flashgin.Info(c.Param("n")))(c)
			})
			browser := a.Browser()
			browser.Post("/key")
			var work sync.WaitGroup
			for i := range posts {
				work.Go(func() { assert.Zero(t, browser.Post(fmt.Sprint("/", i)).CookieCount()) })
			}
			work.Wait()
			var want []string
			for i := range posts {
				want = append(want, fmt.Sprint(i))
			}
			assert.ElementsMatch(t, want, strings.Split(strings.Trim(browser.Get("/"), "[]"), "]["))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// Nobody ever sees another's messages, whoever is served at the same time by the same clones and
// buffers.
func TestACrowd(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			const users, cycles = 16, 25
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			a.GET("/page", apptest.Page)
			a.GET("/json", apptest.JSONPage)
			a.POST("/:user/:cycle", func(c *gin.Context) {
				text := c.Param("user") + "-" + c.Param("cycle")
				apptest.Add(t, apptest.Redirect("/page"), flashgin.Info(text),
					flashgin.Info(text).At("/json"), flashgin.Info(text).At(flashgin.Anywhere))(c)
			})
			url := a.Serve().URL
			var crowd sync.WaitGroup
			for user := range users {
				crowd.Go(func() {
					browser := apptest.NewBrowser(t, url)
					for cycle := range cycles {
						text := fmt.Sprintf("%d-%d", user, cycle)
						browser.Post(fmt.Sprintf("/%d/%d", user, cycle))
						if got := browser.Get("/page"); got != "["+text+"]["+text+"]" {
							t.Errorf("user %d, cycle %d: /page shows %q", user, cycle, got)
						}
						if got := browser.Get("/json"); got != `["`+text+`"]` {
							t.Errorf("user %d, cycle %d: /json shows %q", user, cycle, got)
						}
					}
				})
			}
			crowd.Wait()
			assert.Empty(t, a.Failures.String())
		})
	}
}
