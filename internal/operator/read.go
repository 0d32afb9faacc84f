package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/keyspace"
	"github.com/flashgin/flashgin/internal/refusal"
)

// A state is what becomes of a message now.
type state string

const (
	waits   state = "waits"
	claimed state = "claimed" // a page has it
	shown   state = "shown"
	gone    state = "gone" // shown, replaced, withdrawn or dropped: its ID is remembered
)

// A message is what Redis knows of one. Title and Text are empty unless they were asked for.
type message struct {
	Session string    `json:"session"` // its hash
	View    string    `json:"view"`
	ID      string    `json:"id"`
	Key     string    `json:"key,omitempty"`
	Status  string    `json:"status,omitempty"`
	State   state     `json:"state"`
	Added   time.Time `json:"added,omitzero"`
	Title   string    `json:"title,omitempty"`
	Text    string    `json:"text,omitempty"`
}

// value is the part of a message's stored form that operators see.
type value struct{ Status, Title, Text, HTML string }

// readAtOnce is how many Redis keys one round trip reads: a view may have 400 KB.
const readAtOnce = 50

// errSkipped is for errs of Redis keys that are no sorted sets.
var errSkipped = errors.New("somebody else writes Redis keys that begin like those of this " +
	"application; they were skipped")

func isNil(err error) bool { return errors.Is(err, redis.Nil) }

// read returns the messages in Redis keys: also those that are gone, if all is set.
func (c *command) read(
	ctx context.Context, keys []string, all bool,
) (found map[string][]message, err error) {
	found = map[string][]message{}
	for len(keys) > 0 {
		some := keys[:min(readAtOnce, len(keys))]
		keys = keys[len(some):]
		from := "(-4e15" // what has gone has a lower score: see member.lua
		if all {
			from = "-inf"
		}
		pipe := c.client.Pipeline()
		replies := make([]*redis.ZSliceCmd, len(some))
		for i, key := range some {
			by := &redis.ZRangeBy{Min: from, Max: "+inf"}
			replies[i] = pipe.ZRangeByScoreWithScores(ctx, key, by)
		}
		_, _ = pipe.Exec(ctx) // each reply has its error
		now := c.now()
		for i, key := range some {
			entries, err := replies[i].Result()
			if refusal.Of(err) == refusal.WrongType {
				fmt.Fprintln(c.err, "flashgin:", errSkipped)
				continue
			}
			if err != nil {
				return nil, err
			}
			hash, view, _ := c.names.Split(key)
			for _, entry := range entries {
				text, _ := entry.Member.(string)
				m, ok := c.messageOf(text, entry.Score, now)
				if ok {
					m.Session, m.View = hash, view
					found[key] = append(found[key], m)
				}
			}
		}
	}
	return found, nil
}

// messageOf returns the message of an entry: see member.lua and remember.lua for what scores mean.
func (c *command) messageOf(text string, score float64, now time.Time) (message, bool) {
	micro := float64(now.UnixMicro())
	if score <= -4e15 {
		id, ok := strings.CutPrefix(text, "~")
		m := message{ID: id, State: gone}
		// Only a page confirms before the end of its lease, which is the score then.
		if at := (-score - 5e15) * 10; score > -6e15 && at > micro {
			m.State = shown
		}
		return m, ok
	}
	entry, err := keyspace.Parse(text)
	if err != nil {
		return message{}, false
	}
	m := message{ID: entry.ID, Key: entry.Key, State: waits, Added: entry.Added().UTC()}
	if score < 0 && -score > micro {
		m.State = claimed
	}
	if entry.TTL > 0 && !m.Added.Add(entry.TTL).After(now) {
		return message{}, false // its time has ended, and the next page removes it
	}
	var v value
	if json.Unmarshal([]byte(entry.Value), &v) == nil {
		m.Status = v.Status
		if c.text {
			m.Title, m.Text = v.Title, v.Text
			if m.Text == "" {
				m.Text = v.HTML
			}
		}
	}
	return m, true
}
