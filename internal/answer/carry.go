package answer

import (
	"net/http"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/carrier"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/shown"
)

// Pages show messages with their templates, and handlers put them into data of their own. flashgin
// adds messages to other answers if their reader will show them: behind the body, if that is markup
// for the page on screen, or in a header.

// part is what is known of an answer that is part of an open page, or data for it.
type part struct {
	handled bool            // the handler decides what messages the answer has
	packed  string          // the coding in which middleware around ours compresses the body
	pulls   bool            // a header says where the messages are
	behind  carrier.Carrier // what follows the body
}

// HandOver leaves it to the handler which messages the answer has. a may be nil.
func (a *Answer[T]) HandOver() {
	if a == nil {
		return
	}
	a.Lock()
	defer a.Unlock()
	a.part.handled = true
}

// readBy notes who reads the answer, as the answer itself tells.
func (a *Answer[T]) readBy(reader browser.Audience) {
	a.views.ReadBy(reader)
	a.peekAsked = false
}

// settleReader notes who reads the answer, if only the answer itself tells.
func (a *Answer[T]) settleReader(how request.Leaving) {
	h := a.Writer().Header()
	switch reader := a.views.Reader(); {
	case reader == browser.ForHTMXPage && !(how == request.HeadersWithBody && browser.IsHTML(h)):
		a.readBy(browser.ForHTMX)
	case a.site.Turbo && browser.IsTurboStream(h) && reader != browser.ForHTMX:
		a.readBy(browser.ForTurbo)
	}
}

// carrier returns how flashgin adds messages to this answer.
func (a *Answer[T]) carrier(how request.Leaving) carrier.Carrier {
	if how == request.NoHeaders || a.panicked || a.part.handled {
		return carrier.Nothing
	}
	by, mistake := carrier.Of(carrier.Answer{
		Request:   &a.HTTP,
		Reader:    a.views.Reader(),
		Status:    a.Writer().Status(),
		Header:    a.Writer().Header(),
		Body:      how == request.HeadersWithBody,
		Packed:    a.part.packed,
		ReadyMade: a.site.PrintsReadyMade,
		Mounted:   a.site.IsMounted(),
	})
	if mistake != "" {
		a.Warn(mistake)
	}
	return by
}

// carry adds to the answer the messages that no template and no handler has shown: those of the
// request, and those that wait. If the request has failed, the latter keep waiting.
func (a *Answer[T]) carry(how request.Leaving) {
	a.settleReader(how)
	a.copyPrinted(how)
	by := a.carrier(how)
	if by == carrier.Nothing {
		return
	}
	failed := a.Writer().Status() >= http.StatusInternalServerError
	a.findName()
	if !failed && a.keys.MayExist() {
		if c := a.Gin(); !a.HasValues() {
			a.Outside(func() { a.NoteValues(c) })
		}
		a.claim()
	}
	// If htmx preloads the answer, our script asks for the messages when htmx puts it into the
	// page.
	later := (by == carrier.OutOfBand || by == carrier.Trigger) && a.site.IsMounted() &&
		a.views.Sight(a.Writer().Status()) == browser.Likely
	if later {
		by = carrier.Trigger
	}
	if a.list.IsEmpty() {
		return
	}
	list := a.list.Unshown(a.views.List(), failed, func(m *T) bool {
		return by.IsBehind() || a.site.HasText(m)
	})
	if len(list.Items()) == 0 || a.storedByPageCache(a.Gin().Writer) {
		return
	}
	switch {
	case later:
		a.carryAddress(by)
		return
	case !by.IsBehind():
		a.carryInHeader(by, list)
		return
	}
	a.private = true
	a.part.behind = by
	a.Writer().Header().Del("Content-Length")
	list.Set(shown.Following)
}

// copyPrinted puts the messages of a page that a library reads into a header, too. Our script shows
// those that the library does not put on screen.
func (a *Answer[T]) copyPrinted(how request.Leaving) {
	if how != request.HeadersWithBody || !a.site.IsMounted() ||
		!browser.ByLibrary(a.HTTP.Header, a.views.Reader()) {
		return
	}
	items := a.site.Distinct(a.translated(a.list.OnPage(a.site.HasText)))
	for n := min(len(items), carrier.AtMost); n > 0; n-- {
		if a.setHeader(carrier.Copy, a.site.ForScripts(items[:n]), "") {
			return
		}
	}
}

// follow writes the messages behind the body when the handlers have ended.
func (a *Answer[T]) follow() {
	a.Lock()
	var list shown.Selection[T]
	if a.part.behind != carrier.Nothing && !a.panicked && !a.IsGone() {
		list = a.list.Following(a.site.Lease)
	}
	items := a.translated(list.Items())
	a.Unlock()
	if len(items) == 0 {
		return
	}
	text, err := a.site.Additions(a, a.part.behind == carrier.TurboStream, items)
	if err == nil {
		// A short write is an error, too.
		_, err = a.Below().Write([]byte(text))
	}
	if err != nil {
		a.NoteBroken()
		return
	}
	a.Lock()
	defer a.Unlock()
	list.Set(shown.Carried)
}

// carryInHeader puts messages into a header. If they are too large for it, they wait, and the
// header says where the script gets them. If no script is mounted, the header has as many messages
// as there is room for.
func (a *Answer[T]) carryInHeader(by carrier.Carrier, list shown.Selection[T]) {
	items := a.translated(list.Items())
	for n := min(len(items), carrier.AtMost); n > 0; n-- {
		if a.setHeader(by, a.site.ForScripts(items[:n]), "") {
			list.First(n).Set(shown.Carried)
			return
		}
		if a.site.IsMounted() {
			a.carryAddress(by)
			return
		}
	}
}

// carryAddress puts the URL into a header at which the script gets the messages. They wait, and are
// given back at once: the page is about to ask for them.
func (a *Answer[T]) carryAddress(by carrier.Carrier) {
	if a.setHeader(by, nil, a.site.URL("messages")+"?"+a.views.Query()) {
		a.part.pulls = true
		a.Outside(a.list.GiveBack().ReleaseNow)
	}
}

func (a *Answer[T]) setHeader(by carrier.Carrier, messages []T, url string) bool {
	ok, mistake := carrier.Set(a.Writer().Status(), a.Writer().Header(), by, messages, url)
	if mistake != "" {
		a.Warn(mistake)
	}
	a.private = a.private || ok
	return ok
}
