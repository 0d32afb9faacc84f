package redis_test

import (
	"os"
	"testing"

	"github.com/flashgin/flashgin/internal/testrun"
)

func TestMain(m *testing.M) {
	testrun.Waiting(8)
	os.Exit(m.Run())
}
