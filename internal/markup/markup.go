// Package markup makes HTML of a list of messages: the ready-made markup of a bare {{flashes}}.
package markup

import (
	_ "embed"
	"html/template"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"
)

//go:embed messages.html
var source string

var templates = template.Must(template.New("region").Parse(source))

// An Item is a message as it is printed.
type Item struct {
	ID, Key   string
	Status    string
	Title     string
	Text      string
	HTML      template.HTML // instead of Text
	Name      string        // what the close button closes, for those who do not see the item
	Link      *Link
	AutoClose bool
}

// A Link follows the text of an Item.
type Link struct {
	Label string
	URL   string
}

// A Page says what besides the items a page prints.
type Page struct {
	// Labels have no empty words: see OrEnglish.
	Labels Labels
	// Nth counts how often the page has printed a list, from one. Alone is the live part alone.
	Nth int
	// Script says that a script is served. Then it gets blank items to make others of.
	Script bool
	// Pull is the URL of the messages of a page that was loaded ahead of time, or "".
	Pull string
	// Stream is the URL of the messages that arrive while the page is open, or "".
	Stream string
	// Idle says that there is nothing to hear on the Stream yet.
	Idle bool
}

// Alone is the Nth of a page whose items are in markup of the application's own: what the script
// needs, without items.
const Alone = 0

// A Printer prints pages in one look. It is safe for concurrent use by multiple goroutines.
type Printer struct {
	Look Look

	empty atomic.Pointer[map[emptyPage]template.HTML] // nobody changes the map
}

// A region is the dot of the ready-made markup.
type region struct {
	Label string // its name
	Class *classes
	Root  string // classes of the element around everything
	Live  bool   // it has the announcers, as the first of its page
	Items []view
	Blank []view // one of each status
	Pull  string
}

// A view is an Item with what its look and its language add.
type view struct {
	Item
	Class     *classes
	Word      string // for the status
	CloseName string // of the close button
	Blank     bool
}

// Leaves reports whether the item may close by itself. What is not good news stays, and what has
// a link to follow.
func (v view) Leaves() bool {
	return v.AutoClose && v.Link == nil && v.Status != warning && v.Status != danger
}

// Print returns the markup of a page with items.
func (p *Printer) Print(page Page, items []Item) (template.HTML, error) {
	if len(items) == 0 && page.Pull == "" {
		text, err := p.printEmpty(page)
		return page.listening(text), err
	}
	r := p.region(page)
	r.Pull = page.Pull
	r.Items = p.views(page.Labels, items)
	text, err := execute("region", r)
	return page.listening(template.HTML(text)), err
}

// A Library can add items to the list of a page that is open.
type Library string

// The libraries that are known. The template has a definition for each.
const (
	HTMX  Library = "htmx"
	Turbo Library = "turbo"
)

// PrintAdditions returns the markup by which a library adds items to the page.
func (p *Printer) PrintAdditions(by Library, labels Labels, items []Item) (string, error) {
	return execute(string(by), &region{Items: p.views(labels, items)})
}

func execute(name string, r *region) (string, error) {
	var text strings.Builder
	if err := templates.ExecuteTemplate(&text, name, r); err != nil {
		return "", err
	}
	return text.String(), nil // html/template has escaped it
}

func (p *Printer) views(labels Labels, items []Item) []view {
	class := &looks[p.Look]
	views := make([]view, len(items))
	for i, item := range items {
		item.Status = Kind(item.Status)
		views[i] = view{item, class, labels.status(item.Status), labels.closeName(item.Name), false}
	}
	return views
}

// region returns what a page without items prints.
func (p *Printer) region(page Page) *region {
	class := &looks[p.Look]
	r := &region{Label: page.Labels.Region, Class: class, Root: class.Root, Live: page.Nth <= 1}
	if page.Nth == Alone {
		r.Root = class.Alone
	}
	if page.Nth > 1 { // landmarks of one page need names of their own
		r.Label += " " + strconv.Itoa(page.Nth)
	}
	if r.Live && page.Script {
		for _, status := range []string{info, success, warning, danger} {
			item := Item{Status: status, Link: new(Link)}
			word := page.Labels.status(status)
			r.Blank = append(r.Blank, view{item, class, word, page.Labels.Close, true})
		}
	}
	return r
}

// An emptyPage is what decides the markup of a page without items, but for the stream.
type emptyPage struct {
	labels Labels
	nth    int
	script bool
}

// emptyAtMost bounds what is kept: an application may put the name of a user into its labels.
const emptyAtMost = 64

// printEmpty renders a page without items once. Most pages have none.
func (p *Printer) printEmpty(page Page) (template.HTML, error) {
	key := emptyPage{page.Labels, page.Nth, page.Script}
	known := p.empty.Load()
	if known != nil {
		if text, ok := (*known)[key]; ok {
			return text, nil
		}
	}
	text, err := execute("region", p.region(page))
	if err != nil {
		return "", err
	}
	more := map[emptyPage]template.HTML{key: template.HTML(text)}
	if known != nil && len(*known) < emptyAtMost {
		maps.Copy(more, *known)
	}
	p.empty.Store(&more) // of two at a time one is lost, and rendered again
	return template.HTML(text), nil
}

// listening adds where the script listens. The markup may be shared by pages, the stream is not.
func (page Page) listening(markup template.HTML) template.HTML {
	if page.Stream == "" || page.Nth > 1 {
		return markup
	}
	before, after, ok := strings.Cut(string(markup), " data-label=")
	if !ok {
		return markup
	}
	attributes := ` data-stream="` + template.HTMLEscapeString(page.Stream) + `"`
	if page.Idle {
		attributes += ` data-stream-idle`
	}
	return template.HTML(before + attributes + ` data-label=` + after)
}
