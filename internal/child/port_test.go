package child_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/child"
)

// Of a few hundred ports that are chosen by chance, without a look at what others have, some would
// be the same.
func TestFreePortIsNobodyElses(t *testing.T) {
	seen := map[int]bool{}
	for range 500 {
		port := child.Port(t)
		assert.False(t, seen[port], "port %d twice", port)
		seen[port] = true
	}
}

func TestFreePortAfterRelease(t *testing.T) {
	port, release, err := child.FreePort()
	require.NoError(t, err)
	listener, err := net.Listen("tcp", child.Address(port))
	require.NoError(t, err, "its server can have it")
	require.NoError(t, listener.Close())
	claim := func() error {
		conn, err := net.ListenPacket("udp", child.Address(port))
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	require.Error(t, claim())
	release()
	require.NoError(t, claim())
}
