package flashgin_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/redistest"
)

// An address that the server does not let us read is not taken for an empty one, as a key of another type is.
func TestRedisReadingIsRefused(t *testing.T) {
	server := redistest.Start(t)
	admin := server.Client()
	setRedisUser(t, admin, redisKeys, redisRights)
	p := newRedisProbe(t, server.ClientWith(&redis.Options{Username: "flash", Password: "secret"}))
	p.add("/a", "waits")

	setRedisUser(t, admin, redisKeys, redisRights, "-zrangebyscore")
	_, err := p.store.Claim(t.Context(), p.session, []string{"/a"}, time.Minute)
	assert.ErrorContains(t, err, "docs/redis.md")
	_, err = p.store.Peek(t.Context(), p.session, []string{"/a"})
	assert.ErrorContains(t, err, "docs/redis.md")

	setRedisUser(t, admin, redisKeys, redisRights)
	assert.Equal(t, []string{"waits"}, p.peek("/a"))
}
