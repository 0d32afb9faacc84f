// Package redistest starts real Redis servers for tests: single ones, a cluster, or a master with a
// replica and sentinels. They are child processes on free ports of 127.0.0.1, each with a directory
// of its own, and end with the test.
//
// Without redis-server a test is skipped, or fails where the environment says CI=true. REDIS_SERVER
// names another binary, such as valkey-server.
package redistest

import (
	"bufio"
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/child"
)

// patience is how long something may take that is bound to happen.
const patience = 2 * time.Minute

// A Server is a Redis server, or a sentinel. Its methods fail the test when the process does not do
// as told.
type Server struct {
	tb     testing.TB
	binary string
	args   []string
	dir    string
	port   int
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
}

// Start starts a server that keeps nothing on disk, with further lines for its configuration file,
// such as "appendonly yes", and waits until it answers.
func Start(tb testing.TB, config ...string) *Server {
	tb.Helper()
	return start(tb, nil, config)
}

func start(tb testing.TB, args, config []string) *Server {
	tb.Helper()
	s := &Server{tb: tb, binary: find(tb), args: args, dir: tb.TempDir(), port: child.Port(tb)}
	if len(args) == 0 { // sentinels know no save
		config = append([]string{`save ""`, "repl-diskless-sync-delay 0"}, config...)
	}
	tb.Cleanup(s.Kill)
	lines := append([]string{"bind 127.0.0.1", "port " + strconv.Itoa(s.port), "dir " + s.dir},
		config...)
	if err := os.WriteFile(
		s.file("redis.conf"), []byte(strings.Join(lines, "\n")+"\n"), 0o600,
	); err != nil {
		tb.Fatal(err)
	}
	s.Restart()
	return s
}

// look looks for the server's binary.
func look() (path string, err error) {
	return exec.LookPath(cmp.Or(os.Getenv("REDIS_SERVER"), "redis-server"))
}

// Installed reports whether Start finds a server.
func Installed() bool {
	_, err := look()
	return err == nil
}

// find returns the path of the server's binary.
func find(tb testing.TB) string {
	tb.Helper()
	path, err := look()
	if err != nil {
		text := fmt.Sprintf(
			"%v: install it with `apt-get install redis-server` or `brew install redis`, or name another one in REDIS_SERVER",
			err)
		if os.Getenv("CI") == "true" {
			tb.Fatal(text)
		}
		tb.Skip(text)
	}
	return path
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// Addr returns the address of the server, "127.0.0.1:<port>".
func (s *Server) Addr() string { return child.Address(s.port) }

// Client returns a new client with default options. It is closed when the test ends.
func (s *Server) Client() *redis.Client { return s.ClientWith(&redis.Options{}) }

// ClientWith returns a new client of this server, with opt. It is closed when the test ends.
func (s *Server) ClientWith(opt *redis.Options) *redis.Client {
	opt.Addr = s.Addr()
	client := redis.NewClient(opt)
	s.tb.Cleanup(func() { _ = client.Close() })
	return client
}

// Restart starts the process again, with the same port, directory and configuration, after Stop or
// Kill, and waits until it answers.
func (s *Server) Restart() {
	s.tb.Helper()
	log, err := os.Create(s.file("log"))
	if err != nil {
		s.tb.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(s.binary, append([]string{s.file("redis.conf")}, s.args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, log, log
	child.DieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	s.cmd, s.exited = cmd, exited

	s.eventually("the server answers", func() bool {
		select {
		case <-exited:
			text, _ := os.ReadFile(s.file("log"))
			s.tb.Fatalf("redistest: the server ended:\n%s", text)
		default:
		}
		return s.answers()
	})
}

// answers reports whether the server answers and has loaded its data. An error is an answer too,
// such as that of a server with a password.
func (s *Server) answers() bool {
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && !strings.HasPrefix(answer, "-LOADING")
}

// Stop ends the process as an operator would, by SIGTERM.
func (s *Server) Stop() {
	s.tb.Helper()
	s.signal(terminate)
	s.wait()
}

// Kill ends the process at once, without a chance to save anything. It may be called twice.
func (s *Server) Kill() {
	s.tb.Helper()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	s.wait()
}

func (s *Server) wait() {
	s.tb.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.tb.Fatalf("redistest: process %d has not ended within %v", s.cmd.Process.Pid, patience)
	}
}

// Pause freezes the process, by SIGSTOP: connections stay open and nothing answers.
func (s *Server) Pause() {
	s.tb.Helper()
	s.signal(stop)
}

// Resume ends a Pause.
func (s *Server) Resume() {
	s.tb.Helper()
	s.signal(resume)
}

func (s *Server) signal(sig os.Signal) {
	s.tb.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.tb.Fatalf("redistest: %v: %v", sig, err)
	}
}

// eventually polls until done returns true.
func (s *Server) eventually(what string, done func() bool) {
	s.tb.Helper()
	eventually(s.tb, what, done)
}

func eventually(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	for start := time.Now(); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > patience {
			tb.Fatalf("redistest: %s: not within %v", what, patience)
		}
	}
}
