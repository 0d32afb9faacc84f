package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/hibiken/asynq"
)

// runWorker takes tasks from the queue until ctx ends. What is not done two seconds later goes back
// to the queue, for another worker.
func runWorker(ctx context.Context, redisURL string) error {
	takes := 4 * time.Second
	if text := os.Getenv("TAKES"); text != "" {
		var err error
		if takes, err = time.ParseDuration(text); err != nil {
			return fmt.Errorf("TAKES: %w", err)
		}
	}
	client, messenger, err := connect(ctx, redisURL)
	if err != nil {
		return err
	}
	defer client.Close()

	w := &worker{messenger, takes}
	mux := asynq.NewServeMux()
	mux.HandleFunc(countWords, w.count)
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Concurrency:     4,
		ErrorHandler:    asynq.ErrorHandlerFunc(w.failed),
		LogLevel:        asynq.WarnLevel,
		ShutdownTimeout: 2 * time.Second,
		// Less patience than by default, for those who watch.
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration {
			return time.Second
		},
		TaskCheckInterval:        100 * time.Millisecond, // for new tasks
		DelayedTaskCheckInterval: 500 * time.Millisecond, // for those to try again
	})
	if err := server.Start(mux); err != nil {
		return err
	}
	fmt.Printf("The worker is process %d\n", os.Getpid())
	<-ctx.Done()
	server.Shutdown()
	return messenger.Close(context.WithoutCancel(ctx))
}

type worker struct {
	messenger *flashgin.Messenger
	takes     time.Duration
}

// count does a job. It may be called again for the same one: after an error, or when the worker has
// died in the middle. It says the same again then, and tell sees to it that nobody hears it twice.
func (w *worker) count(ctx context.Context, task *asynq.Task) error {
	j, err := jobOf(task)
	if err != nil {
		return err
	}
	const parts = 4
	words, different := strings.Fields(j.Text), map[string]bool{}
	for part := range parts {
		percent := fmt.Sprintf("%d %%", 100*part/parts)
		if err := j.tell(ctx, w.messenger, percent, flashgin.Info(percent)); err != nil {
			return err
		}
		if attempts, _ := asynq.GetRetryCount(ctx); j.Fails && attempts == 0 && part == parts/2 {
			return errors.New("the first attempt was asked to fail")
		}
		for _, word := range words[len(words)*part/parts : len(words)*(part+1)/parts] {
			different[strings.ToLower(word)] = true
		}
		select {
		case <-time.After(w.takes / parts): // imagine work
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	text := fmt.Sprintf("Words: %d. Different ones: %d.", len(words), len(different))
	return j.tell(ctx, w.messenger, "done", flashgin.Success(text))
}

// failed is called after each attempt that has failed. The user hears of the last one only.
func (w *worker) failed(ctx context.Context, task *asynq.Task, err error) {
	attempts, _ := asynq.GetRetryCount(ctx)
	most, _ := asynq.GetMaxRetry(ctx)
	slog.Warn("a job has failed", "attempt", attempts+1, "error", err)
	j, undecodable := jobOf(task)
	if attempts < most || undecodable != nil {
		return
	}
	ctx = context.WithoutCancel(ctx) // the attempt may have failed because its time was up
	failed := flashgin.Error("The file could not be read. Please try again later.")
	if err := j.tell(ctx, w.messenger, "failed", failed); err != nil {
		slog.Error("the user is not told that a job has failed", "error", err)
	}
}
