#!/usr/bin/env bash
# Orca says a polite live text before an assertive one that came earlier, or never.
#
# A page adds a text to a polite and another one to an assertive live region, while Orca is busy, so
# that both wait in its queue. The guess: the assertive text is said first, then the polite one,
# whatever their order. Seen: if the assertive one came first, the polite one is said first, because
# the queue begins at its lowest priority. If the polite one came first, it is never said, because
# an assertive text throws away the polite ones that wait.
#
# Orca 43.1 (Debian 12), November 2026. Source: liveregions.py, PriorityQueue and
# LiveRegionManager.handleEvent, of that release. Here its manager is given events without a screen;
# only what finds the politeness and the text of an event is replaced.
# It needs Debian with the packages that orca depends on, and Xvfb, which its library asks for.
set -euo pipefail
version=43.1-1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get download -qq "orca=$version" >/dev/null 2>&1
dpkg-deb -x orca_*.deb root
echo "version: orca $version"
cat >try.py <<'PY'
import types
from orca import liveregions
from orca.liveregions import LIVE_ASSERTIVE, LIVE_POLITE, LiveRegionManager

liveregions.GLib = types.SimpleNamespace(timeout_add=lambda ms, f: None)  # the test calls it


class Bookmarks:
    addSaveObserver = addLoadObserver = lambda self, f: None
    readBookmarksFromDisk = lambda self, filename: None


class Manager(LiveRegionManager):
    _getLiveType = lambda self, source: source
    _getMessage = lambda self, event: {"labels": [], "content": [event.text]}


def said(*events):
    spoken = []
    script = types.SimpleNamespace(bookmarks=Bookmarks(), presentMessage=lambda text: spoken.extend(text))
    manager = Manager(script)
    for source, text in events:
        manager.handleEvent(types.SimpleNamespace(source=source, text=text))
    while manager.pumpMessages():
        pass
    return ", ".join(spoken)


polite, assertive = (LIVE_POLITE, "saved"), (LIVE_ASSERTIVE, "disk full")
print(said(assertive, polite))
print(said(polite, assertive))
PY
env HOME="$dir" PYTHONPATH="$dir/root/usr/lib/python3/dist-packages" xvfb-run -a /usr/bin/python3 try.py >out 2>err || {
	cat err
	exit 1
}
first=$(sed -n 1p out)
second=$(sed -n 2p out)
echo "expected: 'disk full, saved' in either case"
echo "seen:     assertive came first: '$first'; polite came first: '$second'"
if [ "$first" = "saved, disk full" ] && [ "$second" = "disk full" ]; then exit 0; fi
echo "this has changed"
exit 1
