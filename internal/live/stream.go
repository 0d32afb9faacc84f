package live

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/flashgin/flashgin/internal/sse"
)

const (
	// Proxies give up after a minute of silence, browsers after two and a half beats.
	beatEvery = 20 * time.Second
	// After streamLife the client comes back: its session is found again, maybe by another server.
	streamLife = 3 * time.Minute

	// After how many milliseconds a client comes back: random, so that not all come at once.
	retryAtLeast = 2000
	retryAtMost  = 8000
	retryLater   = 30000
	retrySoon    = 1000 // at most, if there is no reason to wait

	// Wake-ups may be lost, so streams also ask the store now and then.
	pollAtLeast = 15 * time.Second
	pollAtMost  = 30 * time.Second
	pollUnwoken = 5 * time.Second // if there are no wake-ups
	pollFailed  = 2 * time.Second // after the store could not be asked
)

// A Page is what a stream asks of the application. Its functions are called one at a time, by the
// goroutine that called [Hub.Serve].
type Page struct {
	// Context ends when the page goes away. It is that of a request to an http.Server.
	Context context.Context
	// Session is what Config.Watch calls the session of the page.
	Session string
	// Peer is the IP address of the connection's other end, Client the client's as far as it is
	// known. Texts that are not IP addresses do not count.
	Peer, Client string
	// Owned reports whether the page still belongs to its session.
	Owned func() bool
	// Claim claims the messages that wait for the page. It reports its errors itself.
	Claim func(context.Context) (Parcel, error)
}

// A Parcel has the messages that were claimed for a page. The zero Parcel has none.
type Parcel struct {
	Text    []byte            // the event with the messages; empty if the page can show none
	Tickets map[string]string // of the claim, by view
	Release func()            // puts the messages back
}

// A stream is the answer to an open page. There are many, and nearly all of them wait. While they
// wait, their stack of calls is short, so the garbage collector can shrink it.
type stream struct {
	hub     *Hub
	conn    *Conn
	page    *Page
	session string
	client  context.Context // ends when the client goes away
	server  *http.Server    // nil if that is not known
	peer    netip.Prefix
	from    netip.Prefix // the client
	opened  time.Time
	leaving bool // it was told to end; guarded by the hub's lock

	woken  chan struct{} // holds one if there is something to do
	asked  atomic.Bool   // deliver must run
	added  atomic.Bool   // because messages were added for the session
	ending chan string   // holds why the stream is to end
	timer  *time.Timer   // wakes it

	idle     limit     // wake-ups that brought nothing
	life     time.Time // when the stream ends
	beat     time.Time // when the next sign of life is due
	look     time.Time // when the store is asked next
	returned time.Time // when messages that were claimed, but never acknowledged, surely wait again
}

// Serve writes messages to a page as they come, until the page goes away or the stream ends.
func (h *Hub) Serve(conn *Conn, page *Page) {
	s := newStream(h, conn, page)
	if !h.open(s) {
		conn.Later()
		return
	}
	defer h.leave(s)
	if !s.begin() {
		return
	}
	defer s.timer.Stop()
	defer context.AfterFunc(s.client, s.wake)()
	for s.step() {
		<-s.woken
	}
}

func newStream(h *Hub, conn *Conn, page *Page) *stream {
	s := &stream{
		hub:     h,
		conn:    conn,
		page:    page,
		session: page.Session,
		client:  page.Context,
		peer:    addressOf(page.Peer),
		from:    addressOf(page.Client),
		opened:  time.Now(),
		woken:   make(chan struct{}, 1),
		ending:  make(chan string, 1),
	}
	s.server, _ = s.client.Value(http.ServerContextKey).(*http.Server)
	return s
}

func (s *stream) begin() bool {
	retry := retryAtLeast + rand.IntN(retryAtMost-retryAtLeast)
	now := time.Now()
	s.life = now.Add(spread(streamLife, 0.2))
	s.beat = now.Add(spread(beatEvery, 0.1))
	s.look = now
	// The user may just have left a page that has not acknowledged its messages. They are for this
	// page when their lease has ended.
	s.returned = now.Add(s.lease())
	s.timer = time.AfterFunc(streamLife, s.wake)
	if s.conn.send(sse.Opening(retry)) != nil {
		return false
	}
	if s.conn.passed != nil && s.conn.holds(sse.Beat()) {
		s.hub.warnOfHolding()
		_ = s.conn.send(goodbye(sse.ByeOver)) // all leaves now, and the client does not come back
		return false
	}
	return true
}

// step does what is due, and sets the timer for what is due next. It returns false when the stream
// has ended.
func (s *stream) step() bool {
	now := time.Now()
	why := ""
	select {
	case why = <-s.ending:
	default:
		if !s.life.After(now) {
			why = sse.ByeAge
		}
	}
	switch {
	case s.client.Err() != nil:
		return false
	case why != "":
		_ = s.conn.send(goodbye(why))
		return false
	}
	asked := s.asked.Load()
	if asked && s.idle.full(now) {
		s.hub.restless.Do(s.hub.warnRestless)
		asked, s.look = false, earlier(s.look, now.Add(idleEvery))
	}
	if asked || !s.look.After(now) {
		s.asked.Store(false)
		sent, err := s.deliver()
		if asked && !sent {
			s.idle.note(now)
		}
		if errors.Is(err, errNotOwned) {
			_ = s.conn.send(goodbye(sse.ByeAgain))
			return false
		}
		if errors.Is(err, errGone) {
			return false
		}
		now = time.Now()
		if sent || err != nil { // if the store's answer was lost, it may have claimed messages
			s.returned = now.Add(s.lease())
		}
		if sent {
			s.beat = now.Add(spread(beatEvery, 0.1))
		}
		s.look = now.Add(s.pause(err))
		if s.returned.After(now) && s.returned.Before(s.look) {
			s.look = s.returned
		}
	}
	if !s.beat.After(now) {
		if s.conn.send(sse.Beat()) != nil {
			return false
		}
		s.beat = now.Add(spread(beatEvery, 0.1))
	}
	s.timer.Reset(time.Until(earlier(s.look, earlier(s.beat, s.life))))
	return true
}

// pause returns how long the stream waits for a wake-up before it asks the store again.
func (s *stream) pause(err error) time.Duration {
	switch {
	case err != nil:
		return spread(pollFailed, 0.5)
	case s.hub.listening.Load():
		return pollAtLeast + rand.N(pollAtMost-pollAtLeast)
	}
	return spread(pollUnwoken, 0.2)
}

// lease returns after how long messages that are claimed now are surely settled or wait again.
func (s *stream) lease() time.Duration {
	lease := s.hub.cfg.Lease
	return lease + lease/8 + rand.N(lease/8+1)
}

var (
	// errGone says that the client cannot be reached.
	errGone = errors.New("flashgin: the client of a stream is gone")
	// errNotOwned says that the page does not belong to its session any more, or that nobody can
	// tell.
	errNotOwned = errors.New("flashgin: the session of a stream has ended")
)

// deliver writes the messages that wait, and reports whether there were any. A stream may outlive
// its session: the user logs out, or somebody locks the account. So when a message comes, deliver
// asks again whether the page still belongs to the session.
func (s *stream) deliver() (bool, error) {
	added := s.added.Swap(false)
	// This comes before the claim, because a claim hides the messages from the pages of their
	// owner.
	if added && !s.page.Owned() {
		return false, errNotOwned
	}
	parcel, err := s.claim()
	switch {
	case err != nil && s.client.Err() != nil:
		return false, errGone
	case err != nil:
		return false, err
	case parcel.Release == nil:
		return false, nil
	case !added && !s.page.Owned():
		parcel.Release()
		return false, errNotOwned
	}
	s.hub.noteMessage(s.session)
	if len(s.ending) > 0 || len(parcel.Text) == 0 {
		parcel.Release()
		return false, nil
	}
	if !s.hand(parcel) {
		return false, errGone
	}
	return true, nil
}

// hand writes a parcel, and reports whether that succeeded. If not, it releases the parcel, unless
// the page has acknowledged a part of it.
func (s *stream) hand(parcel Parcel) (sent bool) {
	s.hub.begins(s.session, parcel.Tickets)
	defer func() {
		if arrived := s.hub.ends(s.session, parcel.Tickets); !sent && !arrived {
			parcel.Release()
		}
	}()
	return s.client.Err() == nil && s.conn.send(parcel.Text) == nil
}

func (s *stream) claim() (Parcel, error) {
	select {
	case s.hub.claims <- struct{}{}:
	case <-s.client.Done():
		return Parcel{}, s.client.Err()
	}
	defer func() { <-s.hub.claims }()
	return s.page.Claim(s.client)
}

// lookAgain and end may be called by others, as long as the stream is among those of the hub.
// They do not block.

func (s *stream) lookAgain() {
	s.asked.Store(true)
	s.wake()
}

func (s *stream) end(why string) {
	select {
	case s.ending <- why:
		s.wake()
	default:
	}
}

func (s *stream) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// spread returns a random duration around d: at most part of d less or more.
func spread(d time.Duration, part float64) time.Duration {
	return time.Duration(float64(d) * (1 + part*(2*rand.Float64()-1)))
}

// goodbye returns the event that ends a stream. If only its time is over, the page should come back
// soon, because it hears nothing until then.
func goodbye(why string) []byte {
	retry := 0
	if why == sse.ByeAge {
		retry = 1 + rand.IntN(retrySoon)
	}
	return sse.Goodbye(why, retry)
}
