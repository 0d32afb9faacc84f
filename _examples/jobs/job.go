package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/hibiken/asynq"
)

// A job is what travels from the web server to the worker: the payload of a task in the queue, as
// JSON. Where its news belongs travels along: whom to tell is the key of a session, and where is a
// view. The worker needs no more than these two strings; it knows neither cookies nor pages.
type job struct {
	ID      string
	Session string // from Messenger.SessionKey: to tell the session something, and for nothing else
	View    string // the page that has asked for the job
	File    string
	Text    string // a larger file would lie where both can reach it, and only its name be here
	Fails   bool   // the first attempt fails halfway
}

// countWords is the type of the tasks.
const countWords = "count words"

func (j job) task() (*asynq.Task, error) {
	payload, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	return asynq.NewTask(countWords, payload,
		asynq.TaskID(j.ID), asynq.MaxRetry(3), asynq.Timeout(time.Minute)), nil
}

func jobOf(task *asynq.Task) (j job, err error) {
	if err = json.Unmarshal(task.Payload(), &j); err != nil {
		// It will not be better next time.
		err = fmt.Errorf("the payload of a task: %w: %w", err, asynq.SkipRetry)
	}
	return j, err
}

// tell adds a piece of news about the job, for the page that has asked for it.
//
// The Key is one for all news of the job, so each replaces the one before, on the open page as well
// as where it waits for the page to be opened. The ID is one for each piece of news, which is what
// makes the job safe to run again: "50 %" of the second attempt is the "50 %" that the user has
// seen, and is not shown a second time. If Add fails, the message may have been stored or not; with
// an ID, trying again is right either way.
func (j job) tell(
	ctx context.Context, messenger *flashgin.Messenger, news string, message flashgin.Message,
) error {
	message.View = j.View
	message.Key = j.ID
	message.ID = j.ID + " " + news
	message.Title = j.File
	return messenger.Add(ctx, j.Session, message)
}
