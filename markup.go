package flashgin

import (
	"html/template"
	"time"

	"github.com/flashgin/flashgin/internal/markup"
	"github.com/flashgin/flashgin/internal/pages"
	"github.com/flashgin/flashgin/internal/queue"
)

// printsReadyMade reports whether pages have the ready-made markup, and so a list to add messages
// to. If that is not known, it returns false, and the messages come as an event, for which the
// script finds the list, too.
func (in *installation) printsReadyMade() bool {
	if rd, ok := in.engine.HTMLRender.(*pages.Renderer[Messages]); ok {
		if use := rd.Use(); use.Own || use.Bare {
			return !use.Own
		}
	}
	return in.messenger.printed.Load()
}

// uninstalled serves the pages of requests that did not pass through Install.
var uninstalled = new(Messenger)

// readyMade renders the ready-made markup, for the nth time on a page. r may be nil.
func readyMade(r *reply, list Messages, nth int) (template.HTML, error) {
	m := uninstalled
	page := markup.Page{Nth: nth}
	if r != nil {
		m = messengerOf(r)
		page.Pull = r.PullURL()
		if nth <= 1 {
			page.Stream, page.Idle = r.StreamURL()
		}
	}
	labels, served := m.labels(r)
	page.Labels = labels
	page.Script = m.routes.AreMounted()
	if served {
		m.printed.Store(true)
	}
	return m.printer.Print(page, m.itemsOf(list))
}

// additions renders messages for the list of the page on screen.
func (m *Messenger) additions(
	r *reply, turbo bool, items []queue.Item[Message],
) (string, error) {
	labels, _ := m.labels(r)
	library := markup.HTMX
	if turbo {
		library = markup.Turbo
	}
	return m.printer.PrintAdditions(library, labels, m.itemsOf(messagesOf(items)))
}

// itemsOf returns messages as the ready-made markup shows them.
func (m *Messenger) itemsOf(list Messages) []markup.Item {
	if len(list) == 0 {
		return nil
	}
	items := make([]markup.Item, len(list))
	for i, msg := range list {
		items[i] = markup.Item{
			ID: msg.ID, Key: msg.Key, Status: string(msg.Status),
			Title: msg.Title, Text: msg.Text, HTML: msg.HTML,
			Link: (*markup.Link)(msg.Link), AutoClose: msg.AutoClose,
		}
		if msg.Created.IsZero() {
			continue
		}
		if !queue.Generated(msg.ID) {
			items[i].Created = msg.Created.Format(time.RFC3339Nano) // as JSON has it
		}
		if m.cfg.AgeAfter == 0 {
			continue
		}
		if age := time.Since(msg.Created); age >= m.cfg.AgeAfter {
			items[i].Age, items[i].Made = age, msg.Created.Format(time.RFC3339)
		}
	}
	return items
}
