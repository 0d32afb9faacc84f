#!/usr/bin/env bash
# Turbo asks twice for a page that must be reloaded, and throws the first answer away.
#
# A link is clicked on a page with Turbo. The new page says <meta name="turbo-visit-control"
# content="reload">, or has a tracked script whose address has changed, as after a deployment. The
# guess: Turbo sees that before it renders anything, and the server renders the page once. Seen:
# Turbo fetches the page with all its cookies, finds out when it renders, drops what it has, and
# loads the address again. Whatever the server gives out only once, such as a token or a notice in
# the session, left with the answer that nobody sees. The first request has no header that tells.
#
# @hotwired/turbo 8.0.23, in Chromium 156.0.8078.108 (Debian 12), November 2026. The handbook says
# that such pages are reloaded in full, and not that they are fetched before.
# It needs Debian's package chromium, Node.js and npm.
set -euo pipefail
turbo=8.0.23
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
npm install --silent --no-audit --no-fund --ignore-scripts "@hotwired/turbo@$turbo"
echo "version: @hotwired/turbo $turbo, chromium $(dpkg-query -W -f '${Version}' chromium)"

# The page /start/CASE follows its link to /CASE. The server counts what is asked, until the page
# that a user sees has run its script.
cat >server.js <<'JS'
const http = require("http"), fs = require("fs");
const name = process.argv[2];
const turbo = fs.readFileSync("node_modules/@hotwired/turbo/dist/turbo.es2017-umd.js");
const asked = [];
const page = (head, body) => `<!doctype html><title>page</title>
<script src="/turbo.js"></script>${head}<body>${body}`;
const tracked = version => `<script src="/app.js?${version}" data-turbo-track="reload"></script>`;
const heads = {
  plain: tracked(1),
  control: tracked(1) + '<meta name="turbo-visit-control" content="reload">',
  deployed: tracked(2),
};
http.createServer((req, res) => {
  const url = req.url.replace(/\?.*/, "");
  res.setHeader("Content-Type", url.endsWith(".js") ? "text/javascript" : "text/html");
  if (url === "/turbo.js") {
    res.end(turbo);
  } else if (url === "/app.js") {
    res.end("");
  } else if (url === "/start") {
    res.end(page(tracked(1), `<a href="/next">next</a>
      <script>
        addEventListener("turbo:load", () => document.querySelector("a").click(), {once: true})
      </script>`));
  } else if (url === "/next") {
    asked.push(req.headers["sec-fetch-dest"]);
    res.end(page(heads[name], '<p id="seen">next</p><script>fetch("/seen")</script>'));
  } else if (url === "/seen") {
    console.log(asked.length, `(${asked.join(", ")})`);
    process.exit();
  } else {
    res.writeHead(404);
    res.end();
  }
}).listen(0, "127.0.0.1", function () { fs.writeFileSync("port", String(this.address().port)); });
setTimeout(() => { console.log("nothing within a minute"); process.exit(1); }, 60000).unref();
JS

# requests prints how often the page after the click is asked for, and as what.
requests() {
	rm -rf port profile
	node server.js "$1" >asked &
	local server=$!
	until [ -s port ]; do sleep 0.05; done
	chromium --headless=new --no-sandbox --disable-gpu --remote-debugging-port=0 \
		--user-data-dir="$dir/profile" "http://127.0.0.1:$(cat port)/start" >log 2>&1 &
	local browser=$!
	pids=("$server" "$browser")
	wait "$server" || true
	kill "$browser" 2>/dev/null || true
	wait "$browser" 2>/dev/null || true
	pids=()
	cat asked
}

plain=$(requests plain)
control=$(requests control)
deployed=$(requests deployed)
echo "expected: one request for the page in each case"
echo "seen:     an ordinary page: $plain"
echo "          turbo-visit-control: reload: $control"
echo "          a tracked script has changed: $deployed"
if [[ $plain == 1\ * && $control == 2\ * && $deployed == 2\ * ]]; then exit 0; fi
echo "this has changed"
exit 1
