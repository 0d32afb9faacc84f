// Package recipes has the code of docs/recipes.md, so that it is compiled and tested.
package recipes

import (
	"html/template"
	"strings"

	"github.com/flashgin/flashgin"
	"github.com/yuin/goldmark"
)

// Markdown adds HTML that is made from the text of a message. By default goldmark omits raw HTML in
// the text and makes javascript: links lead nowhere; html.WithUnsafe would change that.
func Markdown(m flashgin.Message) flashgin.Message {
	var page strings.Builder
	if err := goldmark.Convert([]byte(m.Text), &page); err == nil {
		m.HTML = template.HTML(page.String())
	}
	return m
}
