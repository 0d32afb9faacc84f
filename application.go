package flashgin

import (
	"github.com/gin-gonic/gin"

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
	cfg.View = request.Asking(m.errs, "Config.View", "find the view", cfg.View)
	cfg.Labels = request.Asking(m.errs, "Config.Labels", "find the labels", cfg.Labels)
	if translate := cfg.Translate; translate != nil {
		cfg.Translate = func(c *gin.Context, msg Message) Message {
			translated := msg
			request.AskOrReport(c, m.errs, "Config.Translate", "translate a message", func() {
				translated = translate(c, msg)
			})
			return translated
		}
	}
}
