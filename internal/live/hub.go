// Package live delivers messages to open pages. Each page has a stream: a request that does not
// end. A wake-up is only a hint that messages may wait for the page. Then the stream claims, as a
// page does when it is rendered, so each message goes to one page.
//
//   - A [Hub] has all streams of a process.
//   - A [Page] is what a stream asks of the application: which messages wait, and whether the page
//     still belongs to its session.
//   - A [Parcel] has claimed messages, ready to be written.
//   - An [Ack] is the page's acknowledgement of messages.
//
// The package knows neither messages nor stores.
package live

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/sse"
)

const (
	// streamsASession is how many open pages of one session are served at a time. A page listens
	// only while it is visible, so few users have more.
	streamsASession = 8
	// streamsAtMost bounds the streams of a process. For a stream beyond it, another one ends.
	streamsAtMost = 50_000
	// claimsAtMost is how many streams ask the store at a time. So there is room for pages even if
	// all streams wake up together.
	claimsAtMost = 16
)

// Config is what a [Hub] is made of.
type Config struct {
	Lease time.Duration // how long a claim hides messages that nobody settles
	// Watch calls wake when something was added for a session, or when its streams are to end. The
	// empty session means all sessions, because Watch may have missed something. Watch returns when
	// ctx has ended or listening has failed, and is called again after the latter. It returns nil
	// if the store cannot tell after all. A nil Watch means that the store cannot tell.
	Watch  func(ctx context.Context, wake func(session string, ends bool)) error
	AtOnce bool             // whether Watch is called before there is any stream
	Errors *report.Reporter // is told of errors that no caller receives
	Path   string           // where the streams are served, for the log
}

// A Hub has the streams of a process. It is safe for concurrent use by multiple goroutines.
type Hub struct {
	cfg    Config
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	claims chan struct{} // holds one for each claim that runs
	ended  chan struct{} // closed when nothing watches the store any more

	listening atomic.Bool // Watch tells when something is added
	deadlines sync.Once   // for the warning that writes have no deadline
	unflushed sync.Once   // for the warning that there can be no stream
	crowded   sync.Once   // for the warning that a client has too many streams
	restless  sync.Once   // for the warning that wake-ups bring nothing

	mu       sync.Mutex
	closed   bool
	watching bool
	limit    int                   // streamsAtMost
	streams  map[*stream]struct{}  // all that run
	sessions map[string][]*stream  // at most streamsASession each, oldest first
	servers  map[*http.Server]bool // those of streams so far; true: it is being shut down
	writing  map[mark]bool         // parcels that are being written; true: the page has it
	crowd    crowd
}

// New returns a Hub that has started nothing yet.
func New(cfg Config) *Hub {
	h := &Hub{
		cfg:      cfg,
		claims:   make(chan struct{}, claimsAtMost),
		ended:    make(chan struct{}),
		limit:    streamsAtMost,
		streams:  map[*stream]struct{}{},
		sessions: map[string][]*stream{},
		servers:  map[*http.Server]bool{},
		writing:  map[mark]bool{},
		crowd:    newCrowd(),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if cfg.AtOnce {
		h.watch()
	}
	return h
}

// open lets s run, and ends the oldest stream of its session if there are too many. It reports
// false if s has to come back later.
func (h *Hub) open(s *stream) bool {
	h.endWith(s.server)
	opened, crowded := h.tryOpen(s)
	if crowded {
		h.cfg.Errors.WarnOnce(&h.crowded, fmt.Sprintf("%d pages that are open come from one address: "+
			"those beyond are asked to come back later; if it is the address of a proxy, let Gin see "+
			"the client's, by Engine.SetTrustedProxies, RemoteIPHeaders or TrustedPlatform",
			streamsAClient))
	}
	return opened
}

// tryOpen is open. It also reports whether s was refused because its client has too many streams.
func (h *Hub) tryOpen(s *stream) (opened, crowded bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.servers[s.server] {
		return false, false
	}
	if h.crowd.fullFor(s) {
		return false, true
	}
	if len(h.streams)-h.crowd.leaving >= h.limit && !h.makeRoom(s) {
		return false, false
	}
	h.watch()
	list := h.sessions[s.session]
	if len(list) >= streamsASession {
		h.tell(list[0], sse.ByeFull)
		list = slices.Delete(list, 0, 1)
	}
	h.sessions[s.session] = append(list, s)
	h.streams[s] = struct{}{}
	h.crowd.count(s, 1)
	return true, false
}

// leave is what a stream does last.
func (h *Hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.leaving {
		h.crowd.leaving--
	} else {
		h.crowd.count(s, -1)
	}
	delete(h.streams, s)
	list := h.sessions[s.session]
	if i := slices.Index(list, s); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(h.sessions, s.session)
	} else {
		h.sessions[s.session] = list
	}
}

// End ends the streams of a session.
func (h *Hub) End(session, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sessions[session] {
		h.tell(s, why)
	}
}

// tell makes a stream end. The lock is held.
func (h *Hub) tell(s *stream, why string) {
	if !s.leaving {
		s.leaving = true
		h.crowd.leaving++
		h.crowd.count(s, -1)
	}
	s.end(why)
}

const (
	// patience is how long a stream that is to end may take to say goodbye. After that, what it is
	// writing fails.
	patience = 400 * time.Millisecond
	// lookEvery is how often endAll checks whether streams have ended.
	lookEvery = 5 * time.Millisecond
)

// endAll ends the streams that match, and returns when they have ended or ctx has.
func (h *Hub) endAll(ctx context.Context, match func(*stream) bool) error {
	each := func(do func(*stream)) (n int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		for s := range h.streams {
			if match(s) {
				do(s)
				n++
			}
		}
		return n
	}
	left := each(func(s *stream) { h.tell(s, sse.ByeClosing) })
	for start := time.Now(); left > 0; {
		if !guard.Sleep(ctx, lookEvery) {
			return fmt.Errorf("flashgin: close: %d streams have not ended: %w", left, ctx.Err())
		}
		left = each(func(s *stream) {
			if time.Since(start) > patience {
				s.conn.fail()
			}
		})
	}
	return nil
}

// Close ends everything. It may be called again. Its error is that of ctx.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	if !h.watching {
		h.watching = true
		close(h.ended)
	}
	h.mu.Unlock()
	err := h.endAll(ctx, func(*stream) bool { return true })
	h.cancel()
	select {
	case <-h.ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("flashgin: close: background work has not ended: %w", ctx.Err())
	}
}
