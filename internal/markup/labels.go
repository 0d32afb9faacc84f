package markup

import (
	"cmp"
	"strconv"
	"strings"
	"time"
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

	More     string
	CloseAll string
	ShowMore string
	ShowLess string

	MinutesAgo string
	HoursAgo   string
	DaysAgo    string

	Info    string
	Success string
	Warning string
	Error   string
}

// OrEnglish returns the labels with English words where they are empty.
func (l Labels) OrEnglish() Labels {
	return Labels{
		Region:     cmp.Or(l.Region, "Messages"),
		Close:      cmp.Or(l.Close, "Close message"),
		More:       cmp.Or(l.More, "%d more"),
		CloseAll:   cmp.Or(l.CloseAll, "Close all"),
		ShowMore:   cmp.Or(l.ShowMore, "Show more"),
		ShowLess:   cmp.Or(l.ShowLess, "Show less"),
		MinutesAgo: cmp.Or(l.MinutesAgo, "%d minutes ago"),
		HoursAgo:   cmp.Or(l.HoursAgo, "%d hours ago"),
		DaysAgo:    cmp.Or(l.DaysAgo, "%d days ago"),
		Info:       cmp.Or(l.Info, "Info"),
		Success:    cmp.Or(l.Success, "Success"),
		Warning:    cmp.Or(l.Warning, "Warning"),
		Error:      cmp.Or(l.Error, "Error"),
	}
}

// ago returns the words for an age, with a number from two on; "" for less than two minutes.
func (l Labels) ago(age time.Duration) string {
	unit, words := time.Minute, l.MinutesAgo
	switch {
	case age >= 48*time.Hour:
		unit, words = 24*time.Hour, l.DaysAgo
	case age >= 2*time.Hour:
		unit, words = time.Hour, l.HoursAgo
	case age < 2*time.Minute:
		return ""
	}
	return numbered(words, int(age/unit))
}

// numbered puts a number into words.
func numbered(words string, n int) string {
	return strings.ReplaceAll(words, "%d", strconv.Itoa(n))
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
