package messages_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/flashtest"
	"github.com/flashgin/flashgin/internal/doctest"
)

// What users of flash messages expect, as the test suites of Django, Rails, Laravel, Symfony,
// Flask, Phoenix, connect-flash and Spring check it: one row an expectation, restated for messages
// that have a view. V is one.
//
// A row has a check, or names the tests elsewhere that are one. Where things are different here it
// says so, and checks what is here.
type behaviour struct {
	expected  string
	here      string // how it is different here
	check     func(s *stage)
	checkedBy []string
}

func TestBehaviours(t *testing.T) {
	tests, err := doctest.TestNames(apptest.Repository)
	require.NoError(t, err)
	for _, section := range []struct {
		name       string
		behaviours []behaviour
	}{
		{"A adding", behavioursOfAdding},
		{"B levels and tags", behavioursOfTags},
		{"C reading", behavioursOfReading},
		{"D lifetime", behavioursOfLifetime},
		{"E views", behavioursOfViews},
		{"F jobs and users", behavioursOfJobs},
		{"G storage and safety", behavioursOfStorage},
		{"H tests of users", behavioursOfTests},
	} {
		t.Run(section.name, func(t *testing.T) {
			for _, b := range section.behaviours {
				t.Run(b.expected, func(t *testing.T) {
					assert.True(t, b.check != nil || b.checkedBy != nil, "nothing checks it")
					if b.here != "" {
						t.Log("here: " + b.here)
					}
					for _, name := range b.checkedBy {
						assert.Contains(t, tests, name)
					}
					if b.check != nil {
						b.check(newStage(t))
					}
				})
			}
		})
	}
}

// A stage is an application with a user, for one behaviour. GET /v, /v1, /v2 and /problems/:id are
// pages that show their messages. What else is needed, a check adds to the engine. say adds
// messages in a POST that leads to a page.
type stage struct {
	*testing.T
	*apptest.App
	*apptest.Visitor
	store *flashtest.Store
}

func newStage(t *testing.T) *stage {
	store := new(flashtest.Store)
	a := apptest.NewApp(t, flashgin.Config{Store: store})
	for _, route := range []string{"/v", "/v1", "/v2", "/problems/:id"} {
		a.GET(route, apptest.Page)
	}
	return &stage{T: t, App: a, Visitor: a.Visitor(), store: store}
}

// say adds messages by a request that redirects to location, so that those without a View wait
// there.
func (s *stage) say(location string, msgs ...flashgin.Message) {
	s.Helper()
	s.answer(http.MethodPost, "/say", func(c *gin.Context) {
		assert.NoError(s, flashgin.AddFlash(c, msgs...))
		c.Redirect(http.StatusSeeOther, location)
	})
}

// answer sends a request that handler answers. Each time it has a route of its own.
func (s *stage) answer(method, path string, handler gin.HandlerFunc) string {
	s.Helper()
	for s.has(method, path) {
		path += "+"
	}
	s.Handle(method, path, handler)
	answer := s.Visitor.Do(method, path)
	return answer.Body.String()
}

func (s *stage) has(method, path string) bool {
	for _, route := range s.Routes() {
		if route.Method == method && route.Path == path {
			return true
		}
	}
	return false
}

// shows opens a page and compares the texts that it shows.
func (s *stage) shows(path string, texts ...string) {
	s.Helper()
	want := ""
	for _, text := range texts {
		want += "[" + text + "]"
	}
	assert.Equal(s, want, s.Get(path), path)
}

// waiting compares what waits in the store, at the views or at all.
func (s *stage) waiting(want []flashgin.Message, views ...string) {
	s.Helper()
	flashtest.Equal(s, s.store.Waiting(views...), want...)
}
