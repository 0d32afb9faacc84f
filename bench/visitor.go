package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A visitor is a browser with the cookies of one user. It does not follow redirects.
type visitor struct {
	web     *web
	cookies map[string]string
	bytes   int // of all cookies that it has sent and got
}

// answer is what a visitor got.
type answer struct {
	status int
	texts  []string // of the messages on the page
	user   bool     // it greets the user
	took   time.Duration
	late   bool // its message could have been there long before
	err    error
}

// newVisitor logs in.
func (w *web) newVisitor() *visitor {
	v := &visitor{web: w, cookies: map[string]string{}}
	if a := v.do(http.MethodGet, "/login"); a.err != nil || a.status != http.StatusOK {
		w.b.Fatalf("log in: status %d, %v", a.status, a.err)
	}
	v.bytes = 0
	return v
}

var paragraph = regexp.MustCompile(`<p class="success">([^<]*)</p>`)

// do sends a request and takes the cookies of the answer.
func (v *visitor) do(method, path string) answer {
	sent := v.header()
	a, cookies := v.send(method, path, sent)
	v.bytes += len(sent)
	v.take(cookies)
	return a
}

// together sends requests at the same time: none of them has the cookies of another's answer.
func (v *visitor) together(method string, paths ...string) []answer {
	answers, cookies := make([]answer, len(paths)), make([][]string, len(paths))
	sent := v.header()
	v.web.b.parallel(len(paths), len(paths), func(i int) error {
		answers[i], cookies[i] = v.send(method, paths[i], sent)
		return nil
	})
	for _, lines := range cookies {
		v.take(lines)
	}
	return answers
}

func (v *visitor) header() string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(v.cookies)) {
		pairs = append(pairs, name+"="+v.cookies[name])
	}
	return strings.Join(pairs, "; ")
}

func (v *visitor) take(cookies []string) {
	for _, line := range cookies {
		v.bytes += len(line)
		if cookie, err := http.ParseSetCookie(line); err == nil {
			if v.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
				delete(v.cookies, cookie.Name)
			}
		}
	}
}

func (v *visitor) send(method, path, cookies string) (a answer, set []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, v.web.url+path, nil)
	v.web.b.must(err)
	if cookies != "" {
		request.Header.Set("Cookie", cookies)
	}
	start := time.Now()
	response, err := v.web.client.Transport.RoundTrip(request)
	if err != nil {
		return answer{err: err, took: time.Since(start)}, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	a = answer{status: response.StatusCode, user: strings.Contains(string(body), "Hello, alice"),
		took: time.Since(start), err: err}
	for _, found := range paragraph.FindAllStringSubmatch(string(body), -1) {
		a.texts = append(a.texts, found[1])
	}
	return a, response.Header.Values("Set-Cookie")
}

// page gets a page that must be right, but for its messages.
func (v *visitor) page(path string) (texts []string, err error) {
	a := v.do(http.MethodGet, path)
	if a.err != nil || a.status != http.StatusOK || !a.user {
		return nil, fmt.Errorf("GET %s: status %d, greets the user: %t, %v", path, a.status, a.user,
			a.err)
	}
	return a.texts, nil
}

// post sends the form, which must be taken.
func (v *visitor) post(path string) error {
	if a := v.do(http.MethodPost, path); a.err != nil || a.status != http.StatusSeeOther {
		return fmt.Errorf("POST %s: status %d, %v", path, a.status, a.err)
	}
	return nil
}
