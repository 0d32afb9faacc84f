package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/flashgin/flashgin/internal/queue/redis"
)

// waiting lists messages as the walk finds them: all of them may not fit into memory.
func (c *command) waiting(ctx context.Context) (int, error) {
	out := c.newTable()
	n := 0
	err := c.walk(ctx, func(ctx context.Context, keys []string) error {
		found, err := c.read(ctx, keys, false)
		if err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(found)) {
			for _, m := range found[key] {
				if n++; n == 1 && !c.json {
					fmt.Fprint(out, "SESSION\tVIEW\tSTATUS\tSTATE\tAGE\tID",
						c.textColumn("TEXT"), "\n")
				}
				c.printMessage(out, m)
			}
		}
		return out.Flush()
	})
	if err != nil || n > 0 {
		return Done, err
	}
	if !c.json {
		fmt.Fprintf(c.err, "flashgin: nothing waits in the app %q%s%s\n", c.app,
			only(" at this view", c.view), only(" for this session", c.session))
	}
	return Nothing, nil
}

// only returns text if a flag has a value.
func only(text, value string) string {
	if value == "" {
		return ""
	}
	return text
}

func (c *command) textColumn(text string) string {
	if !c.text {
		return ""
	}
	return "\t" + text
}

func (c *command) printMessage(out io.Writer, m message) {
	if c.json {
		c.printJSON(m)
		return
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s%s\n", m.Session, printable(m.View),
		printable(m.Status), m.State, age(c.now().Sub(m.Added)), printable(m.ID),
		c.textColumn(printable(strings.TrimSpace(m.Title+" "+m.Text))))
}

// A viewStats counts messages at one view of whichever sessions.
type viewStats struct {
	View     string `json:"view"`
	Messages int    `json:"messages"`
	Sessions int    `json:"sessions"`
	Oldest   int64  `json:"oldestSeconds"`
}

// allStats is what stats prints.
type allStats struct {
	Sessions int          `json:"sessions"`
	Messages int          `json:"messages"`
	Claimed  int          `json:"claimed"` // of the messages
	Oldest   int64        `json:"oldestSeconds"`
	Bytes    *int64       `json:"bytes"` // null if the server does not tell
	Views    []*viewStats `json:"views"`
	More     int          `json:"moreViews,omitempty"`
}

func (c *command) stats(ctx context.Context) (int, error) {
	sum := allStats{Bytes: new(int64), Views: []*viewStats{}}
	sessions, views := map[string]bool{}, map[string]*viewStats{}
	err := c.walk(ctx, func(ctx context.Context, keys []string) error {
		found, err := c.read(ctx, keys, false)
		if err != nil {
			return err
		}
		c.addBytes(ctx, &sum, keys)
		for _, messages := range found {
			sessions[messages[0].Session] = true
			at := views[messages[0].View]
			if at == nil {
				at = &viewStats{View: messages[0].View}
				views[at.View] = at
			}
			at.Sessions++
			for _, m := range messages {
				old := int64(c.now().Sub(m.Added) / time.Second)
				at.Messages++
				at.Oldest = max(at.Oldest, old)
				sum.Messages++
				sum.Oldest = max(sum.Oldest, old)
				if m.State == claimed {
					sum.Claimed++
				}
			}
		}
		return nil
	})
	if err != nil {
		return Failed, err
	}
	sum.Sessions = len(sessions)
	sum.Views = slices.AppendSeq(sum.Views, maps.Values(views))
	slices.SortFunc(sum.Views, func(a, b *viewStats) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.View, b.View))
	})
	if len(sum.Views) > c.top {
		sum.More = len(sum.Views) - c.top
		sum.Views = sum.Views[:c.top]
	}
	if c.json {
		c.printJSON(sum)
		return Done, nil
	}
	bytes := "unknown: the server refuses MEMORY USAGE"
	if sum.Bytes != nil {
		bytes = strconv.FormatInt(*sum.Bytes, 10)
	}
	out := c.newTable()
	fmt.Fprintf(out, "sessions\t%d\nmessages\t%d, of which %d are on their way to a page\n"+
		"oldest\t%s\nbytes\t%s\n", sum.Sessions, sum.Messages, sum.Claimed,
		age(time.Duration(sum.Oldest)*time.Second), bytes)
	out.Flush()
	if len(sum.Views) > 0 {
		fmt.Fprint(out, "\nVIEW\tMESSAGES\tSESSIONS\tOLDEST\n")
	}
	for _, at := range sum.Views {
		fmt.Fprintf(out, "%s\t%d\t%d\t%s\n", printable(at.View), at.Messages, at.Sessions,
			age(time.Duration(at.Oldest)*time.Second))
	}
	if sum.More > 0 {
		fmt.Fprintf(out, "and %d more views: see -top\n", sum.More)
	}
	return Done, out.Flush()
}

// addBytes adds the memory of Redis keys to the sum, or gives up for good: it needs a right of its
// own.
func (c *command) addBytes(ctx context.Context, sum *allStats, keys []string) {
	if sum.Bytes == nil {
		return
	}
	pipe := c.client.Pipeline()
	for _, key := range keys {
		pipe.MemoryUsage(ctx, key)
	}
	replies, _ := pipe.Exec(ctx)
	for _, reply := range replies {
		usage, ok := reply.(interface{ Result() (int64, error) })
		if !ok {
			continue
		}
		n, err := usage.Result()
		if err != nil && !isNil(err) {
			sum.Bytes = nil
			return
		}
		*sum.Bytes += n
	}
}

// purged is what purge prints.
type purged struct {
	Messages int  `json:"messages"`
	Removed  bool `json:"removed"` // false: -yes was missing
}

func (c *command) purge(ctx context.Context) (int, error) {
	if !c.yes {
		return c.wouldPurge(ctx)
	}
	store := redis.New(c.client, redis.Config[struct{}]{App: c.app})
	progress := c.newProgress(ctx)
	var looked atomic.Int64
	all := 0
	for _, pattern := range c.patterns() {
		n, err := store.PurgeSome(ctx, pattern, c.older, func(keys int) {
			looked.Add(int64(keys))
			progress.tell("looked at %d Redis keys of this application", looked.Load())
		})
		if all += n; err != nil {
			fmt.Fprintf(c.err, "flashgin: purge: removed %d messages until then\n", all)
			return Failed, err
		}
	}
	if c.json {
		c.printJSON(purged{all, true})
	} else {
		fmt.Fprintf(c.out, "removed %d messages\n", all)
	}
	return Done, nil
}

// wouldPurge counts what purge would remove: what a page has stays.
func (c *command) wouldPurge(ctx context.Context) (int, error) {
	n := 0
	err := c.walk(ctx, func(ctx context.Context, keys []string) error {
		found, err := c.read(ctx, keys, false)
		for _, messages := range found {
			for _, m := range messages {
				if m.State == waits && c.now().Sub(m.Added) >= c.older {
					n++
				}
			}
		}
		return err
	})
	if err != nil {
		return Failed, err
	}
	if c.json {
		c.printJSON(purged{n, false})
	} else {
		fmt.Fprintf(c.out, "would remove %d messages; with -yes it removes them\n", n)
	}
	return Nothing, nil
}

func (c *command) newTable() *tabwriter.Writer {
	return tabwriter.NewWriter(c.out, 0, 8, 2, ' ', 0)
}

func (c *command) printJSON(v any) {
	encoder := json.NewEncoder(c.out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
}

// printable returns text that cannot move the cursor of a terminal: a view may come from a client.
func printable(text string) string {
	quoted := strconv.QuoteToGraphic(text)
	inner := quoted[1 : len(quoted)-1]
	if inner == text {
		return text
	}
	return quoted
}

// age writes a duration as people say it.
func age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d/time.Second%60)
	}
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d/time.Minute%60)
}
