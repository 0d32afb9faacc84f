package browser

import (
	"fmt"
	"net/http"
)

// Why says to a developer why an answer shows no messages, or returns "". It asks what decides it:
// see MayShow, LeadsAway and SightOf. The answer may have other reasons, which the log tells.
func Why(r *http.Request, status int, answer http.Header, routed bool) string {
	switch {
	case r.Method == http.MethodHead:
		return "HEAD: the answer has no body"
	case Prefetch(r.Header):
		return "prefetch: the browser loads the page before anybody asks to see it"
	case !asksForText(r.Header):
		return "no page: the browser asks for an image, a style sheet, a script or the like"
	case !isSeen(r, answer):
		return "another host: a page of another site asks, and the user does not see the answer"
	case asksAgain(status, answer):
		return fmt.Sprintf("%d: the browser does not show the answer, and asks again", status)
	case LeadsAway(status, answer):
		return "redirect: the page to which it leads shows the messages"
	case SightOf(r, status, routed) == Doubtful:
		return "not seen: the answer to a script that does not ask for a page, or an error page " +
			"in the place of something else"
	}
	return ""
}
