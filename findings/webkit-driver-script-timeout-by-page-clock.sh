#!/usr/bin/env bash
# WebKitWebDriver measures the time of a script with the setTimeout of the page.
#
# A test replaces setTimeout by a clock that it moves itself, as fake timers do, and moves it by a
# minute in a script that it executes. The guess: the script's time limit, 30 seconds, is the
# driver's, so a script that is over in a millisecond has not exceeded it. Seen: the driver starts
# its limit with the page's own setTimeout, and answers "script timed out after 30000ms" at once.
#
# WebKitGTK 2.50.6 (Debian 12), November 2026. Firefox's Marionette does
# not do that.
# It needs Debian, the libraries that libwebkit2gtk-4.1-0 depends on, Xvfb and curl.
set -euo pipefail
version=2.50.6-1~deb12u2
dir=$(mktemp -d)
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	sleep 1
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"

apt-get download -qq "webkit2gtk-driver=$version" >/dev/null 2>&1
dpkg-deb -x webkit2gtk-driver_*.deb root
echo "version: webkit2gtk-driver $version, libwebkit2gtk-4.1-0 $(dpkg-query -W -f '${Version}' libwebkit2gtk-4.1-0)"

Xvfb -displayfd 3 -screen 0 800x600x24 -nolisten tcp 3>display 2>/dev/null &
pids+=($!)
until [ -s display ]; do sleep 0.05; done
port=$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
env DISPLAY=":$(cat display)" HOME="$dir" XDG_RUNTIME_DIR="$dir" DBUS_SESSION_BUS_ADDRESS=disabled: NO_AT_BRIDGE=1 \
	root/usr/bin/WebKitWebDriver --port="$port" >log 2>&1 &
pids+=($!)
url=http://127.0.0.1:$port
until curl -sf "$url/status" >/dev/null; do sleep 0.1; done
session=$(curl -s "$url/session" -d '{"capabilities": {}}' | sed 's/.*"sessionId":"\([^"]*\)".*/\1/')
execute() { curl -s "$url/session/$session/execute/sync" -d "{\"script\": \"$1\", \"args\": []}"; }

clock="let now = 0; const timers = [];"
clock+="window.setTimeout = (callback, ms) => timers.push({at: now + ms, callback});"
clock+="window.forward = ms => { now += ms; timers.filter(t => t.at <= now).forEach(t => t.callback()); };"
execute "$clock return 'ready'" >/dev/null
execute "forward(1000); return 'done'" >short
execute "forward(60000); return 'done'" >long
curl -s -X DELETE "$url/session/$session" >/dev/null
echo "expected: both scripts return 'done'"
echo "seen:     forward by a second: $(cat short)"
echo "          forward by a minute: $(cat long)"
if grep -q done short && grep -q "timed out after 30000ms" long; then exit 0; fi
echo "this has changed"
exit 1
