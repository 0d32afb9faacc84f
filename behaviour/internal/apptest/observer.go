package apptest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/flashgin/flashgin"
)

// Observed collects what an Observer is told.
type Observed struct {
	mu     sync.Mutex
	events []flashgin.Event
}

func (o *Observed) Observe(_ context.Context, e flashgin.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, e)
}

func (o *Observed) All() []flashgin.Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]flashgin.Event(nil), o.events...)
}

// Sum returns to how many messages something has happened.
func (o *Observed) Sum(kind flashgin.EventKind) (n int) {
	for _, e := range o.All() {
		if e.Kind == kind {
			n += e.Messages
		}
	}
	return n
}

// Messages returns what happened to messages, such as "added 2", in order.
func (o *Observed) Messages() []string {
	list := []string{}
	for _, e := range o.All() {
		switch e.Kind {
		case flashgin.EventStoreCall, flashgin.EventBreakerOpened, flashgin.EventBreakerClosed,
			flashgin.EventSkipped:
			continue
		}
		text := fmt.Sprint(e.Kind, " ", e.Messages)
		if e.Direct {
			text += " directly"
		}
		list = append(list, text)
	}
	return list
}

// Calls returns the calls of the store, such as "claim", "claim: the store is down" where it
// failed.
func (o *Observed) Calls() []string {
	list := []string{}
	for _, e := range o.All() {
		if e.Kind != flashgin.EventStoreCall {
			continue
		}
		text := e.Call
		if e.Err != nil {
			text += ": " + e.Err.Error()
		}
		list = append(list, text)
	}
	return list
}

// Breaker returns what the breakers did: the kind and the node.
func (o *Observed) Breaker() []string {
	list := []string{}
	for _, e := range o.All() {
		if e.Kind == flashgin.EventBreakerOpened || e.Kind == flashgin.EventBreakerClosed {
			list = append(list, strings.TrimSpace(fmt.Sprint(e.Kind, " ", e.Node)))
		}
	}
	return list
}
