package flashgin

import (
	"bytes"
	"html/template"
	"net/http"
	"runtime"
	"sync"
	"weak"

	"github.com/gin-gonic/gin/render"
)

// A renderer wraps the engine's own, so that {{flashes}} in a template knows for which request it runs. html/template has no way to tell it:
// a function set that is changed between executions would show one user another's messages. So each execution gets a clone of the
// template set, whose functions are bound to a slot, and clones are kept for the next one.
type renderer struct {
	messenger *Messenger
	next      render.HTMLRender
	reparses  bool     // next makes a new template set for every page
	sets      sync.Map // weak.Pointer[template.Template] → *templateSet
}

func newRenderer(m *Messenger, next render.HTMLRender) *renderer {
	debug, reparses := next.(render.HTMLDebug)
	if reparses {
		// It has kept the functions of the time when the templates were named, maybe before Install.
		debug.FuncMap = FuncMap(debug.FuncMap)
		next = debug
	}
	return &renderer{messenger: m, next: next, reparses: reparses}
}

// Instance implements render.HTMLRender. What is not html/template, and template sets that never name our functions, are left to the wrapped renderer.
func (rd *renderer) Instance(name string, data any) render.Render {
	instance := rd.next.Instance(name, data)
	page, ok := instance.(render.HTML)
	if !ok || page.Template == nil {
		return instance
	}
	set := rd.set(page.Template)
	if set == nil {
		return instance
	}
	return &boundPage{HTML: page, set: set}
}

// set returns what is known of a template set, or nil if it does not name our functions.
func (rd *renderer) set(t *template.Template) *templateSet {
	if rd.reparses {
		if !namesOurs(t) {
			return nil
		}
		return newTemplateSet(rd.messenger, t)
	}
	// Renderers that parse for every page make a new set each time: the weak key lets it go.
	key := weak.Make(t)
	if known, ok := rd.sets.Load(key); ok {
		return known.(*templateSet)
	}
	var set *templateSet
	if namesOurs(t) {
		set = newTemplateSet(rd.messenger, t)
	}
	known, loaded := rd.sets.LoadOrStore(key, set)
	if !loaded {
		runtime.AddCleanup(t, func(key weak.Pointer[template.Template]) { rd.sets.Delete(key) }, key)
	}
	return known.(*templateSet)
}

// A templateSet makes and keeps clones of one set of templates.
type templateSet struct {
	messenger *Messenger
	master    *template.Template // a clone that is never executed, so that it can be cloned; nil if there can be none
	clones    sync.Pool          // of *boundSet
}

func newTemplateSet(m *Messenger, t *template.Template) *templateSet {
	// A clone of our own: the application may execute its set, for a mail say, after which that one cannot be cloned.
	master, err := t.Clone()
	if err != nil {
		m.errs.warn("a template set was executed before its first page, so its pages show no messages: execute a Clone of it instead")
		return &templateSet{messenger: m}
	}
	return &templateSet{messenger: m, master: master}
}

// A boundSet is a clone of a template set whose functions look into its slot.
type boundSet struct {
	templates *template.Template
	slot      slot
}

// bound returns a clone for one execution, or nil if there can be none.
func (set *templateSet) bound() *boundSet {
	if b, ok := set.clones.Get().(*boundSet); ok {
		return b
	}
	if set.master == nil {
		return nil
	}
	clone, err := set.master.Clone()
	if err != nil {
		return nil
	}
	b := &boundSet{templates: clone}
	b.bind()
	return b
}

func (b *boundSet) bind() {
	rewritePrints(b.templates)
	funcs := b.slot.funcs()
	funcs[printName] = b.print
	b.templates.Funcs(funcs)
}

// A boundPage is a page with our functions. Its methods are those of render.HTML but for Render.
type boundPage struct {
	render.HTML
	set *templateSet
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// bufferAtMost is the size above which a buffer is not kept for the next page.
const bufferAtMost = 1 << 20

// Render executes the page and writes it at once. If it fails, nothing of it is written: the answer is a 500, for which an error page may still be
// rendered, and the messages keep waiting.
func (p *boundPage) Render(w http.ResponseWriter) error {
	bound := p.set.bound()
	if bound == nil {
		return p.HTML.Render(w)
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= bufferAtMost {
			buf.Reset()
			buffers.Put(buf)
		}
	}()
	request := requestBehind(w)
	err := bound.execute(buf, p.Name, p.Data, slot{request, w})
	if err != nil {
		request.pageDone(w, err)
		w.WriteHeader(http.StatusInternalServerError)
		return err
	}
	p.set.clones.Put(bound)
	p.WriteContentType(w)
	_, err = w.Write(buf.Bytes())
	request.pageDone(w, err)
	return err
}

func (b *boundSet) execute(buf *bytes.Buffer, name string, data any, s slot) error {
	b.slot = s
	defer func() { b.slot = slot{} }()
	if name == "" {
		return b.templates.Execute(buf, data)
	}
	return b.templates.ExecuteTemplate(buf, name, data)
}
