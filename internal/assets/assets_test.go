package assets_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/assets"
)

// get returns the answer to a request for a file. header is a list of names and values.
func get(name string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "/"+name, nil)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	assets.Serve(answer, request, name)
	return answer
}

// What a page loads, compressed, is bounded.
func TestSizesOfAssets(t *testing.T) {
	for name, most := range map[string]int{"flash.js": 6 << 10, "flash.css": 2 << 10} {
		plain, gzipped := get(name), get(name, "Accept-Encoding", "gzip")
		t.Logf("%s: %d bytes, %d compressed", name, plain.Body.Len(), gzipped.Body.Len())
		require.Equal(t, "gzip", gzipped.Header().Get("Content-Encoding"))
		assert.LessOrEqual(t, gzipped.Body.Len(), most, name)
	}
}

// What strict policies forbid is not in the files at all. The browser tests see the rest.
func TestAssetsKeepToStrictPolicies(t *testing.T) {
	for _, name := range []string{"flash.js", "../markup/messages.html"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, forbidden := range []string{
			"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
			"new Function", "DOMParser", "<script", "<style", " style=", "onclick", "onload=",
			`"unload"`, `setAttribute("style"`,
		} {
			assert.NotContains(t, string(text), forbidden, name)
		}
	}
}

// Comments and indentation are for the readers of the source.
func TestServedAssetsHaveNoComments(t *testing.T) {
	for _, name := range []string{"flash.js", "flash.css"} {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		served := get(name).Body.String()
		comment := regexp.MustCompile(`(?m)^\s*(//|/\*|$)|^\s+| // `)
		assert.NotRegexp(t, comment, strings.TrimSpace(served), name)
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
