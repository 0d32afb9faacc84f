package messages_test

import (
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/flashtest"
)

var behavioursOfStorage = []behaviour{{
	expected: "to read where nothing is stored sets no cookie and makes no session",
	check: func(s *stage) {
		answer := s.Do(http.MethodGet, "/v")
		assert.Zero(s, apptest.CookiesOf(answer))
		assert.Zero(s, s.store.Calls())
	},
	checkedBy: []string{"TestAVisitorWithoutMessages"},
}, {
	expected: "to empty a store that holds something does write",
	check: func(s *stage) {
		s.say("/v", flashgin.Info("a"))
		s.shows("/v", "a")
		assert.Equal(s, 1, s.store.Calls(flashtest.Confirm))
		s.waiting(nil)
	},
}, {
	expected:  "data of an older version is read or ignored, and no page fails",
	checkedBy: []string{"TestDecodeMessage", "FuzzDecodeMessage", "TestRedisUnreadable"},
}, {
	expected: "HTML stays HTML in storage, and plain text with tags stays plain",
	check: func(s *stage) {
		s.Template("page", `{{range flashes}}{{with .HTML}}{{.}}{{else}}{{.Text}}{{end}}{{end}}`)
		s.say("/v", flashgin.Message{HTML: "<b>bold</b>"}, flashgin.Info("<i>plain</i>"))
		assert.Equal(s, "<b>bold</b>&lt;i&gt;plain&lt;/i&gt;", s.Get("/v"))
	},
	checkedBy: []string{"TestHostileText", "TestTextIsEscapedWhereItIsPrinted"},
}, {
	expected:  "structures come back as they were",
	checkedBy: []string{"TestEveryFieldSurvivesStorage", "TestEveryFieldArrives"},
}, {
	expected: "without the sessions middleware, the error names it and says where it belongs",
	check: func(s *stage) {
		a := apptest.NewAppWithoutSessions(s.T, flashgin.Config{})
		a.POST("/", func(c *gin.Context) {
			err := flashgin.AddFlash(c, flashgin.Info("a"))
			assert.ErrorIs(s, err, flashgin.ErrNoSession)
			assert.ErrorContains(s, err,
				"let sessions.Sessions run before this handler (router.Use, above its route)")
		})
		a.Visitor().Post("/")
	},
	checkedBy: []string{"TestNoSession"},
}, {
	expected: "when the handler fails with an exception, what is stored is complete",
	check: func(s *stage) {
		s.Use(gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, _ any) {
			c.AbortWithStatus(http.StatusInternalServerError)
		}))
		s.say("/fails", flashgin.Info("before"))
		s.answer(http.MethodGet, "/fails", func(c *gin.Context) {
			assert.Len(s, flashgin.Flashes(c), 1)
			assert.NoError(s, flashgin.AddFlash(c, flashgin.Info("added").At("/v")))
			panic("a bug")
		})
		flashtest.ElementsMatch(s, s.store.Waiting(), flashgin.Info("before").At("/fails"),
			flashgin.Info("added").At("/v"))
	},
	checkedBy: []string{"TestTheMessagesOfAHandlerThatPanics", "TestAPageThatFails"},
}, {
	expected: "the ETag of an answer differs when its messages do",
	here:     "an answer with messages has none, and no cache keeps it; one without keeps its own",
	check: func(s *stage) {
		tagged := func(c *gin.Context) {
			c.Header("ETag", `"1"`)
			apptest.Page(c)
		}
		s.GET("/tagged", tagged)
		s.say("/tagged", flashgin.Info("a"))
		answer := s.Do(http.MethodGet, "/tagged")
		assert.Empty(s, answer.Header().Get("ETag"))
		assert.Equal(s, "private, no-store", answer.Header().Get("Cache-Control"))
		assert.Equal(s, `"1"`, s.Do(http.MethodGet, "/tagged").Header().Get("ETag"))
	},
	checkedBy: []string{"TestAPageWithMessagesIsKeptOutOfCaches"},
}, {
	expected: "the middleware installed twice is installed once",
	check: func(s *stage) {
		handlers := len(s.Handlers)
		s.Messenger.Install(s.Engine)
		assert.Len(s, s.Handlers, handlers)
		s.say("/v", flashgin.Info("a"))
		s.shows("/v", "a")
		s.shows("/v")
	},
	checkedBy: []string{"TestInstallingTwiceChangesNothing"},
}}

var behavioursOfTests = []behaviour{{
	expected:  "a helper compares in order, or in any if asked, and its difference is readable, also if the lengths differ",
	checkedBy: []string{"TestEqual", "TestElementsMatch", "ExampleEqual", "ExampleElementsMatch"},
}, {
	expected: "a test can let messages wait for a request",
	check: func(s *stage) {
		answer := s.Send(flashtest.Seed(httptest.NewRequest(http.MethodGet, "/v", nil),
			flashgin.Info("a")))
		assert.Equal(s, "[a]", answer.Body.String())
	},
	checkedBy: []string{"TestSeed", "ExampleSeed"},
}}
