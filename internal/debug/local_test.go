package debug_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/debug"
)

// No header makes a visitor local. One behind a proxy on this machine is not local, unless the
// proxy says nothing at all of itself.
func TestIsLocal(t *testing.T) {
	for _, test := range []struct {
		name, peer, host string
		header           map[string]string
		http10, want     bool
	}{
		{"IPv4", "127.0.0.1:1234", "localhost:8080", nil, false, true},
		{"IPv6", "[::1]:1234", "[::1]:8080", nil, false, true},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:1234", "127.0.0.1", nil, false, true},
		{"a name below localhost", "127.0.0.1:1234", "shop.localhost:8080", nil, false, true},
		{"the page itself", "127.0.0.1:1234", "localhost",
			map[string]string{"Sec-Fetch-Site": "same-origin"}, false, true},
		{"remote", "192.0.2.1:1234", "localhost:8080", nil, false, false},
		{"remote, says that it is local", "192.0.2.1:1234", "localhost:8080",
			map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1"},
			false, false},
		{"middleware believed that", "127.0.0.1:1234", "localhost:8080",
			map[string]string{"X-Forwarded-For": "127.0.0.1"}, false, false},
		{"a proxy here", "127.0.0.1:1234", "localhost",
			map[string]string{"X-Forwarded-For": "192.0.2.1"}, false, false},
		{"a proxy that says so by the standard", "127.0.0.1:1234", "localhost",
			map[string]string{"Forwarded": "for=192.0.2.1"}, false, false},
		{"a proxy that says its name alone", "127.0.0.1:1234", "localhost",
			map[string]string{"Via": "1.1 cache"}, false, false},
		{"a proxy that hands on the site's name", "127.0.0.1:1234", "shop.example", nil, false, false},
		{"a proxy that asks by HTTP/1.0", "127.0.0.1:1234", "127.0.0.1:8080", nil, true, false},
		{"a proxy that says nothing", "127.0.0.1:1234", "127.0.0.1:8080", nil, false, true},
		{"a name that another site leads here", "127.0.0.1:1234", "evil.example:8080", nil, false, false},
		{"a name that looks local", "127.0.0.1:1234", "localhost.evil.example", nil, false, false},
		{"a link of another site", "127.0.0.1:1234", "localhost",
			map[string]string{"Sec-Fetch-Site": "cross-site"}, false, false},
		{"a socket", "@", "localhost", nil, false, false},
		{"nothing", "", "", nil, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/_flash/debug", nil)
			r.RemoteAddr, r.Host = test.peer, test.host
			for name, value := range test.header {
				r.Header.Set(name, value)
			}
			if test.http10 {
				r.ProtoMajor, r.ProtoMinor = 1, 0
			}
			assert.Equal(t, test.want, debug.IsLocal(r))
		})
	}
}
