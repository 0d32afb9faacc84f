package flashgin

import (
	"bytes"
	"html/template"
	"io"
	"net/http"
	"runtime"
	"slices"
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
	only      *template.Template // the one set that next has, if that is known
	reparses  bool               // next makes a new set for every page

	examining sync.Mutex // held while a set is looked at for the first time, for nobody may execute it meanwhile
	use       useOfSets
	sets      sync.Map // weak.Pointer[template.Template] → *templateSet
}

func newRenderer(m *Messenger, next render.HTMLRender) *renderer {
	rd := &renderer{messenger: m, next: next}
	switch next := next.(type) {
	case render.HTMLProduction:
		rd.only = next.Template
		rd.use.add(copyOf(rd.only))
	case render.HTMLDebug:
		// It has kept the functions of the time when the templates were named, maybe before Install.
		next.FuncMap = FuncMap(next.FuncMap)
		rd.next, rd.reparses = next, true
	default:
		rd.use.addAll(next)
	}
	return rd
}

// Instance implements render.HTMLRender. What is not html/template, and template sets that never name our functions, are left to the wrapped renderer.
func (rd *renderer) Instance(name string, data any) render.Render {
	if rd.only != nil {
		page := render.HTML{Template: rd.only, Name: name, Data: data}
		if set := rd.set(rd.only); set != nil {
			return &boundPage{page, set}
		}
		return page
	}
	instance := rd.instance(name, data)
	page, ok := instance.(render.HTML)
	if !ok || page.Template == nil {
		return instance
	}
	if set := rd.set(page.Template); set != nil {
		return &boundPage{page, set}
	}
	return instance
}

// set returns what is known of a template set, or nil if it does not name our functions.
func (rd *renderer) set(t *template.Template) *templateSet {
	if rd.reparses {
		if !namesOurs(t) {
			return nil
		}
		return &templateSet{master: t} // nobody else has t
	}
	// Renderers that parse for every page make a new set each time: the weak key lets it go.
	key := weak.Make(t)
	if known, ok := rd.sets.Load(key); ok {
		return known.(*templateSet)
	}
	rd.examining.Lock()
	defer rd.examining.Unlock()
	if known, ok := rd.sets.Load(key); ok {
		return known.(*templateSet)
	}
	var set *templateSet
	if seen := copyOf(t); namesOurs(seen) {
		rd.use.add(seen)
		set = newTemplateSet(rd.messenger, t, seen)
	}
	rd.sets.Store(key, set)
	runtime.AddCleanup(t, func(key weak.Pointer[template.Template]) { rd.sets.Delete(key) }, key)
	return set
}

// A templateSet makes and keeps clones of one set of templates.
type templateSet struct {
	master *template.Template // never executed, so that it can be cloned; nil if there can be none

	mu    sync.Mutex
	spare []*boundSet // the last is the next
	more  sync.Pool   // of *boundSet, for a rush: the garbage collector may have them
}

// spareAtMost is how many clones of a set are kept for good. Making one of a large set takes longer than rendering a page.
var spareAtMost = runtime.GOMAXPROCS(0)

// copyOf returns a copy of a set: the application may execute its own, for a mail say, which changes what is looked at and after which it cannot be cloned. If that
// has happened before, it is the set itself.
func copyOf(set *template.Template) *template.Template {
	if set == nil {
		return nil
	}
	if clone, err := set.Clone(); err == nil {
		return clone
	}
	return set
}

// newTemplateSet is given a set and its copy.
func newTemplateSet(m *Messenger, set, master *template.Template) *templateSet {
	if master == set {
		m.errs.warn("a template set was executed before its first page, so its pages show no messages: execute a Clone of it instead")
		return &templateSet{}
	}
	return &templateSet{master: master}
}

// bound returns a clone for one execution, or nil if there can be none.
func (set *templateSet) bound() *boundSet {
	if b := set.takeSpare(); b != nil {
		return b
	}
	if b, ok := set.more.Get().(*boundSet); ok {
		return b
	}
	if set.master == nil {
		return nil
	}
	clone, err := set.master.Clone()
	if err != nil {
		return nil
	}
	return bind(clone)
}

func (set *templateSet) takeSpare() (b *boundSet) {
	set.mu.Lock()
	defer set.mu.Unlock()
	if last := len(set.spare) - 1; last >= 0 {
		b, set.spare[last] = set.spare[last], nil
		set.spare = set.spare[:last]
	}
	return b
}

// putSpare reports whether there was room.
func (set *templateSet) putSpare(b *boundSet) bool {
	set.mu.Lock()
	defer set.mu.Unlock()
	if len(set.spare) >= spareAtMost {
		return false
	}
	set.spare = append(set.spare, b)
	return true
}

// bufferAtMost is the size above which a buffer is not kept for the next page.
const bufferAtMost = 1 << 20

// A boundSet is a clone of a template set whose functions look into its slot.
type boundSet struct {
	slot
	templates *template.Template
	rendered  []string // the templates that were executed, and so escaped, with all that they use
	page      bytes.Buffer
	printing  bool // the markup of a bare {{flashes}} is being rendered
	prints    int  // how often a bare {{flashes}} was printed on this page
}

func bind(clone *template.Template) *boundSet {
	b := &boundSet{templates: clone}
	rewritePrints(clone)
	funcs := b.slot.funcs()
	funcs[printName], funcs[printAllName] = b.print, b.printAll
	clone.Funcs(funcs)
	return b
}

// execute renders a template to b.page.
func (b *boundSet) execute(name string, data any, s slot) (err error) {
	b.slot, b.prints = s, 0
	defer func() { b.slot = slot{} }()
	if name == "" {
		err = b.templates.Execute(&b.page, data)
	} else {
		err = b.templates.ExecuteTemplate(&b.page, name, data)
	}
	if err == nil && !slices.Contains(b.rendered, name) {
		b.rendered = append(b.rendered, name)
		trimPrints(b.templates)
	}
	return err
}

// A boundPage is a page with our functions. Its methods are those of render.HTML but for Render.
type boundPage struct {
	render.HTML
	set *templateSet
}

// Render executes the page and writes it at once. If it fails, nothing of it is written: the answer is a 500, for which an error page may still be
// rendered, and the messages keep waiting.
func (p *boundPage) Render(w http.ResponseWriter) error {
	bound := p.set.bound()
	if bound == nil {
		return p.HTML.Render(w)
	}
	request := requestBehind(w)
	err := bound.execute(p.Name, p.Data, slot{request, w})
	if err != nil {
		request.pageDone(w, err)
		w.WriteHeader(http.StatusInternalServerError)
		return err
	}
	p.WriteContentType(w)
	n, err := w.Write(bound.page.Bytes())
	if n == 0 && bound.page.Len() > 0 {
		// Middleware that has answered by itself may swallow the page without a word.
		request.pageDone(w, io.ErrShortWrite)
	} else {
		request.pageDone(w, err)
	}
	p.set.keep(bound)
	return err
}

// keep is for a clone whose page was written.
func (set *templateSet) keep(b *boundSet) {
	if b.page.Cap() > bufferAtMost {
		b.page = bytes.Buffer{}
	}
	b.page.Reset()
	if !set.putSpare(b) {
		set.more.Put(b)
	}
}
