package main

import (
	"strings"
	"testing"
	"time"
)

// The page says what was skipped and why, and what failed: nothing is left out silently.
func TestServersPage(t *testing.T) {
	row := tested{candidate: candidate{version: "Redis 5.0.14", from: "a binary"}}
	ran := row.count([]byte(`{"Action":"start","Package":"p"}
{"Action":"output","Test":"TestA","Output":"    a_test.go:1: fine\n"}
{"Action":"pass","Test":"TestA"}
{"Action":"pass","Test":"TestA/part"}
{"Action":"output","Test":"TestB/part","Output":"    b_test.go:7: the server has no ACL: Redis 5\n"}
{"Action":"output","Test":"TestB/part","Output":"    --- SKIP: TestB/part (0.00s)\n"}
{"Action":"skip","Test":"TestB/part"}
{"Action":"output","Test":"TestC","Output":"    c_test.go:9: wrong\n"}
{"Action":"fail","Test":"TestC"}
`))
	if ran != 2 || row.passed != 1 || row.failed != 1 || len(row.skipped) != 1 {
		t.Errorf("%d ran: %+v", ran, row)
	}
	other := row
	other.version, other.failures = "Redis 5.0.9", nil
	none := tested{candidate: candidate{version: "valkey-server", from: "Debian sid", why: "gone"}}
	page := serversPage([]tested{row, other, none}, time.Minute)
	for _, want := range []string{
		"The load lasted 1m0s.", "| Redis 5.0.14 | a binary | 1 | 1 | 1 |",
		"| valkey-server | Debian sid | not tested: gone |", "- Redis 5.0.14: `TestC` failed.\n",
		"- Skipped on all servers: the server has no ACL: Redis 5.\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has nothing about %q:\n%s", want, page)
		}
	}
	for line := range strings.Lines(page) {
		if len(line) > 101 && !strings.HasPrefix(line, "|") {
			t.Errorf("a long line: %s", line)
		}
	}
	if (&tested{}).count([]byte("{}\n")) != 0 {
		t.Error("no test ran")
	}
}
