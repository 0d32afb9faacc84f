package answers_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// An answer that goes on for longer than the lease has shown what it has flushed: no other page
// shows that again meanwhile.
func TestAnswersThatGoOnAfterTheLease(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc // returns when the lease has ended
		seen   bool
	}{
		{"a page that is flushed", func(c *gin.Context) {
			apptest.Page(c)
			c.Writer.Flush()
			goOn()
		}, true},
		{"a page that is not", func(c *gin.Context) { apptest.Page(c); goOn() }, false},
		{"text that is flushed", func(c *gin.Context) {
			fmt.Fprint(c.Writer, flashgin.Flashes(c))
			c.Writer.Flush()
			goOn()
		}, true},
		{"events", func(c *gin.Context) {
			c.Header("Cache-Control", "no-store") // else nothing is shown after the flush
			c.Writer.Flush()
			c.SSEvent("flash", flashgin.Flashes(c))
			http.NewResponseController(c.Writer).Flush()
			goOn()
		}, true},
		{"headers alone", func(c *gin.Context) {
			flashgin.Flashes(c)
			c.Writer.Flush()
			goOn()
		}, false},
	} {
		for storeName, store := range apptest.Stores {
			t.Run(test.name+"/"+storeName, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := apptest.NewApp(t, flashgin.Config{Store: store()})
					a.POST("/", apptest.Add(t, apptest.Redirect("/"),
						flashgin.Info("hello").At(flashgin.Anywhere)))
					a.GET("/stream", test.answer)
					a.GET("/", apptest.Page)
					visitor := a.Visitor()
					visitor.Post("/")
					go visitor.Get("/stream")
					time.Sleep(lease + time.Second)
					synctest.Wait()
					want := "[hello]"
					if test.seen {
						want = ""
					}
					assert.Equal(t, want, visitor.Get("/"))
					time.Sleep(lease)
					synctest.Wait()
					assert.Empty(t, visitor.Get("/"), "when the answer has ended")
					assert.Empty(t, a.Failures.String())
				})
			})
		}
	}
}

// lease is Config.Lease by default.
const lease = 10 * time.Second

func goOn() { time.Sleep(lease * 3 / 2) }
