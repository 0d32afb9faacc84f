package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
)

// patience is how long a browser waits for an answer.
const patience = 20 * time.Second

// A browser is a user with the cookies of one session, who may have several tabs.
type browser struct {
	site *site
	user int
	busy sync.RWMutex // with a scenario that is to be alone, or with others

	mu      sync.Mutex
	cookies map[string]string
}

// want is what a browser asks for.
type want struct {
	scenario *scenario
	method   string
	path     string
	header   []string // names and values
	body     string
	http1    bool
	ctx      context.Context             // nil: patience
	reading  func(*http.Response) []byte // reads the body instead; the answer is not whole then
}

// answer is what it got.
type answer struct {
	status   int
	header   http.Header
	body     string
	whole    bool
	messages int
}

// restart closes the browser. Another one comes without cookies.
func (b *browser) restart() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.cookies)
}

// sent returns the header Cookie.
func (b *browser) sent() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	pairs := make([]string, 0, len(b.cookies))
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		pairs = append(pairs, name+"="+b.cookies[name])
	}
	return strings.Join(pairs, "; ")
}

// hasKey reports whether the browser has a session with a key.
func (b *browser) hasKey() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, value := range b.cookies {
		if key, _ := keyIn(name, value); key != "" {
			return true
		}
	}
	return false
}

func (b *browser) get(s *scenario, path string, header ...string) answer {
	return b.do(want{scenario: s, method: http.MethodGet, path: path, header: header})
}

func (b *browser) post(s *scenario, path string, header ...string) answer {
	return b.do(want{scenario: s, method: http.MethodPost, path: path, header: header})
}

// do sends a request and checks what comes.
func (b *browser) do(w want) answer {
	r := b.site.run
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if w.ctx != nil {
		ctx = w.ctx
	}
	request, err := http.NewRequestWithContext(ctx, w.method, b.site.url+w.path,
		strings.NewReader(w.body))
	if err != nil {
		panic(err)
	}
	request.Header.Set(userHeader, strconv.Itoa(b.user))
	request.Header.Set(scenarioHeader, w.scenario.name)
	if cookies := b.sent(); cookies != "" {
		request.Header.Set("Cookie", cookies)
	}
	for i := 0; i+1 < len(w.header); i += 2 {
		request.Header.Add(w.header[i], w.header[i+1])
	}
	r.requests.Add(1)
	response, err := r.transport(w.http1).RoundTrip(request)
	if err != nil {
		if ctx.Err() == context.DeadlineExceeded && w.ctx == nil {
			r.hung(w.scenario, "%s %s: nothing within %v", w.method, w.path, patience)
		}
		return answer{}
	}
	defer response.Body.Close()
	b.takeCookies(w, response.Header)
	a := answer{status: response.StatusCode, header: response.Header}
	var body []byte
	if w.reading != nil {
		body = w.reading(response)
	} else {
		body, err = io.ReadAll(response.Body)
		a.whole = err == nil
		if err != nil && ctx.Err() == context.DeadlineExceeded && w.ctx == nil {
			r.hung(w.scenario, "%s %s: the answer does not end within %v", w.method, w.path,
				patience)
		}
	}
	a.body = string(body)
	text := a.body + headerText(a.header)
	a.messages = r.ledger.found(b.user, w.scenario, fmt.Sprintf("%s %s (%d)", w.method, w.path,
		a.status), text, a.whole && !w.scenario.looks)
	if a.messages > 0 {
		r.mustBePrivate(w, a, "an answer with messages")
	}
	return a
}

// headerText returns what may have messages in it besides the body.
func headerText(h http.Header) string {
	var text strings.Builder
	for name, values := range h {
		if name != "Set-Cookie" {
			text.WriteString(" " + strings.Join(values, " "))
		}
	}
	return text.String()
}

// takeCookies keeps the cookies of an answer, and checks that they are the user's.
func (b *browser) takeCookies(w want, h http.Header) {
	s := w.scenario
	r := b.site.run
	for _, line := range h["Set-Cookie"] {
		cookie, err := http.ParseSetCookie(line)
		if err != nil || cookie.Path != "/" { // one that is to end elsewhere
			continue
		}
		key, user := keyIn(cookie.Name, cookie.Value)
		if user >= 0 && user != b.user {
			r.ledger.violate(strangersSession, s,
				"the session of user %d came to user %d in a cookie", user, b.user)
		}
		r.ledger.own(key, b.user, s, "in a cookie")
		if key != "" && r.ledger.hold(key, b.user) {
			r.mustBePrivate(w, answer{header: h}, "a new key in a cookie")
		}
		b.mu.Lock()
		if b.cookies[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		}
		b.mu.Unlock()
	}
}

// keyIn returns the session key in a cookie, and the user that its session names, or -1.
func keyIn(name, value string) (key string, user int) {
	secret := ""
	user = -1
	switch name {
	case keyCookie:
		secret = value
	case sessionCookie:
		values := map[any]any{}
		if securecookie.DecodeMulti(name, value, &values, sessionCodecs...) == nil {
			secret, _ = values["flashgin"].(string)
			if named, ok := values["user"].(int); ok {
				user = named
			}
		}
	}
	if secret == "" {
		return "", user
	}
	hash := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(hash[:]), user
}

// mustBePrivate checks that no cache keeps an answer.
func (r *run) mustBePrivate(w want, a answer, what string) {
	control := strings.ToLower(strings.Join(a.header["Cache-Control"], ","))
	problem := ""
	if !strings.Contains(control, "private") && !strings.Contains(control, "no-store") {
		problem = fmt.Sprintf("Cache-Control %q", control)
	}
	for name, values := range a.header {
		lower := strings.ToLower(name)
		special := lower == "surrogate-control" || lower == "edge-control" ||
			lower == "x-accel-expires" ||
			strings.HasSuffix(lower, "cdn-cache-control")
		value := strings.ToLower(strings.Join(values, ","))
		if special && !strings.Contains(value, "no-store") && !strings.Contains(value, "private") &&
			value != "0" {
			problem = fmt.Sprintf("%s %q", name, value)
		}
	}
	if problem != "" {
		r.ledger.violate(publicAnswer, w.scenario, "%s, %s %s, left with %s", what, w.method,
			w.path, problem)
	}
}
