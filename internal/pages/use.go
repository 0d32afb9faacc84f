package pages

import (
	"html/template"
	"reflect"
	"sync"
	"text/template/parse"

	"github.com/gin-gonic/gin/render"
)

// What an answer adds to a page on screen must fit the markup of that page. The page belongs to
// another request, maybe to another process. But the templates are the same.

// Use says how templates print lists.
type Use struct {
	Bare bool // there is a bare {{flashes}}
	Own  bool // the application has a template of its own for the markup
}

// Add notes what a set uses. Nobody may execute the set at the same time.
func (use *Use) Add(set *template.Template) {
	if set == nil {
		return
	}
	use.Own = use.Own || set.Lookup(Messages) != nil
	for _, t := range set.Templates() {
		if t.Tree != nil && !use.Bare {
			walk(t.Tree.Root, func(n parse.Node) { use.Bare = use.Bare || barePrint(n) != nil })
		}
	}
}

// Use returns what the sets that are known so far use.
func (rd *Renderer[L]) Use() Use {
	if rd.reparses {
		rd.use.parse.Do(func() { rd.use.add(parsed(rd.next)) })
	}
	rd.use.mu.Lock()
	defer rd.use.mu.Unlock()
	return rd.use.seen
}

// A useOfSets keeps what was seen of the sets of a renderer. A set must be added before anybody
// executes it, because that changes the set. If others may execute it, add a copy.
type useOfSets struct {
	parse sync.Once
	mu    sync.Mutex
	seen  Use
}

func (u *useOfSets) add(set *template.Template) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen.Add(set)
}

// addAll adds the sets of a multitemplate.Render, which is a map.
func (u *useOfSets) addAll(next render.HTMLRender) {
	sets := reflect.ValueOf(next)
	set := reflect.TypeFor[*template.Template]()
	if sets.Kind() != reflect.Map || sets.Type().Elem() != set {
		return
	}
	for _, set := range sets.Seq2() {
		u.add(copyOf(set.Interface().(*template.Template)))
	}
}

// parsed returns the set that a renderer parses for every page, or nil if it cannot be parsed:
// then the page will say so.
func parsed(next render.HTMLRender) (set *template.Template) {
	defer func() { _ = recover() }()
	page, _ := next.Instance("", nil).(render.HTML)
	return page.Template
}
