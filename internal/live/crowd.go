package live

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"net/netip"

	"github.com/flashgin/flashgin/internal/sse"
)

// Anybody can open streams: a session costs one request, and CookieKey cannot tell an invented
// secret from one that another process has made. So the streams of a client are bounded, and a full
// process ends a stream of the client that crowds it most for each new one. Who would miss it: all
// users, while one person opens streams until no more fit.

const (
	// streamsAClient bounds the streams from one IP address. So many people behind one address may
	// look at pages of one process.
	streamsAClient = 1000
	// streamsLeavingAtMost bounds the streams that were told to end and have not.
	streamsLeavingAtMost = 256
	// crowdSample is how many streams are compared to find one to end. A client with a tenth of all
	// streams is among them 29 times out of 30.
	crowdSample = 32
	// heardAtMost is how many sessions with messages a process knows, or twice that.
	heardAtMost = 100_000
)

// crowd counts the streams of a Hub by where they come from, without those that were told to end.
type crowd struct {
	peers   map[netip.Prefix]int // by the IP address of the connection, which may be a proxy's
	clients map[netip.Prefix]int // by the client's IP address as Gin finds it, which may be forged
	leaving int                  // streams that were told to end and have not
	heard   heardOf
}

func newCrowd() crowd {
	return crowd{
		peers:   map[netip.Prefix]int{},
		clients: map[netip.Prefix]int{},
		heard:   heardOf{seed: maphash.MakeSeed()},
	}
}

// addressOf returns the network that counts as one client: an IPv4 address, or an IPv6 network of
// the smallest size that people get. It is invalid if ip is not an IP address, but a Unix socket,
// say.
func addressOf(ip string) netip.Prefix {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}
	}
	size := 64
	if addr = addr.Unmap(); addr.Is4() {
		size = 32
	}
	network, _ := addr.Prefix(size)
	return network
}

// count adds by to the counts of a stream: 1 or -1.
func (c *crowd) count(s *stream, by int) {
	add := func(counts map[netip.Prefix]int, address netip.Prefix) {
		if counts[address] += by; counts[address] == 0 {
			delete(counts, address)
		}
	}
	add(c.peers, s.peer)
	add(c.clients, s.from)
}

// fullFor reports whether the client of s has as many streams as it may.
func (c *crowd) fullFor(s *stream) bool {
	return s.from.IsValid() && c.clients[s.from] >= streamsAClient
}

// compare returns more than 0 if a has to end rather than b: a stream whose IP address has more
// streams, in powers of two; then one whose session has had no message; then the older one.
func (c *crowd) compare(a, b *stream) int {
	scale := func(n int) int { return bits.Len(uint(n / streamsASession)) }
	unheard := func(s *stream) int {
		if c.heard.has(s.session) {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(scale(c.peers[a.peer]), scale(c.peers[b.peer])),
		cmp.Compare(scale(c.clients[a.from]), scale(c.clients[b.from])),
		cmp.Compare(unheard(a), unheard(b)),
		b.opened.Compare(a.opened),
	)
}

// makeRoom ends a stream in favour of s. It returns false if it ends none. The lock is held.
func (h *Hub) makeRoom(s *stream) bool {
	if h.crowd.leaving >= streamsLeavingAtMost {
		return false
	}
	worst, seen := s, 0
	for other := range h.streams { // in random order
		if other.leaving {
			continue
		}
		if h.crowd.compare(other, worst) > 0 {
			worst = other
		}
		if seen++; seen == crowdSample {
			break
		}
	}
	if worst == s {
		return false
	}
	h.tell(worst, sse.ByeFull)
	return true
}

// noteMessage notes that there was a message for a session, because a store need not tell.
func (h *Hub) noteMessage(session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.crowd.heard.note(session)
}

// heardOf remembers the latest sessions for which messages came. It keeps hashes with a random
// seed, so nobody can invent a session that it takes for a known one.
type heardOf struct {
	seed       maphash.Seed
	young, old map[uint64]struct{}
}

func (h *heardOf) note(session string) {
	hash := maphash.String(h.seed, session)
	if _, known := h.young[hash]; known {
		return
	}
	if len(h.young) >= heardAtMost || h.young == nil {
		h.young, h.old = map[uint64]struct{}{}, h.young
	}
	h.young[hash] = struct{}{}
}

func (h *heardOf) has(session string) bool {
	hash := maphash.String(h.seed, session)
	_, young := h.young[hash]
	_, old := h.old[hash]
	return young || old
}
