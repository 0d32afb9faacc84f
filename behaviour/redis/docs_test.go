package redis_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/behaviour/internal/apptest"
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
