package flashgin

import (
	"context"
	"html/template"
	"io"
	"net/http"

	"github.com/flashgin/flashgin/internal/answer"
	"github.com/flashgin/flashgin/internal/pages"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/shown"
)

// Markup takes the messages for this request's page, as [Flashes] does, and returns the ready-made
// markup, as a bare {{flashes}} prints it. It is for templ (see the module flashtempl) and for
// other ways to make HTML without html/template. Statuses choose among the messages; the others
// keep waiting.
//
// The messages count as shown, or wait again, as those of Flashes do, except on an error page: if
// the answer had its 5xx status before the call of Markup, the messages count as shown. If a page
// is rendered to a buffer first and fails, it takes nothing. If a page is written while it is
// rendered and then fails, it has shown the messages in the part that was written.
//
// If the headers have left and caches may keep the answer, Markup prints no messages, and the log
// says so once: call it before the first byte is written, use a buffer, or set Cache-Control to
// no-store.
//
// In goroutines, the rules of [Flashes] hold: do not use c, nor call it after the request, nor make
// the first call there.
//
// ctx is as in [AddFlash]. If it leads to no request with flashgin, Markup returns the markup of a
// page without messages; if a Messenger is installed on some engine, the log says so once. Markup
// is safe for concurrent use by multiple goroutines.
func Markup(ctx context.Context, statuses ...Status) template.HTML {
	r, refused := requestFor(ctx, request.ToShow)
	if r == nil {
		report.ContextAlone("Markup")
		text, _ := readyMade(nil, nil, 1) // our template does not fail without messages
		return text
	}
	var list Messages
	if refused == nil {
		list = messagesOf(r.Show(nil, shown.Placed, true, withStatus(statuses)))
	}
	warnOfRefusal(r, refused)
	text, err := readyMade(r, list, int(r.Prints.Add(1)))
	if err != nil {
		messengerOf(r).errs.Report(ctx, "print", err)
	}
	return text
}

// Assets returns the tags that load the style sheet and the script which [Messenger.Mount] serves,
// as {{flashAssets}} prints them: for the head of a page whose messages are printed by [Markup].
// nonce is that of the page's Content-Security-Policy; "" means none. ctx is as in [AddFlash]; if
// flashgin is not installed, Assets returns "". Assets is safe for concurrent use by multiple
// goroutines.
func Assets(ctx context.Context, nonce string) template.HTML {
	r := requestOf(ctx)
	if r == nil {
		report.ContextAlone("Assets")
		return ""
	}
	r.Prints.Store(0) // what was printed before belongs to a page that failed
	return messengerOf(r).assetTags(nonce)
}

// A boundComponent finds its request by the writer if it is rendered with a context that does not
// know the request. The renderer in templ's example for Gin uses context.Background for c.HTML.
type boundComponent struct{ pages.Component }

func bindComponent(c pages.Component) pages.Component { return boundComponent{c} }

func (b boundComponent) Render(ctx context.Context, w io.Writer) error {
	if requestOf(ctx) == nil {
		if w, ok := w.(http.ResponseWriter); ok {
			if r := answer.Behind[Message](w); r != nil {
				ctx = request.With(ctx, r)
			}
		}
	}
	return b.Component.Render(ctx, w)
}
