package redistest

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the process end with the test binary, also when a time-out kills that one.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
