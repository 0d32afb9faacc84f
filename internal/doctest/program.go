package doctest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flashgin/flashgin/internal/child"
)

// patience is how long a program may take to listen.
const patience = 30 * time.Second

// Run builds a program, the source of one file, with the module of the working directory, and lets
// it run until the test ends. It listens on a free port instead of at the address that its source
// names, and Run returns where.
func Run(t testing.TB, source, address string) string {
	t.Helper()
	if n := strings.Count(source, `"`+address+`"`); n != 1 {
		t.Fatalf("the program names %s %d times, want it once", address, n)
	}
	dir := t.TempDir()
	file, binary, log := filepath.Join(dir, "main.go"), filepath.Join(dir,
		"program.exe"), filepath.Join(dir, "log")
	free := child.Address(child.Port(t))
	if err := os.WriteFile(
		file, []byte(strings.Replace(source, address, free, 1)), 0o600,
	); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command(
		"go", "build", "-ldflags=-s -w", "-o", binary, file,
	).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !listens(t, binary, log, free) {
		text, err := os.ReadFile(log)
		t.Fatalf("the program does not listen\n%s%v", text, err)
	}
	return free
}

// listens starts the program and reports whether it listens at the address. If so, it runs until
// the test ends.
func listens(t testing.TB, binary, log, address string) bool {
	t.Helper()
	output, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), "GIN_MODE=release")
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	running, ended := context.WithCancel(context.Background())
	go func() {
		_ = cmd.Wait()
		ended()
	}()
	end := func() {
		_ = cmd.Process.Kill()
		<-running.Done()
	}
	if !answers(running, address) {
		end()
		return false
	}
	t.Cleanup(end)
	return true
}

// answers waits until somebody listens at the address, or ctx ends.
func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := new(net.Dialer).DialContext(ctx, "tcp", address); err == nil {
			conn.Close()
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}
