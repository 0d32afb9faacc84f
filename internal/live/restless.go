package live

import (
	"errors"
	"time"
)

// A page hears of each message for its session, also of those for other views, so some wake-ups
// bring nothing. A page follows idleAtOnce of them at once, and later one in idleEvery. Who would
// miss it: whose store wakes all pages all the time, and would be asked ten thousand times a second
// by each.
const (
	idleAtOnce = 50
	idleEvery  = 100 * time.Millisecond
)

// A limit counts wake-ups that brought nothing. Each counts until its share of time has passed.
type limit struct{ until time.Time }

// full reports whether another one has to wait.
func (l *limit) full(now time.Time) bool { return l.until.Sub(now) > (idleAtOnce-1)*idleEvery }

func (l *limit) note(now time.Time) {
	if l.until.Before(now) {
		l.until = now
	}
	l.until = l.until.Add(idleEvery)
}

var errRestless = errors.New("flashgin: open pages are woken many times a second and find no " +
	"message: call wake in Watch only when a message was added, and with its session; pages ask " +
	"ten times a second now")

func (h *Hub) warnRestless() {
	h.cfg.Errors.Report(h.ctx, "watch the store for open pages", errRestless)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
