//go:build unix

package redistest

import "syscall"

const (
	terminate = syscall.SIGTERM
	stop      = syscall.SIGSTOP
	resume    = syscall.SIGCONT
)
