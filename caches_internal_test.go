package flashgin

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
		keepOutOfCaches(header)
		want := http.Header{"Cache-Control": {"private, no-store"}}
		if !steers {
			want[name] = []string{"of the handler"}
		}
		assert.Equal(t, want, header, name)
	}
}
