package flashtest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/caching"
)

// Isolated fails the test, which goes on, unless the pages of an application keep two visitors
// apart: each is shown what waits for itself, and that once. An answer with messages must also tell
// caches not to keep it. So Isolated finds what flashgin cannot know of, such as a page cache of
// the application's own, or middleware that sets Cache-Control when the page has been written.
//
// Both visit each page twice: first while messages wait for them, as by [Seed], then while none do.
// get makes the requests. It can log a visitor in, who is 1 or 2; nil makes a GET without cookies.
// A page that shows no messages is passed over, but of all paths one must show some. Do not name
// streams, which do not end.
func Isolated(
	t T, app http.Handler, get func(visitor int, path string) *http.Request, paths ...string,
) {
	t.Helper()
	if get == nil {
		get = func(_ int, path string) *http.Request {
			return httptest.NewRequest(http.MethodGet, path, nil)
		}
	}
	visits := visits{app: app, get: get}
	for _, path := range paths {
		if found := visits.page(path); found != "" {
			t.Errorf("flash messages: %s %s", path, found)
		}
	}
	if !visits.shown {
		t.Errorf("flash messages: none of these pages shows any, so nothing was checked: %q", paths)
	}
}

// visits are those of an application.
type visits struct {
	app   http.Handler
	get   func(visitor int, path string) *http.Request
	sent  []sent
	shown bool // some page has shown a message
}

// sent is a text that waited for a visitor, on a page that is over.
type sent struct {
	visitor int
	text    string
}

// page returns what is wrong with the page, or "".
func (v *visits) page(path string) (found string) {
	for _, waiting := range []bool{true, false} {
		for visitor := 1; visitor <= 2; visitor++ {
			request, text := v.get(visitor, path), ""
			if waiting {
				text = rand.Text()
				// a page may show some kinds alone
				request = Seed(request, flashgin.Info(text), flashgin.Success(text),
					flashgin.Warning(text), flashgin.Error(text))
			}
			if found := v.visit(visitor, text, request); found != "" {
				return found
			}
		}
	}
	return ""
}

// visit returns what is wrong with the answer to a visitor for whom text waits, or "".
func (v *visits) visit(visitor int, text string, request *http.Request) (found string) {
	recorder := httptest.NewRecorder()
	v.app.ServeHTTP(recorder, request)
	header := recorder.Result().Header
	answer := recorder.Body.String() + fmt.Sprint(header) // a header may carry messages
	for _, before := range v.sent {
		switch {
		case !strings.Contains(answer, before.text):
		case before.visitor == visitor:
			return fmt.Sprintf("shows visitor %d a message again: is the page kept?", visitor)
		default:
			return fmt.Sprintf("shows visitor %d what is for visitor %d: is the page kept?",
				visitor, before.visitor)
		}
	}
	if text == "" {
		return ""
	}
	v.sent = append(v.sent, sent{visitor, text})
	if !strings.Contains(answer, text) {
		return ""
	}
	v.shown = true
	if !caching.Forbidden(header) {
		return fmt.Sprintf("shows a message, and lets caches keep it: its headers are %q", header)
	}
	return ""
}
