package flashgin

import (
	"context"
	"html/template"
	"io"
	"net/http"

	"github.com/flashgin/flashgin/internal/pages"
	"github.com/flashgin/flashgin/internal/shown"
)

// Markup takes the messages for this request's page, as [Flashes] does, and returns the ready-made
// markup, as a bare {{flashes}} prints it. It is for templ (see the module flashtempl) and for
// whatever else makes HTML without html/template. Statuses choose among the messages; the others
// keep waiting.
//
// They count as shown as those of Flashes, and wait again as these do, but an error page that was
// one before Markup was called has shown them: if the page is rendered to a buffer first, one that
// fails takes nothing. A page that is written while it is rendered has shown what it had come to.
//
// If the headers have left and caches may keep the answer, Markup has no messages, and the log says
// so once: call it before the first byte is written, use a buffer, or set Cache-Control to
// no-store.
//
// For goroutines, what [Flashes] says holds: not with c, not after the request, and not first.
//
// ctx is as in [AddFlash]. Where flashgin is not installed, there is the markup of a page without
// messages. Markup is safe for concurrent use by multiple goroutines.
func Markup(ctx context.Context, statuses ...Status) template.HTML {
	r, refused := requestFor(ctx, toShow)
	if r == nil {
		text, _ := r.readyMade(nil, 1) // a template of ours, about nothing, which does not fail
		return text
	}
	var list Messages
	if refused == nil {
		list = r.show(nil, shown.Placed, true, statuses)
	}
	r.warnOf(refused)
	text, err := r.readyMade(list, r.nextPrint())
	if err != nil {
		r.m.errs.Report(ctx, "print", err)
	}
	return text
}

// Assets returns the tags that load the style sheet and the script which [Messenger.Mount] serves,
// as {{flashAssets}} prints them: for the head of a page whose messages are printed by [Markup].
// The nonce is that of the page's Content-Security-Policy; "" means none. ctx is as in [AddFlash];
// where flashgin is not installed, there are no tags. Assets is safe for concurrent use by multiple
// goroutines.
func Assets(ctx context.Context, nonce string) template.HTML {
	r := requestOf(ctx)
	if r == nil {
		return ""
	}
	r.newPage()
	return r.m.assetTags(nonce)
}

// nextPrint counts how often Markup was called for a page: what is unique in a document is in the
// first of them.
func (r *request) nextPrint() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prints++
	return r.prints
}

// newPage begins to count anew: what was made before was the beginning of a page that failed.
func (r *request) newPage() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prints = 0
}

// A boundComponent finds its request by the writer if it is rendered with a context that does not
// know the request. The renderer in templ's example for Gin uses context.Background for c.HTML.
type boundComponent struct{ pages.Component }

func bindComponent(c pages.Component) pages.Component { return boundComponent{c} }

func (b boundComponent) Render(ctx context.Context, w io.Writer) error {
	if requestOf(ctx) == nil {
		if w, ok := w.(http.ResponseWriter); ok {
			if r := requestBehind(w); r != nil {
				ctx = &requestContext{ctx, r}
			}
		}
	}
	return b.Component.Render(ctx, w)
}
