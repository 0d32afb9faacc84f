package routes

import (
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/answer"
	"github.com/flashgin/flashgin/internal/delivery"
)

// Streams are counted by the connection, which a client cannot invent, and by what Gin takes for
// the client.
func TestStreamsKnowTheirClient(t *testing.T) {
	rs := &Routes[string]{Answers: &answer.Config[string]{
		Store: delivery.New(delivery.Config[string]{}),
	}}
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest("GET", "/", nil)
	c.Request.RemoteAddr = "10.0.0.1:1234"
	c.Request.Header.Set("X-Forwarded-For", "192.0.2.1")
	page := rs.openPage(nil, c, "alice", []string{"/"})
	assert.Equal(t, "10.0.0.1", page.Peer)
	assert.Equal(t, "192.0.2.1", page.Client)
	assert.Equal(t, "alice", page.Session)
}
