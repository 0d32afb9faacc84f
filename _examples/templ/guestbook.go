package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
)

// GuestBook is the one of all visitors.
type GuestBook struct {
	flashgin.Controller

	mu      sync.Mutex
	entries []entry
	last    int // ID
}

type entry struct {
	ID   int    `form:"-"`
	Name string `form:"name"`
	Text string `form:"text"`
}

func (e entry) path() string { return fmt.Sprintf("/entries/%d", e.ID) }

func newGuestBook() *GuestBook {
	b := new(GuestBook)
	b.add(entry{Name: "Grace", Text: "Good morning from the engine room."})
	return b
}

// List shows all entries, and the form.
func (b *GuestBook) List(c *gin.Context) { render(c, http.StatusOK, list(b.all(), entry{})) }

// Sign adds an entry.
func (b *GuestBook) Sign(c *gin.Context) {
	var form entry
	if err := c.ShouldBind(&form); err != nil || strings.TrimSpace(form.Name) == "" ||
		strings.TrimSpace(form.Text) == "" || len(form.Name)+len(form.Text) > 2000 {
		// This very answer is the page that shows the message, so it is shown at once.
		_ = b.AddFlash(c, flashgin.Error("Please enter a name and a few words."))
		render(c, http.StatusUnprocessableEntity, list(b.all(), form))
		return
	}
	added := b.add(form)
	// The message waits where the redirect leads: on the page of this entry.
	_ = b.RedirectFlash(c, added.path(), flashgin.Success("Thank you, "+added.Name+"."))
}

// Show shows one entry.
func (b *GuestBook) Show(c *gin.Context) {
	all := b.all()
	if i := index(all, c.Param("id")); i >= 0 {
		render(c, http.StatusOK, show(all[i]))
		return
	}
	render(c, http.StatusNotFound, missing())
}

// Remove removes an entry, also one that is gone.
func (b *GuestBook) Remove(c *gin.Context) {
	message := flashgin.Warning("That entry was not there any more.")
	if removed, ok := b.remove(c.Param("id")); ok {
		message = flashgin.Info("The entry of " + removed.Name + " was removed.")
	}
	_ = b.RedirectFlash(c, "/", message)
}

func (b *GuestBook) all() []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.entries)
}

func (b *GuestBook) add(e entry) entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	e.ID = b.last
	b.entries = append(b.entries, e)
	return e
}

func (b *GuestBook) remove(id string) (entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := index(b.entries, id)
	if i < 0 {
		return entry{}, false
	}
	removed := b.entries[i]
	b.entries = slices.Delete(b.entries, i, i+1)
	return removed, true
}

func index(entries []entry, id string) int {
	return slices.IndexFunc(entries, func(e entry) bool { return strconv.Itoa(e.ID) == id })
}
