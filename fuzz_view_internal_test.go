package flashgin

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// A page is found by its address, however that is spelled: as the browser sends it, and as a careful or a careless handler writes it.
func FuzzViewSpellings(f *testing.F) {
	for _, path := range []string{"/", "/a/b", "/a b/ü", "/%", "/100%25", "/a?b#c", "/a//b/../c/", "/:id", "/*", "/http://x", "//example.com", "/\xff", "/\x00\\", "/app", "/app/app/x", "/a;b=c,d&e+f@g$h"} {
		f.Add(path, "")
		f.Add(path, "/app")
		f.Add(path, "/a b/ü%")
	}
	f.Fuzz(func(t *testing.T, path, prefix string) {
		prefix = (&url.URL{Path: strings.TrimSuffix(cleanPath(prefix), "/")}).EscapedPath() // written as in an href
		m := &Messenger{cfg: Config{Prefix: prefix}.withDefaults()}
		want := cleanPath(path) // what a page at this path reads
		if !strings.HasPrefix(want, "/") || len(want) > 1 && strings.HasSuffix(want, "/") {
			t.Fatalf("%q is no clean path", want)
		}
		decoded, err := url.PathUnescape(want)
		if err != nil || cleanPath(decoded) != want {
			t.Errorf("%q is cleaned to %q, and that to %q, %v", path, want, cleanPath(decoded), err)
		}
		escaped := (&url.URL{Path: decoded}).EscapedPath()
		everyByte := "/"
		for _, c := range []byte(decoded[1:]) {
			if c == '/' {
				everyByte += "/" // escaped, it would be part of a segment
			} else {
				everyByte += fmt.Sprintf("%%%02x", c)
			}
		}
		for _, spelling := range []string{escaped, everyByte, want, escaped + "/", escaped + "//", "/." + escaped, "/x/.." + escaped, escaped + "?a=/b", escaped + "#/b?c"} {
			for _, view := range []string{prefix + spelling, "https://example.com" + prefix + spelling} {
				if got := m.cleanView(view); got != want {
					t.Errorf("%q with the prefix %q is %q, not %q", view, prefix, got, want)
				}
			}
		}
		// An engine that goes by the raw path finds what was meant for an encoded slash, and only that.
		oneSegment := "/" + strings.ReplaceAll(escaped[1:], "/", encodedSlash)
		byRaw := &installation{messenger: m, engine: &gin.Engine{UseRawPath: true}}
		page, _ := byRaw.viewOf(place{path: decoded, raw: oneSegment})
		if view := byRaw.readAt(m.cleanView(prefix + oneSegment)); page != view || (page == want) != (oneSegment == escaped) {
			t.Errorf("the page %q reads %q, and what is meant for it waits at %q", oneSegment, page, view)
		}
		byPath := &installation{messenger: m, engine: &gin.Engine{}}
		page, _ = byPath.viewOf(place{path: decoded, raw: oneSegment})
		if view := byPath.readAt(m.cleanView(prefix + oneSegment)); page != view || page != want {
			t.Errorf("the page %q reads %q, and what is meant for it waits at %q, not %q", oneSegment, page, view, want)
		}
	})
}
