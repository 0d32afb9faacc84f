#!/usr/bin/env bash
# An EventSource that was redirected for the moment reconnects to the destination in Chromium.
#
# /events answers with a temporary redirect (302, 307) to /elsewhere, whose stream ends. The guess:
# the page reconnects to the address that it was given, as with any temporary redirect. Seen:
# Chromium reconnects to /elsewhere, after 302 and 307 as after 301 and 308, and never asks /events
# again. Firefox asks /events again after 302 and 307, and goes to /elsewhere after 301 and 308. So
# a server cannot lead a Chromium page back by redirecting its stream elsewhere.
#
# Chromium 156.0.8078.108, Firefox ESR 153.8.0 (Debian 12), November 2026. The HTML standard leaves
# the choice open: its section "Server-sent events" fetches "the EventSource object's request" anew.
# It needs Debian's packages chromium and firefox-esr of these versions, and Node.js.
set -euo pipefail
dir=$(mktemp -d)
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	sleep 1
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"
export HOME=$dir
for package in chromium firefox-esr; do
	echo "version: $(dpkg-query -W -f '${Package} ${Version}' "$package")"
done

# /start?CODE is a page with one stream. Each stream sends an event, asks for a quick reconnect, and
# ends. The server prints the paths that one browser asked for, and ends, after three streams.
cat >server.js <<'JS'
const http = require("http");
const code = Number(process.argv[2]);
const asked = [];
const server = http.createServer((req, res) => {
  if (req.url === "/start") {
    res.setHeader("Content-Type", "text/html");
    res.end('<!doctype html><title>stream</title><script>new EventSource("/events")</script>');
  } else if (req.url === "/events") {
    asked.push("/events");
    res.writeHead(code, {Location: "/elsewhere"});
    res.end();
  } else if (req.url === "/elsewhere") {
    asked.push("/elsewhere");
    res.setHeader("Content-Type", "text/event-stream");
    res.end("retry: 100\ndata: x\n\n");
    if (asked.filter(path => path === "/elsewhere").length === 2) {
      console.log(asked.join(" "));
      process.exit();
    }
  } else {
    res.writeHead(404);
    res.end();
  }
});
server.listen(0, "127.0.0.1", () => {
  require("fs").writeFileSync("port", String(server.address().port));
});
setTimeout(() => { console.log("nothing within a minute"); process.exit(1); }, 60000).unref();
JS

# ask prints what a browser asks for after a redirect with a code.
ask() {
	local browser=$1 code=$2
	rm -rf port profile
	mkdir profile
	node server.js "$code" >asked &
	local server=$!
	until [ -s port ]; do sleep 0.05; done
	local url
	url=http://127.0.0.1:$(cat port)/start
	case $browser in
	chromium)
		chromium --headless=new --no-sandbox --disable-gpu --remote-debugging-port=0 \
			--user-data-dir="$dir/profile" "$url" >log 2>&1 &
		;;
	firefox)
		firefox-esr --headless --no-remote --profile "$dir/profile" "$url" >log 2>&1 &
		;;
	esac
	local pid=$!
	pids=("$server" "$pid")
	wait "$server" || true
	kill "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	pids=()
	cat asked
}

stays="/events /elsewhere /elsewhere"
returns="/events /elsewhere /events /elsewhere"
as_stated=true
echo "expected: after 302 and 307 both ask /events again"
for code in 301 302 307 308; do
	chromium=$(ask chromium "$code")
	firefox=$(ask firefox "$code")
	echo "seen:     $code: Chromium asks $chromium; Firefox asks $firefox"
	case $code in
	301 | 308) want=$stays ;;
	*) want=$returns ;;
	esac
	[ "$chromium" = "$stays" ] && [ "$firefox" = "$want" ] || as_stated=false
done
if $as_stated; then exit 0; fi
echo "this has changed"
exit 1
