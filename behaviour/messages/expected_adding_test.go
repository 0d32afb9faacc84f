package messages_test

import (
	"context"
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// statuses is a template that shows the status of each message, too.
const statuses = `{{range flashes}}[{{.Status}} {{.Text}}]{{end}}`

var behavioursOfAdding = []behaviour{{
	expected: "one message is read once, exactly as it was added",
	check: func(s *stage) {
		s.say("/v", flashgin.Info("a"))
		s.waiting([]flashgin.Message{flashgin.Info("a")}, "/v")
		s.shows("/v", "a")
		s.shows("/v")
	},
}, {
	expected: "two messages are read in the order in which they were added",
	check: func(s *stage) {
		s.say("/v", flashgin.Info("b"))
		s.say("/v", flashgin.Info("a"))
		s.shows("/v", "b", "a")
	},
}, {
	expected: "the same text twice, with different tags, is two messages",
	check: func(s *stage) {
		s.Template("page", `{{range flashes}}[{{.Text}} {{.Data.tag}}]{{end}}`)
		s.say("/v", flashgin.Message{Text: "a", Data: map[string]string{"tag": "x"}},
			flashgin.Message{Text: "a", Data: map[string]string{"tag": "y"}})
		s.shows("/v", "a x", "a y")
	},
}, {
	expected: "the same text in two categories is kept twice, and the category tells them apart",
	check: func(s *stage) {
		s.Template("page", statuses)
		s.say("/v", flashgin.Success("a"), flashgin.Error("a"))
		s.shows("/v", "success a", "error a")
	},
}, {
	expected: "an empty text stores nothing, without an error",
	check: func(s *stage) {
		s.say("/v", flashgin.Info(""), flashgin.Message{})
		assert.Zero(s, s.store.Calls())
		s.shows("/v")
	},
}, {
	expected: "an empty text deletes nothing",
	check: func(s *stage) {
		s.say("/v", flashgin.Message{Text: "50 %", Key: "k"})
		s.say("/v", flashgin.Message{Key: "k"})
		s.shows("/v", "50 %")
	},
}, {
	expected: "a list in one call is one message an element, and the count is returned",
	here:     "an error is returned; a list of which one cannot be added is not added at all",
	check: func(s *stage) {
		s.say("/v",
			flashgin.Messages{flashgin.Info("a"), flashgin.Info("b"), flashgin.Info("c")}...)
		s.shows("/v", "a", "b", "c")
		s.answer(http.MethodPost, "/", func(c *gin.Context) {
			assert.Error(s, flashgin.AddFlash(c, flashgin.Info("d").At("/v"),
				flashgin.Message{Text: "e", TTL: -1}))
		})
		s.shows("/v")
	},
}, {
	expected: "arguments are formatted into the text, and without them it is kept as it is, with its %",
	here:     "fmt.Sprintf formats",
	check: func(s *stage) {
		s.say("/v", flashgin.Info("100 %s"))
		s.shows("/v", "100 %s")
	},
}, {
	expected: "values that are no strings come back equal",
	here:     "there is a text, and Data for templates, which is strings",
	check: func(s *stage) {
		want := flashgin.Message{Text: "a", Data: map[string]string{"rows": "200"},
			Link: &flashgin.Link{Label: "View", URL: "/rows"}}
		s.say("/v", want)
		s.waiting([]flashgin.Message{want}, "/v")
	},
	checkedBy: []string{"TestEveryFieldArrives"},
}, {
	expected: "messages of different types are independent",
	check: func(s *stage) {
		s.Template("page", `{{range flashes "notice"}}[{{.Text}}]{{end}}`)
		s.say("/v", flashgin.Info("a"), flashgin.Message{Status: "notice", Text: "b"})
		s.shows("/v", "b")
		s.waiting([]flashgin.Message{flashgin.Info("a")}, "/v")
	},
}, {
	expected: "a category that the application does not know is accepted, and its tag is empty",
	here:     "its word is in the markup, as all are: data-status",
	check: func(s *stage) {
		s.Template("page", "{{flashes}}")
		s.say("/v", flashgin.Message{Status: "urgent", Text: "a"})
		assert.Contains(s, s.Get("/v"), `data-status="urgent"`)
	},
}, {
	expected:  "a text that is translated late is final when it is added",
	here:      "a text is a string, so it is",
	checkedBy: []string{"TestAMessageIsCopiedWhenItIsAdded"},
}, {
	expected: "without the middleware there is an error of its own type, or nothing if the caller likes",
	check: func(s *stage) {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodPost, "/", nil)
		assert.ErrorIs(s, flashgin.AddFlash(c, flashgin.Info("a")), flashgin.ErrNotInstalled)
		assert.Empty(s, flashgin.Flashes(c))
	},
}, {
	expected: "a context that is nil or of no request is an error, and the storage is untouched",
	check: func(s *stage) {
		for _, ctx := range []context.Context{nil, context.Background(), (*gin.Context)(nil)} {
			assert.ErrorIs(s, flashgin.AddFlash(ctx, flashgin.Info("a")), flashgin.ErrNotInstalled)
		}
		assert.Zero(s, s.store.Calls())
	},
}, {
	expected: "a context that was wrapped works",
	check: func(s *stage) {
		s.answer(http.MethodPost, "/", func(c *gin.Context) {
			type key struct{}
			for _, ctx := range []context.Context{c, c.Request.Context(),
				context.WithValue(c, key{}, 1), context.WithValue(c.Request.Context(), key{}, 1)} {
				assert.NoError(s, flashgin.AddFlash(ctx, flashgin.Info("a").At("/v")))
			}
		})
		s.shows("/v", "a", "a", "a", "a")
	},
	checkedBy: []string{"TestContextsOfARequest"},
}, {
	expected: "each message that is added is an event, with its text and category",
	here:     "with a number, for metrics: texts are private",
	check: func(s *stage) {
		events := new(apptest.Observed)
		a := apptest.NewApp(s.T, flashgin.Config{Observer: events})
		a.POST("/", apptest.Add(s, apptest.Redirect("/"), flashgin.Info("a"), flashgin.Error("b")))
		a.Visitor().Post("/")
		assert.Equal(s, []string{"added 2"}, events.Messages())
	},
}}

var behavioursOfTags = []behaviour{{
	expected: "a message has extra tags and a level: \"extra level\"",
	here:     "a message has one Status, a word; classes of your own are Data for a template of yours",
	check: func(s *stage) {
		s.Template("page", `{{range flashes}}[{{with .Data.class}}{{.}} {{end}}{{.Status}}]{{end}}`)
		s.say("/v", flashgin.Message{Status: flashgin.StatusWarning, Text: "a",
			Data: map[string]string{"class": "extra"}})
		s.shows("/v", "extra warning")
	},
}, {
	expected: "without an extra tag there is no stray space",
	check: func(s *stage) {
		s.Template("page", `{{range flashes}}[{{with .Data.class}}{{.}} {{end}}{{.Status}}]{{end}}`)
		s.say("/v", flashgin.Info("a"))
		s.shows("/v", "info")
	},
}, {
	expected: "no extra tags, empty ones and several survive storage unchanged",
	check: func(s *stage) {
		for _, data := range []map[string]string{nil, {"class": ""}, {"class": "a b"}} {
			s.say("/v", flashgin.Message{Text: "a", Data: data})
			assert.Equal(s, data, s.store.Take("/v")[0].Data)
		}
	},
}}
