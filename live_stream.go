package flashgin

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/sse"
)

const (
	beatEvery   = 20 * time.Second // proxies give up after a minute of silence, browsers after two and a half of these
	streamLife  = 3 * time.Minute  // then the session is looked up anew, and maybe at another server
	writeWithin = 5 * time.Second  // to a client that has stopped reading

	retryAtLeast = 2000 // milliseconds after which a client comes back; spread, so that they do not all come at once
	retryAtMost  = 8000
	retryLater   = 30000
	retrySoon    = 1000 // at most, where there are no reasons to wait

	// Wake-ups may be lost, so the store is asked now and then as well.
	pollAtLeast = 15 * time.Second
	pollAtMost  = 30 * time.Second
	pollUnwoken = 5 * time.Second // without wake-ups
	pollFailed  = 2 * time.Second // after the store could not be asked

	// A stream holds its views as long as it is open.
	streamViewsAtMost = pullViewsAtMost
	streamQueryAtMost = 8 << 10
)

// A stream is the answer to a page that stays open. There are many, and nearly all of them wait. Where they do, the stack of calls is kept so short that the
// garbage collector takes back what the deeper calls needed.
type stream struct {
	live    *live
	c       *gin.Context // of its handler, which runs as long as the stream
	session string
	key     string       // of the session, for wake-ups
	peer    netip.Prefix // of the connection's other end
	from    netip.Prefix // of the client, as Gin sees it
	opened  time.Time
	leaving bool // it was told to end; of live
	views   []string
	server  *http.Server
	client  context.Context // ends when the client goes away
	out     gin.ResponseWriter
	base    *http.ResponseController // of the connection
	hidden  bool                     // by a middleware

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

// serveStream answers with the messages for the views that the query names, as they come. The session is that of the cookie alone, and is never made here.
func (m *Messenger) serveStream(c *gin.Context) {
	if s := m.newStream(c); s != nil {
		defer m.live.leave(s)
		s.run()
	}
}

// newStream returns a stream that is open, or nil if it has answered the request otherwise.
func (m *Messenger) newStream(c *gin.Context) *stream {
	keepOut(c)
	header := c.Writer.Header()
	header.Set("Cache-Control", "private, no-store, no-transform")
	if browser.SenderOf(c.Request) == browser.Another {
		c.AbortWithStatus(http.StatusForbidden)
		return nil
	}
	views := m.streamViews(c.Request)
	if views == nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return nil
	}
	session, err := m.key(requestOf(c), c)
	if err != nil {
		m.errs.Report(c.Request.Context(), "find the session", err)
	}
	if err == nil && session == "" || browser.Prefetch(c.Request.Header) || m.storedByPageCache(c) {
		c.Status(http.StatusNoContent) // there is nothing to listen to: clients do not come back
		return nil
	}
	s := &stream{
		live:    m.live,
		c:       c,
		session: session,
		key:     m.live.key(session),
		peer:    addressOf(c.RemoteIP()),
		from:    addressOf(c.ClientIP()),
		opened:  time.Now(),
		views:   views,
		client:  c.Request.Context(),
		woken:   make(chan struct{}, 1),
		ending:  make(chan string, 1),
	}
	s.server, _ = s.client.Value(http.ServerContextKey).(*http.Server)
	if !s.attach(c) {
		c.Status(http.StatusNoContent)
		return nil
	}
	header = s.out.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	if !s.hidden || header.Get("Content-Encoding") == "" {
		header.Set("Content-Encoding", "identity") // no middleware shall compress it; one that has said so, and cannot be passed by, will
	}
	header.Set("X-Accel-Buffering", "no") // nor nginx
	if err != nil || !m.live.open(s) {
		_ = s.send(sse.Later(retryLater))
		return nil
	}
	return s
}

// streamViews returns the views that a request names, or nil if they are too many, too long, or none.
func (m *Messenger) streamViews(r *http.Request) []string {
	if len(r.URL.RawQuery) > streamQueryAtMost {
		return nil
	}
	views := r.URL.Query()["view"]
	if len(views) > streamViewsAtMost {
		return nil
	}
	for i, view := range views {
		if views[i] = m.cleanView(view); views[i] == "" {
			return nil
		}
	}
	return views
}

// attach finds the connection below the writers that middleware has put on it. It reports false if there can be no stream.
func (s *stream) attach(c *gin.Context) bool {
	s.out = c.Writer
	s.base = http.NewResponseController(bottom(s.out))
	err := s.base.SetWriteDeadline(time.Time{}) // nor does http.Server.WriteTimeout end the stream
	if r := requestOf(c); errors.Is(err, http.ErrNotSupported) && r != nil {
		// A middleware that came after ours hides the connection, to compress say: pass by it.
		s.out = &r.writer
		s.base = http.NewResponseController(bottom(s.out))
		err = s.base.SetWriteDeadline(time.Time{})
	}
	if _, ok := bottom(s.out).(http.Flusher); !ok {
		s.live.unflushed.Do(func() {
			s.live.m.errs.Warn("open pages get no messages: a handler around the engine, such as http.TimeoutHandler, holds answers back until they are complete; keep " +
				s.live.m.cfg.MountPath + " out of it")
		})
		return false
	}
	if s.hidden = err != nil; s.hidden {
		s.live.deadlines.Do(func() {
			s.live.m.errs.Warn("a middleware hides the connection of the streams to open pages, so http.Server.WriteTimeout ends them, and clients that stop reading are " +
				"noticed late: keep " + s.live.m.cfg.MountPath + " out of it (gzip.WithExcludedPaths), or install flashgin before it")
		})
	}
	return true
}

// bottom returns the writer of net/http, or the first one that hides what is below it.
func bottom(w http.ResponseWriter) http.ResponseWriter {
	for range wrappersAtMost {
		next, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = next.Unwrap()
	}
	return w
}

// run serves the stream until its client goes away or it is to end.
func (s *stream) run() {
	if !s.begin() {
		return
	}
	defer s.timer.Stop()
	defer context.AfterFunc(s.client, s.wake)()
	for s.step() {
		<-s.woken
	}
}

func (s *stream) begin() bool {
	retry := retryAtLeast + rand.IntN(retryAtMost-retryAtLeast)
	now := time.Now()
	s.life = now.Add(spread(streamLife, 0.2))
	s.beat = now.Add(spread(beatEvery, 0.1))
	s.look = now
	// What a page that was just left did not acknowledge is for the next page of the session, which is this one.
	s.returned = now.Add(s.lease())
	s.timer = time.AfterFunc(streamLife, s.wake)
	return s.send(sse.Opening(retry)) == nil
}

// step does what is due, and sees to it that the stream is woken when the next thing is. It reports false when the stream has ended.
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
		_ = s.send(goodbye(why))
		return false
	}
	if s.asked.Swap(false) || !s.look.After(now) {
		sent, err := s.deliver()
		if errors.Is(err, errNotOwned) {
			_ = s.send(goodbye(sse.ByeAgain))
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
		if s.send(sse.Beat()) != nil {
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
	case s.live.listening.Load():
		return pollAtLeast + rand.N(pollAtMost-pollAtLeast)
	}
	return spread(pollUnwoken, 0.2)
}

// lease returns how long it takes until claims of now are certain to have been settled or to wait again.
func (s *stream) lease() time.Duration {
	lease := s.live.m.cfg.Lease
	return lease + lease/8 + rand.N(lease/8+1)
}

var (
	// errGone says that the client cannot be reached.
	errGone = errors.New("flashgin: the client of a stream is gone")
	// errNotOwned says that the stream is not its session's any more, as far as can be told.
	errNotOwned = errors.New("flashgin: the session of a stream has ended")
)

// deliver hands over what waits, and reports whether there was anything.
func (s *stream) deliver() (bool, error) {
	store := s.live.m.store
	added := s.added.Swap(false)
	if added && !s.owned() { // before the claim, which would hide the messages from its owner's pages
		return false, errNotOwned
	}
	claim, err := s.claim()
	if err != nil {
		if s.client.Err() != nil {
			return false, errGone
		}
		if !errors.Is(err, guard.ErrDown) && !errors.Is(err, guard.ErrBusy) {
			s.live.m.errs.Report(s.client, "claim for an open page", err)
		}
		return false, err
	}
	if len(claim.Messages) > 0 && !added && !s.owned() {
		store.release(claim)
		return false, errNotOwned
	}
	if len(claim.Messages) > 0 {
		s.live.noteMessage(s.key)
	}
	if len(s.ending) > 0 { // meanwhile
		store.release(claim)
		return false, nil
	}
	claim, back := splitForScript(claim)
	store.release(back)
	if len(claim.Messages) == 0 {
		return false, nil
	}
	text, err := sse.Handover(claim.Messages, claim.Tickets)
	if err != nil {
		s.live.m.errs.Report(s.client, "encode for an open page", err)
		store.release(claim)
		return false, err
	}
	if s.client.Err() != nil || s.send(text) != nil {
		store.release(claim)
		return false, errGone
	}
	return true, nil
}

// splitForScript sets aside the messages that are nothing but HTML: scripts show text, and such a message waits for a page that a template renders.
func splitForScript(claim Claim) (forScript, back Claim) {
	forScript, back = claim, claim
	forScript.Messages, back.Messages = nil, nil
	for _, m := range claim.Messages {
		if !m.hasText() {
			back.Messages = append(back.Messages, m)
		} else {
			forScript.Messages = append(forScript.Messages, m)
		}
	}
	return forScript, back
}

func (s *stream) claim() (Claim, error) {
	select {
	case s.live.claims <- struct{}{}:
	case <-s.client.Done():
		return Claim{}, s.client.Err()
	}
	defer func() { <-s.live.claims }()
	return s.live.m.store.claimForStream(s.client, s.session, s.views)
}

// send writes and flushes, and fails where that takes too long.
func (s *stream) send(text []byte) error {
	_ = s.base.SetWriteDeadline(time.Now().Add(writeWithin))
	_, err := s.out.Write(text)
	if err == nil {
		s.out.Flush()        // through all writers, none of which says whether it could
		err = s.base.Flush() // net/http does
	}
	if err == nil {
		// A deadline that passes while nothing is written would end a stream of HTTP/2.
		err = s.base.SetWriteDeadline(time.Time{})
		if errors.Is(err, http.ErrNotSupported) {
			err = nil
		}
	}
	return err
}

// lookAgain, end and fail may be called by others, as long as the stream is among those of live. They do not block.

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

// fail makes what the stream is writing fail at once.
func (s *stream) fail() { _ = s.base.SetWriteDeadline(time.Now()) }

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
