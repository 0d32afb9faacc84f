// Package testrun says how our tests run: which run daily, and how many at once. Who would miss it:
// whoever types go test ./... and waits for soaks, or for tests that themselves wait.
package testrun

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// soaks is the variable that CI sets.
const soaks = "FLASHGIN_SOAK"

// Soaking reports whether soaks run.
func Soaking() bool { return os.Getenv(soaks) == "1" }

// Soak skips a test that takes long because it repeats what shorter tests do once: under load, for
// many messages, or with one more kind of server.
func Soak(tb testing.TB) {
	tb.Helper()
	if !Soaking() {
		tb.Skip("a soak: " + soaks + "=1 go test ./... runs it, as CI does")
	}
}

// Waiting lets at least n parallel tests run at once, in a package whose tests wait for servers and
// for time to pass. By default there are as many as processors. Call it in TestMain; -parallel
// stands.
func Waiting(n int) {
	flag.Parse()
	parallel := flag.Lookup("test.parallel")
	if parallel.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = parallel.Value.Set(strconv.Itoa(max(n, runtime.GOMAXPROCS(0))))
	}
}
