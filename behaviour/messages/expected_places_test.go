package messages_test

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

var behavioursOfViews = []behaviour{{
	expected: "a message for one view is not shown at another, where it is left; at its own it is shown and removed",
	check: func(s *stage) {
		s.say("/v1", flashgin.Info("a"))
		s.shows("/v2")
		s.waiting([]flashgin.Message{flashgin.Info("a").At("/v1")})
		s.shows("/v1", "a")
		s.waiting(nil)
	},
}, {
	expected: "a view with parameters is matched by their values; others leave the message alone",
	check: func(s *stage) {
		s.say("/problems/108", flashgin.Info("right"))
		s.shows("/problems/107")
		s.shows("/problems/1080")
		s.shows("/problems/108", "right")
	},
}, {
	expected: "of several candidates the most specific is shown, and the others stay",
	here:     "a page shows what is for it alone, for its route and for any page, in order of creation",
	check: func(s *stage) {
		s.say("/", flashgin.Info("any").At(flashgin.Anywhere),
			flashgin.Info("path").At("/problems/108"), flashgin.Info("route").At("/problems/:id"))
		s.shows("/problems/108", "any", "path", "route")
	},
	checkedBy: []string{"TestAPageReadsAllItsViewsAtOnce"},
}, {
	expected: "a request that is forwarded inside the server is matched by the path that was asked for",
	here:     "and by that to which it was forwarded",
	check: func(s *stage) {
		s.say("/", flashgin.Info("old").At("/old"), flashgin.Info("new").At("/v"))
		assert.Equal(s, "[old][new]", s.answer(http.MethodGet, "/old", func(c *gin.Context) {
			c.Request.URL.Path = "/v"
			s.HandleContext(c)
		}))
	},
	checkedBy: []string{"TestHandleContext"},
}, {
	expected: "an empty target is no panic",
	here:     "net/http makes the folder of it, and there the message waits",
	check: func(s *stage) {
		s.answer(http.MethodPost, "/form/save",
			apptest.Add(s, apptest.Redirect(""), flashgin.Info("a")))
		s.waiting([]flashgin.Message{flashgin.Info("a").At("/form")})
	},
}, {
	expected: "saving without messages writes nothing",
	check: func(s *stage) {
		s.POST("/nothing", apptest.Redirect("/v"))
		assert.Zero(s, apptest.CookiesOf(s.Post("/nothing")))
		assert.Zero(s, s.store.Calls())
	},
}, {
	expected: "a named queue and the default one are independent when adding, peeking and taking",
	check: func(s *stage) {
		add := func(view, text string) {
			assert.NoError(s, s.Messenger.Add(s.Context(), "Ada", flashgin.Info(text).At(view)))
		}
		add("named", "a")
		add("/v", "b")
		for _, read := range []func(view string) (flashgin.Messages, error){
			func(view string) (flashgin.Messages, error) {
				return s.Messenger.Peek(s.Context(), "Ada", view)
			},
			func(view string) (flashgin.Messages, error) {
				return s.Messenger.Take(s.Context(), "Ada", view)
			},
		} {
			list, err := read("named")
			assert.NoError(s, err)
			assert.Equal(s, []string{"a"}, apptest.Texts(list))
		}
		s.waiting([]flashgin.Message{flashgin.Info("b").At("/v")})
	},
	checkedBy: []string{"TestConfigView"},
}, {
	expected: "two clients never see each other's messages",
	check: func(s *stage) {
		s.say("/v", flashgin.Info("a"))
		assert.Empty(s, s.App.Visitor().Get("/v"))
		s.shows("/v", "a")
	},
	checkedBy: []string{"TestNobodySeesAnothersMessages", "TestACrowd"},
}}

var behavioursOfJobs = []behaviour{{
	expected: "a job's message is shown on the next page of the session, on that one and not one later",
	check: func(s *stage) {
		assert.NoError(s, s.Messenger.Add(s.Context(), s.key(), flashgin.Info("done").At("/v")))
		s.shows("/v", "done")
		s.shows("/v")
	},
	checkedBy: []string{"TestJobs"},
}, {
	expected: "two of them are shown in order",
	check: func(s *stage) {
		key := s.key()
		assert.NoError(s, s.Messenger.Add(s.Context(), key, flashgin.Info("b").At("/v")))
		assert.NoError(s, s.Messenger.Add(s.Context(), key, flashgin.Info("a").At("/v")))
		s.shows("/v", "b", "a")
	},
}, {
	expected: "a job that tells many tells each of them once, and one who was told already does not stop it",
	check: func(s *stage) {
		for _, session := range []string{"Ada", "Bob", "Ada", "Cem"} {
			assert.NoError(s, s.Messenger.Add(s.Context(), session,
				flashgin.Message{View: "/v", Text: session, ID: "news of today"}))
		}
		s.waiting([]flashgin.Message{flashgin.Info("Ada"), flashgin.Info("Bob"),
			flashgin.Info("Cem")})
	},
	checkedBy: []string{"TestAGivenID"},
}, {
	expected: "a target without a session is an error of its own type",
	check: func(s *stage) {
		assert.ErrorIs(s, s.Messenger.Add(s.Context(), "", flashgin.Info("a").At("/v")),
			flashgin.ErrNoSession)
	},
}, {
	expected: "a job's message of a level below the minimum is not added",
	here:     "a Status is a word, not a level: a job that has nothing to say adds nothing",
	check: func(s *stage) {
		assert.NoError(s, s.Messenger.Add(s.Context(), "Ada",
			flashgin.Message{View: "/v", Status: "debug", Text: "a"}))
		s.waiting([]flashgin.Message{{Status: "debug", Text: "a"}}, "/v")
	},
}, {
	expected: "dismissed by its name, it is gone; dismissed again, it is not found",
	here:     "by its Key, and the second time is no error: what was wanted is so",
	check: func(s *stage) {
		assert.NoError(s, s.Messenger.Add(s.Context(), "Ada",
			flashgin.Message{View: "/v", Text: "50 %", Key: "k"}))
		for range 2 {
			assert.NoError(s, s.Messenger.Withdraw(s.Context(), "Ada", "/v", "k"))
			s.waiting(nil)
		}
	},
}, {
	expected: "another session's message cannot be dismissed",
	check: func(s *stage) {
		assert.NoError(s, s.Messenger.Add(s.Context(), "Ada",
			flashgin.Message{View: "/v", Text: "50 %", Key: "k"}))
		assert.NoError(s, s.Messenger.Withdraw(s.Context(), "Bob", "/v", "k"))
		s.waiting([]flashgin.Message{{Text: "50 %", Key: "k"}})
	},
}, {
	expected: "who has no session reads an empty list, without an error",
	check: func(s *stage) {
		assert.Empty(s, s.answer(http.MethodGet, "/", func(c *gin.Context) {
			c.String(http.StatusOK, flashgin.Flashes(c).String())
		}))
		assert.Empty(s, s.Failures.String())
		assert.Zero(s, s.store.Calls())
	},
}}

// key returns the key of the visitor's session, as a handler hands it to a job.
func (s *stage) key() (key string) {
	s.answer(http.MethodPost, "/key", func(c *gin.Context) {
		var err error
		key, err = s.Messenger.SessionKey(c)
		assert.NoError(s, err)
	})
	return key
}
