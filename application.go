package flashgin

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/report"
)

// The functions in Config belong to the application. New wraps them, so that a panic in one of them
// is an error like any other: otherwise it would end the process, or keep a request from ending.

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
	if translate := cfg.Translate; translate != nil {
		cfg.Translate = func(c *gin.Context, msg Message) Message {
			translated := msg
			m.reportOf(c, "translate a message", m.ask(c, "Config.Translate", func() error {
				translated = translate(c, msg)
				return nil
			}))
			return translated
		}
	}
	if cfg.Observer != nil {
		cfg.Observer = caughtObserver{cfg.Observer, &m.errs}
	}
}

// ask calls a function of the application, which errors call what.
func (m *Messenger) ask(c *gin.Context, what string, f func() error) error {
	r := requestOf(c)
	if r == nil {
		return guard.Caught(what, f)
	}
	return r.InTurn(what, f)
}

// reportOf reports err, unless it is nil, for a function that returns no error.
func (m *Messenger) reportOf(c *gin.Context, doing string, err error) {
	if err == nil {
		return
	}
	ctx := context.Background()
	if r := requestOf(c); r != nil {
		ctx = r.Context()
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
