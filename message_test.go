package flashgin_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// Every field of a message arrives on the page, and in the handler that takes it.
func TestEveryFieldArrives(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			a := newApp(t, flashgin.Config{Store: store()})
			want := everyField()
			a.POST("/", add(t, status(http.StatusNoContent), want))
			var got flashgin.Messages
			a.GET("/orders", func(c *gin.Context) { got = flashgin.Flashes(c) })
			visitor := a.visitor()
			before := time.Now().Truncate(time.Microsecond)
			visitor.post("/")
			visitor.get("/orders")
			require.Len(t, got, 1)
			created := got[0].Created
			assert.Equal(t, time.UTC, created.Location())
			assert.Zero(t, created.Nanosecond()%1000, "whole microseconds")
			assert.False(t, created.Before(before) || created.After(time.Now()), "set when added, whatever was given")
			want.Created = created
			assert.Equal(t, want, got[0])
		})
	}
}

// An empty message is nothing: no error, no call of the store, and nothing that waits is replaced by it.
func TestEmptyMessages(t *testing.T) {
	store := newSpyStore()
	a := newApp(t, flashgin.Config{Store: store})
	a.GET("/", page)
	empty := []flashgin.Message{{}, flashgin.Info(""), {Key: "progress", View: "/"}, {Data: map[string]string{"k": "v"}, Link: &flashgin.Link{Label: "x"}, TTL: -1}}
	a.POST("/", add(t, redirect("/"), empty...))
	a.POST("/progress", add(t, redirect("/"), flashgin.Message{Key: "progress", Text: "50 %", View: "/"}))
	visitor := a.visitor()
	visitor.post("/progress")
	calls := store.count()
	visitor.post("/")
	assert.NoError(t, a.messenger.Add(t.Context(), "session", empty...))
	assert.NoError(t, a.messenger.Add(t.Context(), "session"))
	assert.Equal(t, calls, store.count())
	assert.Equal(t, "[50 %]", visitor.get("/"))

	titled := []flashgin.Message{{Title: "title", View: "/"}, {HTML: "<b>", View: "/"}, {Text: " ", View: "/"}}
	require.NoError(t, a.messenger.Add(t.Context(), "session", titled...))
	got, err := a.messenger.Take(t.Context(), "session", "/")
	require.NoError(t, err)
	assert.Len(t, got, 3, "any of the three makes a message")
}

// A page shows the later of two with one Key, also if it adds the later one itself.
func TestKeyOnThePageThatAddsTheLater(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			a := newApp(t, flashgin.Config{Store: store()})
			step := ""
			own := func(c *gin.Context) flashgin.Message {
				return flashgin.Message{Key: "import", Text: c.Query("text"), View: "/"}
			}
			a.POST("/", func(c *gin.Context) { add(t, redirect("/"), own(c))(c) })
			a.GET("/", func(c *gin.Context) {
				if step == "own" {
					assert.NoError(t, flashgin.AddFlash(c, own(c)))
				}
				page(c)
			})
			visitor := a.visitor()
			visitor.post("/?text=50")
			step = "own"
			assert.Equal(t, "[done]", visitor.get("/?text=done"))
			step = ""
			assert.Empty(t, visitor.get("/"), "the earlier one does not come back")
			visitor.post("/?text=1")
			visitor.post("/?text=2")
			assert.Equal(t, "[2]", visitor.get("/"))
		})
	}
}

// A message may have a TTL of its own, which is shorter than the store's.
func TestTTL(t *testing.T) {
	for storeName, store := range stores {
		t.Run(storeName, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newApp(t, flashgin.Config{Store: store()})
				a.GET("/", page)
				a.POST("/", add(t, redirect("/"), flashgin.Message{Text: "short", TTL: time.Minute}, flashgin.Info("long")))
				early, late := a.visitor(), a.visitor()
				early.post("/")
				late.post("/")
				time.Sleep(time.Minute - 1)
				assert.Equal(t, "[short][long]", early.get("/"))
				time.Sleep(1)
				assert.Equal(t, "[long]", late.get("/"))
			})
		})
	}
}
