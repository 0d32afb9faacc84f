package apptest

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const aloneVariable = "FLASHGIN_TEST_ALONE"

// Alone calls do in a process of its own, and returns what that wrote to the default log: for what
// is said once in a process. It runs the test there, so a test calls it first. In that process it
// reports false.
func Alone(t *testing.T, do func()) (log string, ok bool) {
	t.Helper()
	if os.Getenv(aloneVariable) == t.Name() {
		slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
		do()
		return "", false
	}
	program, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pattern := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	child := exec.CommandContext(ctx, program, "-test.count=1", "-test.run="+pattern)
	child.Env = append(os.Environ(), aloneVariable+"="+t.Name())
	var stdout, stderr bytes.Buffer
	child.Stdout, child.Stderr = &stdout, &stderr
	require.NoError(t, child.Run(), "%s%s", &stdout, &stderr)
	return stderr.String(), true
}
