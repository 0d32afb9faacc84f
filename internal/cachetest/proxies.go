package cachetest

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// A Proxy passes requests on to an application, and caches nothing.
type Proxy struct {
	Name    string
	command string
	version []string // its arguments
	start   func(tb testing.TB, backend string, config []string) string
}

// Proxies are configured as little as they can be, with the time-outs that their packages of Debian
// set.
var Proxies = []Proxy{
	{"nginx", "nginx", []string{"-v"}, nginx},
	{"Caddy", "caddy", []string{"version"}, caddy},
	{"HAProxy", "haproxy", []string{"-v"}, haproxy},
	{"Apache", "apache2", []string{"-v"}, apache},
	{"Varnish", "varnishd", []string{"-V"}, func(tb testing.TB, backend string, _ []string) string {
		return Varnish(tb, backend)
	}},
}

// Start starts the proxy before the application at the address backend, and returns its URL. config
// has further lines for the part of its configuration that names the backend. Varnish has none.
func (p Proxy) Start(tb testing.TB, backend string, config ...string) (url string) {
	tb.Helper()
	return p.start(tb, backend, config)
}

var versionNumber = regexp.MustCompile(`\d+\.\d+\.\d+`)

// Version is that of the binary, such as "2.4.62".
func (p Proxy) Version(tb testing.TB) string {
	tb.Helper()
	out, err := exec.Command(find(tb, p.command), p.version...).CombinedOutput()
	if err != nil {
		tb.Fatal(err)
	}
	return string(versionNumber.Find(out))
}

func caddy(tb testing.TB, backend string, config []string) string {
	tb.Helper()
	return start(tb, "caddy", func(binary, dir, address string) *exec.Cmd {
		file := configure(tb, caddyConfig, dir, address, backend, config)
		cmd := exec.Command(binary, "run", "--adapter", "caddyfile", "--config", file)
		cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir, "HOME="+dir)
		return cmd
	})
}

const caddyConfig = `
{
	admin off
	auto_https off
}
http://ADDRESS {
	reverse_proxy BACKEND
	MORE
}
`

func haproxy(tb testing.TB, backend string, config []string) string {
	tb.Helper()
	return start(tb, "haproxy", func(binary, dir, address string) *exec.Cmd {
		return exec.Command(binary, "-db", "-f",
			configure(tb, haproxyConfig, dir, address, backend, config))
	})
}

const haproxyConfig = `
defaults
	mode http
	timeout connect 5000
	timeout client 50000
	timeout server 50000
listen application
	bind ADDRESS
	server one BACKEND
	MORE
`

// apache runs as one process, for it is that which is ended with the test.
func apache(tb testing.TB, backend string, config []string) string {
	tb.Helper()
	return start(tb, "apache2", func(binary, dir, address string) *exec.Cmd {
		file := configure(tb, apacheConfig, dir, address, backend, config)
		return exec.Command(binary, "-X", "-d", dir, "-f", file)
	})
}

const apacheConfig = `
ServerName localhost
Listen ADDRESS
PidFile DIR/pid
ErrorLog DIR/errors
Mutex posixsem
Timeout 300
<IfFile /usr/lib/apache2/modules/mod_proxy.so>
	LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
	LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
	LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
	LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
	LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
	LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
	User www-data
	Group www-data
</IfFile>
ProxyPass / http://BACKEND/
MORE
`
