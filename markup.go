package flashgin

import (
	"bytes"
	_ "embed"
	"html/template"
)

// messagesName is the template that a bare {{flashes}} is printed through. An application replaces it by defining one of that name.
const messagesName = "flashgin/messages"

//go:embed assets/messages.html
var messagesMarkup string

var defaultMessages = template.Must(template.New(messagesName).Parse(messagesMarkup))

// print renders the list of a bare {{flashes}}, through the application's template if its set has one. That also runs when there are no messages.
func (b *boundSet) print(list Messages) (template.HTML, error) {
	messages := b.templates.Lookup(messagesName)
	if messages == nil {
		if len(list) == 0 {
			return "", nil
		}
		messages = defaultMessages
	}
	var buf bytes.Buffer
	if err := messages.Execute(&buf, list); err != nil {
		return "", err
	}
	return template.HTML(buf.String()), nil // html/template has escaped it
}
