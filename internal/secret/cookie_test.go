package secret_test

import (
	"crypto/rand"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/secret"
)

// requestWith returns a request with these lines in its header Cookie.
func requestWith(lines ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Cookie"] = lines
	return r
}

func TestKeyOfASecret(t *testing.T) {
	assert.Empty(t, secret.Key(""))
	const want = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
	assert.Equal(t, want, secret.Key("abc"), "the same in every version: messages wait under it")
}

func TestSecretThatARequestBrings(t *testing.T) {
	a, b := rand.Text(), rand.Text()
	long := strings.Repeat("A", 64)
	for _, test := range []struct {
		name    string
		lines   []string
		secret  string
		several bool
	}{
		{name: "no cookie"},
		{name: "alone", lines: []string{"flash=" + a}, secret: a},
		{name: "among others", lines: []string{"a=b;flash=" + a + " ; c=d"}, secret: a},
		{name: "on a second line", lines: []string{"a=b", "flash=" + a}, secret: a},
		{name: "of another name",
			lines: []string{"flash2=" + a + "; Flash=" + a + "; xflash=" + a}},
		{name: "beside junk", lines: []string{"flash=junk; flash=" + a + "; flash"}, secret: a},
		{name: "the same twice", lines: []string{"flash=" + a, "flash=" + a}, secret: a},
		{name: "two", lines: []string{"flash=" + a + "; flash=" + b}, several: true},
		{name: "two on two lines", lines: []string{"flash=" + a, "flash=" + b}, several: true},
		{name: "two, and the first again", several: true,
			lines: []string{"flash=" + a + "; flash=" + b + "; flash=" + a}},
		{name: "too short", lines: []string{"flash=" + a[1:]}},
		{name: "the longest", lines: []string{"flash=" + long}, secret: long},
		{name: "too long", lines: []string{"flash=A" + long}},
		{name: "lower case", lines: []string{"flash=" + strings.ToLower(a)}},
		{name: "no base32", lines: []string{"flash=" + strings.Repeat("1", 26)}},
		{name: "no base32 either", lines: []string{"flash=" + strings.Repeat("8", 26)}},
		{name: "quoted", lines: []string{`flash="` + a + `"`}},
		{name: "nothing but separators", lines: []string{";;=; ;", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, several := secret.Sent(requestWith(test.lines...), "flash")
			assert.Equal(t, test.secret, found)
			assert.Equal(t, test.several, several)
		})
	}
}

// Every page asks for the secret, so that must cost no memory.
func TestSecretIsReadWithoutAllocation(t *testing.T) {
	r := requestWith("a=b; flash=" + rand.Text())
	assert.Zero(t, testing.AllocsPerRun(100, func() { secret.Sent(r, "flash") }))
}

func TestSets(t *testing.T) {
	for _, test := range []struct {
		lines []string
		name  string
		sets  bool
	}{
		{nil, "id", false},
		{[]string{"id=1; Path=/"}, "id", true},
		{[]string{"a=1", "id="}, "id", true},
		{[]string{"id2=1", "xid=1", "a=id=1", "id"}, "id", false},
		{[]string{"id=1"}, "", false}, // a session whose cookie is not known
	} {
		header := http.Header{"Set-Cookie": test.lines}
		assert.Equal(t, test.sets, secret.Sets(header, test.name), test.lines)
	}
}

func TestCookieOfANewSecret(t *testing.T) {
	for _, test := range []struct {
		name, cookie string
		edit         func(*http.Request)
		secure       bool
	}{
		{"plain http", "flash", func(*http.Request) {}, false},
		{"TLS", "flash", func(r *http.Request) { r.TLS = new(tls.ConnectionState) }, true},
		{"TLS to the first proxy", "flash", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Proto", "HTTPS , http")
		}, true},
		{"TLS behind the first proxy", "flash", func(r *http.Request) {
			r.Header.Set("X-Forwarded-Proto", "http, https")
		}, false},
		{"a name for this host", "__Host-flash", func(*http.Request) {}, true},
		{"a name for TLS", "__secure-flash", func(*http.Request) {}, true},
		{"a name that only looks so", "Host-flash", func(*http.Request) {}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/a/b", nil)
			test.edit(r)
			var cookies secret.Cookies
			cookies.Renew(test.cookie)
			header := http.Header{"Set-Cookie": {"a=b", test.cookie + "=; Max-Age=0"}}
			require.True(t, cookies.Send(r, header))
			require.Len(t, header["Set-Cookie"], 2, "that of the handler gives way")
			assert.Equal(t, "a=b", header["Set-Cookie"][0])
			cookie, err := http.ParseSetCookie(header["Set-Cookie"][1])
			require.NoError(t, err)
			assert.Equal(t, cookies.Secret(r, test.cookie), cookie.Value)
			cookie.Value, cookie.Raw = "", ""
			assert.Equal(t, &http.Cookie{Name: test.cookie, Path: "/", HttpOnly: true,
				SameSite: http.SameSiteLaxMode, Secure: test.secure}, cookie)
		})
	}
}

func TestCookiesOfAnAnswer(t *testing.T) {
	a, b := rand.Text(), rand.Text()
	header := http.Header{}

	var cookies secret.Cookies
	assert.Equal(t, a, cookies.Secret(requestWith("flash="+a), "flash"))
	assert.False(t, cookies.Send(requestWith(), header), "a secret that came needs no cookie")
	assert.Empty(t, header)

	cookies.NoteSaved()
	assert.True(t, cookies.Send(requestWith(), header), "another cookie brings a secret")
	assert.Empty(t, header)

	several := requestWith("flash=" + a + "; flash=" + b)
	assert.Empty(t, cookies.Secret(several, "flash"))
	assert.True(t, cookies.ArePlanted("flash"))
	assert.False(t, cookies.ArePlanted("other"))

	cookies.Renew("flash")
	first := cookies.Secret(several, "flash")
	assert.NotContains(t, []string{"", a, b}, first)
	assert.True(t, cookies.ArePlanted("flash"), "they are still in the browser")
	assert.Empty(t, cookies.Secret(several, "other"))

	cookies.Renew("flash")
	cookies.Renew("other")
	assert.NotEqual(t, first, cookies.Secret(several, "flash"))
	for range 2 {
		assert.True(t, cookies.Send(several, header))
		assert.Len(t, header["Set-Cookie"], 2, "each once")
	}
}
