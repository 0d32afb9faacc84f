package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
)

// Books is the reading list. There is one for all visitors.
type Books struct {
	flashgin.Controller
	messenger *flashgin.Messenger
	reminder  time.Duration // how long until a reminder comes

	mu     sync.Mutex
	unread []book
	read   []book
	last   int // ID
}

type book struct {
	ID    int
	Title string
}

func newBooks(messenger *flashgin.Messenger, reminder time.Duration) *Books {
	b := &Books{messenger: messenger, reminder: reminder}
	b.add("Middlemarch")
	b.add("The Left Hand of Darkness")
	return b
}

// List is the page. Its messages come as on any other.
func (b *Books) List(c *gin.Context) {
	unread, read := b.lists()
	c.HTML(http.StatusOK, "list.html", gin.H{"Unread": unread, "Read": len(read)})
}

// Add answers with a fragment: a line of the list. The message comes along, beside it.
func (b *Books) Add(c *gin.Context) {
	title := strings.TrimSpace(c.PostForm("title"))
	if title == "" || len(title) > 200 {
		// There is nothing to show but the message, so it comes in a header.
		_ = b.AddFlash(c, flashgin.Message{
			Status: flashgin.StatusError, Text: "Please enter a title.",
			Key: "title", // once, however often it is tried
		})
		c.Status(http.StatusUnprocessableEntity)
		return
	}
	_ = b.AddFlash(c, flashgin.Message{
		Status: flashgin.StatusSuccess, Text: "“" + title + "” is on your list.", AutoClose: true,
	})
	c.HTML(http.StatusOK, "book", b.add(title))
}

// Read has an event of its own for the page, by which the progress is fetched again. The message
// does not get in its way.
func (b *Books) Read(c *gin.Context) {
	book, ok := b.take(c.Param("id"), true)
	if !ok {
		b.gone(c)
		return
	}
	_ = b.AddFlash(c, flashgin.Message{
		Status: flashgin.StatusSuccess, Text: "You have read “" + book.Title + "”.",
		AutoClose: true,
	})
	// Not on the button, which goes with its line.
	c.Header("HX-Trigger", `{"progress": {"target": "body"}}`)
	c.Status(http.StatusOK)
}

// Remove is Read, for a book that you give up.
func (b *Books) Remove(c *gin.Context) {
	book, ok := b.take(c.Param("id"), false)
	if !ok {
		b.gone(c)
		return
	}
	_ = b.AddFlash(c, flashgin.Info("“"+book.Title+"” was removed."))
	c.Status(http.StatusOK)
}

// gone is for a book that another tab has taken off the list: the line goes, too.
func (b *Books) gone(c *gin.Context) {
	_ = b.AddFlash(c, flashgin.Warning("That book was not on the list any more."))
	c.Status(http.StatusOK)
}

// Progress is fetched again and again. It shows no messages, and takes none.
func (b *Books) Progress(c *gin.Context) {
	unread, read := b.lists()
	c.HTML(http.StatusOK, "progress", gin.H{"Unread": unread, "Read": len(read)})
}

// Remind answers with 204, and says so all the same. The reminder itself comes from a goroutine, to
// the page that is open, or to the next one.
func (b *Books) Remind(c *gin.Context) {
	session, err := b.messenger.SessionKey(c) // a job gets values, and never c
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	time.AfterFunc(b.reminder, func() {
		reminder := flashgin.Message{Title: "Reminder", Text: "Time to read.", Key: "reminder"}
		if err := b.messenger.Add(context.Background(), session, reminder.At("/")); err != nil {
			slog.Error("the user is not reminded", "error", err)
		}
	})
	_ = b.AddFlash(c, flashgin.Message{
		Text: fmt.Sprintf("You will be reminded in %v.", b.reminder), AutoClose: true,
	})
	c.Status(http.StatusNoContent)
}

// Finish sends the browser to another page, where the message waits for it.
func (b *Books) Finish(c *gin.Context) {
	n := b.finish()
	text := fmt.Sprintf("The list is finished: %d more read.", n)
	_ = b.AddFlash(c, flashgin.Success(text).At("/finished"))
	c.Header("HX-Redirect", "/finished")
	c.Status(http.StatusOK)
}

// Finished is the page of all that was read.
func (b *Books) Finished(c *gin.Context) {
	_, read := b.lists()
	c.HTML(http.StatusOK, "finished.html", gin.H{"Books": read})
}

func (b *Books) lists() (unread, read []book) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.unread), slices.Clone(b.read)
}

func (b *Books) add(title string) book {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	added := book{b.last, title}
	b.unread = append(b.unread, added)
	return added
}

// take takes a book off the list.
func (b *Books) take(id string, read bool) (book, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.unread, func(it book) bool { return strconv.Itoa(it.ID) == id })
	if i < 0 {
		return book{}, false
	}
	taken := b.unread[i]
	b.unread = slices.Delete(b.unread, i, i+1)
	if read {
		b.read = append(b.read, taken)
	}
	return taken, true
}

// finish takes all books off the list, as read, and returns how many.
func (b *Books) finish() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.unread)
	b.read = append(b.read, b.unread...)
	b.unread = nil
	return n
}
