package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/redistest"
)

// A fixture stands in for a test, which the package that starts Redis servers asks for.
type fixture struct {
	testing.TB // the test that runs the program, if one does
	cleanups   []func()
	server     *redistest.Server
}

// redisClient returns a client of the one server of the run.
func (f *fixture) redisClient() *redis.Client {
	if f.server == nil {
		f.server = redistest.Start(f)
	}
	return f.server.Client()
}

func (f *fixture) Helper()                   {}
func (f *fixture) Cleanup(do func())         { f.cleanups = append(f.cleanups, do) }
func (f *fixture) Fatalf(s string, a ...any) { f.Fatal(fmt.Sprintf(s, a...)) }

// Skip skips the test that runs the program. The program itself needs what is missing.
func (f *fixture) Skip(args ...any) {
	if f.TB != nil {
		f.TB.Skip(args...)
	}
	f.Fatal(args...)
}

func (f *fixture) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, strings.TrimSpace(fmt.Sprintln(args...)))
	f.cleanUp()
	os.Exit(2)
}

func (f *fixture) TempDir() string {
	dir, err := os.MkdirTemp("", "flashgin-soak-")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (f *fixture) cleanUp() {
	for _, do := range slices.Backward(f.cleanups) {
		do()
	}
	f.cleanups = nil
}
