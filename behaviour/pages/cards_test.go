package pages_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A message says how long ago it was made if that is as long as Config.AgeAfter, in the words of
// Config.Labels.
func TestAgeOfMessages(t *testing.T) {
	for after, want := range map[time.Duration]string{
		0: "", time.Hour: "vor 3 Stunden", 4 * time.Hour: "",
	} {
		store := new(flashgin.MemoryStore)
		a := apptest.NewMounted(t, flashgin.Config{Store: store, AgeAfter: after,
			Labels: func(*gin.Context) flashgin.Labels {
				return flashgin.Labels{HoursAgo: "vor %d Stunden"}
			}})
		var key string
		a.GET("/key", func(c *gin.Context) { key, _ = a.Messenger.SessionKey(c) })
		a.GET("/", apptest.Page)
		v := a.Visitor()
		v.Get("/key")
		made := time.Now().Add(-3*time.Hour - time.Minute).UTC()
		require.NoError(t, store.Add(t.Context(), key, flashgin.Message{View: "/", ID: "1",
			Status: flashgin.StatusInfo, Text: "old", Created: made}))
		got := v.Get("/")
		require.Contains(t, got, ">old<")
		if want == "" {
			assert.NotContains(t, got, "<time")
			continue
		}
		assert.Contains(t, got,
			`<time datetime="`+made.Format(time.RFC3339)+`">`+want+`</time>`)
	}
}

// Labels has the words of what folds, of long texts and of ages, and Config.HideStatus hides that
// for the status.
func TestWordsOfCards(t *testing.T) {
	store := new(flashgin.MemoryStore)
	a := apptest.NewMounted(t, flashgin.Config{Store: store, HideStatus: true, AgeAfter: 1,
		Labels: func(*gin.Context) flashgin.Labels {
			return flashgin.Labels{
				Info: "Hinweis", More: "%d weitere", CloseAll: "Alle schließen",
				ShowMore: "Mehr", ShowLess: "Weniger",
				MinutesAgo: "vor %d Minuten", DaysAgo: "vor %d Tagen",
			}
		}})
	var key string
	a.GET("/key", func(c *gin.Context) { key, _ = a.Messenger.SessionKey(c) })
	a.GET("/", apptest.Page)
	v := a.Visitor()
	v.Get("/key")
	for i, age := range []time.Duration{0, 1, 2, 3, 4, 10 * time.Minute, 72 * time.Hour} {
		require.NoError(t, store.Add(t.Context(), key, flashgin.Message{View: "/",
			ID: strconv.Itoa(i), Status: flashgin.StatusInfo, Created: time.Now().Add(-age),
			Text: strings.Repeat(strconv.Itoa(i), 100*i)}))
	}
	got := v.Get("/")
	for _, words := range []string{
		">2 weitere</summary>", `data-words="%d weitere"`, ">Alle schließen</button>",
		">Mehr</span>", ">Weniger</span>", ">vor 10 Minuten</time>", ">vor 3 Tagen</time>",
		`<span class="flash__hidden">Hinweis</span>`,
	} {
		assert.Contains(t, got, words)
	}
	assert.NotContains(t, got, "flash__status")
}
