#!/usr/bin/env bash
# Apache's mod_deflate compresses answers that say "no-transform".
#
# An application answers with "Cache-Control: no-transform" and "Content-Encoding: identity". The
# guess: an intermediary leaves the content alone, as RFC 9111 demands (5.2.2.6). Seen: behind
# mod_proxy, with "SetOutputFilter DEFLATE", the answer comes compressed. "SetEnvIf Request_URI ^/
# no-gzip" prevents it.
#
# Apache 2.4.71 (Debian 12), November 2026.
# It needs Debian, curl, Node.js for a free port, and Go for the application.
set -euo pipefail
version=2.4.71-1~deb12u1
dir=$(mktemp -d)
chmod 755 "$dir"
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"
apt-get download -qq "apache2-bin=$version" libapr1 libaprutil1 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu
apache=$dir/root/usr/sbin/apache2
echo "version: $("$apache" -v | head -n 1)"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Encoding", "identity")
		w.Header().Set("Cache-Control", "no-transform")
		fmt.Fprint(w, strings.Repeat("text ", 1000))
	})))
}
GO
GO111MODULE=off go build -o app main.go
./app >address &
pids+=($!)
until [ -s address ]; do sleep 0.05; done
port=$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
modules=$dir/root/usr/lib/apache2/modules
{
	echo "ServerName localhost"
	echo "Listen 127.0.0.1:$port"
	echo "PidFile $dir/pid"
	echo "ErrorLog $dir/errors"
	echo "Mutex posixsem"
	echo "User www-data"
	echo "Group www-data"
	for module in mpm_event authz_core filter deflate setenvif proxy proxy_http; do
		echo "LoadModule ${module}_module $modules/mod_$module.so"
	done
	echo "ProxyPass / http://$(cat address)/"
	echo "SetOutputFilter DEFLATE"
	echo "SetEnvIf Request_URI ^/left-alone no-gzip"
} >config
"$apache" -X -d "$dir" -f "$dir/config" >log 2>&1 &
pids+=($!)
until curl -s "http://127.0.0.1:$port/" >/dev/null; do sleep 0.1; done
headers() {
	curl -s -o /dev/null -D - -H 'Accept-Encoding: gzip' "http://127.0.0.1:$port$1" |
		grep -iE '^(cache-control|content-encoding)' | tr -d '\r' | paste -sd ' '
}
all=$(headers /)
without=$(headers /left-alone)
echo "expected: Cache-Control: no-transform keeps Apache from compressing"
echo "seen:     $all"
echo "          with no-gzip: $without"
if grep -q gzip <<<"$all" && ! grep -q gzip <<<"$without"; then exit 0; fi
echo "this has changed"
exit 1
