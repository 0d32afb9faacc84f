package versus

import (
	"net/http"
	"net/http/httptest"
	"regexp"

	"github.com/gin-gonic/gin"
)

// A browser has the cookies of one user. It follows no redirects: in the stories others are faster.
type browser struct {
	shop    *gin.Engine
	cookies map[string]*http.Cookie
}

// visit returns the browser of a user who has logged in.
func visit(shop *gin.Engine) *browser {
	user := &browser{shop, map[string]*http.Cookie{}}
	user.get("/login")
	return user
}

// get returns the message on a page, or "" if it shows none.
func (b *browser) get(path string) string { return b.together("GET", path)[0] }

func (b *browser) post(path string) { b.together("POST", path) }

// prefetch loads a page that nobody has asked for yet.
func (b *browser) prefetch(path string) {
	request := b.request("GET", path)
	request.Header.Set("Sec-Purpose", "prefetch;prerender")
	b.answer(request)
}

// together sends requests before any of them is answered, and returns the message of each page.
func (b *browser) together(method string, paths ...string) (messages []string) {
	var requests []*http.Request
	for _, path := range paths {
		requests = append(requests, b.request(method, path))
	}
	for _, request := range requests {
		messages = append(messages, b.answer(request))
	}
	return messages
}

func (b *browser) request(method, path string) *http.Request {
	request := httptest.NewRequest(method, path, nil)
	for _, cookie := range b.cookies {
		request.AddCookie(cookie)
	}
	return request
}

var paragraph = regexp.MustCompile(`<p>(.*)</p>`)

func (b *browser) answer(request *http.Request) (message string) {
	recorder := httptest.NewRecorder()
	b.shop.ServeHTTP(recorder, request)
	for _, cookie := range recorder.Result().Cookies() {
		b.cookies[cookie.Name] = cookie
	}
	if found := paragraph.FindStringSubmatch(recorder.Body.String()); found != nil {
		return found[1]
	}
	return ""
}
