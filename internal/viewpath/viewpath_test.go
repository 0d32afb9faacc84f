package viewpath_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/viewpath"
)

// Whoever writes a view, and however, there is one spelling.
func TestSpellingsOfViews(t *testing.T) {
	for _, test := range []struct{ name, view, prefix, want string }{
		{"a path", "/problems/108", "", "/problems/108"},
		{"a route", "/problems/:id", "", "/problems/:id"},
		{"a name", "dashboard", "/app", "dashboard"},
		{"anywhere", "*", "/app", "*"},
		{"a URL", "https://example.com/a?b#c", "", "/a"},
		{"a URL without a path", "https://example.com?next=/x", "", "/"},
		{"a name with a URL in it", "a/b://c", "", "a/b://c"},
		{"query and fragment", "/a?b=/c#d", "", "/a"},
		{"slashes and dots", "//a//b/./c/../", "", "/a/b"},
		{"escaped further than need be", "/%61%20b", "", "/a b"},
		{"an escaped question mark", "/a%3Fb%23c", "", "/a%3Fb%23c"},
		{"an escaped slash", "/a%2fb", "", "/a%2Fb"},
		{"escaped twice", "/a%2525", "", "/a%2525"},
		{"escaped wrongly", "/%zz", "", "/%25zz"},
		{"no UTF-8", "/%ff", "", "/\uFFFD"},
		{"below the prefix", "/app/x", "/app/", "/x"},
		{"the prefix itself", "/app", "/app", "/"},
		{"beside the prefix", "/apple", "/app", "/apple"},
		{"a prefix that is escaped", "/caf%C3%A9%25/x", "/caf%C3%A9%25", "/x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := viewpath.Clean(test.view, viewpath.Prefix(test.prefix))
			assert.Equal(t, test.want, got)
		})
	}
	assert.Equal(t, "/a%25b%3Fc", viewpath.Path("/a%b?c/"), "a decoded path")
	assert.Empty(t, viewpath.Prefix(""))
	assert.Empty(t, viewpath.Prefix("/"))
}

// A view comes from handlers, and handlers make it of what users type.
func FuzzCleanView(f *testing.F) {
	for _, seed := range []string{
		"", "/", "*", "/problems/:id", "/files/*path", "/a%2Fb%20c", "/a%2525", "/%zz", "/a?b#c",
		"/a%3Fb%23c", "//a/../b/./", "https://example.com/a/b?c", "https://example.com?next=/x",
		"https://example.com", "name", "a name/with slash", "/\xff\xfe", "\xff", "/\x00", "/../..",
		"://", "a://b://c", "/app/x", "/app", "/apple",
	} {
		f.Add(seed, "")
		f.Add(seed, "/app")
	}
	f.Fuzz(func(t *testing.T, view, prefix string) {
		if prefix != "" && !strings.HasPrefix(prefix, "/") {
			return // New refuses it
		}
		prefix = viewpath.Prefix(prefix)
		cleaned := viewpath.Clean(view, prefix)
		if !utf8.ValidString(cleaned) {
			t.Errorf("%q is not UTF-8", cleaned)
		}
		if strings.HasPrefix(view, "/") {
			if !strings.HasPrefix(cleaned, "/") || strings.HasPrefix(cleaned, "//") ||
				strings.ContainsAny(cleaned, "?#") ||
				len(cleaned) > 1 && strings.HasSuffix(cleaned, "/") {
				t.Errorf("%q is not a clean path", cleaned)
			}
		} else if cleaned != strings.ToValidUTF8(view, "\uFFFD") && !strings.Contains(view, "://") {
			t.Errorf("the name %q became %q", view, cleaned)
		}
		if prefix != "" {
			return // what lies twice below the prefix loses it twice
		}
		if again := viewpath.Clean(cleaned, prefix); again != cleaned {
			t.Errorf("%q cleaned is %q, cleaned again %q", view, cleaned, again)
		}
	})
}
