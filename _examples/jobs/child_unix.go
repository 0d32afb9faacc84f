//go:build unix && !linux

package main

import (
	"os/exec"
	"syscall"
)

func keepSignalsFrom(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
