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

// scriptAtMost is what a page may be asked to load, compressed.
const scriptAtMost = 5 << 10

func TestSizes(t *testing.T) {
	v := newMounted(t, flashgin.Config{}).visitor()
	for _, name := range []string{"flash.js", "flash.css"} {
		plain := v.do("GET", "/_flash/"+name).Body.Len()
		gzipped := v.do("GET", "/_flash/"+name, "Accept-Encoding", "gzip").Body.Len()
		t.Logf("%s: %d bytes, %d compressed", name, plain, gzipped)
		if name == "flash.js" {
			assert.LessOrEqual(t, gzipped, scriptAtMost)
		}
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
