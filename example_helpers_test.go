package flashgin_test

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// The examples share what follows, and show what matters.

// exampleRouter returns an engine with flashgin, sessions and a template named "page".
func exampleRouter(messages *flashgin.Messenger, page string) *gin.Engine {
	router := gin.New(messages.Install)
	router.SetHTMLTemplate(template.Must(template.New("page").Funcs(router.FuncMap).Parse(page)))
	router.Use(sessions.Sessions("id", exampleSessions()))
	return router
}

// exampleSessions keeps sessions in a cookie.
func exampleSessions() sessions.Store {
	store := cookie.NewStore([]byte("a secret of thirty-two bytes ...")) // not a secret: a test's
	store.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return store
}

// exampleBrowser returns a function that sends a request, as one browser with its cookies, and prints the answer. It follows no redirects.
func exampleBrowser(router *gin.Engine) func(method, path string) {
	jar, _ := cookiejar.New(nil)
	return func(method, path string) {
		request := httptest.NewRequestWithContext(context.Background(), method, "http://example.com"+path, http.NoBody)
		for _, cookie := range jar.Cookies(request.URL) {
			request.AddCookie(cookie)
		}
		recorder := httptest.NewRecorder()
		router.ServeHTTP(recorder, request)
		response := recorder.Result()
		jar.SetCookies(request.URL, response.Cookies())
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%s %s: %d %s", method, path, response.StatusCode, exampleBody(response, nil))))
	}
}

// exampleBody returns the body of a response, with an ellipsis for what is different each time: IDs, and the hashes in the names of files.
func exampleBody(response *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return exampleChanges.ReplaceAllString(string(text), "…")
}

var exampleChanges = regexp.MustCompile(`\bf-[A-Z2-7]{26}\b|\b[0-9a-f]{12}\b`)
