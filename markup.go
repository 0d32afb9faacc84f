package flashgin

import (
	"bytes"
	_ "embed"
	"html/template"
	"maps"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/pages"
)

//go:embed internal/markup/messages.html
var messagesMarkup string

var defaultMessages = template.Must(template.New(pages.Messages).Parse(messagesMarkup))

// printsReadyMade reports whether pages have the ready-made markup, and so a list to add messages
// to. If that is not known, it is false: an event finds that list, too.
func (in *installation) printsReadyMade() bool {
	if rd, ok := in.engine.HTMLRender.(*pages.Renderer[Messages]); ok {
		if use := rd.Use(); use.Own || use.Bare {
			return !use.Own
		}
	}
	return in.messenger.printed.Load()
}

// alone, for the nth time that the ready-made markup is printed on a page, is the live part without messages: those are in markup of the application's own.
const alone = 0

func execute(t *template.Template, dot any) (template.HTML, error) {
	var buf bytes.Buffer
	if err := t.Execute(&buf, dot); err != nil {
		return "", err
	}
	return template.HTML(buf.String()), nil // html/template has escaped it
}

// A markup is the dot of the ready-made markup.
type markup struct {
	Label    string // of the region
	Class    *classes
	Root     string        // classes of the element around everything
	Live     bool          // it has the announcers, as the first of its page
	Messages []messageView // to be shown
	Blank    []messageView // one of each status, from which the script makes others; none where no script is served
	Pull     string        // where the script gets the messages that a page which is loaded ahead of time must not take
}

// A messageView is a message as the ready-made markup shows it.
type messageView struct {
	Message
	Class     *classes
	Word      string // for the status
	CloseName string // of the close button: it says what is closed to those who do not see what it belongs to
	Blank     bool
}

// Leaves reports whether the message may close by itself. What is not good news, or has a link to follow, stays.
func (v messageView) Leaves() bool {
	return v.AutoClose && v.Link == nil && v.Status != StatusWarning && v.Status != StatusError
}

// uninstalled serves the pages of requests that did not pass through Install.
var uninstalled = new(Messenger)

// readyMade renders the ready-made markup, for the nth time on a page. r may be nil.
func (r *request) readyMade(list Messages, nth int) (template.HTML, error) {
	m, pull := uninstalled, ""
	var c *gin.Context
	if r != nil {
		m = r.m
		c, pull = r.context(), r.pullURL()
	}
	labels := m.labels(c)
	if c != nil {
		m.printed.Store(true)
	}
	if len(list) == 0 && pull == "" {
		text, err := m.emptyMarkup(labels, nth)
		return r.listening(text, nth), err
	}
	dot := m.newMarkup(labels, nth)
	dot.Pull = pull
	dot.add(list, labels)
	text, err := execute(defaultMessages, dot)
	return r.listening(text, nth), err
}

func (dot *markup) add(list Messages, labels Labels) {
	for _, msg := range list {
		dot.Messages = append(dot.Messages, messageView{msg, dot.Class, labels.status(msg.Status), labels.closeName(msg), false})
	}
}

// additions renders items for the list of the page on screen.
func (r *request) additions(by carrier, list Messages) (string, error) {
	labels := r.m.labels(r.context())
	dot := &markup{Class: &looks[r.m.cfg.Look]}
	dot.add(list, labels)
	name := "htmx"
	if by == byTurboStream {
		name = "turbo"
	}
	var text strings.Builder
	err := defaultMessages.ExecuteTemplate(&text, name, dot)
	return text.String(), err
}

func (m *Messenger) newMarkup(labels Labels, nth int) *markup {
	class := &looks[m.cfg.Look]
	dot := &markup{Label: labels.Region, Class: class, Root: class.Root, Live: nth <= 1}
	if nth == alone {
		dot.Root = class.Alone
	}
	if nth > 1 { // landmarks of one page need names of their own
		dot.Label += " " + strconv.Itoa(nth)
	}
	if dot.Live && m.mountedAt() != "" {
		for _, status := range []Status{StatusInfo, StatusSuccess, StatusWarning, StatusError} {
			dot.Blank = append(dot.Blank, messageView{Message{Status: status, Link: new(Link)}, dot.Class, labels.status(status), labels.Close, true})
		}
	}
	return dot
}

// An emptyMarkup is what a page without messages prints. Most pages are, so it is rendered once.
type emptyMarkup struct {
	labels Labels
	nth    int
	base   string // of Mount
}

// emptyMarkupsAtMost bounds what is kept: an application may put a user's name into its labels.
const emptyMarkupsAtMost = 64

func (m *Messenger) emptyMarkup(labels Labels, nth int) (template.HTML, error) {
	key := emptyMarkup{labels, nth, m.mountedAt()}
	known := m.empties.Load()
	if known != nil {
		if text, ok := (*known)[key]; ok {
			return text, nil
		}
	}
	text, err := execute(defaultMessages, m.newMarkup(labels, nth))
	if err != nil {
		return "", err
	}
	more := map[emptyMarkup]template.HTML{key: text}
	if known != nil && len(*known) < emptyMarkupsAtMost {
		maps.Copy(more, *known)
	}
	m.empties.Store(&more) // of two at a time one is lost, and rendered again
	return text, nil
}
