package flashgin

import (
	"html/template"
	"maps"
	"net/http"

	"github.com/gin-gonic/gin/render"

	"github.com/flashgin/flashgin/internal/answer"
	"github.com/flashgin/flashgin/internal/markup"
	"github.com/flashgin/flashgin/internal/pages"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/shown"
)

// FuncMap returns the template functions merged with yours, in a new map: for engine.SetFuncMap,
// which replaces the functions that [Messenger.Install] has set, and for templates that you parse
// yourself. If yours have the same names, ours replace them.
//
//   - flashes takes the messages of the page, as [Flashes] does: {{flashes}} prints them,
//     everywhere else it is the list. Its arguments, strings or Status, choose among them; the
//     others keep waiting.
//   - peekFlashes returns the same list, and takes nothing: {{len peekFlashes}}.
//   - flashAssets prints the tags that load the style sheet and the script which [Messenger.Mount]
//     serves, for the head of the page. Its argument, if there is one, is the nonce of the page's
//     Content-Security-Policy: {{flashAssets .Nonce}}.
//
// On their own these functions return no messages: the renderer that Install wraps binds them to
// the request. If they are called on their own while there is a Messenger, the log says so once.
func FuncMap(yours ...template.FuncMap) template.FuncMap {
	merged := template.FuncMap{}
	for _, funcs := range yours {
		maps.Copy(merged, funcs)
	}
	unbound := slot{}
	maps.Copy(merged, unbound.funcs())
	return merged
}

// A slot has the request for which one clone of a template set is being executed, or none. The
// functions of the clone belong to the slot.
type slot struct {
	request *reply
	writer  http.ResponseWriter
	errs    *report.Reporter // nil if the functions belong to no clone
}

// newRenderer makes {{flashes}} in the templates of next return the messages of the request.
func (m *Messenger) newRenderer(next render.HTMLRender) *pages.Renderer[Messages] {
	return pages.New(next, pages.Options[Messages]{
		Functions: func() pages.Functions[Messages] { return newSlot(m.errs) },
		FuncMap:   FuncMap,
		Component: bindComponent,
		Warn:      m.errs.Warn,
	})
}

func newSlot(errs *report.Reporter) pages.Functions[Messages] {
	s := &slot{errs: errs}
	return pages.Functions[Messages]{
		Map:    s.funcs(),
		Bind:   s.bind,
		List:   s.printed,
		Markup: s.markup,
		Live:   s.live,
		Done:   s.done,
	}
}

func (s *slot) bind(w http.ResponseWriter) { s.request, s.writer = answer.Behind[Message](w), w }

func (s *slot) done(w http.ResponseWriter, err error) {
	s.request.PageDone(w, err)
	s.request, s.writer = nil, nil
}

// markup prints the list of a bare {{flashes}}, for the nth time on the page.
func (s *slot) markup(list Messages, nth int) (template.HTML, error) {
	return readyMade(s.request, list, nth)
}

// live prints what the script needs to show later messages, on pages whose messages are in markup
// of the application's own.
func (s *slot) live() (template.HTML, error) {
	if s.request == nil || !messengerOf(s.request).routes.AreMounted() {
		return "", nil
	}
	return readyMade(s.request, nil, markup.Alone)
}

func (s *slot) funcs() template.FuncMap {
	return template.FuncMap{
		pages.Flashes:     s.flashes,
		pages.PeekFlashes: s.peekFlashes,
		pages.FlashAssets: s.flashAssets,
	}
}

// The errors of these functions are mistakes in a template, never errors of the store: a page must
// not fail because of its messages.

func (s *slot) flashes(filter ...any) (Messages, error) { return s.show(false, filter) }

// printed is flashes for the ready-made markup, which can say where a script gets the messages.
func (s *slot) printed(filter ...any) (Messages, error) { return s.show(true, filter) }

func (s *slot) show(pullable bool, filter []any) (Messages, error) {
	statuses, err := pages.Strings[Status](pages.Flashes, filter)
	if s.request == nil || err != nil {
		s.warnAlone(pages.Flashes)
		return nil, err
	}
	s.request.NoteHandlersValues()
	items := s.request.Show(s.writer, shown.Printing, pullable, withStatus(statuses))
	return messagesOf(items), nil
}

func (s *slot) peekFlashes(filter ...any) (Messages, error) {
	statuses, err := pages.Strings[Status](pages.PeekFlashes, filter)
	if s.request == nil || err != nil {
		s.warnAlone(pages.PeekFlashes)
		return nil, err
	}
	s.request.NoteHandlersValues()
	return messagesOf(s.request.Peek()).ByStatus(statuses...), nil
}

// warnAlone says once that a template is executed without the renderer that binds its functions, or
// that this finds no request.
func (s *slot) warnAlone(function string) {
	if s.errs == nil {
		report.TemplateAlone(function)
	} else if s.request == nil {
		s.errs.TemplateUnbound(function, s.writer)
	}
}
