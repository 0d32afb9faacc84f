package flashgin

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/sse"
)

const (
	// streamsASession is how many open pages of one session are served at a time. A page listens only while it is visible, so few users have more.
	streamsASession = 8
	// streamsAtMost bounds the streams of a process. For those beyond it others end.
	streamsAtMost = 50_000
	// streamClaimsAtMost is how many streams ask the store at a time, so that all of them waking up leaves room for the pages.
	streamClaimsAtMost = 16
)

// live delivers messages to pages that are open. Each of them holds a stream: a request that does not end. What wakes a stream is only a hint that
// something may wait for it; then it claims from the store, as a page does that is being rendered, so a message goes to one of them.
type live struct {
	m      *Messenger
	ctx    context.Context // ends with close
	cancel context.CancelFunc
	claims chan struct{} // as many as may run at a time
	ended  chan struct{} // closed when nothing watches the store any more

	listening atomic.Bool // the store tells when messages are added
	deadlines sync.Once   // it was said that writes cannot be given one
	unflushed sync.Once   // it was said that there is no stream
	crowded   sync.Once   // it was said that a client has too many

	mu       sync.Mutex
	closed   bool
	watching bool
	limit    int                   // streamsAtMost
	streams  map[*stream]struct{}  // all that run
	sessions map[string][]*stream  // those that are to go on, by wake key, oldest first
	servers  map[*http.Server]bool // which have shown up; true: is being shut down
	crowd    crowd
}

func newLive(m *Messenger) *live {
	l := &live{
		m:        m,
		claims:   make(chan struct{}, streamClaimsAtMost),
		ended:    make(chan struct{}),
		limit:    streamsAtMost,
		streams:  map[*stream]struct{}{},
		sessions: map[string][]*stream{},
		servers:  map[*http.Server]bool{},
		crowd:    newCrowd(),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// mountLive adds the routes of live delivery to a group at Config.MountPath.
func (m *Messenger) mountLive(group gin.IRoutes) {
	group.GET("/stream", m.serveStream)
	group.POST("/ack", m.serveAck)
}

// open lets s run, and the oldest stream of its session end where there are too many. It reports false where s has to come back later.
func (l *live) open(s *stream) bool {
	opened, crowded := l.tryOpen(s)
	if crowded {
		l.crowded.Do(func() {
			l.m.errs.Warn(fmt.Sprintf("%d pages that are open come from one address: those beyond are asked to come back "+
				"later; if it is the address of a proxy, let Gin see the client's, by Engine.SetTrustedProxies, "+
				"RemoteIPHeaders or TrustedPlatform", streamsAClient))
		})
	}
	return opened
}

// tryOpen is open. It also reports whether s was refused because its client has too many streams.
func (l *live) tryOpen(s *stream) (opened, crowded bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.servers[s.server] {
		return false, false
	}
	if l.crowd.fullFor(s) {
		return false, true
	}
	if len(l.streams)-l.crowd.leaving >= l.limit && !l.makeRoom(s) {
		return false, false
	}
	l.endWith(s.server)
	l.watch()
	list := l.sessions[s.key]
	if len(list) >= streamsASession {
		l.tell(list[0], sse.ByeFull)
		list = slices.Delete(list, 0, 1)
	}
	l.sessions[s.key] = append(list, s)
	l.streams[s] = struct{}{}
	l.crowd.count(s, 1)
	return true, false
}

// leave is what a stream does last.
func (l *live) leave(s *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.leaving {
		l.crowd.leaving--
	} else {
		l.crowd.count(s, -1)
	}
	delete(l.streams, s)
	list := l.sessions[s.key]
	if i := slices.Index(list, s); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(l.sessions, s.key)
	} else {
		l.sessions[s.key] = list
	}
}

// wake makes the streams of a session look for messages; without one, all streams.
func (l *live) wake(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if key != "" {
		l.crowd.heard.note(key)
		for _, s := range l.sessions[key] {
			s.added.Store(true)
			s.lookAgain()
		}
		return
	}
	l.listening.Store(true)
	for s := range l.streams {
		s.lookAgain()
	}
}

// endSession ends the streams of a session.
func (l *live) endSession(key, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.sessions[key] {
		l.tell(s, why)
	}
}

// endWith ends the streams of a server when it is shut down, for Shutdown waits for them.
func (l *live) endWith(server *http.Server) {
	if _, known := l.servers[server]; known || server == nil {
		return
	}
	l.servers[server] = false
	server.RegisterOnShutdown(func() {
		l.mu.Lock()
		l.servers[server] = true
		l.mu.Unlock()
		_ = l.end(l.ctx, func(s *stream) bool { return s.server == server })
	})
}

const (
	// patience is how long a stream that is to end may take to say goodbye. After that, what it is writing fails.
	patience = 400 * time.Millisecond
	// lookEvery is how often it is checked whether streams have ended.
	lookEvery = 5 * time.Millisecond
)

// end ends the streams that match, and returns when they have ended or ctx has.
func (l *live) end(ctx context.Context, match func(*stream) bool) error {
	each := func(do func(*stream)) (n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for s := range l.streams {
			if match(s) {
				do(s)
				n++
			}
		}
		return n
	}
	left := each(func(s *stream) { l.tell(s, sse.ByeClosing) })
	for start := time.Now(); left > 0; {
		if !guard.Sleep(ctx, lookEvery) {
			return fmt.Errorf("flashgin: close: %d streams have not ended: %w", left, ctx.Err())
		}
		left = each(func(s *stream) {
			if time.Since(start) > patience {
				s.fail()
			}
		})
	}
	return nil
}

// close ends everything. It may be called again.
func (l *live) close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	if !l.watching {
		l.watching = true
		close(l.ended)
	}
	l.mu.Unlock()
	err := l.end(ctx, func(*stream) bool { return true })
	l.cancel()
	select {
	case <-l.ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("flashgin: close: background work has not ended: %w", ctx.Err())
	}
}
