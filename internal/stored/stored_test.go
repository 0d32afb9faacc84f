package stored_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/stored"
)

type value struct {
	Version int               `json:"v"`
	Text    string            `json:"text"`
	Yes     bool              `json:"yes"`
	Number  int64             `json:"number"`
	At      time.Time         `json:"at"`
	Texts   map[string]string `json:"texts"`
	Pair    struct{ A, B string }
}

// What is written can be read, and an empty value takes no room.
func TestWhatIsWrittenCanBeRead(t *testing.T) {
	want := value{
		Version: 7, Text: "\"<\u2028\xc3\xa9", Yes: true, Number: -3,
		At:    time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC),
		Texts: map[string]string{"b": "2", "a": ""},
		Pair:  struct{ A, B string }{"", "b"},
	}
	o := stored.New(7, 0)
	o.Text("text", want.Text)
	o.Bool("yes", want.Yes)
	o.Int("number", want.Number)
	require.NoError(t, o.Time("at", want.At))
	o.Texts("texts", want.Texts)
	o.Pair("Pair", "A", want.Pair.A, "B", want.Pair.B)
	var got value
	require.NoError(t, stored.Read(o.End(), &got, &got.Version, 7))
	assert.Equal(t, want, got)

	o = stored.New(1, 0)
	o.Text("text", "")
	o.Bool("yes", false)
	o.Int("number", 0)
	require.NoError(t, o.Time("at", time.Time{}))
	o.Texts("texts", map[string]string{})
	assert.Equal(t, `{"v":1}`, string(o.End()))
}

// The errors tell the kinds apart, and quote nothing.
func TestWhatCannotBeRead(t *testing.T) {
	for data, want := range map[string]string{
		`MARKER`:                    "not JSON of ours",
		`{"v":2,"text":"MARKER"}`:   "has version 2",
		`{"v":1,"text":["MARKER"]}`: "does not fit version 1",
	} {
		var got value
		err := stored.Read([]byte(data), &got, &got.Version, 1)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "MARKER")
	}
}
