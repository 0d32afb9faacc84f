#!/usr/bin/env bash
# nginx lets whichever of two headers comes first decide whether it keeps an answer.
#
# An application answers with "X-Accel-Expires: 600" and "Cache-Control: private, no-store". The
# guess: one of the two has precedence, whatever their order, as the manual says of X-Accel-Expires.
# Seen: with X-Accel-Expires first the answer is kept, with Cache-Control first it is not. Go's
# net/http sorts headers, so an application in Go always sends Cache-Control first.
#
# nginx 1.22.1 (Debian 12), November 2026. The manual:
# https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid
# It needs Debian, curl and Node.js for the application.
set -euo pipefail
version=1.22.1-9+deb12u11
dir=$(mktemp -d)
chmod 755 "$dir"
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"
apt-get download -qq "nginx=$version" >/dev/null 2>&1
dpkg-deb -x nginx_*.deb root
nginx=$dir/root/usr/sbin/nginx
echo "version: $("$nginx" -v 2>&1)"

cat >app.js <<'JS'
// Two applications that differ in the order of two headers, by raw sockets: they send it as it is.
const net = require('net')
let visits = 0
const serve = headers => net.createServer(socket => socket.on('data', () => {
	const body = `page ${++visits}`
	socket.end(`HTTP/1.1 200 OK\r\n${headers.join('\r\n')}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
}))
const accel = 'X-Accel-Expires: 600', control = 'Cache-Control: private, no-store'
const servers = [serve([accel, control]), serve([control, accel]), net.createServer()]
let ready = 0
for (const server of servers) server.listen(0, '127.0.0.1', () => {
	if (++ready < servers.length) return
	console.log(servers.map(s => s.address().port).join(' '))
	servers[2].close() // a port for nginx
})
JS
node app.js >ports &
pids+=($!)
until [ -s ports ]; do sleep 0.05; done
read -r first second port <ports
cat >nginx.conf <<CONF
daemon off;
master_process off;
pid $dir/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path $dir/body;
	fastcgi_temp_path $dir/fastcgi;
	scgi_temp_path $dir/scgi;
	uwsgi_temp_path $dir/uwsgi;
	proxy_temp_path $dir/proxy;
	proxy_cache_path $dir/cache keys_zone=pages:1m;
	proxy_cache pages;
	server {
		listen 127.0.0.1:$port;
		location /accel-first { proxy_pass http://127.0.0.1:$first; }
		location /control-first { proxy_pass http://127.0.0.1:$second; }
	}
}
CONF
"$nginx" -p "$dir" -e stderr -c "$dir/nginx.conf" >log 2>&1 &
pids+=($!)
for _ in $(seq 100); do
	curl -s "http://127.0.0.1:$port/" >/dev/null && break
	sleep 0.1
done
get() { curl -s "http://127.0.0.1:$port$1"; }
a=$(get /accel-first)
b=$(get /accel-first)
c=$(get /control-first)
d=$(get /control-first)
echo "expected: both orders give the same, as one of the two headers has precedence"
echo "seen:     X-Accel-Expires first: $a, then $b; Cache-Control first: $c, then $d"
if [ "$a" = "$b" ] && [ "$c" != "$d" ]; then exit 0; fi
echo "this has changed"
exit 1
