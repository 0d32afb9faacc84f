package flashgin

import (
	"net/http"

	"github.com/flashgin/flashgin/internal/browser"
)

// mayShow reports whether the answer to this request can be a page, or part of one, that its user
// will see.
func mayShow(r *http.Request, answer http.Header) bool { return browser.MayShow(r, answer) }

func prefetch(h http.Header) bool { return browser.Prefetch(h) }

func inFrame(h http.Header) bool { return browser.InFrame(h) }
