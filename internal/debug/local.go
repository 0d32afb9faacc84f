package debug

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// forwarded are headers by which proxies say for whom they ask, besides those that begin with
// X-Forwarded.
var forwarded = []string{
	"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Host",
	"True-Client-Ip", "Cf-Connecting-Ip", "Cf-Ray", "Fly-Client-Ip", "Fastly-Client-Ip",
	"X-Amzn-Trace-Id", "X-Envoy-External-Address",
}

// IsLocal reports whether a request looks like one of a browser on this machine, without a proxy
// between: it comes from a loopback address, by HTTP/1.1, with a Host that names this machine, and
// no header says that it came through a proxy, or from another site. Such headers take the right
// away, and never give it. A proxy on this machine that adds no header, asks by HTTP/1.1 and names
// the address that it asks cannot be told from a browser.
func IsLocal(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !isLoopback(host) || !r.ProtoAtLeast(1, 1) || !namesThisMachine(r.Host) {
		return false
	}
	for name := range r.Header {
		if strings.HasPrefix(http.CanonicalHeaderKey(name), "X-Forwarded") {
			return false
		}
	}
	for _, name := range forwarded {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "none" || site == "same-origin"
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// namesThisMachine reports whether no other machine has the name.
func namesThisMachine(hostport string) bool {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || isLoopback(host)
}
