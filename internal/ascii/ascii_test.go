package ascii_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/ascii"
)

// The text says the same, in printable ASCII.
func TestJSONInASCII(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"plain", `"plain"`},
		{"é✓", `"\u00e9\u2713"`},
		{"😀\U0010ffff", `"\ud83d\ude00\udbff\udfff"`},
		{"\x7f\u0085\u2028\ue000", `"\u007f\u0085\u2028\ue000"`},
	} {
		text, err := json.Marshal(test.text)
		require.NoError(t, err)
		got := ascii.JSON(text)
		assert.Equal(t, test.want, string(got))
		var back string
		require.NoError(t, json.Unmarshal(got, &back))
		assert.Equal(t, test.text, back)
	}
	// What json.Compact lets through: U+FFFD is what a decoder reads there, too.
	assert.Equal(t, `"\ufffd\u007f"`, string(ascii.JSON([]byte("\"\xff\x7f\""))))
	assert.Empty(t, ascii.JSON(nil))
}
