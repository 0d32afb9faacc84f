package e2e

import (
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// Libraries may take a page apart, or throw it away.
var takenApart = []struct {
	name string
	head string // of the page "/away"
	body string // content of the page "/"
	list string // around its messages
}{
	{"Turbo loads the page again", withTurbo + `<meta name="turbo-visit-control" content="reload">`,
		`<form method="post" action="/save"><button id="save">Save</button></form>`, "<div>"},
	{"Turbo, after a deployment",
		withTurbo + `<link rel="stylesheet" href="/page.css?new" data-turbo-track="reload">`,
		`<form method="post" action="/save"><button id="save">Save</button></form>`, "<div>"},
	{"Turbo keeps the list", withTurbo,
		`<form method="post" action="/save"><button id="save">Save</button></form>`,
		`<div id="kept" data-turbo-permanent>`},
	{"htmx 2 keeps the list", `<script src="/npm/htmx2/dist/htmx.js"></script>`,
		`<form hx-boost="true" method="post" action="/save"><button id="save">Save</button></form>`,
		`<div id="kept" hx-preserve="true">`},
	{"htmx 2 leaves the list out", `<script src="/npm/htmx2/dist/htmx.js"></script>`,
		`<form hx-boost="true" hx-select="#part" hx-target="#part" hx-swap="outerHTML" method="post"
			action="/save"><button id="save">Save</button></form>`, "<div>"},
	{"htmx 4 leaves the list out", `<script src="/npm/htmx4/dist/htmx.js"></script>`,
		`<form hx-boost="true" hx-select="#part" hx-target="#part" hx-swap="outerHTML" method="post"
			action="/save"><button id="save">Save</button></form>`, "<div>"},
}

// Check 27: what does not get on screen by the page, the script shows, and once.
func coreTakenApart(t *testing.T, _ engine, b *tab) {
	for _, test := range takenApart {
		t.Run(test.name, func(t *testing.T) {
			s := newCoreSite(t, flashgin.Config{HTMX: true, Turbo: true},
				`{{define "test"}}{{if eq .Path "/away"}}`+test.head+`{{else}}`+
					libraryIn(test.head)+`{{end}}{{end}}`,
				`{{define "messages"}}`+test.list+`{{flashes}}</div>{{end}}`,
				`{{define "content"}}<div id="part">{{if eq .Path "/"}}`+test.body+
					`{{else}}<b id="there">There</b>{{end}}</div>{{end}}`)
			b := b.of(t)
			s.policy = "" // the libraries have style elements of their own
			s.POST("/save", func(c *gin.Context) {
				assert.NoError(t, flashgin.RedirectFlash(c, "/away", flashgin.Success("saved"),
					flashgin.Info("more")))
			})
			b.open(s.url)
			b.ready()
			b.until(`globalThis.Turbo !== undefined || globalThis.htmx !== undefined`)
			b.click("#save")
			b.until(`document.querySelector("#there") !== null`)
			b.untilEqual([]string{"saved", "more"}, texts)
			b.js(`await new Promise(resolve => setTimeout(resolve, 1500))`)
			b.untilEqual([]string{"saved", "more"}, texts) // and not once more
			b.open(s.url + "/away")
			b.ready()
			b.js(`await new Promise(resolve => setTimeout(resolve, 1500))`)
			b.untilEqual([]string{}, texts)
		})
	}
}

// libraryIn returns the first tag of a head: the library, which the first page has, too.
func libraryIn(head string) string {
	tag, _, _ := strings.Cut(head, "</script>")
	return tag + "</script>"
}
