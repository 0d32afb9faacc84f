package flashgin_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The rights that docs/redis.md tells operators to give are those that the tests run with.
func TestRedisDocumentedRights(t *testing.T) {
	text, err := os.ReadFile("docs/redis.md")
	require.NoError(t, err)
	var documented []string
	for line := range strings.Lines(string(text)) {
		if rights, ok := strings.CutPrefix(strings.TrimSpace(line), "ACL SETUSER flash on >secret resetkeys "); ok {
			documented = strings.Fields(strings.Replace(rights, " -@all", "", 1))
		}
	}
	assert.ElementsMatch(t, strings.Fields(redisKeys+" "+redisRights+" "+redisWakeRights), documented)
	assert.Contains(t, string(text), "`"+redisClusterRights+"`")
}
