package docs_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serverRow matches a row of servers.md of a server on which no test failed and the load neither
// lost nor repeated a message.
var serverRow = regexp.MustCompile(
	`(?m)^\| (Redis|Valkey) (\d+)\.[\d.]+ \| [^|]+ \| \d+ \| 0 \| \d+ \| \d+ \| 0 \| 0 \|`)

// The README and the page about Redis name the servers that the table has, and no others.
func TestServersThatTheReadmeNames(t *testing.T) {
	table, err := os.ReadFile("servers.md")
	require.NoError(t, err)
	assert.NotContains(t, string(table), "not tested", "each server of the table")
	releases := map[string][]string{}
	for _, row := range serverRow.FindAllSubmatch(table, -1) {
		name, major := string(row[1]), string(row[2])
		if !slices.Contains(releases[name], major) {
			releases[name] = append(releases[name], major)
		}
	}
	or := func(of []string) string {
		if len(of) < 2 {
			return strings.Join(of, "")
		}
		return strings.Join(of[:len(of)-1], ", ") + " or " + of[len(of)-1]
	}
	want := fmt.Sprintf("Redis %s, or Valkey %s", or(releases["Redis"]), or(releases["Valkey"]))
	for _, page := range []string{"../README.md", "redis.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		assert.Contains(t, strings.Join(strings.Fields(string(text)), " "), want, page)
	}
}
