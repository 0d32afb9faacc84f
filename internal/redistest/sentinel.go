package redistest

import (
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

// MasterName is the name under which the sentinels know the master.
const MasterName = "flash"

// A Sentinel is a master with one replica, and three sentinels that put the replica in its place
// when it fails.
type Sentinel struct {
	Master, Replica *Server // as they were at the start
	Sentinels       []*Server
	tb              testing.TB
}

// StartSentinel starts the five processes, master and replica with the further lines of
// configuration, and waits until they know each other. Until TakeOver, the sentinels take the
// master for dead after a minute, so that one that stands still for a moment is not replaced.
func StartSentinel(tb testing.TB, config ...string) *Sentinel {
	tb.Helper()
	s := &Sentinel{tb: tb, Master: Start(tb, config...)}
	s.Replica = StartReplica(tb, s.Master, config...)
	for range 3 {
		s.Sentinels = append(s.Sentinels, start(tb, []string{"--sentinel"}, []string{
			fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 2", MasterName, s.Master.port),
			"sentinel down-after-milliseconds " + MasterName + " 60000",
			"sentinel failover-timeout " + MasterName + " 3000",
		}))
	}
	for _, sentinel := range s.Sentinels {
		client := redis.NewSentinelClient(&redis.Options{Addr: sentinel.Addr()})
		tb.Cleanup(func() { _ = client.Close() })
		eventually(tb, "the sentinels know each other and the replica", func() bool {
			master, err := client.Master(context.Background(), MasterName).Result()
			return err == nil && master["num-slaves"] == "1" && master["num-other-sentinels"] == "2"
		})
	}
	return s
}

// TakeOver makes the sentinels take the master for dead after half a second.
func (s *Sentinel) TakeOver() {
	s.tb.Helper()
	for _, sentinel := range s.Sentinels {
		client := redis.NewSentinelClient(&redis.Options{Addr: sentinel.Addr()})
		err := client.Set(context.Background(), MasterName, "down-after-milliseconds", "500").Err()
		_ = client.Close()
		if err != nil {
			s.tb.Fatal(err)
		}
	}
}

// StartReplica starts a replica of master and waits until it follows.
func StartReplica(tb testing.TB, master *Server, config ...string) *Server {
	tb.Helper()
	replica := Start(tb,
		append([]string{fmt.Sprintf("replicaof 127.0.0.1 %d", master.port)}, config...)...)
	client := replica.Client()
	eventually(tb, "the replica follows", func() bool {
		role, err := client.Do(context.Background(), "role").Slice()
		return err == nil && len(role) > 3 && role[3] == "connected"
	})
	return replica
}

// Addrs returns the addresses of the sentinels.
func (s *Sentinel) Addrs() []string {
	var addrs []string
	for _, sentinel := range s.Sentinels {
		addrs = append(addrs, sentinel.Addr())
	}
	return addrs
}

// Client returns a new client with default options, which asks the sentinels for the master. It is
// closed when the test ends.
func (s *Sentinel) Client() *redis.Client {
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: MasterName, SentinelAddrs: s.Addrs(),
	})
	s.tb.Cleanup(func() { _ = client.Close() })
	return client
}
