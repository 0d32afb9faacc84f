package main

import (
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"unicode/utf8"

	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
	"github.com/hibiken/asynq"
)

// fileAtMost is how large a file may be.
const fileAtMost = 256 << 10

// Uploads is the page "/", where files are sent and their jobs report.
type Uploads struct {
	flashgin.Controller
	messenger *flashgin.Messenger
	queue     *asynq.Client
}

// Show shows the form.
func (u *Uploads) Show(c *gin.Context) { u.show(c, http.StatusOK) }

func (u *Uploads) show(c *gin.Context, status int) {
	c.HTML(status, "uploads.html", gin.H{"Path": c.FullPath()})
}

// Upload hands a file to the worker and does not wait for it.
func (u *Uploads) Upload(c *gin.Context) {
	name, text, err := readFile(c)
	if err != nil {
		_ = u.AddFlash(c, flashgin.Error("Please choose a text file of at most 256 KB."))
		u.show(c, http.StatusUnprocessableEntity)
		return
	}
	// A job outlives the request, so it gets values and never c. This makes the key where there is
	// none yet, and from here on the page has something to listen to.
	session, err := u.messenger.SessionKey(c)
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	j := job{
		ID: rand.Text(), Session: session, View: c.FullPath(), File: name, Text: text,
		Fails: c.PostForm("fail") != "",
	}
	if err := u.enqueue(c, j); err != nil {
		slog.Error("a job is not in the queue", "error", err)
		_ = u.AddFlash(c, flashgin.Error("The file could not be queued. Please try again later."))
		u.show(c, http.StatusServiceUnavailable)
		return
	}
	c.Redirect(http.StatusSeeOther, c.FullPath())
}

func (u *Uploads) enqueue(c *gin.Context, j job) error {
	task, err := j.task()
	if err != nil {
		return err
	}
	// Told at once and not, as by AddFlash, with the answer: a fast worker must not be overtaken by
	// the news that the file waits for it.
	ctx := c.Request.Context()
	if err := j.tell(ctx, u.messenger, "waits", flashgin.Info("Waits for a worker.")); err != nil {
		return err
	}
	if _, err = u.queue.EnqueueContext(ctx, task); err != nil {
		err = errors.Join(err, u.messenger.Withdraw(ctx, j.Session, j.View, j.ID))
	}
	return err
}

// readFile returns the file that a form holds, and its name.
func readFile(c *gin.Context) (name, text string, err error) {
	const rest = 4096 // of the form
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, fileAtMost+rest)
	header, err := c.FormFile("file")
	if err != nil {
		return "", "", err
	}
	file, err := header.Open()
	if err != nil {
		return "", "", err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return "", "", err
	}
	if len(content) == 0 || len(content) > fileAtMost || !utf8.Valid(content) {
		return "", "", errors.New("not a text file, or too large")
	}
	return header.Filename, string(content), nil
}
