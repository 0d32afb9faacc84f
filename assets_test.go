package flashgin_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// What a page is asked to load, compressed, is bounded.
func TestSizesOfAssets(t *testing.T) {
	v := newMounted(t, flashgin.Config{}).visitor()
	for name, most := range map[string]int{"flash.js": 5 << 10, "flash.css": 2 << 10} {
		plain, gzipped := v.do("GET", "/_flash/"+name), v.do("GET", "/_flash/"+name, "Accept-Encoding", "gzip")
		t.Logf("%s: %d bytes, %d compressed", name, plain.Body.Len(), gzipped.Body.Len())
		require.Equal(t, "gzip", gzipped.Header().Get("Content-Encoding"))
		assert.LessOrEqual(t, gzipped.Body.Len(), most, name)
	}
}

// What strict policies forbid is not in the files at all. The browser tests see the rest.
func TestAssetsKeepToStrictPolicies(t *testing.T) {
	for _, name := range []string{"flash.js", "messages.html"} {
		text, err := os.ReadFile("assets/" + name)
		require.NoError(t, err)
		for _, forbidden := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser", "<script", "<style", " style=",
			"onclick", "onload=", "unload", `setAttribute("style"`} {
			assert.NotContains(t, string(text), forbidden, name)
		}
	}
}

// Comments and indentation are for the readers of the source.
func TestServedAssetsHaveNoComments(t *testing.T) {
	v := newMounted(t, flashgin.Config{}).visitor()
	for _, name := range []string{"flash.js", "flash.css"} {
		source, err := os.ReadFile("assets/" + name)
		require.NoError(t, err)
		served := v.get("/_flash/" + name)
		assert.NotRegexp(t, regexp.MustCompile(`(?m)^\s*(//|/\*|$)|^\s+| // `), strings.TrimSpace(served), name)
		words := regexp.MustCompile(`\S+`)
		in, out := words.FindAllString(string(source), -1), words.FindAllString(served, -1)
		assert.Less(t, len(out), len(in), name)
		// What is left is in the source, in that order.
		for _, word := range in {
			if len(out) > 0 && out[0] == word {
				out = out[1:]
			}
		}
		assert.Empty(t, out, name)
	}
}
