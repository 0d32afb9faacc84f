package flashgin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A process that has as many streams as it can carry asks clients to come back later.
func TestStreamsOfOneProcess(t *testing.T) {
	m, err := New(Config{SessionKey: func(c *gin.Context) (string, error) { return c.Query("as"), nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	m.live.limit = 0
	engine := gin.New(m.Install)
	m.Mount(engine)
	answer := httptest.NewRecorder()
	engine.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/_flash/stream?view=/&as=anne", nil))
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "retry: 30000\n\n", answer.Body.String())
	assert.Equal(t, "text/event-stream; charset=utf-8", answer.Header().Get("Content-Type"))
}
