// Package child makes the servers that tests start end with the tests, and finds ports for them.
package child

import (
	"os/exec"
	"syscall"
)

// DieWithParent makes the process end with the test binary, also when a time-out kills that one.
// Call it before the command is started.
func DieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
