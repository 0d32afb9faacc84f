package live_test

import (
	"context"
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

// A handler tells the browser's own session something with Messenger.Add, and the browser leaves
// its page: the message is for the page that comes. The stream of the page that is being left would
// show it for a moment. In all other cases, the page that is open stays, and shows it at once.
func TestPageThatIsLeftDoesNotTakeWhatMessengerAddTells(t *testing.T) {
	opens := []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	byOwnKey := func(c *gin.Context, m *flashgin.Messenger) (context.Context, string) {
		key, err := m.SessionKey(c)
		assert.NoError(t, err)
		return c, key
	}
	for _, test := range []struct {
		name   string
		cfg    flashgin.Config
		header []string
		of     func(c *gin.Context, m *flashgin.Messenger) (context.Context, string)
		takes  bool // the page that is open
	}{
		{"form", flashgin.Config{}, opens, byOwnKey, false},
		{"form over plain http", flashgin.Config{}, []string{"Accept", "text/html"},
			byOwnKey, false},
		{"context of the request", flashgin.Config{}, opens,
			func(c *gin.Context, m *flashgin.Messenger) (context.Context, string) {
				_, key := byOwnKey(c, m)
				return c.Request.Context(), key
			}, false},
		{"key that the application knows", flashgin.Config{SessionKey: apptest.UserOf}, opens,
			func(c *gin.Context, m *flashgin.Messenger) (context.Context, string) {
				return c, "alice"
			}, false},
		{"key of the application's, with the request's context",
			flashgin.Config{SessionKey: apptest.UserOf}, opens,
			func(c *gin.Context, m *flashgin.Messenger) (context.Context, string) {
				return c.Request.Context(), "alice"
			}, false},
		{"script", flashgin.Config{}, []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"},
			byOwnKey, true},
		{"job", flashgin.Config{}, opens,
			func(c *gin.Context, m *flashgin.Messenger) (context.Context, string) {
				_, key := byOwnKey(c, m)
				return context.Background(), key
			}, true},
		{"another user's", flashgin.Config{SessionKey: apptest.UserOf},
			append([]string{"User", "bob"}, opens...),
			func(c *gin.Context, m *flashgin.Messenger) (context.Context, string) {
				return c, "alice"
			}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := apptest.NewLiveApp(t, test.cfg)
				taken := false
				var page *apptest.StreamWriter
				a.POST("/start", func(c *gin.Context) {
					ctx, key := test.of(c, a.Messenger)
					assert.NoError(t, a.Messenger.Add(ctx, key, flashgin.Info("started").At("/a")))
					waiting, err := a.Messenger.Peek(c, key, "/a")
					assert.NoError(t, err)
					synctest.Wait()
					taken = len(apptest.TextsOf(t, page.Events())) > 0
					if !test.takes {
						assert.Equal(t, []string{"started"}, apptest.Texts(waiting),
							"it is stored at once")
					}
					c.Redirect(http.StatusSeeOther, "/a")
				})
				v := a.Visitor()
				alice := []string{"User", "alice"}
				v.Do(http.MethodGet, "/key", alice...)
				page = v.Listen(apptest.StreamPath("/a"), alice...)
				synctest.Wait()
				require.True(t, page.IsOpen())
				// the first User counts
				v.Do(http.MethodPost, "/start", append(test.header, alice...)...)
				synctest.Wait()
				assert.Equal(t, test.takes, taken, "by the open page")
				want := "[started]"
				if test.takes {
					want = ""
				}
				assert.Equal(t, want, v.Do(http.MethodGet, "/a", alice...).Body.String())
				page.Close()
				time.Sleep(time.Minute)
			})
		})
	}
}
