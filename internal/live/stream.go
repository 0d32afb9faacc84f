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
	// After its life the session of a stream is looked up anew, and maybe at another server.
	streamLife = 3 * time.Minute

	// Milliseconds after which a client comes back; spread, so that they do not all come at once.
	retryAtLeast = 2000
	retryAtMost  = 8000
	retryLater   = 30000
	retrySoon    = 1000 // at most, where there are no reasons to wait

	// Wake-ups may be lost, so the store is asked now and then as well.
	pollAtLeast = 15 * time.Second
	pollAtMost  = 30 * time.Second
	pollUnwoken = 5 * time.Second // without wake-ups
	pollFailed  = 2 * time.Second // after the store could not be asked
)

// A Page is what a stream asks of the application. Its functions are called one at a time, by the
// goroutine that called [Hub.Serve].
type Page struct {
	// Context ends when the page goes away. It is that of a request to an http.Server.
	Context context.Context
	// Session is what Config.Watch calls the session of the page.
	Session string
	// Peer is the IP address of the connection's other end, Client that of the client as far as it
	// is known. What is no address is nobody's.
	Peer, Client string
	// Owned reports whether the page still belongs to its session.
	Owned func() bool
	// Claim takes what waits for the page. It reports its errors itself.
	Claim func(context.Context) (Parcel, error)
}

// A Parcel is what was claimed for a page. The zero Parcel holds nothing.
type Parcel struct {
	Text    []byte            // the event that hands it over; empty if none of it is for this page
	Tickets map[string]string // of the claim, by view
	Release func()            // puts it back
}

// A stream is the answer to a page that stays open. There are many, and nearly all of them wait.
// Where they do, the stack of calls is kept so short that the garbage collector takes back what the
// deeper calls needed.
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
	leaving bool // it was told to end; of the hub

	woken  chan struct{} // holds one when there is something to do
	asked  atomic.Bool   // to look for messages
	added  atomic.Bool   // because there are some for the session
	ending chan string   // holds why the stream is to end
	timer  *time.Timer   // wakes it

	life     time.Time // ends then
	beat     time.Time // when the next sign of life is due
	look     time.Time // when the store is asked next
	returned time.Time // when what was claimed, but never acknowledged, is certain to wait again
}

// Serve hands over to a page what comes for it, until the page goes away or is told to come back.
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
	// What a page that was just left did not acknowledge is for the next page of the session, which
	// is this one.
	s.returned = now.Add(s.lease())
	s.timer = time.AfterFunc(streamLife, s.wake)
	return s.conn.send(sse.Opening(retry)) == nil
}

// step does what is due, and sees to it that the stream is woken when the next thing is. It reports
// false when the stream has ended.
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
	if s.asked.Swap(false) || !s.look.After(now) {
		sent, err := s.deliver()
		if errors.Is(err, errNotOwned) {
			_ = s.conn.send(goodbye(sse.ByeAgain))
			return false
		}
		if errors.Is(err, errGone) {
			return false
		}
		now = time.Now()
		if sent || err != nil { // what was claimed by a call whose answer was lost waits again, too
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
	next := s.look
	for _, due := range [...]time.Time{s.beat, s.life} {
		if due.Before(next) {
			next = due
		}
	}
	s.timer.Reset(time.Until(next))
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

// lease returns how long it takes until claims of now are certain to have been settled or to wait
// again.
func (s *stream) lease() time.Duration {
	lease := s.hub.cfg.Lease
	return lease + lease/8 + rand.N(lease/8+1)
}

var (
	// errGone says that the client cannot be reached.
	errGone = errors.New("flashgin: the client of a stream is gone")
	// errNotOwned says that the stream is not its session's any more, as far as can be told.
	errNotOwned = errors.New("flashgin: the session of a stream has ended")
)

// deliver hands over what waits, and reports whether there was anything. A stream may outlive its
// session: the user logs out, or somebody locks the account. So it asks again whose it is when a
// message comes.
func (s *stream) deliver() (bool, error) {
	added := s.added.Swap(false)
	// Before the claim, which would hide the messages from the pages of their owner.
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

// hand writes a parcel, and reports whether that succeeded. If not, the parcel is put back,
// unless the page has said that it has it.
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

// spread returns d, more or less by up to the given part of it.
func spread(d time.Duration, part float64) time.Duration {
	return time.Duration(float64(d) * (1 + part*(2*rand.Float64()-1)))
}

// goodbye ends a stream. If it has only lived its time, its page hears nothing until it is back, so
// it need not wait.
func goodbye(why string) []byte {
	retry := 0
	if why == sse.ByeAge {
		retry = 1 + rand.IntN(retrySoon)
	}
	return sse.Goodbye(why, retry)
}
