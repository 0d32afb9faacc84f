package answer

import (
	"fmt"
	"net/http"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/request"
)

// Commit does what must be done before the headers leave. It adds messages to the answer if it can,
// and stores those that the answer does not show, with the session if that is new. It keeps an
// answer that shows messages or brings a cookie of ours out of caches.
func (a *Answer[T]) Commit(how request.Leaving) {
	if a.Committed.Load() {
		return
	}
	a.ReadAgain()
	a.Lock()
	defer a.Unlock()
	if a.tooLate() {
		return
	}
	a.committing = true
	defer func() {
		a.committing = false
		a.Committed.Store(true)
	}()
	status, header := a.Writer().Status(), a.Writer().Header()
	a.away = browser.LeadsAway(status, header)
	a.list.Recall(a.outcome(), a.panicked || a.away || how == request.HeadersOnly)
	a.carry(how)
	adds, unaddressed := a.list.HasOwn()
	if adds {
		a.store(unaddressed)
	}
	a.keys.Settle(adds)
	if a.keys.Send(header) {
		a.private = true
	}
	if a.private {
		caching.KeepOut(header)
	}
	protocol := status == http.StatusSwitchingProtocols // caches cannot keep what follows
	a.open.Store(!a.private && how != request.NoHeaders && !protocol && !caching.Forbidden(header))
}

// store stores the request's own messages. Those without a view wait where the answer sends the
// user; unaddressed says that there are some.
func (a *Answer[T]) store(unaddressed bool) {
	var view string
	if unaddressed {
		var err error
		if view, err = a.defaultView(); err != nil {
			a.FailAnswer("address", err)
		}
	}
	items, lost := a.list.TakeOwn(view)
	if len(items) > 0 {
		if mistake := a.views.Stripped(a.Given.RequestURI, queue.Views(items)); mistake != "" {
			a.WarnOnce(&a.site.stripped, mistake)
		}
		key, err := a.keys.Save()
		if err == nil {
			a.keys.NoteNews()
			quietly := a.views.OpensPage(a.Writer().Status(), a.Writer().Header())
			browser.DropPrefetched(&a.HTTP, a.Writer().Status(), a.Writer().Header())
			a.Outside(func() {
				err = a.site.Store.AddForRequest(a.Context(), key, items, quietly)
			})
			if err == nil {
				err = a.keys.Leaves(key)
			}
		}
		if err != nil {
			lost += len(items)
			a.FailAnswer("add", errMaybeLost(len(items), err))
		}
	}
	a.lose(lost)
}

func errMaybeLost(messages int, err error) error {
	return fmt.Errorf("flashgin: %d messages of a request may be lost: %w", messages, err)
}

// HandlersEnded is called for each chain of handlers: HandleContext starts another one. completed
// is false if the chain panicked: if recovery catches the panic, the first chain still comes to its
// end. goesOn is true for a chain of HandleContext, which sends the headers after this.
func (a *Answer[T]) HandlersEnded(completed, goesOn bool) {
	a.Lock()
	a.panicked = a.panicked || !completed
	a.HandOnForm()
	a.Unlock()
	if goesOn {
		a.Commit(request.HeadersFirst)
	}
}

// Leave ends the request: it confirms the messages that the answer showed, and releases the rest.
// completed is as in HandlersEnded.
func (a *Answer[T]) Leave(completed bool) {
	key, lost := a.finish(completed)
	if key == "" {
		return
	}
	// No caller is left to receive an error.
	if err := a.site.Store.AddForRequest(a.Context(), key, lost, false); err != nil {
		a.site.Lost(a.Context(), len(lost))
		a.site.Errors.Report(a.Context(), "add", errMaybeLost(len(lost), err))
	}
}

// finish does what needs the *gin.Context, and ends the request. It returns the request's own
// messages that the answer showed without arriving. They are for the next page.
func (a *Answer[T]) finish(completed bool) (key string, lost []queue.Item[T]) {
	defer a.end() // whatever panics: Gin gives the context to another request
	a.HandlersEnded(completed, false)
	// An answer without a body, such as a redirect after a POST, never calls our writer.
	a.Commit(request.HeadersOnly)
	a.follow()
	a.flushAborted()
	a.Lock()
	defer a.Unlock()
	if lost = a.list.Judge(a.outcome()); len(lost) == 0 {
		return "", nil
	}
	key, err := a.addressLate(lost)
	if err != nil {
		a.lose(len(lost))
		a.FailAnswer("add", fmt.Errorf("flashgin: %d messages are lost with the answer that "+
			"showed them: %w", len(lost), err))
	}
	return key, lost
}

// end gives up the *gin.Context, and settles the claims.
func (a *Answer[T]) end() {
	a.Lock()
	a.GiveUp()
	done, back, direct := a.list.Judged()
	session, page := a.keys.Known(), a.views.Page()
	a.Unlock()
	if direct > 0 {
		a.site.Shown(a.Context(), direct)
		a.site.Lines.TellOf(a.Context(), "shown", session, page, a.list.Direct)
	}
	done.Confirm()
	back.Release()
}
