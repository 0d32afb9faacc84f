package request

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/report"
)

// An owned request has an owner that does nothing.
type owned struct{ Request }

func (*owned) Commit(Leaving) {}
func (*owned) LooksAt() bool  { return false }
func (*owned) Looked(string)  {}
func (*owned) Flushed(int64)  {}

// serve calls handler with a request that was started, in an engine without flashgin.
func serve(t *testing.T, handler func(c *gin.Context, o *owned)) *httptest.ResponseRecorder {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) {
		o := new(owned)
		o.Start(c, o, report.New(nil, nil))
		handler(c, o)
	})
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	return w
}

// All that a handler has leads to its request: contexts, copies and the writer.
func TestWhatLeadsToARequest(t *testing.T) {
	type key struct{}
	serve(t, func(c *gin.Context, o *owned) {
		assert.Same(t, o, Of(c))
		assert.Same(t, o, Of(c.Copy()))
		assert.Same(t, o, Of(c.Request.Context()))
		assert.Same(t, o, Of(context.WithValue(c, key{}, 1)))
		assert.Same(t, o, Behind(c.Writer))
		assert.Nil(t, Of(context.Background()))
		assert.Nil(t, Behind(httptest.NewRecorder()))
		assert.True(t, o.Has(c))
		assert.True(t, o.IsBehind(c.Writer))
		assert.False(t, IsCopy(c))
		assert.True(t, IsCopy(c.Copy()))
		assert.Nil(t, Of(o.Client()), "a store that is given this context must not come back")
	})
}

// What the handlers do to their request changes nothing before it is read again.
func TestFieldsAreCopied(t *testing.T) {
	serve(t, func(c *gin.Context, o *owned) {
		given := o.Given
		c.Request.Method = http.MethodPost
		assert.Equal(t, http.MethodGet, o.HTTP.Method)
		assert.Equal(t, http.MethodGet, given.Method)
		o.ReadAgain()
		assert.Equal(t, http.MethodPost, o.HTTP.Method)
		c.Request = nil
		o.ReadAgain()
		assert.Equal(t, http.MethodPost, o.HTTP.Method)
	})
}

// A request does not end, and Gin does not give its context away, as long as a function of the
// application uses it.
func TestGiveUpWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serve(t, func(c *gin.Context, o *owned) {
			release, asked := make(chan struct{}), make(chan *gin.Context, 1)
			go o.Ask(func(c *gin.Context) {
				<-release
				asked <- c
			})
			synctest.Wait()
			given := make(chan struct{})
			go func() {
				defer close(given)
				o.Lock()
				defer o.Unlock()
				o.GiveUp()
			}()
			synctest.Wait()
			select {
			case <-given:
				require.Fail(t, "the request was given up while its context was in use")
			default:
			}
			o.Lock()
			assert.True(t, o.Ended(), "it takes no new calls")
			assert.Equal(t, "the request has ended", o.WhyLate())
			o.Unlock()
			close(release)
			<-given
			assert.Same(t, c, <-asked)
			assert.Nil(t, o.Gin())
			assert.False(t, o.Ask(func(*gin.Context) { assert.Fail(t, "it has ended") }))
		})
	})
}

// What tells that headers, or an answer, come too late.
func TestWhyLate(t *testing.T) {
	locked := func(o *owned, why func() string) string {
		o.Lock()
		defer o.Unlock()
		return why()
	}
	w := serve(t, func(c *gin.Context, o *owned) {
		assert.Empty(t, locked(o, o.WhyLate))
		assert.Empty(t, locked(o, o.WhyNoAnswer))
		c.String(http.StatusOK, "text")
		assert.Equal(t, "the headers are sent", locked(o, o.WhyLate))
		o.hijacked = true
		assert.Equal(t, "the handler has taken the connection over", locked(o, o.WhyNoAnswer))
	})
	assert.Equal(t, "text", w.Body.String())

	serve(t, func(c *gin.Context, o *owned) { // as HandleContext does
		c.Request, c.Keys = httptest.NewRequest(http.MethodGet, "/other", nil), nil
		c.Writer = o.writer.ResponseWriter
		assert.Contains(t, locked(o, o.WhyLate), "HandleContext was called")
	})
}

// An engine without flashgin, inside one that has it, serves the same request.
func TestRequestOfAnEngineInside(t *testing.T) {
	assert.Equal(t, context.Background(), ContextOf(&gin.Context{}))
	serve(t, func(c *gin.Context, o *owned) {
		inside, _ := gin.CreateTestContext(httptest.NewRecorder())
		assert.Nil(t, In(inside))
		inside.Request = c.Request
		assert.Same(t, o, In(inside))
		assert.Equal(t, o.Client(), ContextOf(inside))
		o.Lock()
		o.GiveUp()
		o.Unlock()
		assert.False(t, o.Reenter(c, func() { assert.Fail(t, "it has ended") }))
	})
}
