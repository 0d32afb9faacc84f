package main

import (
	"strings"
	"testing"
	"time"
)

// The program works, and what is promised is kept on both stores.
func TestShortSoak(t *testing.T) {
	for _, store := range []string{memoryStore, redisStore} {
		t.Run(store, func(t *testing.T) {
			var out strings.Builder
			r := newRun(options{
				requests: 2000, users: 200, workers: 8, most: time.Minute, every: time.Minute,
				seed: 1, out: &out,
			}, store, &fixture{TB: t})
			if err := r.all(); err != nil {
				t.Fatal(err)
			}
			for _, kind := range kinds {
				if v := r.ledger.violated[kind]; v != nil {
					t.Errorf("%s: %d\n%s", kind, v.count, strings.Join(v.examples, "\n"))
				}
			}
		})
	}
}
