// Package pages renders html/template pages whose template functions belong to one request. It
// does not know messages: what {{flashes}} returns is a list that it can print.
package pages

import (
	"fmt"
	"html/template"
	"net/http"
	"runtime"
	"sync"
	"weak"

	"github.com/gin-gonic/gin/render"
)

// The names of the template functions, and of the template by which an application replaces the
// ready-made markup.
const (
	Flashes     = "flashes"
	PeekFlashes = "peekFlashes"
	FlashAssets = "flashAssets"
	Messages    = "flashgin/messages"
)

// Options connect a Renderer to the code that has the lists.
type Options[L fmt.Stringer] struct {
	// Functions makes the functions of one clone of a template set.
	Functions func() Functions[L]
	// FuncMap adds functions that belong to no request to those of the application.
	FuncMap func(yours ...template.FuncMap) template.FuncMap
	// Component returns a component that finds its request by the writer to which it is rendered.
	Component func(Component) Component
	// Warn is told of mistakes in the wiring of the application.
	Warn func(mistake string)
}

// Functions are what the templates of one clone call. A clone renders one page at a time: Bind
// comes before each, Done after it.
type Functions[L fmt.Stringer] struct {
	// Map has the template functions by their names.
	Map template.FuncMap
	// Bind says which answer the next page is written to.
	Bind func(http.ResponseWriter)
	// List returns what {{flashes}} returns.
	List func(filter ...any) (L, error)
	// Markup prints a list, for the nth time on the page.
	Markup func(list L, nth int) (template.HTML, error)
	// Live returns what follows a list that a template of the application printed.
	Live func() (template.HTML, error)
	// Done says that the page was written, or why not.
	Done func(http.ResponseWriter, error)
}

// A Renderer wraps the engine's own, so that {{flashes}} in a template knows its request.
// html/template cannot tell a function its request, and if executions at the same time shared one
// set of functions, one user would see the messages of another. So each execution gets a clone of
// the template set with functions of its own. Clones are kept for later pages.
type Renderer[L fmt.Stringer] struct {
	options  Options[L]
	next     render.HTMLRender
	only     *template.Template // the set of next, if it is known to have only one
	reparses bool               // next makes a new set for every page

	examining sync.Mutex // nobody may execute a set while it is examined for the first time
	use       useOfSets
	sets      sync.Map // weak.Pointer[template.Template] → *templateSet[L]
	recent    [usedOnceAtMost]weak.Pointer[template.Template]
	examined  int // sets that call our functions
}

// usedOnceAtMost is how many sets are remembered that have had one page only.
const usedOnceAtMost = 32

// New returns a Renderer around next.
func New[L fmt.Stringer](next render.HTMLRender, options Options[L]) *Renderer[L] {
	rd := &Renderer[L]{options: options, next: next}
	switch next := next.(type) {
	case render.HTMLProduction:
		rd.only = next.Template
		rd.use.add(copyOf(rd.only))
	case render.HTMLDebug:
		// It kept the functions that the engine had when the templates were loaded. Ours may have
		// come later.
		next.FuncMap = options.FuncMap(next.FuncMap)
		rd.next, rd.reparses = next, true
	default:
		rd.use.addAll(next)
	}
	return rd
}

// Instance implements render.HTMLRender. It leaves to the wrapped renderer what is not
// html/template, and template sets that never name our functions.
func (rd *Renderer[L]) Instance(name string, data any) render.Render {
	if rd.only != nil {
		page := render.HTML{Template: rd.only, Name: name, Data: data}
		if set := rd.set(rd.only); set != nil {
			return &boundPage[L]{page, set}
		}
		return page
	}
	instance := rd.instance(name, data)
	page, ok := instance.(render.HTML)
	if !ok || page.Template == nil {
		return instance
	}
	if set := rd.set(page.Template); set != nil {
		return &boundPage[L]{page, set}
	}
	return instance
}

// instance returns that of the wrapped renderer, with its component bound to the request. What is
// data for html/template stays data, whatever methods it has.
func (rd *Renderer[L]) instance(name string, data any) render.Render {
	if c, ok := data.(Component); ok {
		instance := rd.next.Instance(name, rd.options.Component(c))
		if _, page := instance.(render.HTML); !page {
			return instance
		}
	}
	return rd.next.Instance(name, data)
}

// set returns the templateSet of t, or nil if t does not call our functions.
func (rd *Renderer[L]) set(t *template.Template) *templateSet[L] {
	if rd.reparses {
		if !namesOurs(t) {
			return nil
		}
		return &templateSet[L]{master: t, functions: rd.options.Functions} // nobody else has t
	}
	// Renderers that parse for every page make a new set each time. The weak key lets it go.
	key := weak.Make(t)
	if known, ok := rd.sets.Load(key); ok {
		set := known.(*templateSet[L])
		if set != nil && !set.again.Load() {
			set.again.Store(true)
		}
		return set
	}
	rd.examining.Lock()
	defer rd.examining.Unlock()
	if known, ok := rd.sets.Load(key); ok {
		return known.(*templateSet[L])
	}
	var set *templateSet[L]
	if seen := copyOf(t); namesOurs(seen) {
		rd.use.add(seen)
		set = &templateSet[L]{functions: rd.options.Functions}
		if seen == t {
			rd.options.Warn("a template set was executed before its first page, so its pages " +
				"show no messages: execute a Clone of it instead")
		} else {
			set.master = seen
		}
		rd.forgetOldest(key)
	}
	rd.sets.Store(key, set)
	runtime.AddCleanup(t, func(key weak.Pointer[template.Template]) { rd.sets.Delete(key) }, key)
	return set
}

// forgetOldest makes room for a set that was examined. A function of a set may hold on to the set,
// as an "include" does: then the weak key does not let it go. But a set that was parsed for one
// page is not used again.
func (rd *Renderer[L]) forgetOldest(by weak.Pointer[template.Template]) {
	oldest := &rd.recent[rd.examined%usedOnceAtMost]
	if known, ok := rd.sets.Load(*oldest); ok && !known.(*templateSet[L]).again.Load() {
		rd.sets.Delete(*oldest)
	}
	*oldest = by
	rd.examined++
}

// copyOf returns a copy of a set. The application may execute its own, for a mail say. That
// changes the trees, and a set that was executed cannot be cloned. If it was executed already,
// copyOf returns the set itself.
func copyOf(set *template.Template) *template.Template {
	if set == nil {
		return nil
	}
	if clone, err := set.Clone(); err == nil {
		return clone
	}
	return set
}
