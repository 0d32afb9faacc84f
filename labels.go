package flashgin

import (
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/markup"
)

// Labels are the words of the ready-made markup that do not come from a message. Those that are empty are English.
type Labels struct {
	Region string // names the region of the page that holds the messages: "Messages"
	Close  string // what the close button does, put before the message's title: "Close"

	Info    string // "Info"
	Success string // "Success"
	Warning string // "Warning"
	Error   string // "Error"
}

// labels returns the words for a page, in the language that the application chose for it. c is nil
// if there is no request to ask about.
func (m *Messenger) labels(c *gin.Context) markup.Labels {
	var l Labels
	if m.cfg.Labels != nil && c != nil {
		l = m.cfg.Labels(c)
	}
	return markup.Labels(l).OrEnglish()
}
