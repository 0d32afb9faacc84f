package redis_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
)

// The rights that docs/redis.md tells operators to give are those that the tests run with.
func TestRedisDocumentedRights(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(apptest.Repository, "docs/redis.md"))
	require.NoError(t, err)
	var documented []string
	for line := range strings.Lines(string(text)) {
		if rights, ok := strings.CutPrefix(strings.TrimSpace(line),
			"ACL SETUSER flash on >secret resetkeys "); ok {
			documented = strings.Fields(strings.Replace(rights, " -@all", "", 1))
		}
	}
	assert.ElementsMatch(t, strings.Fields(redisKeys+" "+redisRights+" "+redisWakeRights),
		documented)
	assert.Contains(t, string(text), "`"+redisClusterRights+"`")
}

// The commands that docs/redis.md tells operators to count with count sessions and messages.
func TestRedisDocumentedCounts(t *testing.T) {
	t.Parallel()
	cli, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("no redis-cli")
	}
	server := redistest.Start(t)
	p := newRedisProbe(t, server.Client())
	for i := range 20 {
		p.session = fmt.Sprint(i)
		for view := range 40 { // some have an index
			p.add(fmt.Sprint("/", view%(2*i+1)), "text")
		}
	}
	p.session = "shown"
	p.confirm(p.claimed())
	text, err := os.ReadFile(filepath.Join(apptest.Repository, "docs/redis.md"))
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(server.Addr())
	require.NoError(t, err)
	var counts []string
	for line := range strings.Lines(string(text)) {
		if command := strings.TrimSpace(line); strings.HasPrefix(command, "redis-cli --scan") &&
			strings.Contains(command, "|") {
			command = strings.ReplaceAll(command, "redis-cli",
				strings.Join([]string{cli, "-h", host, "-p", port}, " "))
			out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
			require.NoError(t, err, string(out))
			counts = append(counts, strings.TrimSpace(string(out)))
		}
	}
	assert.Equal(t, []string{"21", "800"}, counts,
		"sessions, with the one that was shown its messages, and messages")
}
