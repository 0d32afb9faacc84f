package live

import (
	"errors"
	"net/http"
	"time"

	"github.com/flashgin/flashgin/internal/sse"
)

// writeWithin is how long a write may take, if the client has stopped reading.
const writeWithin = 5 * time.Second

// A Writer writes an answer.
type Writer interface {
	http.ResponseWriter
	http.Flusher
}

// A Way leads to a client. Out passes what is written through the writers of middleware. Base is
// the lowest writer that can be found: the one of the connection, unless middleware hides it. Then
// Direct and Passed are asked; nil means that all is well.
type Way struct {
	Out    Writer
	Base   http.ResponseWriter
	Direct func() bool // no middleware keeps the headers
	Passed func() int  // how many bytes of the body middleware has passed on
}

// A Conn is the connection of a stream.
type Conn struct {
	out    Writer
	base   *http.ResponseController
	passed func() int // of the way, if something hides the connection; or nil
}

// Connect returns a Conn to the client by the first way on which nothing hides the connection, or
// else by the last. It returns nil if there can be no stream. It sets the headers of a stream, and
// sends nothing.
func (h *Hub) Connect(ways ...Way) *Conn {
	var way Way
	var conn Conn
	hidden := false
	for _, way = range ways {
		conn = Conn{out: way.Out, base: http.NewResponseController(way.Base)}
		// Without a deadline http.Server.WriteTimeout does not end the stream.
		err := conn.base.SetWriteDeadline(time.Time{})
		hidden = err != nil
		if !errors.Is(err, http.ErrNotSupported) {
			break
		}
	}
	_, flushes := way.Base.(http.Flusher)
	if !flushes || hidden && way.Direct != nil && !way.Direct() {
		h.warnOfHolding()
		return nil
	}
	if hidden {
		conn.passed = way.Passed
		h.cfg.Errors.WarnOnce(&h.deadlines, "a middleware hides the connection of the streams to open "+
			"pages, so http.Server.WriteTimeout ends them, and clients that stop reading are noticed "+
			"late: keep "+h.cfg.Path+" out of it (gzip.WithExcludedPaths), or install flashgin before it")
	}
	header := conn.out.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	if !hidden || header.Get("Content-Encoding") == "" {
		// This keeps middleware from compressing the stream. If middleware has announced a coding
		// and cannot be bypassed, it will compress.
		header.Set("Content-Encoding", "identity")
	}
	header.Set("X-Accel-Buffering", "no") // says the same to nginx
	return &conn
}

func (h *Hub) warnOfHolding() {
	h.cfg.Errors.WarnOnce(&h.unflushed, "open pages get no messages: http.TimeoutHandler, or a "+
		"middleware before Install, such as compression, holds answers back until they are complete; "+
		"keep "+h.cfg.Path+" out of it, or call Install before it")
}

// holds sends text, and reports whether middleware keeps it: compression may have sent some before.
func (c *Conn) holds(text []byte) bool {
	before := c.passed()
	return c.send(text) == nil && c.passed() <= before
}

// Later asks the client to come back later. It is the whole answer if no stream is opened.
func (c *Conn) Later() { _ = c.send(sse.Later(retryLater)) }

// send writes and flushes. It fails if that takes too long.
func (c *Conn) send(text []byte) error {
	_ = c.base.SetWriteDeadline(time.Now().Add(writeWithin))
	if _, err := c.out.Write(text); err != nil {
		return err
	}
	c.out.Flush()                          // through all writers, which report no error
	if err := c.base.Flush(); err != nil { // net/http reports errors
		return err
	}
	// A deadline that passes while nothing is written would end a stream of HTTP/2. If it cannot be
	// removed, the text has left all the same.
	_ = c.base.SetWriteDeadline(time.Time{})
	return nil
}

// fail makes what is being written fail at once.
func (c *Conn) fail() { _ = c.base.SetWriteDeadline(time.Now()) }
