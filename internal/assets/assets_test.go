package assets_test

import (
	"net/http"
	"net/http/httptest"
	"os"
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
	for _, name := range []string{"flash.min.js", "../markup/messages.html"} {
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
