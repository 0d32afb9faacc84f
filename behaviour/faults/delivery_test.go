package faults_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A page that failed has shown nothing. What it took is shown by the next one, and what it said
// itself is not lost.
func TestAPageThatFails(t *testing.T) {
	silent := gin.RecoveryWithWriter(io.Discard)
	for _, test := range []struct {
		name  string
		fail  gin.HandlerFunc
		shown bool // the answer reaches the user after all
	}{
		{name: "panic before the page", fail: func(*gin.Context) { panic("on purpose") }},
		{name: "panic after Flashes", fail: func(c *gin.Context) {
			assert.Len(t, flashgin.Flashes(c), 1)
			panic("on purpose")
		}},
		{name: "panic after the page", shown: true, fail: func(c *gin.Context) {
			apptest.Page(c)
			panic("on purpose")
		}},
		{name: "Flashes, then 500", fail: func(c *gin.Context) {
			flashgin.Flashes(c)
			c.AbortWithStatus(http.StatusInternalServerError)
		}},
		{name: "Flashes, then 503 with a body", fail: func(c *gin.Context) {
			c.JSON(http.StatusServiceUnavailable, apptest.Texts(flashgin.Flashes(c)))
		}},
		{name: "500 before Flashes", fail: func(c *gin.Context) {
			c.Status(http.StatusInternalServerError)
			flashgin.Flashes(c)
		}},
		{name: "a page with status 500", shown: true, fail: func(c *gin.Context) {
			c.HTML(http.StatusInternalServerError, "page", nil)
		}},
		{name: "a page with status 404", shown: true, fail: func(c *gin.Context) {
			c.HTML(http.StatusNotFound, "page", nil)
		}},
		{name: "Flashes, then 404", shown: true, fail: func(c *gin.Context) {
			c.JSON(http.StatusNotFound, apptest.Texts(flashgin.Flashes(c)))
		}},
	} {
		for storeName, store := range apptest.Stores {
			for recovery, newApp := range map[string]func(t *testing.T) *apptest.App{
				"Recovery outside": func(t *testing.T) *apptest.App {
					return apptest.NewAppBehind(t, flashgin.Config{Store: store()}, silent)
				},
				"Recovery inside": func(t *testing.T) *apptest.App {
					a := apptest.NewAppBehind(t, flashgin.Config{Store: store()})
					a.Use(silent)
					return a
				},
			} {
				t.Run(test.name+"/"+storeName+"/"+recovery, func(t *testing.T) {
					a := newApp(t)
					failing := true
					a.GET("/", func(c *gin.Context) {
						if failing {
							test.fail(c)
							return
						}
						apptest.Page(c)
					})
					a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("kept")))
					visitor := a.Visitor()
					visitor.Post("/")

					answer := visitor.Get("/")
					failing = false
					if test.shown {
						assert.Contains(t, answer, "kept")
						assert.Empty(t, visitor.Get("/"))
					} else {
						apptest.Eventually(t, "[kept]", func() string { return visitor.Get("/") })
						assert.Empty(t, visitor.Get("/"))
					}
					assert.Empty(t, a.Failures.String())
				})
			}
		}
	}
}

// A handler that panics has said what it has said: its messages are stored.
func TestTheMessagesOfAHandlerThatPanics(t *testing.T) {
	silent := gin.RecoveryWithWriter(io.Discard)
	for recovery, a := range map[string]*apptest.App{
		"outside": apptest.NewAppBehind(t, flashgin.Config{}, silent),
		"inside":  apptest.NewAppBehind(t, flashgin.Config{}),
	} {
		t.Run(recovery, func(t *testing.T) {
			if recovery == "inside" {
				a.Use(silent)
			}
			a.GET("/", apptest.Page)
			a.POST("/", apptest.Add(t, func(c *gin.Context) {
				flashgin.Flashes(c)
				panic("on purpose")
			}, flashgin.Info("said"), flashgin.Info("here").At("/")))
			visitor := a.Visitor()
			answer := visitor.Post("/")
			assert.Equal(t, http.StatusInternalServerError, answer.Code)
			assert.Equal(t, "[said][here]", visitor.Get("/"))
		})
	}
}

// Messages of a page that did not arrive wait for the next one.
func TestAPageThatDoesNotArrive(t *testing.T) {
	cancelled := func(c *gin.Context) { c.MustGet("cancel").(context.CancelFunc)() }
	for _, test := range []struct {
		name  string
		leave gin.HandlerFunc // answers
		write func(http.ResponseWriter) http.ResponseWriter
		seen  bool
	}{
		{name: "the context ends before the page", leave: func(c *gin.Context) {
			cancelled(c)
			apptest.Page(c)
		}},
		{name: "the context ends after the page", leave: func(c *gin.Context) {
			apptest.Page(c)
			cancelled(c)
		}},
		{name: "the context ends between Flashes and the answer", leave: func(c *gin.Context) {
			list := flashgin.Flashes(c)
			cancelled(c)
			c.JSON(http.StatusOK, apptest.Texts(list))
		}},
		{name: "the context ends after a flush", seen: true, leave: func(c *gin.Context) {
			apptest.Page(c)
			c.Writer.Flush()
			cancelled(c)
		}},
		{
			name: "the page cannot be written", leave: apptest.Page,
			write: func(w http.ResponseWriter) http.ResponseWriter {
				return &apptest.Failing{ResponseRecorder: w.(*httptest.ResponseRecorder),
					Err: io.ErrClosedPipe}
			},
		},
		{
			name: "the JSON cannot be written", leave: apptest.JSONPage,
			write: func(w http.ResponseWriter) http.ResponseWriter {
				return &apptest.Failing{ResponseRecorder: w.(*httptest.ResponseRecorder),
					Err: io.ErrClosedPipe}
			},
		},
		{name: "nothing happens", leave: apptest.Page, seen: true},
	} {
		for storeName, store := range apptest.Stores {
			t.Run(test.name+"/"+storeName, func(t *testing.T) {
				a := apptest.NewAppBehind(t, flashgin.Config{Store: store()}, func(c *gin.Context) {
					ctx, cancel := context.WithCancel(c.Request.Context())
					defer cancel()
					c.Request = c.Request.WithContext(ctx)
					c.Set("cancel", cancel)
					c.Next()
				})
				failing := true
				a.GET("/", func(c *gin.Context) {
					if failing {
						test.leave(c)
						return
					}
					apptest.Page(c)
				})
				a.POST("/",
					apptest.Add(t, apptest.Redirect("/"), flashgin.Info("1"), flashgin.Info("2")))
				visitor := a.Visitor()
				visitor.Post("/")
				if test.write != nil {
					visitor.Handler = http.HandlerFunc(
						func(w http.ResponseWriter, r *http.Request) {
							a.ServeHTTP(test.write(w), r)
						})
				}
				answer := visitor.Get("/")
				failing, visitor.Handler = false, a
				if test.seen {
					assert.Equal(t, "[1][2]", answer)
					assert.Empty(t, visitor.Get("/"))
					assert.Empty(t, a.Failures.String())
					return
				}
				apptest.Eventually(t, "[1][2]", func() string { return visitor.Get("/") })
				assert.Empty(t, visitor.Get("/"))
				assert.Empty(t, a.Failures.String(), "a client that goes away is no failure")
			})
		}
	}
}

// The request's own messages that were on such a page wait too.
func TestOwnMessagesOnAPageThatDoesNotArrive(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/", apptest.Page)
	a.POST("/key", func(c *gin.Context) { _, _ = a.Messenger.SessionKey(c) })
	a.POST("/", apptest.Add(t, func(c *gin.Context) {
		c.HTML(http.StatusUnprocessableEntity, "page", nil)
	}, flashgin.Error("name missing")))
	visitor := a.Visitor()
	visitor.Post("/key")
	visitor.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.ServeHTTP(&apptest.Failing{
			ResponseRecorder: w.(*httptest.ResponseRecorder), Err: io.ErrClosedPipe,
		}, r)
	})
	visitor.Post("/")
	visitor.Handler = a
	assert.Equal(t, "[name missing]", visitor.Get("/"))
	assert.Empty(t, visitor.Get("/"))
}

// Middleware inside of ours often gives the handler a context that it cancels when the handler
// returns. That says nothing about the client.
func TestAnInnerContextThatEndsIsNotTheClient(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			a.Use(func(c *gin.Context) {
				ctx, cancel := context.WithTimeout(c.Request.Context(), time.Hour)
				defer cancel()
				c.Request = c.Request.WithContext(ctx)
				c.Next()
			})
			a.GET("/", apptest.Page)
			a.GET("/json", func(c *gin.Context) {
				ctx, cancel := context.WithCancel(c.Request.Context())
				cancel()
				c.JSON(http.StatusOK, apptest.Texts(flashgin.Flashes(ctx)))
			})
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("template"),
				flashgin.Info("json").At("/json")))
			visitor := a.Visitor()
			visitor.Post("/")
			assert.Equal(t, "[template]", visitor.Get("/"))
			assert.Empty(t, visitor.Get("/"))
			assert.JSONEq(t, `["json"]`, visitor.Get("/json"))
			assert.JSONEq(t, `[]`, visitor.Get("/json"))
		})
	}
}

// A deadline outside of ours is the page's.
func TestADeadlineThatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := apptest.NewAppBehind(t, flashgin.Config{Store: apptest.NewSpyStore()},
			func(c *gin.Context) {
				ctx, cancel := context.WithTimeout(c.Request.Context(), time.Second)
				defer cancel()
				c.Request = c.Request.WithContext(ctx)
				c.Next()
			})
		slow := true
		a.GET("/", func(c *gin.Context) {
			apptest.Page(c)
			if slow {
				time.Sleep(2 * time.Second)
			}
		})
		a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
		visitor := a.Visitor()
		visitor.Post("/")
		assert.Equal(t, "[hello]", visitor.Get("/"))
		synctest.Wait()
		slow = false
		assert.Equal(t, "[hello]", visitor.Get("/"))
		assert.Empty(t, visitor.Get("/"))
	})
}

// A client that closes its connection while the page is made, over a real one.
func TestAClientThatGoesAway(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			started := make(chan struct{})
			hold := true
			var ended sync.WaitGroup
			a.GET("/", func(c *gin.Context) {
				if hold {
					ended.Add(1)
					defer ended.Done()
					list := flashgin.Flashes(c)
					close(started)
					<-c.Request.Context().Done()
					c.JSON(http.StatusOK, apptest.Texts(list))
					return
				}
				apptest.Page(c)
			})
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			browser := a.Browser()
			browser.Post("/")

			ctx, cancel := context.WithCancel(t.Context())
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, browser.URL+"/", nil)
			require.NoError(t, err)
			go func() {
				<-started
				cancel()
			}()
			_, err = browser.Client.Do(request) //nolint:bodyclose // there is none
			require.ErrorIs(t, err, context.Canceled)
			ended.Wait()
			hold = false
			apptest.Eventually(t, "[hello]", func() string { return browser.Get("/") })
			assert.Empty(t, browser.Get("/"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// The user closes the tab while the form is being processed: the message still wants to be seen.
// The session has its key: a new one would not reach the browser.
func TestAMessageOfAClientThatHasGoneAway(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewAppBehind(t, flashgin.Config{Store: store()}, func(c *gin.Context) {
				ctx, cancel := context.WithCancel(c.Request.Context())
				c.Request = c.Request.WithContext(ctx)
				if c.FullPath() == "/" && c.Request.Method == http.MethodPost {
					cancel()
				}
				c.Next()
				cancel()
			})
			a.GET("/", apptest.Page)
			a.POST("/key", func(c *gin.Context) { _, _ = a.Messenger.SessionKey(c) })
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			visitor := a.Visitor()
			visitor.Post("/key")
			visitor.Post("/")
			assert.Equal(t, "[hello]", visitor.Get("/"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// A process that dies between taking and confirming releases by time.
func TestAClaimThatIsNeverConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		dead := true
		store.On(func(_ context.Context, method string, call func() error) error {
			if dead && method == "Confirm" {
				return nil // it never leaves the process
			}
			return call()
		})
		a := apptest.NewApp(t, flashgin.Config{Store: store, Lease: time.Minute})
		a.GET("/", apptest.Page)
		a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
		visitor := a.Visitor()
		visitor.Post("/")
		assert.Equal(t, "[hello]", visitor.Get("/"))
		synctest.Wait()
		dead = false
		time.Sleep(time.Minute - time.Second)
		assert.Empty(t, visitor.Get("/"), "during the lease")
		time.Sleep(time.Second)
		assert.Equal(t, "[hello]", visitor.Get("/"), "after it")
		synctest.Wait()
		time.Sleep(time.Minute)
		assert.Empty(t, visitor.Get("/"), "once it was confirmed")
	})
}

// A handler may keep what it took for one page more: what is added again is a new message.
func TestAddingAgainWhatWasTaken(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			a.POST("/",
				apptest.Add(t, apptest.Redirect("/"), flashgin.Info("1"), flashgin.Warning("2")))
			a.GET("/", apptest.Page)
			a.GET("/keep", func(c *gin.Context) {
				list := flashgin.Flashes(c)
				assert.NoError(t, flashgin.AddFlash(c, list.ByStatus(flashgin.StatusWarning)...))
				c.JSON(http.StatusOK, apptest.Texts(list))
			})
			a.POST("/keep", apptest.Add(t, apptest.Redirect("/keep"), flashgin.Info("1"),
				flashgin.Warning("2")))
			visitor := a.Visitor()
			visitor.Post("/keep")
			assert.JSONEq(t, `["1","2"]`, visitor.Get("/keep"))
			for range 3 {
				apptest.Eventually(t, `["2"]`, func() string { return visitor.Get("/keep") })
			}
			assert.Empty(t, a.Failures.String())
		})
	}
}

// The same with a redirect, which itself lets go of what was taken: the messages wait once.
func TestAddingAgainWhatWasTakenBeforeARedirect(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			a.POST("/",
				apptest.Add(t, apptest.Redirect("/"), flashgin.Info("1"), flashgin.Warning("2")))
			a.GET("/", func(c *gin.Context) {
				if c.Query("keep") == "" {
					apptest.Page(c)
					return
				}
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Flashes(c)...))
				c.Redirect(http.StatusSeeOther, "/")
			})
			visitor := a.Visitor()
			visitor.Post("/")
			visitor.Get("/?keep=1")
			apptest.Eventually(t, "[1][2]", func() string { return visitor.Get("/") })
			assert.Empty(t, visitor.Get("/"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// The same after the headers of an answer that shows nothing: the messages wait once.
func TestAddingAgainWhatWasTakenAfterTheHeaders(t *testing.T) {
	for storeName, store := range apptest.Stores {
		for _, status := range []int{http.StatusOK, http.StatusNoContent, http.StatusBadGateway} {
			t.Run(fmt.Sprint(storeName, " ", status), func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{Store: store()})
				a.GET("/", apptest.Page)
				a.GET("/keep", func(c *gin.Context) {
					list := flashgin.Flashes(c)
					c.Status(status)
					c.Writer.WriteHeaderNow()
					assert.NoError(t, flashgin.AddFlash(c, list...))
				})
				a.POST("/keep", apptest.Add(t, apptest.Redirect("/"),
					flashgin.Info("1").At(flashgin.Anywhere),
					flashgin.Warning("2").At(flashgin.Anywhere)))
				visitor := a.Visitor()
				visitor.Post("/keep")
				visitor.Get("/keep")
				assert.Equal(t, "[1][2]", visitor.Get("/"))
				assert.Empty(t, visitor.Get("/"))
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}
