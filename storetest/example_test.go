package storetest_test

import (
	"testing"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/storetest"
)

// The whole test of a store: here MemoryStore, elsewhere yours.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestStore(t *testing.T)
		storetest.Run(t, func(_ *testing.T, ttl time.Duration, limit int) flashgin.Store {
			return &flashgin.MemoryStore{TTL: ttl, Cap: limit}
		})
	}
}
