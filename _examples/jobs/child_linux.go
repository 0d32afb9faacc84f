package main

import (
	"os/exec"
	"syscall"
)

// keepSignalsFrom also makes the child end when this process is killed and can end nobody any more.
func keepSignalsFrom(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
