package operator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

// An event is what watch prints.
type event struct {
	Time time.Time `json:"time"`
	What string    `json:"event"`
	message
}

// watch looks again and again, and tells what has changed. Redis remembers the ID of a message for
// ten seconds after it was shown, so that messages which wait for a moment are seen, too. Nothing
// is published for all messages, and keyspace events would have to be turned on at the server.
func (c *command) watch(ctx context.Context) (int, error) {
	if c.lasts > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.lasts)
		defer cancel()
	}
	before, err := c.look(ctx)
	if err == nil && !c.quiet {
		n := 0
		for _, messages := range before {
			n += len(messages)
		}
		fmt.Fprintf(c.err, "flashgin: watching; %d messages wait or have just been shown\n", n)
	}
	for err == nil {
		start := time.Now()
		var after map[string][]message
		if after, err = c.look(ctx); err != nil {
			break
		}
		c.printChanges(before, after)
		before = after
		took := time.Since(start)
		pause := max(c.every, 4*took) // a walk never takes more than a fifth of a server's time
		// Who looks less often misses messages that were added and shown in between.
		if pause+took > queue.RememberFor && !c.quiet {
			fmt.Fprintln(c.err, "flashgin: the walk takes too long to see messages that wait "+
				"for a moment only: give -session, or a shorter -every")
		}
		select {
		case <-ctx.Done():
			return Done, nil
		case <-time.After(pause):
		}
	}
	if ctx.Err() != nil {
		return Done, nil // it was interrupted, or its time is over
	}
	return Failed, err
}

// look returns the messages in all Redis keys.
func (c *command) look(ctx context.Context) (map[string][]message, error) {
	all := map[string][]message{}
	err := c.walk(ctx, func(ctx context.Context, keys []string) error {
		found, err := c.read(ctx, keys, true)
		maps.Copy(all, found)
		return err
	})
	return all, err
}

func (c *command) printChanges(before, after map[string][]message) {
	keys := map[string]bool{}
	for key := range before {
		keys[key] = true
	}
	for key := range after {
		keys[key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		for _, change := range changes(before[key], after[key]) {
			change.Time = c.now().UTC()
			if c.json {
				c.printJSON(change)
				continue
			}
			fmt.Fprintf(c.out, "%s  %-8s  %s  %s  %s  %s\n", change.Time.Format("15:04:05"),
				change.What, change.Session, printable(change.View),
				orDash(printable(change.Status)), printable(change.ID))
		}
	}
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// changes returns what has happened to the messages of one view between two looks.
func changes(before, after []message) (events []event) {
	was := map[string]message{}
	for _, m := range before {
		was[m.ID] = m
	}
	add := func(what string, m message) { events = append(events, event{What: what, message: m}) }
	for _, m := range after {
		old, known := was[m.ID]
		delete(was, m.ID)
		if known && m.Status == "" { // Redis remembers the ID alone
			m.Status, m.Key, m.Added = old.Status, old.Key, old.Added
		}
		if !known {
			add("added", m)
			old.State = waits
		}
		switch {
		case m.State == old.State || old.State == shown || old.State == gone:
		case m.State == claimed:
			add("claimed", m)
		case m.State == waits:
			add("released", m) // or its lease has ended
		case m.State == shown, old.State == claimed:
			m.State = shown
			add("shown", m)
		default:
			add("gone", m)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(was)) {
		if m := was[id]; m.State == waits || m.State == claimed {
			m.State = gone
			add("gone", m) // expired, purged, or its Redis key was removed
		}
	}
	return events
}
