package writers_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/writers"
)

// wrapping is what most middleware does.
type wrapping struct{ http.ResponseWriter }

// unwrapping is how net/http wants it.
type unwrapping struct{ w http.ResponseWriter }

func (u unwrapping) Header() http.Header         { return u.w.Header() }
func (u unwrapping) Write(p []byte) (int, error) { return u.w.Write(p) }
func (u unwrapping) WriteHeader(status int)      { u.w.WriteHeader(status) }
func (u unwrapping) Unwrap() http.ResponseWriter { return u.w }

// hiding says nothing of what is below.
type hiding struct{ w unwrapping }

func (h hiding) Header() http.Header         { return h.w.Header() }
func (h hiding) Write(p []byte) (int, error) { return h.w.Write(p) }
func (h hiding) WriteHeader(status int)      { h.w.WriteHeader(status) }

// itself wraps itself.
type itself struct{ http.ResponseWriter }

func (i *itself) Unwrap() http.ResponseWriter { return i }

// counting is as gin's writer.
type counting struct {
	http.ResponseWriter
	bytes int
}

func (c counting) Size() int { return c.bytes }
func (c counting) Flush()    {}

// apart keeps headers of its own.
type apart struct {
	http.ResponseWriter
	header http.Header
}

func (a apart) Header() http.Header { return a.header }

// connection can be given a deadline.
type connection struct{ http.ResponseWriter }

func (connection) SetWriteDeadline(time.Time) error { return nil }

func TestChain(t *testing.T) {
	base := httptest.NewRecorder()
	wrapped := wrapping{unwrapping{base}}
	assert.Equal(t, []http.ResponseWriter{wrapped, wrapped.ResponseWriter, base},
		slices.Collect(writers.Chain(wrapped)))
	assert.Len(t, slices.Collect(writers.Chain(hiding{unwrapping{base}})), 1)
	assert.Len(t, slices.Collect(writers.Chain(wrapping{})), 1, "it wraps nothing")
	assert.Empty(t, slices.Collect(writers.Chain(nil)))
	assert.Len(t, slices.Collect(writers.Chain(new(itself))), 32)
	for range writers.Chain(wrapped) {
		break
	}
}

func TestBottom(t *testing.T) {
	base := httptest.NewRecorder()
	assert.Equal(t, base, writers.Bottom(unwrapping{unwrapping{base}}))
	assert.Equal(t, wrapping{base}, writers.Bottom(unwrapping{wrapping{base}}))
	loop := new(itself)
	assert.Equal(t, loop, writers.Bottom(loop))
}

func TestHasConnection(t *testing.T) {
	base := connection{httptest.NewRecorder()}
	assert.True(t, writers.HasConnection(unwrapping{base}))
	assert.False(t, writers.HasConnection(wrapping{base}), "a middleware may keep the body")
	assert.False(t, writers.HasConnection(base.ResponseWriter))
}

func TestHolds(t *testing.T) {
	base := httptest.NewRecorder()
	for _, test := range []struct {
		name string
		w    http.ResponseWriter
		want bool
	}{
		{"written", counting{base, 1}, false},
		{"not written yet", counting{base, 0}, true},
		{"kept by a middleware", counting{wrapping{counting{base, -1}}, 9}, true},
		{"passed on by a middleware", wrapping{counting{base, 9}}, false},
		{"headers apart", apart{base, http.Header{}}, true},
		{"no way to flush", counting{hiding{unwrapping{base}}, 9}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, writers.Holds(test.w, base.Header()))
		})
	}
}

func TestHasOneHeader(t *testing.T) {
	base := httptest.NewRecorder()
	assert.True(t, writers.HasOneHeader(counting{wrapping{base}, 1}))
	assert.False(t, writers.HasOneHeader(counting{apart{base, http.Header{}}, 1}))
}

func TestPassed(t *testing.T) {
	base := httptest.NewRecorder()
	assert.Equal(t, 3, writers.Passed(counting{wrapping{counting{base, 3}}, 9}),
		"the lowest counts")
	assert.Zero(t, writers.Passed(base))
}

func TestCounts(t *testing.T) {
	base := httptest.NewRecorder()
	assert.True(t, writers.Counts(counting{base, 1}))
	assert.False(t, writers.Counts(counting{base, -1}))
	assert.False(t, writers.Counts(base))
}

func TestPackage(t *testing.T) {
	assert.Equal(t, "net/http/httptest", writers.Package(httptest.NewRecorder()))
	assert.True(t, strings.HasSuffix(writers.Package(wrapping{}), "internal/writers_test"))
}
