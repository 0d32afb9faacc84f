package flashgin

import (
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/markup"
)

// Labels are the words of the ready-made markup that do not come from a message. An empty field
// means the English word.
type Labels struct {
	Region string // names the region of the page that holds the messages: "Messages"
	Close  string // names the close button, which the message describes: "Close message"

	// More opens the messages of a list that are out of sight; %d is their number: "%d more".
	More     string
	CloseAll string // "Close all", the button beside it
	ShowMore string // "Show more", of a text that is longer than what is in sight
	ShowLess string // "Show less"

	// The age of a message, see [Config.AgeAfter]; %d is a number from two on, of whatever is the
	// largest unit.
	MinutesAgo string // "%d minutes ago"
	HoursAgo   string // "%d hours ago"
	DaysAgo    string // "%d days ago"

	Info    string // "Info"
	Success string // "Success"
	Warning string // "Warning"
	Error   string // "Error"
}

// labels returns the words for a page, in the language that the application chose for it, and
// whether the request is still served. r may be nil.
func (m *Messenger) labels(r *reply) (words markup.Labels, served bool) {
	if r == nil {
		return markup.Labels{}.OrEnglish(), false
	}
	served = r.Ask(func(c *gin.Context) {
		if m.cfg.Labels != nil {
			words = markup.Labels(m.cfg.Labels(c))
		}
	})
	return words.OrEnglish(), served
}
