package routes

import (
	"cmp"
	"context"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/answer"
	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/debug"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/trail"
)

// debugPage begins to keep what happens to messages, and returns the handler of the debug page.
func (rs *Routes[T]) debugPage() gin.HandlerFunc {
	rs.Trail.Keep()
	page := &debug.Page{Trail: rs.Trail, Key: rs.key, Waiting: rs.waiting}
	return page.Serve
}

// waiting returns what waits for a session, for the debug page that c asks for.
func (rs *Routes[T]) waiting(
	ctx context.Context, c *gin.Context, session string,
) ([]debug.Message, error) {
	items, err := rs.Answers.Store.Waiting(ctx, session)
	r := answer.Of[T](c)
	messages := make([]debug.Message, len(items))
	for i, it := range items {
		messages[i] = rs.Describe(it)
		messages[i].Read = r == nil || r.IsRead(it.View)
	}
	return messages, err
}

// NoteVisit keeps what the debug page tells of the answer to c, if it is a page or was asked for
// messages, and if there is a debug page. It asks what flashgin was given: handlers may have put
// anything into c.
func (rs *Routes[T]) NoteVisit(c *gin.Context) {
	if !rs.Trail.Keeps() {
		return
	}
	r := answer.Of[T](c)
	if r == nil {
		return
	}
	given, header, status := r.Given, r.Header, r.Writer().Status()
	asked := r.HasCalled(request.ToShow)
	if !asked && !browser.IsHTML(header) && !browser.LeadsAway(status, header) ||
		strings.HasPrefix(given.URL.Path, *rs.mounted.Load()+"/") {
		return
	}
	e := trail.Entry{Method: given.Method, Code: status, Asked: asked}
	e.Why = browser.Why(given, status, header, c.FullPath() != "")
	e.Line = queue.Line{Page: given.URL.Path}
	r.Lock()
	if key := r.Keys().Known(); key != "" {
		e.Session = queue.Hash(key)
	} else { // others may read of it, and the path may have a secret
		e.Page = cmp.Or(c.FullPath(), "(no route)")
	}
	r.Unlock()
	rs.Trail.Visit(e)
}
