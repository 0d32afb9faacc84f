package pages

import (
	"bytes"
	"fmt"
	"html/template"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A templateSet makes and keeps clones of one set of templates.
type templateSet[L fmt.Stringer] struct {
	master    *template.Template // never executed, so it can be cloned; nil if there is none
	functions func() Functions[L]

	mu    sync.Mutex
	spare []*clone[L] // the last is the next
	more  sync.Pool   // of *clone[L], for many pages at once; the garbage collector may free them

	again atomic.Bool // the set has had more than one page
}

// spareAtMost is how many clones of a set are kept for good. Cloning a large set takes longer than
// rendering a page.
var spareAtMost = runtime.GOMAXPROCS(0)

// bufferAtMost is the size above which a buffer is not kept for the next page.
const bufferAtMost = 1 << 20

// take returns a clone for one execution, or nil if the set cannot be cloned.
func (set *templateSet[L]) take() *clone[L] {
	if c := set.takeSpare(); c != nil {
		return c
	}
	if c, ok := set.more.Get().(*clone[L]); ok {
		return c
	}
	if set.master == nil {
		return nil
	}
	templates, err := set.master.Clone()
	if err != nil {
		return nil
	}
	return newClone(templates, set.functions())
}

func (set *templateSet[L]) takeSpare() (c *clone[L]) {
	set.mu.Lock()
	defer set.mu.Unlock()
	if last := len(set.spare) - 1; last >= 0 {
		c, set.spare[last] = set.spare[last], nil
		set.spare = set.spare[:last]
	}
	return c
}

// keep keeps a clone for the next page when its page was written.
func (set *templateSet[L]) keep(c *clone[L]) {
	if c.page.Cap() > bufferAtMost {
		c.page = bytes.Buffer{}
	}
	c.page.Reset()
	if !set.putSpare(c) {
		set.more.Put(c)
	}
}

// putSpare adds a clone to spare, and reports whether there was room.
func (set *templateSet[L]) putSpare(c *clone[L]) bool {
	set.mu.Lock()
	defer set.mu.Unlock()
	if len(set.spare) >= spareAtMost {
		return false
	}
	set.spare = append(set.spare, c)
	return true
}

// A clone is a clone of a template set with functions of its own.
type clone[L fmt.Stringer] struct {
	functions Functions[L]
	templates *template.Template
	rendered  []string // the templates that were executed, and so escaped with all that they use
	page      bytes.Buffer
	printing  bool // the template of the application prints a list
	prints    int  // how many lists this page has printed
}

// newClone returns a clone with functions. templates must be a set that was never executed.
func newClone[L fmt.Stringer](templates *template.Template, functions Functions[L]) *clone[L] {
	c := &clone[L]{functions: functions, templates: templates}
	rewritePrints(templates)
	templates.Funcs(functions.Map)
	templates.Funcs(template.FuncMap{printName: c.print, printAllName: c.printAll})
	return c
}

// execute renders a template to c.page.
func (c *clone[L]) execute(name string, data any) (err error) {
	c.prints = 0
	if name == "" {
		err = c.templates.Execute(&c.page, data)
	} else {
		err = c.templates.ExecuteTemplate(&c.page, name, data)
	}
	if err == nil && !slices.Contains(c.rendered, name) {
		c.rendered = append(c.rendered, name)
		trimPrints(c.templates)
	}
	return err
}

// print is a bare {{flashes …}}.
func (c *clone[L]) print(filter ...any) (template.HTML, error) {
	list, err := c.functions.List(filter...)
	if err != nil {
		return "", err
	}
	return c.markup(list)
}

// printAll is a bare {{flashes}}, as most pages have it. It saves the cost of variadic arguments.
func (c *clone[L]) printAll() (template.HTML, error) { return c.print() }

// markup prints a list. It uses the template of the application if the set has one, also when the
// list is empty. The live part follows: the script needs it to show what arrives later.
func (c *clone[L]) markup(list L) (template.HTML, error) {
	if c.printing { // the template of the application calls itself, through another one
		return template.HTML(template.HTMLEscapeString(list.String())), nil
	}
	c.prints++
	theirs := c.templates.Lookup(Messages)
	if theirs == nil {
		return c.functions.Markup(list, c.prints)
	}
	c.printing = true
	defer func() { c.printing = false }()
	var text strings.Builder
	if err := theirs.Execute(&text, list); err != nil {
		return "", err
	}
	markup := template.HTML(text.String()) // html/template has escaped it
	if c.prints > 1 {
		return markup, nil
	}
	live, err := c.functions.Live()
	return markup + live, err
}
