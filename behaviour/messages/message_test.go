// Package messages_test holds flashgin to what becomes of a message: where it waits, who sees it,
// and once.
package messages_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// everyField returns a message that uses every field.
func everyField() flashgin.Message {
	return flashgin.Message{
		View: "/orders", Status: flashgin.StatusSuccess, Title: "Title", Text: "Text",
		HTML: "<b>HTML</b>", AutoClose: true,
		Link: &flashgin.Link{Label: "View order", URL: "/orders/5"},
		Data: map[string]string{"k": "v"}, Key: "key", ID: "id", TTL: time.Minute,
		Created: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
	}
}

// Every field of a message arrives on the page, and in the handler that takes it.
func TestEveryFieldArrives(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			want := everyField()
			a.POST("/", apptest.Add(t, apptest.Status(http.StatusNoContent), want))
			var got flashgin.Messages
			a.GET("/orders", func(c *gin.Context) { got = flashgin.Flashes(c) })
			visitor := a.Visitor()
			before := time.Now().Truncate(time.Microsecond)
			visitor.Post("/")
			visitor.Get("/orders")
			require.Len(t, got, 1)
			created := got[0].Created
			assert.Equal(t, time.UTC, created.Location())
			assert.Zero(t, created.Nanosecond()%1000, "whole microseconds")
			assert.False(t, created.Before(before) || created.After(time.Now()),
				"set when added, whatever was given")
			want.Created = created
			assert.Equal(t, want, got[0])
		})
	}
}

// An empty message is nothing: no error, no call of the store, and nothing that waits is replaced
// by it.
func TestEmptyMessages(t *testing.T) {
	store := apptest.NewSpyStore()
	a := apptest.NewApp(t, flashgin.Config{Store: store})
	a.GET("/", apptest.Page)
	empty := []flashgin.Message{{}, flashgin.Info(""), {Key: "progress", View: "/"},
		{Data: map[string]string{"k": "v"}, Link: &flashgin.Link{Label: "x"}, TTL: -1}}
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), empty...))
	a.POST("/progress", apptest.Add(t, apptest.Redirect("/"),
		flashgin.Message{Key: "progress", Text: "50 %", View: "/"}))
	visitor := a.Visitor()
	visitor.Post("/progress")
	calls := store.Count()
	visitor.Post("/")
	assert.NoError(t, a.Messenger.Add(t.Context(), "session", empty...))
	assert.NoError(t, a.Messenger.Add(t.Context(), "session"))
	assert.Equal(t, calls, store.Count())
	assert.Equal(t, "[50 %]", visitor.Get("/"))

	titled := []flashgin.Message{{Title: "title", View: "/"}, {HTML: "<b>", View: "/"},
		{Text: " ", View: "/"}}
	require.NoError(t, a.Messenger.Add(t.Context(), "session", titled...))
	got, err := a.Messenger.Take(t.Context(), "session", "/")
	require.NoError(t, err)
	assert.Len(t, got, 3, "any of the three makes a message")
}

// A page shows the later of two with one Key, also if it adds the later one itself.
func TestKeyOnThePageThatAddsTheLater(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Store: store()})
			step := ""
			own := func(c *gin.Context) flashgin.Message {
				return flashgin.Message{Key: "import", Text: c.Query("text"), View: "/"}
			}
			a.POST("/", func(c *gin.Context) { apptest.Add(t, apptest.Redirect("/"), own(c))(c) })
			a.GET("/", func(c *gin.Context) {
				if step == "own" {
					assert.NoError(t, flashgin.AddFlash(c, own(c)))
				}
				apptest.Page(c)
			})
			visitor := a.Visitor()
			visitor.Post("/?text=50")
			step = "own"
			assert.Equal(t, "[done]", visitor.Get("/?text=done"))
			step = ""
			assert.Empty(t, visitor.Get("/"), "the earlier one does not come back")
			visitor.Post("/?text=1")
			visitor.Post("/?text=2")
			assert.Equal(t, "[2]", visitor.Get("/"))
		})
	}
}

// A message may have a TTL of its own, which is shorter than the store's.
func TestTTL(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{Store: store()})
				a.GET("/", apptest.Page)
				a.POST("/", apptest.Add(t, apptest.Redirect("/"),
					flashgin.Message{Text: "short", TTL: time.Minute}, flashgin.Info("long")))
				early, late := a.Visitor(), a.Visitor()
				early.Post("/")
				late.Post("/")
				time.Sleep(time.Minute - 1)
				assert.Equal(t, "[short][long]", early.Get("/"))
				time.Sleep(1)
				assert.Equal(t, "[long]", late.Get("/"))
			})
		})
	}
}

// What is shown on one more page needs an ID that the view has not taken: a generated one is
// replaced, one of the application's is not.
func TestTakenMessagesThatAreAddedAgain(t *testing.T) {
	m := apptest.NewMessenger(t, flashgin.Config{})
	own := flashgin.Info("own ID").At("/")
	own.ID = "import 7"
	require.NoError(t, m.Add(t.Context(), "session", own, flashgin.Info("generated").At("/")))
	taken, err := m.Take(t.Context(), "session", "/")
	require.NoError(t, err)
	require.Equal(t, []string{"own ID", "generated"}, apptest.Texts(taken))

	require.NoError(t, m.Add(t.Context(), "session", taken...))
	waiting, err := m.Peek(t.Context(), "session", "/")
	require.NoError(t, err)
	assert.Equal(t, []string{"generated"}, apptest.Texts(waiting))

	taken[0].ID = ""
	require.NoError(t, m.Add(t.Context(), "session", taken[0]))
	waiting, err = m.Peek(t.Context(), "session", "/")
	require.NoError(t, err)
	assert.Equal(t, []string{"generated", "own ID"}, apptest.Texts(waiting))
}
