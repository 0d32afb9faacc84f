package live

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/sse"
)

// Invented sessions fill a process from one connection's address, each for another client that does
// not exist. Users with addresses of their own still get their streams, and keep them.
func TestInventedStreamsShutNobodyOut(t *testing.T) {
	const limit = 40
	o := openOffice(t, limit)
	first := hear(t, o, "127.0.0.2", "192.0.2.1", "anne")
	require.True(t, isOpen(first))
	for i := range 3 * limit {
		hear(t, o, "127.0.0.1", fmt.Sprintf("10.0.%d.1", i), fmt.Sprintf("invented-%d", i))
	}
	second := hear(t, o, "127.0.0.3", "192.0.2.2", "bert")
	require.True(t, isOpen(second))
	for i := range limit {
		hear(t, o, "127.0.0.1", fmt.Sprintf("10.1.%d.1", i), fmt.Sprintf("more-%d", i))
	}
	for user, events := range map[string]<-chan string{"anne": first, "bert": second} {
		o.add(user, "for "+user)
		assert.Equal(t, "event: flash", <-events, user)
		assert.Contains(t, <-events, "for "+user)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	assert.LessOrEqual(t, len(o.streams)-o.crowd.leaving, limit)
}

// Where the addresses say nothing, who has listened longest gives way, but not to who has not had a
// message if the others have.
func TestAFullProcess(t *testing.T) {
	o := openOffice(t, 3)
	open := func(session string) <-chan string {
		return hear(t, o, "127.0.0.1", "192.0.2.1", session)
	}
	anne, bert, carl := open("anne"), open("bert"), open("carl")
	for user, events := range map[string]<-chan string{"anne": anne, "carl": carl} {
		require.True(t, isOpen(events))
		o.add(user, "text")
		require.Equal(t, "event: flash", <-events)
	}
	require.True(t, isOpen(bert))
	dora := open("dora")
	require.True(t, isOpen(dora))
	assert.Equal(t, "event: flash-bye", <-bert, "the oldest that had no message")
	assert.Equal(t, "data: full", <-bert)

	o.add("dora", "text")
	require.Equal(t, "event: flash", <-dora)
	assert.False(t, isOpen(open("nobody")), "all have had messages but the newcomer")

	o.add("bert", "text")
	require.True(t, isOpen(open("bert")))
	<-anne // the message
	assert.Equal(t, "event: flash-bye", <-anne, "the oldest")
}

// What crowds more gives way: by powers of two, so that a window more or less does not count.
func TestWhichStreamGivesWay(t *testing.T) {
	c := newCrowd()
	peer := func(s string) netip.Prefix { return addressOf(s) }
	for i, n := range map[string]int{
		"10.0.0.1": 17_000, "10.0.0.2": 16_400, "10.0.0.3": 900,
		"192.0.2.1": 7, "192.0.2.2": 1, "192.0.2.3": 20,
	} {
		c.peers[peer(i)], c.clients[peer(i)] = n, n
	}
	c.heard.note("known")
	now := time.Now()
	open := func(via, from, session string, age time.Duration) *stream {
		return &stream{peer: peer(via), from: peer(from), session: session, opened: now.Add(-age)}
	}
	for _, test := range []struct {
		name string
		a, b *stream // a gives way
	}{
		{"a connection's address", open("10.0.0.1", "192.0.2.2", "known", 0),
			open("10.0.0.3", "192.0.2.3", "x", 1)},
		{"a client's address", open("10.0.0.1", "192.0.2.3", "known", 0),
			open("10.0.0.2", "192.0.2.2", "x", 1)},
		{"no message, not a window more", open("10.0.0.1", "192.0.2.2", "x", 0),
			open("10.0.0.1", "192.0.2.1", "known", 1)},
		{"age", open("10.0.0.1", "192.0.2.1", "x", 2), open("10.0.0.1", "192.0.2.1", "y", 1)},
	} {
		assert.Positive(t, c.compare(test.a, test.b), test.name)
		assert.Negative(t, c.compare(test.b, test.a), test.name)
	}
}

// One client is an address, or the network that a client of IPv6 chooses addresses from.
func TestAddressOf(t *testing.T) {
	for _, test := range []struct{ ip, want string }{
		{"192.0.2.7", "192.0.2.7/32"},
		{"::ffff:192.0.2.7", "192.0.2.7/32"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"", "invalid Prefix"},
		{"@", "invalid Prefix"},
	} {
		assert.Equal(t, test.want, addressOf(test.ip).String())
	}
}

// The sessions that are remembered are bounded, and the latest are among them.
func TestSessionsWithMessagesAreBounded(t *testing.T) {
	h := newCrowd().heard
	assert.False(t, h.has("0"))
	for i := range 3*heardAtMost + 1 {
		h.note(fmt.Sprint(i))
		h.note(fmt.Sprint(i))
	}
	assert.LessOrEqual(t, len(h.young)+len(h.old), 2*heardAtMost)
	assert.True(t, h.has(fmt.Sprint(3*heardAtMost)))
	assert.True(t, h.has(fmt.Sprint(2*heardAtMost+1)))
	assert.False(t, h.has("0"))
}

// The counts return to nothing when the streams have ended.
func TestStreamsAreCountedOut(t *testing.T) {
	o := openOffice(t, 5)
	for i := range 20 {
		hear(t, o, "127.0.0.1", strings.Repeat("1", i%3+1)+".0.0.1", fmt.Sprint(i%9))
	}
	o.End("1", sse.ByeAgain)
	require.NoError(t, o.endAll(t.Context(), func(*stream) bool { return true }))
	o.mu.Lock()
	defer o.mu.Unlock()
	assert.Empty(t, o.streams)
	assert.Empty(t, o.crowd.peers)
	assert.Empty(t, o.crowd.clients)
	assert.Zero(t, o.crowd.leaving)
}
