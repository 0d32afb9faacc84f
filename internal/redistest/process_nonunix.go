//go:build !unix

package redistest

import "os"

// There is no redis-server for these systems, so nothing is ever signalled.
var (
	terminate os.Signal = os.Kill
	stop      os.Signal = os.Kill
	resume    os.Signal = os.Kill
)
