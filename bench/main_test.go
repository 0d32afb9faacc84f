package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv(serverEnv) != "" {
		serve()
		return
	}
	os.Exit(m.Run())
}

// The program works; its figures are nobody's business here.
func TestShortRun(t *testing.T) {
	var out strings.Builder
	b := &bench{TB: t, short: true, messages: 2000, out: &out}
	if code := b.run(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	for _, want := range []string{
		"round trips", "Redis time", "web server's time", "paused", "killed", "bytes a message",
		"time of a claim", "an idle stream", "from the add to the page",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table has nothing about %q:\n%s", want, out.String())
		}
	}
}

// In a short run of the four web servers each fault happens once, and nothing is lost or shown
// twice. On a machine with other work the faults overlap, so it is no daily check.
func TestShortLongRun(t *testing.T) {
	if os.Getenv("FLASHGIN_LONGRUN") == "" {
		t.Skip("a run with faults, for a machine without other work: FLASHGIN_LONGRUN=1 runs it")
	}
	var out strings.Builder
	b := &bench{TB: t, short: true, out: &out}
	if code := b.runLong(3*time.Second, 600, ""); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out.String())
	}
	for _, fault := range []string{"planned failover 1", "master dead 1", "keys evicted 1"} {
		if !strings.Contains(out.String(), fault) {
			t.Errorf("the table has nothing about %q:\n%s", fault, out.String())
		}
	}
}
