package redistest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Cluster is a Redis Cluster of masters without replicas. Its slots are spread evenly, in the
// order of Servers.
type Cluster struct {
	Servers []*Server
	tb      testing.TB
}

const slots = 16384

// StartCluster starts a cluster of n masters, each with the further lines of configuration, and
// waits until it serves all slots and its servers hand on what is published. A server may stand
// still for almost a minute before the others give it up.
func StartCluster(tb testing.TB, n int, config ...string) *Cluster {
	tb.Helper()
	c := &Cluster{tb: tb}
	config = append([]string{"cluster-enabled yes", "cluster-node-timeout 60000"}, config...)
	for range n {
		c.Servers = append(c.Servers, Start(tb, config...))
	}
	ctx := context.Background()
	for i, s := range c.Servers {
		client := s.Client()
		var own []int
		for slot := i * slots / n; slot < (i+1)*slots/n; slot++ {
			own = append(own, slot)
		}
		c.must(client.ClusterAddSlots(ctx, own...).Err())
		c.must(client.Do(ctx, "cluster", "set-config-epoch", i+1).Err())
		if i > 0 {
			c.must(client.ClusterMeet(ctx, "127.0.0.1", fmt.Sprint(c.Servers[0].port)).Err())
		}
	}
	for _, s := range c.Servers {
		client := s.Client()
		eventually(tb, "the cluster serves all slots", func() bool {
			info, err := client.ClusterInfo(ctx).Result()
			if err != nil {
				return false
			}
			nodes, err := client.ClusterNodes(ctx).Result()
			// With cluster-require-full-coverage no, the state is ok before all slots are known.
			return err == nil && strings.Contains(info, "cluster_state:ok") &&
				strings.Contains(info, fmt.Sprintf("cluster_slots_ok:%d", slots)) &&
				strings.Count(nodes, " connected") == n && !strings.Contains(nodes, "handshake")
		})
	}
	for i, s := range c.Servers {
		c.untilHeard(i, s)
	}
	return c
}

// untilHeard waits until the other servers hear what the one of this index publishes. Those of a
// new Valkey cluster do not hand it on at first.
func (c *Cluster) untilHeard(index int, s *Server) {
	c.tb.Helper()
	ctx := context.Background()
	publisher, name := s.Client(), fmt.Sprint(index)
	for _, other := range c.Servers {
		if other == s {
			continue
		}
		sub := other.Client().Subscribe(ctx, name)
		_, err := sub.Receive(ctx)
		c.must(err)
		eventually(c.tb, "the servers hand on what is published", func() bool {
			c.must(publisher.Publish(ctx, name, "").Err())
			_, err := sub.ReceiveTimeout(ctx, 100*time.Millisecond)
			return err == nil
		})
		c.must(sub.Close())
	}
}

func (c *Cluster) must(err error) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatal(err)
	}
}

// Addrs returns the addresses of the servers.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, s := range c.Servers {
		addrs = append(addrs, s.Addr())
	}
	return addrs
}

// Client returns a new client with default options. It is closed when the test ends.
func (c *Cluster) Client() *redis.ClusterClient { return c.ClientWith(&redis.ClusterOptions{}) }

// ClientWith returns a new client of the cluster, with opt. It is closed when the test ends.
func (c *Cluster) ClientWith(opt *redis.ClusterOptions) *redis.ClusterClient {
	opt.Addrs = c.Addrs()
	client := redis.NewClusterClient(opt)
	c.tb.Cleanup(func() { _ = client.Close() })
	return client
}

// SlotOf returns the slot of key, as the servers compute it.
func (c *Cluster) SlotOf(key string) int {
	c.tb.Helper()
	slot, err := c.Servers[0].Client().ClusterKeySlot(context.Background(), key).Result()
	c.must(err)
	return int(slot)
}

// Owner returns the index of the server that StartCluster gave slot to.
func (c *Cluster) Owner(slot int) int {
	for i := range c.Servers {
		if slot < (i+1)*slots/len(c.Servers) {
			return i
		}
	}
	return -1
}

// A Migration moves one slot from one server to another, in the steps that redis-cli takes for it.
// Between the steps the cluster serves the slot, with ASK for the keys that are not, or no longer,
// at the source.
type Migration struct {
	Backwards bool // Walk moves the last key first

	cluster  *Cluster
	slot     int
	from, to *redis.Client
	fromID   string
	toID     string
	target   *Server
}

// Migrate prepares to move slot between the servers of these indexes.
func (c *Cluster) Migrate(slot, from, to int) *Migration {
	c.tb.Helper()
	ctx := context.Background()
	m := &Migration{
		cluster: c, slot: slot, from: c.Servers[from].Client(), to: c.Servers[to].Client(),
		target: c.Servers[to],
	}
	var err error
	m.fromID, err = m.from.Do(ctx, "cluster", "myid").Text()
	c.must(err)
	m.toID, err = m.to.Do(ctx, "cluster", "myid").Text()
	c.must(err)
	return m
}

// Import is the first step: the target takes keys of the slot from those who are sent to it.
func (m *Migration) Import() {
	m.cluster.tb.Helper()
	m.cluster.must(m.to.Do(context.Background(),
		"cluster", "setslot", m.slot, "importing", m.fromID).Err())
}

// Begin is the second step: the source sends those who ask for a missing key to the target.
func (m *Migration) Begin() {
	m.cluster.tb.Helper()
	m.cluster.must(m.from.Do(context.Background(),
		"cluster", "setslot", m.slot, "migrating", m.toID).Err())
}

// Keys returns up to n keys of the slot that are still at the source.
func (m *Migration) Keys(n int) []string {
	m.cluster.tb.Helper()
	keys, err := m.from.ClusterGetKeysInSlot(context.Background(), m.slot, n).Result()
	m.cluster.must(err)
	return keys
}

// Move moves one key.
func (m *Migration) Move(key string) {
	m.cluster.tb.Helper()
	m.cluster.must(m.from.Do(context.Background(),
		"migrate", "127.0.0.1", m.target.port, key, 0, 5000).Err())
}

// End is the last step: the target owns the slot.
func (m *Migration) End() {
	m.cluster.tb.Helper()
	for _, client := range []*redis.Client{m.to, m.from} {
		m.cluster.must(client.Do(context.Background(),
			"cluster", "setslot", m.slot, "node", m.toID).Err())
	}
}

// Walk moves the slot with all its keys, in alphabetical order, and calls after with the name of
// each step that is done. Servers list the keys in any order.
func (m *Migration) Walk(after func(step string)) {
	m.cluster.tb.Helper()
	m.Import()
	after("importing")
	m.Begin()
	after("migrating")
	for keys := m.Keys(1000); len(keys) > 0; keys = m.Keys(1000) {
		slices.Sort(keys)
		if m.Backwards {
			slices.Reverse(keys)
		}
		m.Move(keys[0])
		after("moved " + keys[0])
	}
	m.End()
	after("moved")
}
