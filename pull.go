package flashgin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/markup"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/sse"
	"github.com/flashgin/flashgin/internal/views"
)

// servePull takes the session's messages at the views that the query names: {"messages": […]}. It
// returns only messages of the session to which the cookie belongs, whatever views are named.
func (m *Messenger) servePull(c *gin.Context) {
	keepOut(c)
	r := requestOf(c)
	r.HandOver()
	from := browser.SenderOf(c.Request)
	if c.GetHeader(browser.AskHeader) == "" || from != browser.ThisOrigin && from != browser.Unsaid {
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	named := c.QueryArray("view")
	if len(named) == 0 || len(named) > views.ListAtMost {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	if !r.IsOf(&m.answers) {
		m.errs.Warn("Mount is not behind Install, " +
			"so no page that was loaded ahead of time shows its messages")
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	if m.storedByPageCache(c) {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	for i, view := range named {
		named[i] = m.cleanView(view)
	}
	r.NoteValues(c)
	if c.GetHeader(browser.AskHeader) == askTickets {
		m.servePullWithTickets(r, c, named)
		return
	}
	messages := Messages{}
	if r.MayPull() {
		messages = append(messages, messagesOf(r.Pull(named))...)
	}
	c.JSON(http.StatusOK, gin.H{"messages": withKinds(messages)})
}

// askTickets is the value of browser.AskHeader of a script that acknowledges what it gets. Who
// would miss it: the user whose browser gives up a request when its answer is already written.
const askTickets = "tickets"

// servePullWithTickets answers as a stream would: {"messages": […], "tickets": {view: ticket}}. The
// script acknowledges the messages. Those of a request that was given up wait again.
func (m *Messenger) servePullWithTickets(r *reply, c *gin.Context, views []string) {
	parcel := live.Parcel{Text: []byte(`{"messages":[],"tickets":{}}`)}
	session, err := m.key(c)
	if err != nil {
		m.errs.Report(c.Request.Context(), "find the session", err)
	}
	if session != "" && err == nil && r.MayPull() {
		claimed, err := m.claimParcel(c.Request.Context(), session, views, sse.Parcel)
		if err == nil && claimed.Text != nil {
			parcel = claimed
		}
	}
	c.Data(http.StatusOK, "application/json; charset=utf-8", parcel.Text)
	if parcel.Release != nil && c.Request.Context().Err() != nil {
		parcel.Release()
	}
}

// storedByPageCache reports whether a page cache stores the answers of one of our own routes, and
// says so once.
func (m *Messenger) storedByPageCache(c *gin.Context) bool {
	pkg := caching.PageCacheOver(c.Writer)
	if pkg == "" {
		return false
	}
	m.errs.WarnOnce(&m.answers.PageCache, caching.PageCacheWarning(pkg, c.FullPath()))
	return true
}

// keepOut keeps the answer of one of our own routes out of caches. Page caches, even those that we
// do not know, store no aborted answers.
func keepOut(c *gin.Context) {
	caching.KeepOut(c.Writer.Header())
	c.Abort()
}

// hasText reports whether scripts can show the message: they show text alone. A message with only
// HTML waits for a page that a template renders.
func (m Message) hasText() bool { return m.Text != "" || m.Title != "" }

// forScripts returns messages without the fields that scripts do not show.
func forScripts(items []queue.Item[Message]) []Message {
	messages := messagesOf(items)
	for i := range messages {
		messages[i].HTML, messages[i].TTL = "", 0
	}
	return withKinds(messages)
}

// withKinds makes our statuses of the words of other frameworks: our script knows no other words.
func withKinds(messages Messages) Messages {
	for i := range messages {
		messages[i].Status = Status(markup.Kind(string(messages[i].Status)))
	}
	return messages
}
