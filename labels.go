package flashgin

import (
	"cmp"

	"github.com/gin-gonic/gin"
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

// labels returns the words for a page, in the language that the application chose for it. c is nil where there is no request to ask about.
func (m *Messenger) labels(c *gin.Context) Labels {
	var l Labels
	if m != nil && m.cfg.Labels != nil && c != nil {
		l = m.cfg.Labels(c)
	}
	return Labels{
		Region:  cmp.Or(l.Region, "Messages"),
		Close:   cmp.Or(l.Close, "Close"),
		Info:    cmp.Or(l.Info, "Info"),
		Success: cmp.Or(l.Success, "Success"),
		Warning: cmp.Or(l.Warning, "Warning"),
		Error:   cmp.Or(l.Error, "Error"),
	}
}

// status returns the word for a status. One of the application's own is its own word.
func (l Labels) status(s Status) string {
	switch s = s.orInfo(); s {
	case StatusInfo:
		return l.Info
	case StatusSuccess:
		return l.Success
	case StatusWarning:
		return l.Warning
	case StatusError:
		return l.Error
	}
	return string(s)
}

// closeNameAtMost bounds what a message gives to the name of its close button, in characters.
const closeNameAtMost = 80

func (l Labels) closeName(msg Message) string {
	name := msg.Title
	if name == "" {
		name = msg.line()
	}
	if runes := []rune(name); len(runes) > closeNameAtMost {
		name = string(runes[:closeNameAtMost]) + "…"
	}
	return l.Close + ": " + name
}
