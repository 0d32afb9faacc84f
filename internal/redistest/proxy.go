package redistest

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"
)

// A Verdict is what a [Proxy] does with a piece of a reply.
type Verdict int

const (
	Pass    Verdict = iota // hand it on
	Cut                    // close the connection instead
	Swallow                // drop it, and keep the connection open
)

// A Proxy is a bad line to a server: it hands bytes on, unless told otherwise. Its methods are safe
// for concurrent use.
type Proxy struct {
	target   string
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	thawed *sync.Cond // when frozen or closed has changed
	conns  map[net.Conn]bool
	judge  func(reply []byte) Verdict
	delay  time.Duration
	frozen bool
	closed bool
}

// StartProxy starts a proxy to the server at the address target. It ends with the test.
func StartProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{target: target, listener: listener, conns: map[net.Conn]bool{}}
	p.thawed = sync.NewCond(&p.mu)
	tb.Cleanup(p.close)
	p.running.Go(p.accept)
	return p
}

// Addr returns the address to connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Judge sets the function that decides about each piece of a reply as it comes from the server,
// often a whole reply. It may be called from several goroutines at once; nil lets all pass.
func (p *Proxy) Judge(judge func(reply []byte) Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.judge = judge
}

// IsNews reports whether a piece of a reply comes on a connection that is subscribed to a channel.
func IsNews(reply []byte) bool {
	return bytes.Contains(reply, []byte("\r\nmessage\r\n")) ||
		bytes.Contains(reply, []byte("subscribe\r\n"))
}

// Delay holds back what is sent in either direction from now on for d, so that a round trip takes 2
// d longer.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Freeze holds everything back until Thaw; new connections are accepted and nothing answers on
// them.
func (p *Proxy) Freeze() { p.freeze(true) }

// Thaw ends Freeze.
func (p *Proxy) Thaw() { p.freeze(false) }

func (p *Proxy) freeze(frozen bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = frozen
	p.thawed.Broadcast()
}

// CutAll closes all connections. New ones are accepted.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		conn.Close()
	}
}

func (p *Proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for conn := range p.conns {
		conn.Close()
	}
	p.thawed.Broadcast()
	p.mu.Unlock()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		if p.closed {
			client.Close()
			server.Close()
		}
		p.conns[client], p.conns[server] = true, true
		p.mu.Unlock()
		p.running.Go(func() { p.carry(client, server, false) })
		p.running.Go(func() { p.carry(server, client, true) })
	}
}

// piece is what one read returned, and when it is to be written.
type piece struct {
	data []byte
	due  time.Time
}

// carry hands on what comes from one end to the other until either is closed.
func (p *Proxy) carry(from, to net.Conn, reply bool) {
	pieces := make(chan piece, 1024)
	done := make(chan struct{})
	p.running.Go(func() {
		defer close(done)
		for piece := range pieces {
			time.Sleep(time.Until(piece.due))
			p.whenThawed()
			if _, err := to.Write(piece.data); err != nil {
				from.Close()
			}
		}
	})
	for {
		buf := make([]byte, 64<<10)
		n, err := from.Read(buf)
		if err != nil {
			break
		}
		verdict, due := p.verdict(buf[:n], reply)
		if verdict == Cut {
			break
		}
		if verdict == Pass {
			pieces <- piece{buf[:n], due}
		}
	}
	close(pieces)
	<-done
	from.Close()
	to.Close()
	p.mu.Lock()
	delete(p.conns, from)
	p.mu.Unlock()
}

func (p *Proxy) verdict(data []byte, reply bool) (Verdict, time.Time) {
	p.mu.Lock()
	judge, due := p.judge, time.Now().Add(p.delay)
	p.mu.Unlock()
	if !reply || judge == nil {
		return Pass, due
	}
	return judge(data), due
}

func (p *Proxy) whenThawed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen && !p.closed {
		p.thawed.Wait()
	}
}
