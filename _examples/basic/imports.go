package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
)

// Imports is the page /imports, where contacts are imported in the background.
type Imports struct {
	flashgin.Controller
	messenger *flashgin.Messenger
	takes     time.Duration // how long an import takes
	running   sync.WaitGroup
}

// Show shows the form, and what the imports have reported since it was last open.
func (i *Imports) Show(c *gin.Context) { render(c, http.StatusOK, "imports.html", nil) }

// Start starts an import and does not wait for it.
func (i *Imports) Start(c *gin.Context) {
	contacts := strings.Fields(c.PostForm("contacts"))
	if len(contacts) == 0 {
		_ = i.AddFlash(c, flashgin.Error(
			"There is nothing to import. Please enter at least one address."))
		render(c, http.StatusUnprocessableEntity, "imports.html", nil)
		return
	}
	// A job outlives the request, so it gets values and never c: here the key of the session.
	session, err := i.messenger.SessionKey(c)
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	job := importJob{ID: rand.Text(), Session: session, Contacts: contacts}

	// Added at once and not, as by AddFlash, with the answer: a fast job must not be overtaken by
	// the news that it has started.
	i.tell(c.Request.Context(), job, flashgin.Message{
		ID: job.ID + " started",
		Text: "Your import has started. You need not wait here: " +
			"the result will be on this page when you come back.",
	})
	i.running.Go(func() { i.run(job) })
	c.Redirect(http.StatusSeeOther, "/imports")
}

// importJob is all that an import needs. It could as well be a JSON text in a queue, for a worker
// on another machine.
type importJob struct {
	ID       string
	Session  string
	Contacts []string
}

func (i *Imports) run(job importJob) {
	time.Sleep(i.takes) // imagine work

	text := "1 contact was imported."
	if n := len(job.Contacts); n != 1 {
		text = fmt.Sprintf("%d contacts were imported.", n)
	}
	i.tell(context.Background(), job, flashgin.Message{
		ID:     job.ID + " done",
		Status: flashgin.StatusSuccess,
		Text:   text,
	})
}

// tell adds news of a job for the page of the imports.
//
// The Key is one for all the news of the job: "started" is of no interest any more when "done"
// comes before the user has looked. The ID is one for each piece of news: if the job runs again,
// after an error or in a second worker, its user still reads that once.
func (i *Imports) tell(ctx context.Context, job importJob, message flashgin.Message) {
	message.Key = job.ID
	if err := i.messenger.Add(ctx, job.Session, message.At("/imports")); err != nil {
		slog.Error("the user is not told of an import", "job", job.ID, "error", err)
	}
}
