// Package display starts what draws on no screen: a display for browsers that have a window.
package display

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/flashgin/flashgin/internal/child"
)

// ErrNotFound says what to install.
var ErrNotFound = errors.New("no Xvfb found: install it (Debian: apt-get install xvfb)")

// Start starts a display. It returns its name, as $DISPLAY has it.
func Start(log io.Writer) (name string, stop func(), err error) {
	if _, err := exec.LookPath("Xvfb"); err != nil {
		return "", nil, ErrNotFound
	}
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24",
		"-nolisten", "tcp", "-noreset")
	cmd.Stderr = log
	name, stop, err = Run(cmd)
	return ":" + name, stop, err
}

// Run starts a program, and returns the line that it writes to its file 3. All that the program has
// started ends with stop.
func Run(cmd *exec.Cmd) (line string, stop func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	cmd.ExtraFiles = []*os.File{w}
	stop, err = Go(cmd)
	w.Close()
	if err != nil {
		return "", nil, err
	}
	line, err = bufio.NewReader(r).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("%s: %w", cmd.Path, err)
	}
	return strings.TrimSpace(line), stop, nil
}

// Go starts a program. All that the program has started ends with stop.
func Go(cmd *exec.Cmd) (stop func(), err error) {
	child.DieWithParent(cmd)
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}, nil
}
