// Package markup prints a list of messages as HTML: the ready-made markup of a bare {{flashes}}.
package markup

import (
	_ "embed"
	"html/template"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

//go:embed messages.html
var source string

// templates are parsed by the first page that has messages, and not by each program that starts.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("region").Parse(source))
})

// An Item is a message as it is printed.
type Item struct {
	ID, Key   string
	Created   string // tells items with the same ID of the application's own apart
	Status    string
	Title     string
	Text      string
	HTML      template.HTML // instead of Text
	Link      *Link
	AutoClose bool
	Made      string        // when it was made, as HTML has it, if it is to say so
	Age       time.Duration // how long ago that was
}

// A Link follows the text of an Item.
type Link struct {
	Label string
	URL   string
}

// A Page says what a page prints besides the items.
type Page struct {
	// Labels have no empty words: see OrEnglish.
	Labels Labels
	// Nth is the number of this list on the page, from one; or Alone.
	Nth int
	// Script says that our script is served. Then the page has blank items, of which the script
	// makes others.
	Script bool
	// Pull is the URL from which a page that was loaded ahead of time gets its messages, or "".
	Pull string
	// Stream is the URL at which the page listens for messages while it is open, or "".
	Stream string
	// Idle says that the Stream cannot bring anything yet, so the script must not open it.
	Idle bool
}

// Alone is the Nth of a page whose items are in markup of the application's own: what the script
// needs, without items.
const Alone = 0

// A Printer prints pages in one look. It is safe for concurrent use by multiple goroutines.
type Printer struct {
	Look Look
	// HideStatus says that the word for the status is for screen readers alone.
	HideStatus bool

	empty atomic.Pointer[map[emptyPage]template.HTML] // nobody changes the map
}

// A region is the data of the template.
type region struct {
	Label string // its name
	Class *classes
	Root  string      // classes of the element around everything
	Live  bool        // it is the first of its page, so it has the announcers
	Items []shownItem // in sight
	Fold  *fold       // the others; nil means none
	Blank []shownItem // one of each status

	BlankFold *fold // without items
	Pull      string
}

// A shownItem is an Item with what its look and its language add. It does not embed the Item: the
// template would look each field up by reflect.Type.FieldByNameFunc, which allocates four times.
type shownItem struct {
	ID, Key, Created    string
	Status, Title, Text string
	HTML                template.HTML
	Link                *Link
	Leaves              bool // it may close by itself
	Class               *classes
	Word                string // for the status
	StatusClass         string // of the Word
	Kind                string // classes added to those of an item
	Long                bool   // the text is clamped until it is opened
	ShowMore, ShowLess  string // opens a long text, and closes it
	Ago, Made           string // when it was made, for people and for programs; "" says nothing
	CloseName           string // of the close button
	Count               int    // how many equal items it stands for
	Times               string // says so, if there are several: "×3"
	Blank               bool
	HasText             bool // or gets one: the template would call "or", which allocates
}

// shown returns an item as the template takes it, for the corner or for the list of a page.
// Warnings, errors and items with a link stay until they are closed.
func (p *Printer) shown(item Item, labels Labels, corner, blank bool) shownItem {
	class := &looks[p.Look]
	status := class.Status
	if p.HideStatus {
		status = class.Hidden
	}
	kind := class.Kind(item.Status)
	if corner && class.Raised != "" {
		kind += " " + class.Raised
	}
	return shownItem{
		ID: item.ID, Key: item.Key, Created: item.Created,
		Status: item.Status, Title: item.Title, Text: item.Text, HTML: item.HTML, Link: item.Link,
		Leaves: item.AutoClose && item.Link == nil && item.Status != warning &&
			item.Status != danger,
		Class: class, Word: labels.status(item.Status), CloseName: labels.Close,
		StatusClass: status, Kind: kind, Long: class.Long != "" && long(item.Text),
		ShowMore: labels.ShowMore, ShowLess: labels.ShowLess,
		Made: item.Made, Ago: labels.ago(item.Age),
		Count: 1, Blank: blank, HasText: blank || item.Text != "",
	}
}

// longer is how many characters a text has at most that is not clamped, as in flash.js.
const longer = 500

func long(text string) bool {
	return len(text) > longer && utf8.RuneCountInString(text) > longer
}

// Print returns the markup of a page with items.
func (p *Printer) Print(page Page, items []Item) (template.HTML, error) {
	if len(items) == 0 && page.Pull == "" {
		text, err := p.printEmpty(page)
		return page.listening(text), err
	}
	r := p.region(page)
	r.Pull = page.Pull
	r.Fold, r.Items = p.folded(page.Labels, p.shownItems(page.Labels, items, false))
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
	return execute(string(by), &region{Items: p.shownItems(labels, items, true)})
}

func execute(name string, r *region) (string, error) {
	var text strings.Builder
	if err := templates().ExecuteTemplate(&text, name, r); err != nil {
		return "", err
	}
	return text.String(), nil // html/template has escaped it
}

func (p *Printer) shownItems(labels Labels, items []Item, corner bool) []shownItem {
	shown := make([]shownItem, len(items))
	for i, item := range items {
		item.Status = Kind(item.Status)
		shown[i] = p.shown(item, labels, corner, false)
	}
	return counted(items, shown)
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
			r.Blank = append(r.Blank, p.shown(item, page.Labels, true, true))
		}
		r.BlankFold = p.fold(page.Labels, nil)
	}
	return r
}

// An emptyPage is what decides the markup of a page without items, except for the stream.
type emptyPage struct {
	labels Labels
	nth    int
	script bool
}

// emptyAtMost bounds how many are kept: an application may put the name of a user into its labels.
const emptyAtMost = 64

// printEmpty renders a page without items once, and keeps the markup. Most pages have no items.
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
	p.empty.Store(&more) // if two goroutines store at once, one result is rendered again later
	return template.HTML(text), nil
}

// listening adds the URL of the stream. Pages may share the markup, but not the stream.
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
