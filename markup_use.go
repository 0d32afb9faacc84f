package flashgin

import (
	"html/template"
	"reflect"
	"sync"
	"text/template/parse"

	"github.com/gin-gonic/gin/render"
)

// What is added to a page on screen must fit what that page was printed with. The page is another request's, maybe another process's; but its markup is a
// matter of the application's templates.

// markupUse says with what markup templates print messages.
type markupUse struct {
	bare bool // there is a bare {{flashes}},
	own  bool // and a template of the application's that prints it
}

func (use *markupUse) add(set *template.Template) {
	if set == nil {
		return
	}
	use.own = use.own || set.Lookup(messagesName) != nil
	for _, t := range set.Templates() {
		if t.Tree != nil && !use.bare {
			walk(t.Tree.Root, func(n parse.Node) { use.bare = use.bare || barePrint(n) != nil })
		}
	}
}

// printsReadyMade reports whether pages have the ready-made markup, and so a list to add messages to. If that is not known, it is false: an event finds
// that list, too.
func (in *installation) printsReadyMade() bool {
	if rd, ok := in.engine.HTMLRender.(*renderer); ok {
		if use := rd.markupUse(); use.own || use.bare {
			return !use.own
		}
	}
	return in.messenger.printed.Load()
}

// A useOfSets keeps what was seen of the sets of a renderer. A set must be added before anybody executes it, for that changes it: a copy, if others may.
type useOfSets struct {
	parse sync.Once
	mu    sync.Mutex
	seen  markupUse
}

func (u *useOfSets) add(set *template.Template) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen.add(set)
}

// addAll adds the sets of a multitemplate.Render, which is a map.
func (u *useOfSets) addAll(next render.HTMLRender) {
	sets := reflect.ValueOf(next)
	if sets.Kind() != reflect.Map || sets.Type().Elem() != reflect.TypeFor[*template.Template]() {
		return
	}
	for _, set := range sets.Seq2() {
		u.add(copyOf(set.Interface().(*template.Template)))
	}
}

// markupUse returns what is known by now.
func (rd *renderer) markupUse() markupUse {
	if rd.reparses {
		rd.use.parse.Do(func() { rd.use.add(parsed(rd.next)) })
	}
	rd.use.mu.Lock()
	defer rd.use.mu.Unlock()
	return rd.use.seen
}

// parsed returns the set that a renderer parses anew for every page, or nil if it cannot: the page will say so.
func parsed(next render.HTMLRender) (set *template.Template) {
	defer func() { _ = recover() }()
	page, _ := next.Instance("", nil).(render.HTML)
	return page.Template
}
