package secret

import (
	"crypto/rand"
	"net/http"
)

// A mark is a text in a cookie that tells a browser which has got news from one that has not: each
// answer that stores a message sets another one. It is no secret, and no session key depends on it.

const (
	markName   = "flash-mark"
	markLength = 8 // 40 bits: the next mark must differ from those that the same browser had
)

// Mark returns the mark that the request has, or "". It also returns "" if the request has several:
// the browser may then go on sending an old one beside the new one.
func Mark(r *http.Request) string {
	mark, _ := sent(r, markName, isMark)
	return mark
}

func isMark(s string) bool {
	return len(s) == markLength && isBase32(s)
}

// NoteMark makes Send give the browser another mark.
func (c *Cookies) NoteMark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.marks = true
}

func setMark(r *http.Request, header http.Header) {
	setSecret(r, header, markName, rand.Text()[:markLength])
}
