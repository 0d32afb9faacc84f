package messages_test

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/flashtest"
)

var behavioursOfReading = []behaviour{{
	expected: "read again in the same request, it is the same list",
	check: func(s *stage) {
		s.Template("page", `{{range flashes}}[{{.Text}}]{{end}}{{range flashes}}[{{.Text}}]{{end}}`)
		s.say("/v", flashgin.Info("a"))
		s.shows("/v", "a", "a")
	},
	checkedBy: []string{"TestFlashesAgain"},
}, {
	expected: "read in the next request, it is empty",
	check: func(s *stage) {
		s.say("/v", flashgin.Info("a"))
		s.shows("/v", "a")
		s.shows("/v")
		s.waiting(nil)
	},
}, {
	expected: "added and read in the same request, it is shown now, and not stored",
	check: func(s *stage) {
		assert.Equal(s, "[a]",
			s.answer(http.MethodPost, "/v", apptest.Add(s, apptest.Page, flashgin.Info("a"))))
		assert.Zero(s, s.store.Calls(flashtest.Add))
		s.shows("/v")
	},
}, {
	expected: "not read, it stays",
	check: func(s *stage) {
		s.say("/silent", flashgin.Info("a"))
		s.GET("/silent", apptest.Status(http.StatusOK))
		s.Get("/silent")
		s.waiting([]flashgin.Message{flashgin.Info("a")}, "/silent")
	},
}, {
	expected: "peeked at twice, it is the same, and nothing is consumed",
	check: func(s *stage) {
		s.Template("page", `{{range peekFlashes}}[{{.Text}}]{{end}}`)
		s.say("/v", flashgin.Info("a"))
		for range 2 {
			s.shows("/v", "a")
		}
		s.waiting([]flashgin.Message{flashgin.Info("a")}, "/v")
	},
}, {
	expected: "peeked at where there is none, it is empty, and never an error",
	check: func(s *stage) {
		s.Template("page", `{{range peekFlashes}}[{{.Text}}]{{end}}`)
		s.shows("/v")
		list, err := s.Messenger.Peek(s.Context(), "nobody's", "/v")
		assert.NoError(s, err)
		assert.Empty(s, list)
	},
}, {
	expected: "to ask whether there are any, and how many, consumes nothing",
	here:     "with peekFlashes; to call flashes is to show",
	check: func(s *stage) {
		s.Template("page", `{{if peekFlashes}}[{{len peekFlashes}}]{{end}}`)
		s.say("/v", flashgin.Info("a"), flashgin.Info("b"))
		s.shows("/v", "2")
		s.shows("/v", "2")
	},
}, {
	expected: "all are taken at once, and none is left",
	check: func(s *stage) {
		s.say("/v", flashgin.Info("a"), flashgin.Error("b").At("/v"),
			flashgin.Info("c").At(flashgin.Anywhere))
		s.shows("/v", "a", "b", "c")
		s.waiting(nil)
	},
}, {
	expected: "set twice, the second replaces the first",
	here:     "if the two have the same Key; else they are two messages",
	check: func(s *stage) {
		s.say("/v", flashgin.Message{Text: "50 %", Key: "k"})
		s.say("/v", flashgin.Message{Text: "done", Key: "k"})
		s.shows("/v", "done")
	},
}, {
	expected: "fetched twice in one request, they are loaded from storage once",
	check: func(s *stage) {
		s.Template("page", `{{range flashes}}[{{.Text}}]{{end}}{{range flashes "info"}}[{{.Text}}]{{end}}{{range peekFlashes}}[{{.Text}}]{{end}}`)
		s.say("/v", flashgin.Info("a"))
		s.shows("/v", "a", "a", "a")
		assert.Equal(s, 1, s.store.Calls(flashtest.Claim, flashtest.Peek))
	},
}}

var behavioursOfLifetime = []behaviour{{
	expected: "now: visible in this answer, and not in the next",
	here:     "every message is, if its answer shows it",
	check: func(s *stage) {
		assert.Equal(s, "[a]",
			s.answer(http.MethodPost, "/form", apptest.Add(s, apptest.Page, flashgin.Info("a"))))
		s.shows("/v")
		s.waiting(nil)
	},
}, {
	expected: "now and those from before are read by the same call",
	check: func(s *stage) {
		s.say("/form", flashgin.Info("before"))
		assert.Equal(s, "[before][now]",
			s.answer(http.MethodGet, "/form", apptest.Add(s, apptest.Page, flashgin.Info("now"))))
	},
}, {
	expected: "keep: shown here and on the next page, and not on the third",
	here:     "what Flashes returned is added again",
	check: func(s *stage) {
		s.say("/keep", flashgin.Info("a"), flashgin.Info("b"))
		assert.Equal(s, "a\nb", s.answer(http.MethodGet, "/keep", func(c *gin.Context) {
			list := flashgin.Flashes(c)
			for i := range list {
				list[i] = list[i].At("/v")
			}
			assert.NoError(s, flashgin.AddFlash(c, list...))
			c.String(http.StatusOK, list.String())
		}))
		s.shows("/v", "a", "b")
		s.shows("/v")
	},
	checkedBy: []string{"TestAddingAgainWhatWasTaken",
		"TestAddingAgainWhatWasTakenBeforeARedirect"},
}, {
	expected: "keep some: only they survive",
	check: func(s *stage) {
		s.say("/keep", flashgin.Info("a"), flashgin.Warning("b"))
		s.answer(http.MethodGet, "/keep", func(c *gin.Context) {
			list := flashgin.Flashes(c)
			assert.NoError(s, flashgin.AddFlash(c, list.ByStatus(flashgin.StatusWarning)...))
			c.JSON(http.StatusOK, apptest.Texts(list))
		})
		s.waiting([]flashgin.Message{flashgin.Warning("b").At("/keep")})
	},
}, {
	expected: "keep of what there is not is no error",
	check: func(s *stage) {
		s.answer(http.MethodGet, "/keep", func(c *gin.Context) {
			assert.NoError(s, flashgin.AddFlash(c, flashgin.Flashes(c).ByStatus("unknown")...))
		})
		s.waiting(nil)
	},
}, {
	expected: "discarded and set again, it survives",
	here:     "Withdraw discards what has the Key",
	check:    withdrawAndAdd,
}, {
	expected: "discarded and kept, it survives",
	here:     "what is withdrawn is gone; nothing needs a mark in order to be discarded at the end of a request: what is not taken waits",
	check: func(s *stage) {
		s.say("/v1", flashgin.Info("a"))
		s.shows("/v2")
		s.shows("/v1", "a")
	},
}, {
	expected: "deleted and added again, only the new one is left",
	check:    withdrawAndAdd,
}, {
	expected: "now and kept, it becomes one for the next request",
	check: func(s *stage) {
		assert.Equal(s, "now", s.answer(http.MethodGet, "/form", func(c *gin.Context) {
			assert.NoError(s, flashgin.AddFlash(c, flashgin.Info("now")))
			list := flashgin.Flashes(c)
			assert.NoError(s, flashgin.AddFlash(c, list[0].At("/v")))
			c.String(http.StatusOK, list.String())
		}))
		s.shows("/v", "now")
		s.shows("/v")
	},
}, {
	expected: "redirects of all kinds leave it for the page, however many there are",
	check: func(s *stage) {
		for code := 300; code <= 308; code++ {
			path := "/redirect/" + strconv.Itoa(code)
			s.say(path, flashgin.Info("a").At("/v"), flashgin.Info("b").At(flashgin.Anywhere),
				flashgin.Info("c"))
			s.answer(http.MethodGet, path, func(c *gin.Context) {
				assert.Empty(s, flashgin.Flashes(c).ByStatus("none"))
				c.Header("Location", "/v")
				c.Status(code)
			})
			s.shows("/v", "a", "b")
			flashtest.Equal(s, s.store.Take(path), flashgin.Info("c"))
		}
	},
	checkedBy: []string{"TestAMessageSurvivesRedirectsUntilItsPage", "TestAnswersThatShowNothing"},
}, {
	expected: "answers with 200, 299, 309 or 404 that showed nothing: each framework has its own rule",
	here:     "the message waits",
	check: func(s *stage) {
		s.say("/v", flashgin.Info("a").At(flashgin.Anywhere))
		for _, code := range []int{200, 299, 309, 404} {
			s.answer(http.MethodGet, "/"+strconv.Itoa(code), apptest.Status(code))
		}
		s.shows("/v", "a")
	},
}, {
	expected: "a filter that halts and redirects with a message: shown at the target, then gone",
	check: func(s *stage) {
		s.answer(http.MethodGet, "/private", func(c *gin.Context) {
			assert.NoError(s, flashgin.RedirectFlash(c, "/v", flashgin.Warning("log in first")))
			c.Abort()
		})
		s.shows("/v", "log in first")
		s.shows("/v")
	},
	checkedBy: []string{"TestAMiddlewareThatHalts"},
}, {
	expected: "to redirect with a message is the same as to set it",
	check: func(s *stage) {
		want := []flashgin.Message{flashgin.Success("a").At("/v")}
		s.say("/v", flashgin.Success("a"))
		flashtest.Equal(s, s.store.Take(), want...)
		s.answer(http.MethodPost, "/redirect", func(c *gin.Context) {
			assert.NoError(s, flashgin.RedirectFlash(c, "/v", flashgin.Success("a")))
		})
		flashtest.Equal(s, s.store.Take(), want...)
	},
}, {
	expected: "the same message on two redirects in a row is shown twice",
	check: func(s *stage) {
		for range 2 {
			s.say("/v", flashgin.Info("a"))
			s.shows("/v", "a")
		}
	},
	checkedBy: []string{"TestEqualMessagesAreNotMerged"},
}, {
	expected: "a redirect does not take the message of an earlier event along",
	check: func(s *stage) {
		s.say("/v1", flashgin.Info("earlier"))
		s.say("/v2", flashgin.Info("later"))
		s.shows("/v2", "later")
		s.shows("/v1", "earlier")
	},
}}

// withdrawAndAdd is a job that withdraws a message and adds one with the same Key.
func withdrawAndAdd(s *stage) {
	message := flashgin.Message{View: "/v", Text: "old", Key: "k"}
	assert.NoError(s, s.Messenger.Add(s.Context(), "Ada", message))
	assert.NoError(s, s.Messenger.Withdraw(s.Context(), "Ada", "/v", "k"))
	s.waiting(nil)
	message.Text = "new"
	assert.NoError(s, s.Messenger.Add(s.Context(), "Ada", message))
	s.waiting([]flashgin.Message{message})
}
