//go:build !linux

// Package child makes the servers that tests start end with the tests, and finds ports for them.
package child

import "os/exec"

// DieWithParent does nothing: Linux alone has it.
func DieWithParent(*exec.Cmd) {}
