// Soak is a long test: 10,000 users open pages, send forms and leave again on a real server, and
// many handlers do what applications do wrong. It needs redis-server:
//
//	go run -race ./soak -requests 1000000
//
// It counts what must never happen: a message or a session at another user, a message that is lost
// without a report or shown twice, an answer with a message that a cache may keep, a data race. It
// prints a table, and exits with 1 if there was any.
//
// -misuse plays something else: handlers whose goroutines use the *gin.Context itself after the
// answer, which is forbidden. In debug mode none of them may reach another user. Run it without the
// race detector, for what is forbidden is a race in Gin.
//
// -scenario runs only the scenarios whose name contains the text, beside ordinary pages. -seed
// repeats the choices of a run. What goroutines do at the same time is not repeated.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// childEnv makes the program the one that does the work. Its parent outlives a fatal error in it.
const childEnv = "FLASHGIN_SOAK_CHILD"

// options are the flags.
type options struct {
	requests int
	users    int
	workers  int
	most     time.Duration
	seed     uint64
	store    string
	scenario string
	misuse   bool
	every    time.Duration // between two lines of progress
	out      io.Writer
}

func main() {
	o := options{out: os.Stdout, every: 10 * time.Second}
	flag.IntVar(&o.requests, "requests", 1_000_000, "how many requests, on all stores together")
	flag.IntVar(&o.users, "users", 10_000, "how many users")
	flag.IntVar(&o.workers, "workers", 48, "how many requests at a time")
	flag.DurationVar(&o.most, "time", 3*time.Hour, "how long at the most, on all stores together")
	flag.Uint64Var(&o.seed, "seed", 0, "repeats a run (default: another one each time)")
	flag.StringVar(&o.store, "store", "", "memory or redis (default both)")
	flag.StringVar(&o.scenario, "scenario", "", "only scenarios whose name contains this")
	flag.BoolVar(&o.misuse, "misuse", false, "play what is forbidden, in debug mode")
	flag.Parse()
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	if o.store != "" && o.store != memoryStore && o.store != redisStore {
		fmt.Fprintf(os.Stderr, "-store %s: want memory or redis\n", o.store)
		os.Exit(2)
	}
	if os.Getenv(childEnv) == "" {
		os.Exit(supervise(o))
	}
	violations, err := soak(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if violations > 0 {
		os.Exit(1)
	}
}
