#!/usr/bin/env bash
# A go-redis client with client-side caching does not see its own write in its next read.
#
# The client reads a key, writes it, and reads it again, one call after the other. The guess: a
# client knows what it has written itself, so the third call returns the new value. Seen: the read
# comes from the cache, which is emptied only when the server's notice of the write has been read
# from the connection; the first read after a write returns the old value nearly always.
#
# go-redis v9.23.0 with Redis 7.0.15 (Debian 12), RESP3, November 2026. Its documentation of
# ClientSideCacheConfig calls the cache eventually consistent, without a word of one's own writes:
# https://pkg.go.dev/github.com/redis/go-redis/v9#Options
#
# It needs Debian and Go.
set -euo pipefail
dir=$(mktemp -d)
chmod 755 "$dir"
pid=
cleanup() {
	if [ -n "$pid" ]; then kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; fi
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"
apt-get download -qq redis-server=5:7.0.15-1~deb12u10 redis-tools=5:7.0.15-1~deb12u10 libjemalloc2=5.3.0-1 \
	liblzf1=3.6-3 libatomic1=12.2.0-14+deb12u1 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu
"$dir/root/usr/bin/redis-server" --port 0 --unixsocket "$dir/redis.sock" --save '' >/dev/null &
pid=$!
until [ -S redis.sock ]; do sleep 0.05; done

cat >go.mod <<'GO'
module finding

go 1.26.0

require github.com/redis/go-redis/v9 v9.23.0
GO
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"
)

func main() {
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{
		Network: "unix", Addr: os.Args[1], Protocol: 3, ClientSideCacheConfig: &redis.ClientSideCacheConfig{},
	})
	const tries = 200
	old := 0
	for i := range tries {
		key, value := fmt.Sprint("key", i), "new"
		client.Set(ctx, key, "old", 0)
		for client.Get(ctx, key).Val() != "old" {
		}
		client.Set(ctx, key, value, 0)
		if client.Get(ctx, key).Val() == value {
			continue
		}
		old++
		for client.Get(ctx, key).Val() != value {
		}
	}
	fmt.Println("version: go-redis", redis.Version())
	fmt.Println("expected: the first read after a write of the same client returns what it wrote")
	fmt.Printf("seen:     %d of %d first reads returned the old value\n", old, tries)
	if old < tries/2 {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
GO
go mod tidy >/dev/null 2>&1
go run . "$dir/redis.sock"
