package caching

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKeepOutOfCachesRemovesWhatSteersCaches(t *testing.T) {
	for name, steers := range map[string]bool{
		"Cache-Control":                true,
		"cache-control":                true, // put into the map by its name, not by Set
		"Expires":                      true,
		"Etag":                         true,
		"ETag":                         true,
		"Last-Modified":                true,
		"Surrogate-Control":            true, // Fastly, Varnish, Squid
		"surrogate-control":            true,
		"Edge-Control":                 true, // Akamai
		"X-Accel-Expires":              true, // nginx
		"Cdn-Cache-Control":            true, // RFC 9213
		"CDN-Cache-Control":            true,
		"Cloudflare-Cdn-Cache-Control": true,
		"Netlify-Cdn-Cache-Control":    true,
		"Vercel-Cdn-Cache-Control":     true,
		"Akamai-Cache-Control":         true,
		"X-Litespeed-Cache-Control":    true,
		"Set-Cookie":                   false,
		"Vary":                         false,
		"Content-Type":                 false,
		"Surrogate-Key":                false, // what a purge names
		"Cache-Tag":                    false,
		"X-Cache-Controls":             false,
		"-Cache-Control":               false,
	} {
		header := http.Header{name: {"of the handler"}}
		KeepOut(header)
		want := http.Header{"Cache-Control": {"private, no-store"}}
		if !steers {
			want[name] = []string{"of the handler"}
		}
		assert.Equal(t, want, header, name)
	}
}

func TestForbidden(t *testing.T) {
	for _, test := range []struct {
		name    string
		header  http.Header
		forbids bool
	}{
		{"nothing", http.Header{}, false}, // many caches keep such a page for a while
		{"Set-Cookie", http.Header{"Set-Cookie": {"id=1"}}, false},
		{"no-store", http.Header{"Cache-Control": {"no-store"}}, true},
		{"private", http.Header{"Cache-Control": {"max-age=60, Private"}}, true},
		{"on a second line",
			http.Header{"Cache-Control": {"max-age=60", "no-cache,\tno-store"}}, true},
		// Rare, and refused to be safe.
		{"not canonical", http.Header{"cache-control": {"no-store"}}, false},
		{"two names, and one of them allows it",
			http.Header{"cache-control": {"public"}, "Cache-Control": {"no-store"}}, false},
		{"public", http.Header{"Cache-Control": {"public, max-age=600"}}, false},
		{"no-cache", http.Header{"Cache-Control": {"no-cache, must-revalidate, max-age=0"}}, false},
		{"private for a header",
			http.Header{"Cache-Control": {`private="Set-Cookie", max-age=60`}}, false},
		{"within quotes",
			http.Header{"Cache-Control": {`private="Set-Cookie, no-store, Via"`}}, false},
		{"behind quotes", http.Header{"Cache-Control": {`ext="a, b", no-store`}}, true},
		{"a longer word", http.Header{"Cache-Control": {"no-store-remote, privately"}}, false},
		{"another header", http.Header{"Pragma": {"no-store"}, "Expires": {"0"}}, false},
		{"a targeted header besides",
			http.Header{"Cache-Control": {"private"}, "Cdn-Cache-Control": {"max-age=60"}}, false},
		{"which is alone", http.Header{"Cdn-Cache-Control": {"no-store"}}, false},
		{"both",
			http.Header{"Cache-Control": {"private"}, "Surrogate-Control": {"no-store"}}, true},
		{"nginx", http.Header{"Cache-Control": {"private"}, "X-Accel-Expires": {"60"}}, false},
	} {
		assert.Equal(t, test.forbids, Forbidden(test.header), test.name)
	}
}

func TestIsPageCache(t *testing.T) {
	for pkg, is := range map[string]bool{
		"github.com/gin-contrib/cache":          true,
		"github.com/gin-contrib/cache/v2":       true,
		"github.com/gin-gonic/contrib/cache":    true,
		"github.com/chenyahui/gin-cache":        true,
		"example.com/team/gin-cache":            true, // a fork
		"example.com/team/gin-cache/v12":        true,
		"github.com/gin-contrib/gzip":           false,
		"github.com/gin-gonic/gin":              false,
		"net/http":                              false,
		"example.com/app/cache":                 false, // who knows what it does
		"example.com/origin-cache":              false,
		"github.com/gin-contrib/cache/v":        false,
		"github.com/chenyahui/gin-cache/inside": false,
		"":                                      false,
	} {
		assert.Equal(t, is, IsPageCache(pkg), pkg)
	}
}
