package child

import "net"

// FreeAddress returns an address of this machine that nobody listened at a moment ago, for a server
// that cannot choose one itself.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
