#!/usr/bin/env bash
# Redis 6.0 lets a script write although too few replicas follow.
#
# A master has "min-replicas-to-write 1" and no replica. The guess: it refuses every write, as its
# configuration file says: "a master [can] stop accepting writes if there are less than N replicas
# connected". Seen: it refuses SET with NOREPLICAS, and runs EVAL of a script that calls SET. Redis
# 7.0 refuses both. So whoever writes by scripts alone, as libraries for locks, queues and limits
# do, has no protection from this setting on Redis 6.0, and is not told.
#
# Redis 6.0.16 (Debian 11) and 7.0.15 (Debian 12), November 2026.
# https://redis.io/docs/latest/operate/oss_and_stack/management/replication/
# It needs Debian.
set -euo pipefail
dir=$(mktemp -d)
chmod 755 "$dir"
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"

# Debian 11 has lists of its own, apart from those of this machine.
mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Identifier: Packages' |
	awk '$1 == "Debian" && !seen {print $2; seen = 1}')
mkdir -p lists/partial cache/archives/partial
touch status
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bullseye main" >sources.list
bullseye=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
	-o "Dir::State::lists=$dir/lists" -o "Dir::State::status=$dir/status" -o "Dir::Cache=$dir/cache"
	-o APT::Sandbox::User=root -o Acquire::Languages=none)
apt-get "${bullseye[@]}" update >/dev/null 2>&1
mkdir old new
(
	cd old
	apt-get "${bullseye[@]}" download redis-server=5:6.0.16-1+deb11u2 redis-tools=5:6.0.16-1+deb11u2 \
		liblua5.1-0=5.1.5-8.1+b3 lua-bitop=1.0.2-5 lua-cjson=2.1.0+dfsg-2.1 \
		libssl1.1=1.1.1w-0+deb11u1 libjemalloc2=5.2.1-3 liblzf1=3.6-3 libhiredis0.14=0.14.1-1
	cd ../new
	apt-get download redis-server=5:7.0.15-1~deb12u10 redis-tools=5:7.0.15-1~deb12u10 \
		libjemalloc2=5.3.0-1 liblzf1=3.6-3 libatomic1=12.2.0-14+deb12u1
) >/dev/null 2>&1
for package in */*.deb; do dpkg-deb -x "$package" "${package%%/*}"; done

# writes prints what a server says to a write, and to the same write by a script.
writes() {
	export LD_LIBRARY_PATH=$dir/$1/usr/lib/x86_64-linux-gnu
	local bin=$dir/$1/usr/bin socket=$dir/$1.sock
	"$bin/redis-server" --port 0 --unixsocket "$socket" --save '' --min-replicas-to-write 1 >/dev/null &
	pids+=($!)
	until [ -S "$socket" ]; do sleep 0.05; done
	echo "version: $("$bin/redis-server" --version | cut -d' ' -f1-3)"
	plain=$("$bin/redis-cli" -s "$socket" set key value 2>&1)
	script=$("$bin/redis-cli" -s "$socket" eval "return redis.call('set', KEYS[1], 'value')" 1 key 2>&1)
	echo "seen:     SET: $plain"
	echo "          EVAL: $script"
}
echo "expected: a master that has too few replicas refuses a write, also by a script"
writes new
case "$plain$script" in *NOREPLICAS*NOREPLICAS*) ;; *) echo "this has changed"; exit 1 ;; esac
writes old
case "$plain" in *NOREPLICAS*) [ "$script" = OK ] && exit 0 ;; esac
echo "this has changed"
exit 1
