package secret

import (
	"net/http"
	"slices"
	"sync"
)

// Cookies holds what the answer to one request does about cookies with a secret. The zero value
// does nothing. It is safe for concurrent use by multiple goroutines.
type Cookies struct {
	mu      sync.Mutex
	made    []madeSecret
	planted []string // names of cookies that came with different secrets
	saved   bool     // the answer brings a secret in another cookie
	marks   bool     // the answer brings a mark
}

type madeSecret struct{ cookie, secret string }

// Secret returns the secret of the cookie of that name: the one that Renew has made, or the one
// that r brought. It returns "" if there is none, or if r brought different ones.
func (c *Cookies) Secret(r *http.Request, name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, made := range c.made {
		if made.cookie == name {
			return made.secret
		}
	}
	secret, several := Sent(r, name)
	if several && !slices.Contains(c.planted, name) {
		c.planted = append(c.planted, name)
	}
	return secret
}

// Renew makes a new secret for the cookie of that name. It leaves with Send.
func (c *Cookies) Renew(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made = slices.DeleteFunc(c.made, func(made madeSecret) bool { return made.cookie == name })
	c.made = append(c.made, madeSecret{name, newSecret()})
}

// ArePlanted reports whether Secret has found different secrets in cookies of that name.
func (c *Cookies) ArePlanted(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.planted, name)
}

// NoteSaved notes that the answer brings a secret in the cookie of a session, or in one that an
// inner engine has made.
func (c *Cookies) NoteSaved() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saved = true
}

// Send sets the cookies of the new secrets and the mark in the header of the answer to r, each
// once. It reports whether the answer brings a cookie of ours, these or another.
func (c *Cookies) Send(r *http.Request, header http.Header) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, made := range c.made {
		setSecret(r, header, made.cookie, made.secret)
	}
	if c.marks {
		setMark(r, header)
	}
	return c.saved || c.marks || len(c.made) > 0
}
