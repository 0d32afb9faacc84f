package messages_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// New says which field it cannot use, and what it wants.
func TestNewNamesTheField(t *testing.T) {
	for _, test := range []struct {
		field string
		cfg   flashgin.Config
		text  []string
	}{
		{"Config.Timeout", flashgin.Config{Timeout: -1}, []string{"-1ns", "100ms"}},
		{"Config.AddTimeout", flashgin.Config{AddTimeout: -time.Second},
			[]string{"-1s", "zero (1s)"}},
		{"Config.Lease", flashgin.Config{Lease: -time.Second}, []string{"-1s", "zero (10s)"}},
		{"Config.AgeAfter", flashgin.Config{AgeAfter: -1}, []string{"-1ns", "no message"}},
		{"Config.MaxBytes", flashgin.Config{MaxBytes: -5}, []string{"-5", "8192"}},
		{"Config.Prefix", flashgin.Config{Prefix: "app"}, []string{`"app"`, "slash"}},
		{"Config.MountPath", flashgin.Config{MountPath: "x"}, []string{`"x"`, "slash", "/_flash"}},
		{"Config.MountPath", flashgin.Config{MountPath: "/:any"},
			[]string{`"/:any"`, "without parameters"}},
		{"Config.Look", flashgin.Config{Look: 3},
			[]string{"3", "LookPlain, LookBootstrap or LookTailwind"}},
		{"Config.Look", flashgin.Config{Look: -1}, []string{"-1", "LookPlain"}},
		{"MemoryStore.TTL", flashgin.Config{Store: &flashgin.MemoryStore{TTL: -time.Hour}},
			[]string{"-1h", "24h"}},
		{"MemoryStore.MaxBytes", flashgin.Config{Store: &flashgin.MemoryStore{MaxBytes: -2}},
			[]string{"-2", "256 MiB"}},
		{"MemoryStore.Views", flashgin.Config{Store: &flashgin.MemoryStore{Views: -2}},
			[]string{"-2", "100"}},
		{"MemoryStore.Cap", flashgin.Config{Store: &flashgin.MemoryStore{Cap: -2}},
			[]string{"-2", "50"}},
	} {
		t.Run(test.field, func(t *testing.T) {
			m, err := flashgin.New(test.cfg)
			assert.Nil(t, m)
			require.ErrorContains(t, err, "flashgin: "+test.field+" is ")
			for _, text := range test.text {
				assert.ErrorContains(t, err, text)
			}
		})
	}
	_, err := flashgin.New(flashgin.Config{})
	assert.NoError(t, err, "the zero Config is ready")
}

// MaxBytes bounds the whole of a message, not only its text.
func TestMaxBytes(t *testing.T) {
	small := apptest.NewMessenger(t, flashgin.Config{MaxBytes: 200})
	assert.NoError(t, small.Add(t.Context(), "session", flashgin.Info("x").At("/")))
	assert.ErrorIs(t,
		small.Add(t.Context(), "session", flashgin.Info(strings.Repeat("x", 190)).At("/")),
		flashgin.ErrTooLarge)
	large := apptest.NewMessenger(t, flashgin.Config{MaxBytes: 1 << 20})
	assert.NoError(t,
		large.Add(t.Context(), "session", flashgin.Info(strings.Repeat("x", 1<<19)).At("/")))
}
