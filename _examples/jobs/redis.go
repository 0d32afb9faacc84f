package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"
)

// A redisServer is a Redis server for the time of the program. It listens to a socket in a folder
// that only this user may enter, so it needs no free port and no password, and keeps nothing.
type redisServer struct {
	url    string
	dir    string
	cancel context.CancelFunc
	ended  chan struct{} // closed when it has
}

// startRedis returns when the server answers.
func startRedis(ctx context.Context) (*redisServer, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("there is no redis-server to start: install it " +
			"(apt-get install redis-server, brew install redis), " +
			"or name a server that runs, such as REDIS_URL=redis://127.0.0.1:6379/0")
	}
	dir, err := os.MkdirTemp("", "flashgin-jobs-")
	if err != nil {
		return nil, err
	}
	socket, logfile := filepath.Join(dir, "redis.sock"), filepath.Join(dir, "redis.log")
	running, cancel := context.WithCancel(context.Background())
	cmd := newChild(running, program, "--port", "0", "--unixsocket", socket, "--dir", dir,
		"--logfile", logfile, "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &redisServer{url: "unix://" + socket, dir: dir, cancel: cancel, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(s.ended)
	}()
	if err := s.answers(ctx, socket); err != nil {
		text, _ := os.ReadFile(logfile)
		s.end()
		return nil, fmt.Errorf("redis-server: %w\n%s", err, text)
	}
	fmt.Printf("Redis is process %d, at %s\n", cmd.Process.Pid, s.url)
	return s, nil
}

// answers waits until the server does.
func (s *redisServer) answers(ctx context.Context, socket string) error {
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer client.Close()
	for deadline := time.Now().Add(10 * time.Second); ; {
		err := client.Ping(ctx).Err()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-s.ended:
			return errors.New("it has ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *redisServer) end() {
	s.cancel()
	<-s.ended
	_ = os.RemoveAll(s.dir)
}
