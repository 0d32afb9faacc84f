package testrun_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/testrun"
)

func TestSoaksRunWhenAskedFor(t *testing.T) {
	for value, runs := range map[string]bool{"": false, "0": false, "1": true} {
		t.Setenv("FLASHGIN_SOAK", value)
		ran := false
		t.Run(value, func(t *testing.T) {
			testrun.Soak(t)
			ran = true
		})
		assert.Equal(t, runs, ran, value)
	}
}

// CI runs all that a daily run leaves out.
func TestCIRunsSoaks(t *testing.T) {
	script, err := os.ReadFile("../../.ci/run")
	assert.NoError(t, err)
	assert.Contains(t, string(script), "\nexport FLASHGIN_SOAK=1\n")
}

func TestWaitingKeepsALargerNumber(t *testing.T) {
	parallel := flag.Lookup("test.parallel")
	before := parallel.Value.String()
	defer func() { _ = parallel.Value.Set(before) }()
	_ = parallel.Value.Set("1000")
	testrun.Waiting(8)
	assert.Equal(t, "1000", parallel.Value.String())
}
