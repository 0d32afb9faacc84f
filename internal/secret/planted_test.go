package secret_test

import (
	"crypto/rand"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/secret"
)

// expired returns the lines of the answer to a request that brings two secrets in the cookie
// "flash".
func expired(t *testing.T, r *http.Request, prefix string, header http.Header) []string {
	t.Helper()
	r.Header.Set("Cookie", "flash="+rand.Text()+"; flash="+rand.Text())
	var cookies secret.Cookies
	assert.Empty(t, cookies.Secret(r, "flash"))
	assert.True(t, cookies.ExpirePlanted(r, prefix, header))
	return header["Set-Cookie"]
}

// Every cookie is expired that may have come with the request, but ours: the host's with a longer
// Path, those of the domains that the host belongs to, and partitioned ones.
func TestWhatExpiresPlantedCookies(t *testing.T) {
	for _, test := range []struct {
		name, target string
		prefix       string
		edit         func(*http.Request)
		want         []string
	}{
		{"a host", "http://shop/a/b?c=/d", "", nil, []string{
			"Path=/a", "Path=/a/", "Path=/a/b",
		}},
		{"the root of an address", "http://127.0.0.1:8080/", "", nil, nil},
		{"an IPv6 address", "http://[::1]:8080/a/", "", nil, []string{"Path=/a", "Path=/a/"}},
		{"a domain", "http://www.shop.example:8080/", "", nil, []string{
			"Path=/; Domain=www.shop.example", "Path=/; Domain=shop.example",
		}},
		{"a domain with a path", "http://shop.example/a", "", nil, []string{
			"Path=/; Domain=shop.example", "Path=/a; Domain=shop.example", "Path=/a",
		}},
		{"a prefix", "http://shop/a", "/app", nil, []string{
			"Path=/app", "Path=/app/", "Path=/app/a",
		}},
		{"a host that a proxy forwards", "http://10.0.0.1/", "", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Host", "shop.example, inner.example")
		}, []string{"Path=/; Domain=shop.example"}},
		{"a request that was not parsed from a line", "http://shop/a", "", func(r *http.Request) {
			r.RequestURI = ""
		}, []string{"Path=/a"}},
		{"what no cookie has", "http://shop/a%20b/c;d", "", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Host", "a b.example")
		}, []string{"Path=/a%20b", "Path=/a%20b/"}},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				request := httptest.NewRequest(http.MethodGet, test.target, nil)
				if test.edit != nil {
					test.edit(request)
				}
				want := []string{}
				for _, attributes := range test.want {
					line := "flash=; " + attributes + "; Max-Age=0"
					if secure {
						line += "; Secure"
						want = append(want, line+"; Partitioned")
					}
					want = append(want, line)
				}
				if secure {
					request.TLS = new(tls.ConnectionState)
				}
				assert.ElementsMatch(t, want, expired(t, request, test.prefix, http.Header{}))
			})
		}
	}
}

// However long a path or a host is, the header of the answer stays short enough for a proxy, and
// chance sees to it that no planted cookie is safe for ever.
func TestWhatExpiresPlantedCookiesIsBounded(t *testing.T) {
	target := "http://a.b.c.d.e.example.com" + strings.Repeat("/x", 4000)
	seen := map[string]bool{}
	for range 200 {
		request := httptest.NewRequest(http.MethodGet, target, nil)
		lines := expired(t, request, "", http.Header{})
		assert.LessOrEqual(t, len(lines), 24)
		assert.LessOrEqual(t, len(strings.Join(lines, "")), 2<<10)
		for _, line := range lines {
			seen[line] = true
		}
	}
	assert.Greater(t, len(seen), 200)
}

// Ours comes last: a client that does not tell a Domain from none would remove it else.
func TestOurCookieComesBehindWhatExpiresPlantedOnes(t *testing.T) {
	ours := "flash=ours; Path=/"
	header := http.Header{"Set-Cookie": {ours}}
	lines := expired(t, httptest.NewRequest(http.MethodGet, "http://shop/a", nil), "", header)
	assert.Equal(t, []string{"flash=; Path=/a; Max-Age=0", ours}, lines)
}

func TestNothingExpiresWhereNothingWasPlanted(t *testing.T) {
	var cookies secret.Cookies
	header := http.Header{}
	r := requestWith("flash=" + rand.Text())
	cookies.Secret(r, "flash")
	assert.False(t, cookies.ExpirePlanted(r, "", header))
	assert.Empty(t, header)
}
