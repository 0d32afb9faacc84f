package live

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"net/netip"

	"github.com/flashgin/flashgin/internal/sse"
)

// Anybody can open streams: a session costs one request, and CookieKey takes a secret that
// somebody has invented for one that it has made elsewhere. So a client has a bound, and a
// process that is full gives a newcomer the place of whoever crowds it most. Who would miss it:
// all users, while one person opens streams until no more fit.

const (
	// streamsAClient bounds the streams from one address. So many people may be behind one that
	// look at pages of one process.
	streamsAClient = 1000
	// streamsLeavingAtMost bounds the streams beyond the limit, which were told to end.
	streamsLeavingAtMost = 256
	// crowdSample is how many streams are compared to find one to end. Who holds a tenth of all
	// streams is among them 29 times out of 30.
	crowdSample = 32
	// heardAtMost is how many sessions with messages a process knows, or twice that.
	heardAtMost = 100_000
)

// crowd is what a Hub knows of where its streams come from. It counts those that were not told to
// end.
type crowd struct {
	peers   map[netip.Prefix]int // by the other end of the connection, which may be a proxy
	clients map[netip.Prefix]int // by what Gin takes for the client, which may be invented
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

// addressOf returns what counts as one client: an IPv4 address, or an IPv6 network of the smallest
// size that people get. It is invalid for what is no address, such as a Unix socket.
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

// count counts a stream, or no longer if by is -1.
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

// compare says which of two streams is to give way: the one whose address crowds more, in powers of
// two; then the one under whose session no message is known; then the one that has listened longer.
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

// makeRoom ends a stream for s, and reports false if there is none that is to give way. The lock is
// held.
func (h *Hub) makeRoom(s *stream) bool {
	if h.crowd.leaving >= streamsLeavingAtMost {
		return false
	}
	worst, seen := s, 0
	for other := range h.streams { // in an order of chance
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

// noteMessage notes that there was a message for a session, which a store may not tell.
func (h *Hub) noteMessage(session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.crowd.heard.note(session)
}

// heardOf remembers the sessions for which messages came, the latest ones. It knows hashes: who
// invents a session cannot have one that is known.
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
