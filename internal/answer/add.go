package answer

import (
	"context"
	"fmt"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/views"
)

// Add takes messages of the request's own. They are stored when the headers leave, unless the
// answer shows them before, and at once if the headers have left. again has the IDs of the messages
// as the application gave them: if it took one of these from this request, that one is not shown.
func (a *Answer[T]) Add(ctx context.Context, items []queue.Item[T], again []string) error {
	for i := range items {
		items[i].View = a.site.Views.Router.ReadAt(items[i].View)
		a.site.Addressed(items[i].View)
	}
	key, err := a.accept(ctx, items, again)
	if err != nil || key == "" {
		return err
	}
	return a.site.Store.AddForRequest(a.Context(), key, items, false)
}

// accept notes messages for the answer. If that has left, it returns the key under which they are
// to be stored at once.
func (a *Answer[T]) accept(
	ctx context.Context, items []queue.Item[T], again []string,
) (key string, err error) {
	a.Lock()
	defer a.Unlock()
	if !a.tooLate() {
		c := a.Gin()
		given := request.GinContext(ctx)
		if a.Has(given) {
			c = given // maybe a copy, to which middleware has given the session
		}
		// If the handler has read the session, goroutines beside it add without reading it again.
		if a.IsPooled(given) || !a.HasCalled(request.ToAdd) {
			if err := a.keys.Bind(c); err != nil {
				return "", err
			}
		}
	}
	late := a.tooLate()
	if late {
		if key, err = a.addressLate(items); err != nil {
			return "", err
		}
	}
	for _, id := range again {
		a.list.MoveOn(id)
	}
	if !late {
		for _, it := range items {
			a.list.Add(it)
		}
	}
	return key, nil
}

// addressLate gives messages that come after the headers the session and the view that they would
// have had before.
func (a *Answer[T]) addressLate(items []queue.Item[T]) (key string, err error) {
	if key, err = a.keys.Late(); err != nil {
		return "", err
	}
	if key == "" {
		return "", a.site.Keeper.ErrTooLate
	}
	for i := range items {
		if items[i].View != "" {
			continue
		}
		if a.Ended() {
			return "", fmt.Errorf("%w: the request has ended; address the message with At",
				a.site.Views.ErrNoView)
		}
		if items[i].View, err = a.defaultView(); items[i].View == "" {
			return "", err
		}
	}
	return key, nil
}

// LeavesPage reports whether the browser is about to leave the page that is open, because of this
// request, and a message for the session is for the next page. It returns false if the session is
// not the request's own.
func (a *Answer[T]) LeavesPage(session string) bool {
	a.Lock()
	defer a.Unlock()
	return !a.Ended() && browser.OpensPage(a.HTTP.Header) && a.keys.IsOwn(session) && !a.Ended()
}

// TellNews makes the answer tell the browser that there may be news. It returns false if the
// browser will not be told, so that the store must tell other processes.
func (a *Answer[T]) TellNews() bool {
	if a.site.Known == nil {
		return true
	}
	a.Lock()
	defer a.Unlock()
	a.keys.NoteNews()
	return !a.tooLate()
}

// defaultView returns the view of messages without one of their own: where the answer sends the
// user, or what destination takes instead.
func (a *Answer[T]) defaultView() (string, error) {
	var name string
	c := a.Gin()
	a.Outside(func() { name = a.site.Views.NameOf(c) })
	status, header := a.Writer().Status(), a.Writer().Header()
	view, err := a.views.Destination(name, c.FullPath(), status, header)
	// A page for htmx may be put beside what is on screen all the same.
	if view == "" && a.views.Reader() == browser.ForHTMXPage {
		a.readBy(browser.ForHTMX)
		view, err = a.views.Destination(name, c.FullPath(), status, header)
	}
	if view == "" && a.part.pulls {
		view, err = views.Anywhere, nil
	}
	if len(view) > a.site.Views.AtMost {
		return "", fmt.Errorf("%w: the view has %d bytes; Config.MaxBytes is %d",
			a.site.ErrTooLarge, len(view), a.site.Views.AtMost)
	}
	return view, err
}
