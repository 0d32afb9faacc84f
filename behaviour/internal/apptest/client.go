package apptest

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Browser is a client with a cookie jar and a real connection, which does not follow redirects.
type Browser struct {
	t      testing.TB
	Client *http.Client
	URL    string
}

func NewBrowser(t testing.TB, url string) *Browser {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &Browser{t: t, URL: url, Client: &http.Client{
		Jar:     jar,
		Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// AddHeader adds a list of names and values to the header of a request.
func AddHeader(request *http.Request, list []string) {
	for i := 0; i+1 < len(list); i += 2 {
		request.Header.Add(list[i], list[i+1])
	}
}

// Answer is a response whose body was read.
type Answer struct {
	*http.Response
	Body string
}

// Do sends a request; header is a list of names and values.
func (b *Browser) Do(method, path string, header ...string) Answer {
	b.t.Helper()
	request, err := http.NewRequest(method, b.URL+path, nil)
	require.NoError(b.t, err)
	AddHeader(request, header)
	response, err := b.Client.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return Answer{response, string(body)}
}

func (b *Browser) Get(path string, header ...string) string {
	b.t.Helper()
	return b.Do(http.MethodGet, path, header...).Body
}

func (b *Browser) Post(path string, header ...string) Answer {
	b.t.Helper()
	return b.Do(http.MethodPost, path, header...)
}

// CookieCount returns how many cookies an answer sets.
func (a Answer) CookieCount() int { return len(a.Header.Values("Set-Cookie")) }

// Visitor is a browser without a network: for tests in a synctest bubble, whose clock stands still
// while a connection is read, and for requests that no browser sends.
type Visitor struct {
	t       testing.TB
	Handler http.Handler
	Jar     map[string]*http.Cookie
}

func NewVisitor(t testing.TB, handler http.Handler) *Visitor {
	return &Visitor{t: t, Handler: handler, Jar: map[string]*http.Cookie{}}
}

// Do sends a request; header is a list of names and values.
func (v *Visitor) Do(method, path string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	AddHeader(request, header)
	return v.Send(request)
}

func (v *Visitor) Send(request *http.Request) *httptest.ResponseRecorder {
	for _, cookie := range v.Jar {
		request.AddCookie(cookie)
	}
	recorder := httptest.NewRecorder()
	v.Handler.ServeHTTP(recorder, request)
	for _, cookie := range recorder.Result().Cookies() {
		switch {
		case cookie.MaxAge >= 0:
			v.Jar[cookie.Name] = cookie
		case cookie.Path == "/" && cookie.Domain == "": // else it is another cookie
			delete(v.Jar, cookie.Name)
		}
	}
	return recorder
}

func (v *Visitor) Get(path string, header ...string) string {
	return v.Do(http.MethodGet, path, header...).Body.String()
}

func (v *Visitor) Post(path string, header ...string) *httptest.ResponseRecorder {
	return v.Do(http.MethodPost, path, header...)
}

// CookiesOf returns how many cookies an answer sets.
func CookiesOf(recorder *httptest.ResponseRecorder) int {
	return len(recorder.Result().Header.Values("Set-Cookie"))
}

// Failing is a connection that breaks.
type Failing struct {
	*httptest.ResponseRecorder
	Err error
}

func (w *Failing) Write(data []byte) (int, error) {
	if w.Err != nil {
		return 0, w.Err
	}
	return w.ResponseRecorder.Write(data)
}

func (w *Failing) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

func ReadBody(t *testing.T, w *httptest.ResponseRecorder) string {
	var body io.Reader = w.Body
	if w.Header().Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			t.Errorf("gzip: %v", err)
			return ""
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Errorf("body: %v", err)
	}
	return string(text)
}
