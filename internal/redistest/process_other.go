//go:build !linux

package redistest

import "os/exec"

// dieWithParent does nothing: Linux alone has it.
func dieWithParent(*exec.Cmd) {}
