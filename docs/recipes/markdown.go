// Package recipes has the code of docs/recipes.md, so that it is compiled and tested.
package recipes

import (
	"html/template"
	"strings"

	"github.com/flashgin/flashgin"
	"github.com/yuin/goldmark"
)

// Markdown adds HTML that is made of the text of a message. Raw HTML in the text is left out, and javascript: links lead nowhere: goldmark does so
// unless it is told not to, by html.WithUnsafe.
func Markdown(m flashgin.Message) flashgin.Message {
	var page strings.Builder
	if err := goldmark.Convert([]byte(m.Text), &page); err == nil {
		m.HTML = template.HTML(page.String())
	}
	return m
}
