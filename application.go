package flashgin

import (
	"context"
	"fmt"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/report"
)

// The functions in Config belong to the application. New wraps them, so that a panic in one of them
// is an error, as any other: without that it would end the process, or keep a request from ending.

func (m *Messenger) wrapFunctions(cfg *Config) {
	if sessionKey := cfg.SessionKey; sessionKey != nil {
		cfg.SessionKey = func(c *gin.Context) (key string, err error) {
			err = m.ask(c, "Config.SessionKey", func() (err error) {
				key, err = sessionKey(c)
				return err
			})
			return key, err
		}
	}
	if view := cfg.View; view != nil {
		cfg.View = func(c *gin.Context) (name string) {
			m.reportOf(c, "find the view", m.ask(c, "Config.View", func() error {
				name = view(c)
				return nil
			}))
			return name
		}
	}
	if labels := cfg.Labels; labels != nil {
		cfg.Labels = func(c *gin.Context) (words Labels) {
			m.reportOf(c, "find the labels", m.ask(c, "Config.Labels", func() error {
				words = labels(c)
				return nil
			}))
			return words
		}
	}
	if cfg.Observer != nil {
		cfg.Observer = caughtObserver{cfg.Observer, &m.errs}
	}
}

// ask calls a function of the application's.
func (m *Messenger) ask(c *gin.Context, what string, f func() error) error {
	return requestOf(c).inTurn(what, f)
}

// deepest is how often the functions of the application may call one another by way of flashgin,
// for one request. One that calls flashgin, which calls it again, would go on for ever.
const deepest = 8

// inTurn calls f, which uses what belongs to the request's handlers: the session, the
// *http.Request. One goroutine at a time does so. Without that, goroutines of a handler that ask
// for messages would disturb one another: the registry of gorilla's sessions writes to the
// *http.Request that Config.View reads. If f calls flashgin for its own request, it has the turn
// already. A panic is an error. r may be nil.
func (r *request) inTurn(what string, f func() error) error {
	if r == nil {
		return guard.Caught(what, f)
	}
	if r.takeTurn() {
		defer r.turn.Unlock()
	}
	return r.deeper(what, f)
}

// takeTurn waits for the turn, unless this goroutine has it already. Go does not say which request's
// turn it has. So a function of the application's that serves another request inside its own does
// not wait for goroutines of that one: two may then use its session at once, and none hangs.
func (r *request) takeTurn() bool {
	if r.turn.TryLock() {
		return true
	}
	if runs(turnOf) {
		return false
	}
	r.turn.Lock()
	return true
}

// turnOf is what runs while f of inTurn does.
const turnOf = "github.com/flashgin/flashgin.(*request).deeper"

// deeper calls f, unless that is too deep. Then the others on the way back call nothing more
// either: each might call several.
func (r *request) deeper(what string, f func() error) error {
	if r.tooDeep = r.tooDeep || r.depth >= deepest; r.tooDeep {
		return fmt.Errorf("flashgin: %s calls flashgin for its own request, which calls it again: "+
			"let it read the session or the *gin.Context instead", what)
	}
	r.depth++
	defer func() {
		if r.depth--; r.depth == 0 {
			r.tooDeep = false
		}
	}()
	return guard.Caught(what, f)
}

// reportOf reports an error, if there is one, of a function that returns none.
func (m *Messenger) reportOf(c *gin.Context, doing string, err error) {
	if err == nil {
		return
	}
	ctx := context.Background()
	if r := requestOf(c); r != nil {
		ctx = r.client
	}
	m.errs.Report(ctx, doing, err)
}

// A caughtObserver is an Observer whose panics are reported.
type caughtObserver struct {
	Observer
	errs *report.Reporter
}

func (o caughtObserver) Observe(ctx context.Context, e Event) {
	err := guard.Caught("Config.Observer", func() error {
		o.Observer.Observe(ctx, e)
		return nil
	})
	if err != nil {
		o.errs.Report(ctx, "observe", err)
	}
}
