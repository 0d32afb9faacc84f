//go:build !unix

package main

import "os/exec"

// keepSignalsFrom does nothing: other systems have no groups of processes that a signal goes to.
func keepSignalsFrom(*exec.Cmd) {}
