// Package cachetest puts real caches and other proxies in front of an application, for tests. They
// are child processes on free ports of 127.0.0.1, each with a directory of its own, and end with
// the test.
//
// Without the server's binary a test is skipped, or fails where the environment says CI=true.
package cachetest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flashgin/flashgin/internal/child"
)

// patience is how long something may take that is bound to happen.
const patience = 2 * time.Minute

// Varnish starts Varnish with its built-in VCL before the application at the address backend, as
// "127.0.0.1:8080", and returns its URL.
func Varnish(tb testing.TB, backend string) string {
	tb.Helper()
	return start(tb, "varnishd", func(binary, dir, address string) *exec.Cmd {
		return exec.Command(binary, "-F", "-n", filepath.Join(dir, "varnish"), "-a", address,
			"-b", backend, "-s", "malloc,16m", "-p", "thread_pools=1", "-p", "thread_pool_min=10")
	})
}

// Nginx starts nginx before the application at the address backend, and returns its URL. It caches
// as the application's headers say, and for ten minutes if they say nothing. config has further
// lines for its server, such as "proxy_ignore_headers Set-Cookie;".
func Nginx(tb testing.TB, backend string, config ...string) string {
	tb.Helper()
	return nginx(tb, backend, append(config, "proxy_cache pages;", "proxy_cache_valid 10m;"))
}

func nginx(tb testing.TB, backend string, config []string) string {
	tb.Helper()
	return start(tb, "nginx", func(binary, dir, address string) *exec.Cmd {
		file := configure(tb, nginxConfig, dir, address, backend, config)
		return exec.Command(binary, "-p", dir, "-c", file)
	})
}

// configure writes a file of configuration, and returns its path.
func configure(tb testing.TB, text, dir, address, backend string, config []string) (path string) {
	tb.Helper()
	path = filepath.Join(dir, "config")
	text = strings.NewReplacer(
		"DIR", dir, "ADDRESS", address, "BACKEND", backend, "MORE", strings.Join(config, "\n"),
	).Replace(text)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// One process, for it is that which is ended with the test.
const nginxConfig = `
daemon off;
master_process off;
pid DIR/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path DIR/body;
	fastcgi_temp_path DIR/fastcgi;
	scgi_temp_path DIR/scgi;
	uwsgi_temp_path DIR/uwsgi;
	proxy_temp_path DIR/proxy;
	proxy_cache_path DIR/cache keys_zone=pages:1m;
	server {
		listen ADDRESS;
		location / {
			proxy_pass http://BACKEND;
			MORE
		}
	}
}
`

// start starts a cache or a proxy on a free port and waits until it answers.
func start(tb testing.TB, name string, command func(binary, dir, address string) *exec.Cmd) string {
	tb.Helper()
	binary := find(tb, name)
	address := child.Address(child.Port(tb))
	dir := tb.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		tb.Fatal(err)
	}
	defer log.Close()
	cmd := command(binary, dir, address)
	cmd.Stdout, cmd.Stderr = log, log
	child.DieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	tb.Cleanup(func() { stop(tb, cmd, exited) })
	if !awaitAnswer(tb, address, exited) {
		text, _ := os.ReadFile(log.Name())
		tb.Fatalf("cachetest: %s ended:\n%s", name, text)
	}
	return "http://" + address
}

func find(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	path = "/usr/sbin/" + name // which is not in everybody's path
	if _, err := os.Stat(path); err == nil {
		return path
	}
	text := fmt.Sprintf(
		"%v: install it with `apt-get install varnish nginx caddy haproxy apache2`, "+
			"or the same by brew", err)
	if os.Getenv("CI") == "true" {
		tb.Fatal(text)
	}
	tb.Skip(text)
	return ""
}

// awaitAnswer reports false if the process has ended instead. An answer of any status will do.
func awaitAnswer(tb testing.TB, address string, exited <-chan struct{}) bool {
	tb.Helper()
	client := http.Client{Timeout: time.Second}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(10 * time.Millisecond) {
		select {
		case <-exited:
			return false
		default:
		}
		if response, err := client.Head("http://" + address + "/cachetest/ready"); err == nil {
			response.Body.Close()
			return true
		}
	}
	tb.Fatalf("cachetest: no answer from %s within %v", address, patience)
	return false
}

// stop lets the process end its own children first.
func stop(tb testing.TB, cmd *exec.Cmd, exited <-chan struct{}) {
	tb.Helper()
	_ = cmd.Process.Signal(os.Interrupt)
	select {
	case <-exited:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		tb.Errorf("cachetest: process %d has not ended within %v", cmd.Process.Pid, patience)
	}
}
