package flashgin_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// A bare print is markup, which only text between tags takes as it is. Pages are rendered by clones that serve again: the second is like the first.
func TestBarePrintOutsideOfText(t *testing.T) {
	for _, test := range []struct{ name, page, want string }{
		{"text", `<div>{{flashes}}</div>`, `<div><b>1 &lt;2&gt;</b></div>`},
		{"filtered text", `<div>{{flashes "info"}}</div>`, `<div><b>1 &lt;2&gt;</b></div>`},
		{"attribute", `<div title="{{flashes}}">`, `<div title="1 &lt;2&gt;">`},
		{"attribute without quotes", `<div title={{flashes}}>`, `<div title=1&#32;&lt;2&gt;>`},
		{"textarea", `<textarea>{{flashes}}</textarea>`, `<textarea>&lt;b&gt;1 &lt;2&gt;&lt;/b&gt;</textarea>`},
		{"script", `<script>a = {{flashes}}</script>`, `<script>a = "\u003cb\u003e1 \u0026lt;2\u0026gt;\u003c/b\u003e"</script>`},
		{"string in a script", `<script>a = "{{flashes}}"</script>`, `<script>a = "\u003cb\u003e1 \u0026lt;2\u0026gt;\u003c\/b\u003e"</script>`},
		{"URL", `<a href="/?q={{flashes}}">`, `<a href="/?q=%3cb%3e1%20%26lt%3b2%26gt%3b%3c%2fb%3e">`},
		{"style", `<style>a{color:{{flashes}}}</style>`, `<style>a{color:ZgotmplZ}</style>`},
		{"comment", `<p><!-- {{flashes}} --></p>`, `<p></p>`},
		{"text and attribute by one sub-template", `{{define "both"}}{{flashes}}{{end}}<p title="{{template "both"}}">{{template "both"}}</p>`,
			`<p title="1 &lt;2&gt;"><b>1 &lt;2&gt;</b></p>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newBoard(t)
			a.board(test.page + `{{define "flashgin/messages"}}{{range .}}<b>{{.Text}}</b>{{end}}{{end}}`)
			for range 3 {
				a.leave(flashgin.Info("1 <2>"))
				assert.Equal(t, test.want, a.shown("/"))
			}
		})
	}
}
