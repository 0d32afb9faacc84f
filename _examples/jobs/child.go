package main

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// newChild returns a process that is ended with ctx: politely, and five seconds later for good.
// Ctrl-C in the terminal does not reach it, for this process has an order in which its children
// end.
func newChild(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	keepSignalsFrom(cmd)
	return cmd
}
