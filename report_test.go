package flashgin_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// A store that fails under load must not fill the disk.
func TestRepeatedFailuresAreLoggedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(lockedBuffer)
		a := newAppWithoutSessions(t, flashgin.Config{Logger: logTo(log)}) // so that each page fails
		a.GET("/", page)
		visitor := a.visitor()
		lines := func() []string { return strings.Split(strings.TrimSpace(log.String()), "\n") }
		for range 100 {
			visitor.get("/")
		}
		require.Len(t, lines(), 1)
		assert.Contains(t, lines()[0], "suppressed=0")
		time.Sleep(time.Second)
		visitor.get("/")
		visitor.get("/")
		require.Len(t, lines(), 2)
		assert.Contains(t, lines()[1], "suppressed=99")
	})
}

// OnError hears of each failure; only the log is spared.
func TestOnErrorHearsOfEachFailure(t *testing.T) {
	a := newAppWithoutSessions(t, flashgin.Config{})
	a.GET("/", page)
	for range 10 {
		a.visitor().get("/")
	}
	assert.Len(t, a.failures.all(), 10)
}
