package flashotel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/flashgin/flashgin"
)

func init() { redis.SetLogger(quiet{}) } // go-redis logs each connection that it cannot open

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

type replyError string

func (e replyError) Error() string { return string(e) }
func (replyError) RedisError()     {}

type ownError struct{}

func (ownError) Error() string     { return "of one's own" }
func (ownError) ErrorType() string { return "full" }

func TestErrorType(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{context.DeadlineExceeded, "timeout"},
		{fmt.Errorf("flashgin: redis: claim: %w", context.DeadlineExceeded), "timeout"},
		{os.ErrDeadlineExceeded, "timeout"},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "timeout"},
		{context.Canceled, "canceled"},
		{replyError("OOM command not allowed when used memory > 'maxmemory'."), "OOM"},
		{fmt.Errorf("flashgin: redis: add: %w", replyError("READONLY You can't write")),
			"READONLY"},
		{replyError("ERR"), "ERR"},
		{replyError("Session 4711 is unknown"), "_OTHER"},
		{replyError("ABCDEFGHIJKLMNOPQRSTUVWXYZ is too long"), "_OTHER"},
		{replyError(""), "_OTHER"},
		{redis.ErrClosed, "_OTHER"},
		{errors.New("session abc"), "_OTHER"},
		{fmt.Errorf("wrapped: %w", io.ErrUnexpectedEOF), "_OTHER"},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
			"syscall.Errno"},
		{fmt.Errorf("wrapped: %w", &net.DNSError{Err: "no such host", Name: "redis.internal"}),
			"*net.DNSError"},
		{fmt.Errorf("wrapped: %w", ownError{}), "full"},
	} {
		t.Run(test.err.Error(), func(t *testing.T) {
			r := newRecorder(t)
			r.observe(flashgin.Event{Kind: flashgin.EventStoreCall, Call: "claim", Err: test.err})
			assert.Equal(t, test.want, r.errorTypes()[0])
		})
	}
}

// errorTypes returns the error.type of all calls.
func (r *recorder) errorTypes() (types []string) {
	for _, p := range r.metrics()["flashgin.store.call.duration"].
		Data.(metricdata.Histogram[float64]).DataPoints {
		class, _ := p.Attributes.Value("error.type")
		types = append(types, class.AsString())
	}
	return types
}

// The errors of our own store for Redis have a class as well.
func TestErrorTypeOfAServerThatIsDown(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	client := redis.NewClient(&redis.Options{Addr: closed.Addr().String(), MaxRetries: -1,
		DialTimeout: time.Minute, DialerRetries: 1})
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
	require.NoError(t, err)
	r := newRecorder(t)
	messages, err := flashgin.New(flashgin.Config{Store: store, Observer: r})
	require.NoError(t, err)
	_, err = messages.Peek(t.Context(), "session", "/")
	require.Error(t, err)
	assert.Equal(t, []string{"syscall.Errno"}, r.errorTypes())
}
