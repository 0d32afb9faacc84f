package secret_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/secret"
)

func TestMarkThatARequestBrings(t *testing.T) {
	for name, test := range map[string]struct {
		cookie, mark string
	}{
		"none":               {"a=b", ""},
		"one":                {"a=b; flash-mark=ABCDEF23; c=d", "ABCDEF23"},
		"the same twice":     {"flash-mark=ABCDEF23; flash-mark=ABCDEF23", "ABCDEF23"},
		"two":                {"flash-mark=ABCDEF23; flash-mark=ABCDEF24", ""},
		"one and junk":       {"flash-mark=ABCDEF23; flash-mark=x", "ABCDEF23"},
		"too short":          {"flash-mark=ABCDEF2", ""},
		"too long":           {"flash-mark=ABCDEF234", ""},
		"lower case":         {"flash-mark=abcdef23", ""},
		"of another name":    {"flash-marks=ABCDEF23; flash=ABCDEF23", ""},
		"quoted":             {`flash-mark="ABCDEF23"`, ""},
		"a long one":         {"flash-mark=" + strings.Repeat("A", 4000), ""},
		"an empty one":       {"flash-mark=", ""},
		"nothing but a name": {"flash-mark", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", test.cookie)
		assert.Equal(t, test.mark, secret.Mark(r), name)
	}
}

// Each answer with news brings another mark, once, like the cookie of a secret.
func TestMarkOfAnAnswer(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		header := http.Header{"Set-Cookie": {"a=b", "flash-mark=ABCDEF23"}} // an inner engine's
		var cookies secret.Cookies
		assert.False(t, cookies.Send(r, header))
		cookies.NoteMark()
		require.True(t, cookies.Send(r, header))
		require.Len(t, header["Set-Cookie"], 2)
		cookie, err := http.ParseSetCookie(header["Set-Cookie"][1])
		require.NoError(t, err)
		assert.True(t, cookie.HttpOnly)
		assert.Equal(t, "/", cookie.Path)
		r.Header.Set("Cookie", cookie.Name+"="+cookie.Value)
		assert.Equal(t, cookie.Value, secret.Mark(r))
		assert.False(t, seen[cookie.Value])
		seen[cookie.Value] = true
	}
}
