package messages_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// What a request costs grows with the number of its messages, not with the square of it.
func TestManyMessagesOfARequest(t *testing.T) {
	htmx := []string{"HX-Request", "true"}
	for _, test := range []struct {
		name    string
		message func(i int) flashgin.Message
		answer  gin.HandlerFunc
		header  []string
	}{
		{"stored", func(int) flashgin.Message { return flashgin.Info("x") },
			apptest.Redirect("/"), nil},
		{"with a page", func(int) flashgin.Message { return flashgin.Info("x") },
			apptest.Page, nil},
		{"with a given ID", func(i int) flashgin.Message {
			return flashgin.Message{Text: "x", ID: fmt.Sprint(i)}
		}, apptest.Page, nil},
		{"with the same ID", func(i int) flashgin.Message {
			return flashgin.Message{Text: "x", ID: "same", View: fmt.Sprint("/", i)}
		}, apptest.Page, nil},
		{"with a Key", func(int) flashgin.Message {
			return flashgin.Message{Text: "x", Key: "job"}
		}, apptest.Page, nil},
		{"with many Keys", func(i int) flashgin.Message {
			return flashgin.Message{Text: "x", Key: fmt.Sprint(i)}
		}, apptest.Page, nil},
		{"in a header", func(int) flashgin.Message { return flashgin.Info("x") },
			apptest.Status(http.StatusNoContent), htmx},
		{"taken and added again", func(int) flashgin.Message { return flashgin.Info("x") },
			func(c *gin.Context) {
				for _, msg := range flashgin.Flashes(c) {
					assert.NoError(t, flashgin.AddFlash(c, msg))
				}
				c.Redirect(http.StatusSeeOther, "/")
			}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewAppWithoutSessions(t,
				flashgin.Config{SessionKey: apptest.UserOf, HTMX: true})
			var many int
			a.GET("/", func(c *gin.Context) {
				for i := range many {
					assert.NoError(t, flashgin.AddFlash(c, test.message(i)))
				}
				test.answer(c)
			})
			cost := func(n int) time.Duration {
				many = n
				least := time.Hour
				for range 2 {
					start := time.Now()
					a.Visit(http.MethodGet, "/", test.header...)
					least = min(least, time.Since(start))
				}
				return least
			}
			var times time.Duration
			for range 5 { // a busy machine may disturb one measurement
				if times = cost(8000) / cost(1000); times < 28 {
					return
				}
			}
			t.Errorf("8 times as many messages cost %d times as much: linear is 8, quadratic 64",
				times)
		})
	}
}
