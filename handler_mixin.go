package flashgin

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/shown"
)

// Controller gives a handler struct the methods that its handlers need, by embedding:
//
//	type Settings struct{ flashgin.Controller }
//
// It holds nothing: the zero value is ready, copies are equal, and it is safe for concurrent use by
// multiple goroutines.
type Controller struct{}

// AddFlash is the function [AddFlash].
func (Controller) AddFlash(ctx context.Context, msgs ...Message) error {
	return AddFlash(ctx, msgs...)
}

// RedirectFlash is the function [RedirectFlash].
func (Controller) RedirectFlash(c *gin.Context, location string, msgs ...Message) error {
	return RedirectFlash(c, location, msgs...)
}

// Flashes is the function [Flashes].
func (Controller) Flashes(ctx context.Context) Messages { return Flashes(ctx) }

// PeekFlashes is the function [PeekFlashes].
func (Controller) PeekFlashes(ctx context.Context) Messages { return PeekFlashes(ctx) }

// AddFlash adds messages to the answer: its page shows those that are meant for it, and the others
// are stored just before the headers leave. A message without a View is meant for the page of this
// very answer or, if the answer shows no messages, for the page to which it sends the user: the
// target of a redirect on this host, else the name that Config.View returns, else, for htmx, Turbo,
// scripts that ask, downloads and answers such as 204, the page on screen, else the current route.
// Empty messages are left out.
//
// ctx is the *gin.Context, or a context that descends from it or from its request's, as templ
// components get. The errors are [ErrNotInstalled], [ErrNoSession], [ErrTooLarge], an error for a
// negative TTL and, after the headers have left, [ErrTooLate], [ErrNoView] and errors of the store;
// then AddFlash adds no message. If storing the messages fails later, the error goes to
// Config.OnError, the log and the Errors of the *gin.Context.
//
// A handler need not check the error: the log gets it, too, and so does Config.OnError, but for the
// exceptions named there. Write _ = AddFlash(…) to say so. Check it if the answer depends on the
// message.
//
// Call it in the request's own goroutine, and not after the request: Gin gives the *gin.Context to
// another user's request, which would get the message. For a goroutine that outlives the request,
// use [Messenger.SessionKey] in the handler and [Messenger.Add] in the goroutine. While the request
// lasts, a goroutine may add with c.Copy() or c.Request.Context() if the handler has added before:
// the first call reads the gin-contrib session, which is not safe while the handler uses the
// session. In debug mode, using a *gin.Context outside of its handler is an error, and so is a
// goroutine's call if the handler has made none.
func AddFlash(ctx context.Context, msgs ...Message) error {
	r, err := requestFor(ctx, request.ToAdd)
	if r == nil {
		report.AddAlone()
		return err
	}
	if err != nil {
		warnOfRefusal(r, err)
		return err
	}
	m := messengerOf(r)
	if err = m.addTo(r, ctx, msgs); err != nil {
		m.errs.Report(r.Context(), "add", err)
	}
	return err
}

// RedirectFlash adds messages as [AddFlash] does and redirects to location with 303 See Other, even
// if they cannot be added. Its errors are those of AddFlash.
func RedirectFlash(c *gin.Context, location string, msgs ...Message) error {
	err := AddFlash(c, msgs...)
	c.Redirect(http.StatusSeeOther, location)
	return err
}

// Flashes takes the messages for this request's page, in order of creation: for handlers that
// answer with JSON, and for templ components. Within one request it returns the same messages
// however often it is called. They count as shown if the handler has written something after the
// call and the answer has left. They wait again if the answer did not arrive, had no body, was a
// redirect or a 5xx, or has a status whose body is not the handler's: 206, 408, 412 or 416.
//
// The first call for a request reads the gin-contrib session and the headers, which is not safe
// while the handler uses them: make that call in the request's own goroutine. In debug mode, a
// first call in another goroutine returns no messages, and the log says so. Later calls in any
// goroutine return the same list, and so do [Markup] and [PeekFlashes]: they read neither the
// session nor the headers. Give goroutines c.Copy() or c.Request.Context(), never c: after the
// request Gin gives c to another user's request, whose messages the call would take.
//
// ctx is as in [AddFlash]. Flashes returns no messages if flashgin is not installed, after the
// request, and if the request cannot show a message: a HEAD, a prefetch, an image, a frame of
// Turbo; a request of another site's page, for a frame or by a script that may not read the answer.
// It returns none if the store cannot be reached; the error goes to Config.OnError and the log. It
// returns none either if the headers have left and caches may keep the answer: its Cache-Control
// had neither no-store nor private, or a header for some caches, such as CDN-Cache-Control, had no
// no-store. The log says so once.
func Flashes(ctx context.Context) Messages {
	r, refused := requestFor(ctx, request.ToShow)
	if r == nil {
		report.ContextAlone("Flashes")
		return nil
	}
	if refused != nil {
		warnOfRefusal(r, refused)
		return nil
	}
	return messagesOf(r.Show(nil, shown.Taken, false, anyStatus))
}

// PeekFlashes returns the messages that [Flashes] would take, and leaves them: for a badge, say.
// After Flashes, it returns the same as Flashes. If it returns messages, the answer is kept out of
// caches. In goroutines, the rules of [Flashes] hold: do not use c, nor make the first call there.
// ctx is as in [AddFlash]. Unlike Flashes it peeks for any request, even a HEAD or a prefetch.
func PeekFlashes(ctx context.Context) Messages {
	r, refused := requestFor(ctx, request.ToPeek)
	if r == nil {
		report.ContextAlone("PeekFlashes")
		return nil
	}
	if refused != nil {
		warnOfRefusal(r, refused)
		return nil
	}
	return messagesOf(r.Peek())
}

// addTo adds messages to an answer.
func (m *Messenger) addTo(r *reply, ctx context.Context, msgs []Message) error {
	prepared, err := m.prepare(msgs)
	if len(prepared) == 0 || err != nil {
		return err
	}
	var again []string
	for _, msg := range msgs {
		if queue.Generated(msg.ID) {
			again = append(again, msg.ID)
		}
	}
	return r.Add(ctx, queueItems(prepared), again)
}
