#!/usr/bin/env bash
# Varnish, as it comes, keeps an answer that says "private, no-store".
#
# An application answers with "Cache-Control: private, no-store" and, from some other part of it,
# "Surrogate-Control: max-age=600". The guess: the strictest header wins, and nothing is kept. Seen:
# the built-in VCL looks at Cache-Control only if there is no Surrogate-Control, so everybody gets
# the first visitor's page.
#
# Varnish 7.1.1 (Debian 12), November 2026. Source: builtin.vcl, vcl_beresp_control, of that release.
# It needs Debian, gcc, which Varnish calls, and Go for the application.
set -euo pipefail
version=7.1.1-2+deb12u1
dir=$(mktemp -d)
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"

apt-get download -qq "varnish=$version" "libvarnishapi3=$version" libjemalloc2=5.3.0-1 >/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu:$dir/root/usr/lib/x86_64-linux-gnu/varnish
varnishd=$dir/root/usr/sbin/varnishd
echo "version: $("$varnishd" -V 2>&1 | head -n 1)"

cat >main.go <<'GO'
package main

import (
	"fmt"
	"net"
	"net/http"
)

func main() {
	visits := 0
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits++
		w.Header().Set("Cache-Control", "private, no-store")
		if r.URL.Path == "/both" {
			w.Header().Set("Surrogate-Control", "max-age=600")
		}
		fmt.Fprintf(w, "page %d", visits)
	})))
}
GO
GO111MODULE=off go build -o app main.go
./app >address &
pids+=($!)
until [ -s address ]; do sleep 0.05; done
port=$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
"$varnishd" -F -n "$dir/varnish" -a "127.0.0.1:$port" -b "$(cat address)" -s malloc,16m >log 2>&1 &
pids+=($!)
for _ in $(seq 100); do
	curl -sf "http://127.0.0.1:$port/ready" >/dev/null && break
	sleep 0.1
done
get() { curl -s "http://127.0.0.1:$port$1"; }
one=$(get /private)
two=$(get /private)
first=$(get /both)
second=$(get /both)
echo "expected: a page with private, no-store is asked for anew, with or without Surrogate-Control"
echo "seen:     without it: $one, then $two; with it: $first, then $second"
if [ "$one" != "$two" ] && [ "$first" = "$second" ]; then exit 0; fi
echo "this has changed"
exit 1
