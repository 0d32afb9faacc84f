package recipes

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/flashgin/flashgin"
)

// Groups has the session keys of those who are told together. If there is more than one process,
// keep them in a database.
type Groups struct {
	mu   sync.Mutex
	keys map[string][]string
}

// Join adds a session to a group.
func (g *Groups) Join(group, session string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.keys == nil {
		g.keys = map[string][]string{}
	}
	if !slices.Contains(g.keys[group], session) {
		g.keys[group] = append(g.keys[group], session)
	}
}

// Tell adds a message for each session of a group.
func (g *Groups) Tell(
	ctx context.Context, messages *flashgin.Messenger, group string, m flashgin.Message,
) (err error) {
	g.mu.Lock()
	keys := slices.Clone(g.keys[group])
	g.mu.Unlock()
	for _, session := range keys {
		err = errors.Join(err, messages.Add(ctx, session, m))
	}
	return err
}
