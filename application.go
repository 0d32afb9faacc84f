package flashgin

import (
	"cmp"
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
	cfg.View = asked(m.errs, "Config.View", "find the view", cfg.View)
	cfg.Labels = asked(m.errs, "Config.Labels", "find the labels", cfg.Labels)
	if translate := cfg.Translate; translate != nil {
		cfg.Translate = func(c *gin.Context, msg Message) Message {
			translated := asked(m.errs, "Config.Translate", "translate a message",
				func(c *gin.Context) *Message {
					translated := translate(c, msg)
					return &translated
				})(c)
			return *cmp.Or(translated, &msg) // which is left as it is after a panic
		}
	}
	if cfg.Observer != nil {
		cfg.Observer = caughtObserver{cfg.Observer, m.errs}
	}
}

// asked wraps f, the function in a field of Config, which returns no error.
func asked[T any](
	errs *report.Reporter, field, doing string, f func(*gin.Context) T,
) func(*gin.Context) T {
	if f == nil {
		return nil
	}
	return func(c *gin.Context) (result T) {
		err := request.Ask(c, field, func() error {
			result = f(c)
			return nil
		})
		if err != nil {
			errs.Report(request.ContextOf(c), doing, err)
		}
		return result
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
