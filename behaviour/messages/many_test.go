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
			cost := func(requests, n int) time.Duration {
				many = n
				start := time.Now()
				for range requests {
					a.Visit(http.MethodGet, "/", test.header...)
				}
				return time.Since(start)
			}
			var times float64
			for range 5 { // a busy machine may disturb one measurement
				if times = float64(cost(1, 8000)) / float64(cost(8, 1000)); times < 3.5 {
					return
				}
			}
			t.Errorf("8000 messages of one request cost %.1f times as much as of eight: "+
				"linear is 1, quadratic 8", times)
		})
	}
}
