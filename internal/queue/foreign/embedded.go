package foreign

import (
	"context"
	"strings"

	"github.com/flashgin/flashgin/internal/queue"
)

// Servers is what a queue of ours has besides its items, if it is on servers.
type Servers interface {
	queue.Nodes
	queue.Watcher
	queue.Ender
}

// An Embedded is a queue on a store that embeds one of ours. Watch, and PingNode without a node,
// call the store; the other methods that a Store need not have call the queue of ours.
type Embedded[M any, L ~[]M, C Claim[L]] struct {
	Queue[M, L, C]
	Ours Servers
}

func (q Embedded[M, L, C]) Node(session string) string { return q.Ours.Node(session) }

func (q Embedded[M, L, C]) PingNode(ctx context.Context, node string) error {
	if node == "" { // one server; the store may have a Ping of its own
		return q.Queue.PingNode(ctx, node)
	}
	return q.Ours.PingNode(ctx, node)
}

func (q Embedded[M, L, C]) Watch(ctx context.Context, wake func(queue.Wake)) error {
	return q.watch(ctx, func(name string) {
		name, ends := strings.CutPrefix(name, endMark)
		wake(queue.Wake{Name: name, Ends: ends})
	})
}

func (q Embedded[M, L, C]) Name(session string) string { return q.Ours.Name(session) }

func (q Embedded[M, L, C]) TellEnd(ctx context.Context, session string) error {
	return q.Ours.TellEnd(ctx, session)
}

// endMark stands before the name of a session if Watch says that its streams are to end. A name is
// a hash, which never begins like that.
const endMark = "}"

// InWords returns a function for queue.Watcher that calls wake with strings.
func InWords(wake func(session string)) func(queue.Wake) {
	return func(w queue.Wake) {
		if w.Ends {
			w.Name = endMark + w.Name
		}
		if !w.Quiet {
			wake(w.Name)
		}
	}
}
