package apptest

import (
	"github.com/flashgin/flashgin"
)

// Texts returns the texts of messages.
func Texts(messages flashgin.Messages) []string {
	list := []string{}
	for _, m := range messages {
		list = append(list, m.Text)
	}
	return list
}
