#!/usr/bin/env bash
# HAProxy holds each server-sent event back for 200 ms.
#
# An application sends an event every 700 ms and flushes it. The guess: a proxy passes on at once
# what it has read, if nothing follows. Seen: with its defaults, HAProxy tells the kernel that more
# will follow, and the kernel waits for that for 200 ms. With "option http-no-delay" each event
# takes about a millisecond.
#
# HAProxy 2.6.12 (Debian 12), November 2026. The manual, at that option:
# https://docs.haproxy.org/2.6/configuration.html#option%20http-no-delay
# It needs Debian, and Go for the application and its client.
set -euo pipefail
version=2.6.12-1+deb12u4
dir=$(mktemp -d)
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"
apt-get download -qq "haproxy=$version" liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 \
	>/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu
haproxy=$dir/root/usr/sbin/haproxy
echo "version: $("$haproxy" -v | head -n 1)"

cat >main.go <<'GO'
// Serves events that say when they were sent, or prints how long they took: the median, in ms.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		measure(os.Args[1])
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			fmt.Fprintf(w, "data: %d\n\n", time.Now().UnixNano())
			w.(http.Flusher).Flush()
			time.Sleep(700 * time.Millisecond)
		}
	})))
}

func measure(url string) {
	response, err := http.Get(url)
	if err != nil {
		panic(err)
	}
	var took []int
	for lines := bufio.NewScanner(response.Body); len(took) < 9 && lines.Scan(); {
		if sent, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			at, _ := strconv.ParseInt(sent, 10, 64)
			took = append(took, int(time.Since(time.Unix(0, at)).Milliseconds()))
		}
	}
	slices.Sort(took)
	fmt.Println(took[4])
}
GO
GO111MODULE=off go build -o app main.go
./app >address &
pids+=($!)
until [ -s address ]; do sleep 0.05; done
behind() { # an option
	cat >config <<CONF
defaults
	mode http
	timeout connect 5000
	timeout client 50000
	timeout server 50000
listen application
	bind 127.0.0.1:$port
	server one $(cat address)
	$1
CONF
	"$haproxy" -db -f config >log 2>&1 &
	pids+=($!)
	until (echo >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.05; done
	./app "http://127.0.0.1:$port/"
	kill "${pids[-1]}"
	wait "${pids[-1]}" 2>/dev/null || true
	unset 'pids[-1]'
}
port=$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
default=$(behind "")
option=$(behind "option http-no-delay")
echo "expected: an event takes a few milliseconds"
echo "seen:     $default ms by default, $option ms with option http-no-delay"
if [ "$default" -ge 180 ] && [ "$option" -lt 100 ]; then exit 0; fi
echo "this has changed"
exit 1
