package markup

import (
	"cmp"
	"strings"
)

// The statuses that have words and classes. The empty status counts as info.
const (
	info    = "info"
	success = "success"
	warning = "warning"
	danger  = "error"
)

// Kind returns the status that the word of another framework stands for. Without it, users of an
// application that came from there would be told of an error as of good news.
func Kind(status string) string {
	switch word := strings.ToLower(status); word {
	case info, success, warning, danger:
		return word
	case "danger", "alert": // Bootstrap; Rails and Foundation
		return danger
	case "warn":
		return warning
	case "notice", "message", "status", "debug", "primary": // Rails, Flask, Laravel, Django
		return info
	}
	return status
}

// Labels are the words that do not come from a message.
type Labels struct {
	Region string
	Close  string

	Info    string
	Success string
	Warning string
	Error   string
}

// OrEnglish returns the labels with English words where they are empty.
func (l Labels) OrEnglish() Labels {
	return Labels{
		Region:  cmp.Or(l.Region, "Messages"),
		Close:   cmp.Or(l.Close, "Close message"),
		Info:    cmp.Or(l.Info, "Info"),
		Success: cmp.Or(l.Success, "Success"),
		Warning: cmp.Or(l.Warning, "Warning"),
		Error:   cmp.Or(l.Error, "Error"),
	}
}

// status returns the word for a status. A status of the application's own is its own word.
func (l Labels) status(status string) string {
	switch status {
	case "", info:
		return l.Info
	case success:
		return l.Success
	case warning:
		return l.Warning
	case danger:
		return l.Error
	}
	return status
}
