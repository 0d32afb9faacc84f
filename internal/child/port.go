package child

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports lie below those that systems give to outgoing connections and to whoever asks for any port:
// one of these could take a port before its server has it, or while the server is restarted. They
// lie above 10080, the last one that browsers refuse to connect to (https://fetch.spec.whatwg.org,
// "bad port").
const (
	portsFrom = 10_100
	portsTo   = 20_000
	// busOffset is from the port of a Redis server to the one that it uses beside it in a cluster.
	busOffset = 10_000
)

// FreePort returns a port of 127.0.0.1 that nobody listens at, nor at the one 10,000 above, for a
// server that cannot choose one itself, or that is restarted. No other call returns it before
// release, in any process: who waits until a server answers there would hear another one. A process
// that ends releases its ports.
func FreePort() (port int, release func(), err error) {
	for range 100 {
		port = portsFrom + rand.IntN(portsTo-portsFrom)
		// Nobody else needs the port of this number for UDP, so whoever has it has both.
		claim, err := net.ListenPacket("udp", Address(port))
		if err != nil {
			continue
		}
		if free(port) && free(port+busOffset) {
			return port, func() { _ = claim.Close() }, nil
		}
		_ = claim.Close()
	}
	return 0, nil, errors.New("child: none of 100 ports was free")
}

// Port is FreePort for a test: it ends the test on an error, and releases the port when it ends.
func Port(tb testing.TB) int {
	tb.Helper()
	port, release, err := FreePort()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(release)
	return port
}

func free(port int) bool {
	listener, err := net.Listen("tcp", Address(port))
	if err == nil {
		_ = listener.Close()
	}
	return err == nil
}

// Address returns "127.0.0.1:<port>".
func Address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
