package markup

import (
	"html"
	"strings"
)

// PlainText turns HTML into readable text. It is no sanitizer: whoever prints the result must
// escape it like any text.
func PlainText(markup string) string {
	var text strings.Builder
	for {
		before, rest, tag := strings.Cut(markup, "<")
		text.WriteString(before)
		if !tag {
			return html.UnescapeString(text.String())
		}
		text.WriteByte(' ')
		if _, markup, tag = strings.Cut(rest, ">"); !tag {
			return html.UnescapeString(text.String())
		}
	}
}
