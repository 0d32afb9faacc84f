package live

import (
	"errors"
	"net"
	"net/http"
)

// endWith ends the streams of a server when it is shut down, because Shutdown waits for them. It
// knows if Shutdown has begun before.
func (h *Hub) endWith(server *http.Server) {
	if server == nil {
		return
	}
	h.mu.Lock()
	_, known := h.servers[server]
	if !known {
		h.servers[server] = false
	}
	h.mu.Unlock()
	if known { // as nearly always
		return
	}
	end := func() {
		h.mu.Lock()
		h.servers[server] = true
		h.mu.Unlock()
		_ = h.endAll(h.ctx, func(s *stream) bool { return s.server == server })
	}
	server.RegisterOnShutdown(end)
	if shutDown(server) { // then nothing calls what is registered now
		end()
	}
}

// shutDown reports whether Shutdown of the server has begun. Nothing but Serve tells, and Serve
// calls BaseContext, which is the application's: with one, nobody knows. Who would miss it: whoever
// waits for Shutdown while a server's first stream opens.
func shutDown(server *http.Server) bool {
	return server.BaseContext == nil && errors.Is(server.Serve(nothing{}), http.ErrServerClosed)
}

// nothing is a listener without connections.
type nothing struct{}

func (nothing) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (nothing) Close() error              { return nil }
func (nothing) Addr() net.Addr            { return &net.TCPAddr{} }
