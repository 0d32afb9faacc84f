package flashgin

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/request"
)

// The functions in Config belong to the application. New wraps them, so that a panic in one of them
// is an error like any other: otherwise it would end the process, or keep a request from ending.

func (m *Messenger) wrapFunctions(cfg *Config) {
	if sessionKey := cfg.SessionKey; sessionKey != nil {
		cfg.SessionKey = func(c *gin.Context) (key string, err error) {
			err = request.Ask(c, "Config.SessionKey", func() (err error) {
				key, err = sessionKey(c)
				return err
			})
			return key, err
		}
	}
	if view := cfg.View; view != nil {
		cfg.View = func(c *gin.Context) (name string) {
			m.ask(c, "Config.View", "find the view", func() { name = view(c) })
			return name
		}
	}
	if labels := cfg.Labels; labels != nil {
		cfg.Labels = func(c *gin.Context) (words Labels) {
			m.ask(c, "Config.Labels", "find the labels", func() { words = labels(c) })
			return words
		}
	}
	if translate := cfg.Translate; translate != nil {
		cfg.Translate = func(c *gin.Context, msg Message) Message {
			translated := msg
			m.ask(c, "Config.Translate", "translate a message", func() {
				translated = translate(c, msg)
			})
			return translated
		}
	}
	if cfg.Observer != nil {
		cfg.Observer = caughtObserver{cfg.Observer, m.errs}
	}
}

// ask calls f, which calls the function in a field of Config and returns no error, and reports a
// panic.
func (m *Messenger) ask(c *gin.Context, field, doing string, f func()) {
	err := request.Ask(c, field, func() error {
		f()
		return nil
	})
	if err != nil {
		m.errs.Report(request.ContextOf(c), doing, err)
	}
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
