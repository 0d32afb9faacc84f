package flashtest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
)

// keeping is a page cache: it gives the first answer to all whose requests have the same name.
func keeping(app http.Handler, name func(*http.Request) string) http.Handler {
	kept := map[string]*httptest.ResponseRecorder{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := kept[name(r)]
		if answer == nil {
			answer = serve(app, r)
			kept[name(r)] = answer
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	})
}

func byPath(r *http.Request) string { return r.URL.Path }

func byUser(r *http.Request) string { return r.Header.Get("User") + r.URL.Path }

// asUser sends what a visitor does who is logged in.
func asUser(visitor int, path string) *http.Request {
	request := getRequest(path)
	request.Header.Set("User", fmt.Sprint(visitor))
	return request
}

func TestIsolated(t *testing.T) {
	app := newApp(flashgin.Config{})
	app.GET("/data", func(c *gin.Context) { c.JSON(http.StatusOK, "data") })
	public := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := serve(app, r)
		maps.Copy(w.Header(), answer.Header())
		w.Header().Set("Cache-Control", "public, max-age=60")
		w.Write(answer.Body.Bytes())
	})
	for _, test := range []struct {
		name  string
		app   http.Handler
		get   func(int, string) *http.Request
		paths []string
		want  []string // what it says, in short
	}{
		{name: "an application as it should be", app: app,
			paths: []string{"/settings", "/settings?page=2"}},
		{name: "visitors who are logged in", app: app, get: asUser, paths: []string{"/settings"}},
		{
			name: "a page without messages besides", app: app,
			paths: []string{"/nowhere", "/settings"},
		},
		{
			name: "a page cache", app: keeping(app, byPath), paths: []string{"/settings"},
			want: []string{"/settings shows visitor 2 what is for visitor 1"},
		},
		{
			name:  "a page cache of one page for all",
			app:   keeping(app, func(*http.Request) string { return "" }),
			paths: []string{"/settings", "/other"},
			want: []string{
				"/settings shows visitor 2 what is for visitor 1",
				"/other shows visitor 1 a message again",
			},
		},
		{
			name: "a page cache for each user", app: keeping(app, byUser), get: asUser,
			paths: []string{"/settings"},
			want:  []string{"/settings shows visitor 1 a message again"},
		},
		{
			name: "a server that changes headers", app: public, paths: []string{"/settings"},
			want: []string{"/settings shows a message, and lets caches keep it", "public"},
		},
		{
			name: "nothing to be seen", app: app, paths: []string{"/nowhere"},
			want: []string{`none of these pages shows any, so nothing was checked: ["/nowhere"]`},
		},
		{name: "no page", app: app, want: []string{"nothing was checked"}},
		{
			name: "a header that is kept", app: keeping(app, byPath), paths: []string{"/data"},
			get: func(_ int, path string) *http.Request {
				request := getRequest(path)
				request.Header.Set("X-Get-Flash", "1")
				return request
			},
			want: []string{"shows visitor 2 what is for visitor 1"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := new(recorder)
			flashtest.Isolated(r, test.app, test.get, test.paths...)
			said := strings.Join(r.failures, "\n")
			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q:\n%s", want, said)
				}
			}
			if len(test.want) == 0 && said != "" {
				t.Errorf("it says %s", said)
			}
		})
	}
}
