package flashgin_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// Two pages that load together show a message once between them, and the one that fails gives it back.
func TestTabsShareMessages(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			const rounds, tabs = 60, 6
			a := newApp(t, flashgin.Config{Store: store()})
			a.GET("/", page)
			a.GET("/other", page)
			var round string
			a.POST("/", func(c *gin.Context) {
				add(t, redirect("/"), flashgin.Info(round), flashgin.Info(round+"*").At(flashgin.Anywhere))(c)
			})
			browser := a.browser()
			for i := range rounds {
				round = fmt.Sprint(i)
				browser.post("/")
				seen := make(chan string, tabs)
				for tab := range tabs {
					go func() { seen <- browser.get([]string{"/", "/other"}[tab%2]) }()
				}
				var all strings.Builder
				for range tabs {
					all.WriteString(<-seen)
				}
				require.Equal(t, 1, strings.Count(all.String(), "["+round+"]"), "round %s: %s", round, all.String())
				require.Equal(t, 1, strings.Count(all.String(), "["+round+"*]"), "round %s: %s", round, all.String())
				require.Equal(t, 2, strings.Count(all.String(), "["), all.String())
			}
			assert.Empty(t, a.failures.String())
		})
	}
}

// Overlapping posts of one session lose nothing, for none of them writes the session.
func TestParallelPosts(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			const posts = 30
			a := newApp(t, flashgin.Config{Store: store()})
			a.GET("/", page)
			a.POST("/key", func(c *gin.Context) { _, _ = a.messenger.SessionKey(c) })
			a.POST("/:n", func(c *gin.Context) { add(t, redirect("/"), flashgin.Info(c.Param("n")))(c) })
			browser := a.browser()
			browser.post("/key")
			var work sync.WaitGroup
			for i := range posts {
				work.Go(func() { assert.Zero(t, browser.post(fmt.Sprint("/", i)).cookies()) })
			}
			work.Wait()
			var want []string
			for i := range posts {
				want = append(want, fmt.Sprint(i))
			}
			assert.ElementsMatch(t, want, strings.Split(strings.Trim(browser.get("/"), "[]"), "]["))
			assert.Empty(t, a.failures.String())
		})
	}
}

// Nobody ever sees another's messages, whoever is served at the same time by the same clones and buffers.
func TestACrowd(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			const users, cycles = 16, 25
			a := newApp(t, flashgin.Config{Store: store()})
			a.GET("/page", page)
			a.GET("/json", jsonPage)
			a.POST("/:user/:cycle", func(c *gin.Context) {
				text := c.Param("user") + "-" + c.Param("cycle")
				add(t, redirect("/page"), flashgin.Info(text), flashgin.Info(text).At("/json"), flashgin.Info(text).At(flashgin.Anywhere))(c)
			})
			url := a.serve().URL
			var crowd sync.WaitGroup
			for user := range users {
				crowd.Go(func() {
					browser := newBrowser(t, url)
					for cycle := range cycles {
						text := fmt.Sprintf("%d-%d", user, cycle)
						browser.post(fmt.Sprintf("/%d/%d", user, cycle))
						if got := browser.get("/page"); got != "["+text+"]["+text+"]" {
							t.Errorf("user %d, cycle %d: /page shows %q", user, cycle, got)
						}
						if got := browser.get("/json"); got != `["`+text+`"]` {
							t.Errorf("user %d, cycle %d: /json shows %q", user, cycle, got)
						}
					}
				})
			}
			crowd.Wait()
			assert.Empty(t, a.failures.String())
		})
	}
}
