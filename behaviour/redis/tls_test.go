package redis_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
)

// overTLS returns a client that reaches the server by TLS. Where the server closes a connection, so
// does what is between them.
func overTLS(t *testing.T, server *redistest.Server) *redis.Client {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(web.Close)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", web.TLS)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server.Addr())
			if err != nil {
				_ = near.Close()
				continue
			}
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
		}
	}()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	client := redis.NewClient(&redis.Options{
		Addr: listener.Addr().String(), PoolSize: 100, TLSConfig: &tls.Config{RootCAs: roots},
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// After a quick restart the pool is full of closed connections, which go-redis does not see if they
// are TLS. The first page shows what waits all the same, and nothing is lost.
func TestRedisRestartsBehindTLS(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "appendonly yes", "appendfsync no")
	client := overTLS(t, server)
	events := new(apptest.Observed)
	a := apptest.NewApp(t, flashgin.Config{
		Store: apptest.NewRedisStore(t, client), Observer: events,
		Timeout: 10 * time.Second, AddTimeout: 10 * time.Second, // the machine may be busy
	})
	a.GET("/page", apptest.Page)
	a.POST("/page", func(c *gin.Context) {
		message := flashgin.Info(c.Query("text"))
		message.Key = "page" // then nobody tries to add it later
		assert.NoError(t, flashgin.RedirectFlash(c, "/page", message))
	})
	for range 3 {
		showing, adding := a.Visitor(), a.Visitor()
		showing.Post("/page?text=before")
		var busy []*redis.Conn
		for range 20 {
			conn := client.Conn()
			require.NoError(t, conn.Ping(t.Context()).Err())
			busy = append(busy, conn)
		}
		for _, conn := range busy {
			require.NoError(t, conn.Close())
		}
		server.Stop()
		server.Restart()
		assert.Equal(t, "[before]", showing.Get("/page"))

		for range 2 { // the pool is good again
			adding.Post("/page?text=after")
			assert.Equal(t, "[after]", adding.Get("/page"))
		}
	}
	assert.Empty(t, a.Failures.String())
	assert.Empty(t, events.Breaker())
}
