package pages_test

import (
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// listed is a template of the application's own in place of the ready-made markup.
const listed = `{{define "flashgin/messages"}}<p>{{range .}}[{{.Text}}]{{end}}</p>{{end}}`

// The ways to call the functions in a template: what the page shows then, and what keeps waiting.
func TestFlashesInTemplates(t *testing.T) {
	for _, test := range []struct{ name, page, want, left string }{
		{"bare", `a{{flashes}}z`, "a<p>[saved][full][slow]</p>z", ""},
		{"bare, trimmed", `a {{- flashes -}} z`, "a<p>[saved][full][slow]</p>z", ""},
		{"bare with a filter", `{{flashes "success"}}`, "<p>[saved]</p>", "[full][slow]"},
		{"bare with two filters", `{{flashes "error" "warning"}}`,
			"<p>[full][slow]</p>", "[saved]"},
		{"bare, nothing passes", `a{{flashes "info"}}z`, "a<p></p>z", "[saved][full][slow]"},
		{"bare, below a condition",
			`{{if true}}{{with 1}}{{range $i := .}}{{flashes}}{{end}}{{end}}{{end}}`,
			"<p>[saved][full][slow]</p>", ""},
		{"bare, in an else", `{{with ""}}{{else with ""}}{{else}}{{flashes}}{{end}}`,
			"<p>[saved][full][slow]</p>", ""},
		{"twice", `{{flashes}}{{flashes}}`,
			"<p>[saved][full][slow]</p><p>[saved][full][slow]</p>", ""},
		{"range", `{{range flashes}}({{.Status}} {{.Text}}){{end}}`,
			"(success saved)(error full)(warning slow)", ""},
		{"range with a filter", `{{range flashes "error"}}{{.Text}}{{end}}`,
			"full", "[saved][slow]"},
		{"range with a Status", `{{range flashes .Filter}}{{.Text}}{{end}}`,
			"full", "[saved][slow]"},
		{"range with else", `{{range flashes "info"}}{{.Text}}{{else}}none{{end}}`,
			"none", "[saved][full][slow]"},
		{"range with an index", `{{range $i, $m := flashes}}{{$i}}{{$m.Text}} {{end}}`,
			"0saved 1full 2slow ", ""},
		{"if, then range", `{{if flashes}}{{range flashes}}[{{.Text}}]{{end}}{{end}}`,
			"[saved][full][slow]", ""},
		{"with", `{{with flashes "error" "warning"}}{{len .}}{{range .}}[{{.Text}}]{{end}}{{end}}`,
			"2[full][slow]", "[saved]"},
		{"len", `{{len flashes}}`, "3", ""},
		{"index", `{{(index flashes 1).Text}}`, "full", ""},
		{"method of the list", `{{range flashes.ByStatus "error"}}[{{.Text}}]{{end}}`,
			"[full]", ""},
		{"variable", `{{$all := flashes}}{{len $all}}{{range $all}}[{{.Text}}]{{end}}`,
			"3[saved][full][slow]", ""},
		{"variable as text", `{{$all := flashes}}{{$all}}`, "saved\nfull\nslow", ""},
		{"in parentheses as text", `{{(flashes)}}`, "saved\nfull\nslow", ""},
		{"piped", `{{flashes "error" | len}}`, "1", "[saved][slow]"},
		{"sub-template",
			`{{define "top"}}{{flashes "error"}}{{end}}{{template "top"}}{{template "top"}}`,
			"<p>[full]</p><p>[full]</p>", "[saved][slow]"},
		{"sub-template gets the list",
			`{{define "top"}}{{range .}}[{{.Text}}]{{end}}{{end}}{{template "top" flashes}}`,
			"[saved][full][slow]", ""},
		{"block", `{{block "top" .}}{{len flashes}}{{flashes}}{{end}}`,
			"3<p>[saved][full][slow]</p>", ""},
		{"the markup as a sub-template", `{{template "flashgin/messages" flashes "error"}}`,
			"<p>[full]</p>", "[saved][slow]"},
		{"a filter, then the rest",
			`{{range flashes "error"}}[{{.Text}}]{{end}}|{{range flashes}}[{{.Text}}]{{end}}`,
			"[full]|[saved][full][slow]", ""},
		{"added between two calls", `{{len flashes}}{{now .Gin "now"}}{{flashes}}`,
			"3<p>[saved][full][slow][now]</p>", ""},
		{"added after a filtered call",
			`{{len (flashes "success")}}{{now .Gin "now"}}{{flashes "error"}}`,
			"1<p>[full][now]</p>", "[slow]"},
		{"peek", `{{len peekFlashes}}`, "3", "[saved][full][slow]"},
		{"peek with a filter", `{{range peekFlashes "error"}}[{{.Text}}]{{end}}`,
			"[full]", "[saved][full][slow]"},
		{"peek as text", `{{peekFlashes "error"}}`, "full", "[saved][full][slow]"},
		{"peek before and after", `{{len peekFlashes}}{{flashes "error"}}{{len peekFlashes}}`,
			"3<p>[full]</p>3", "[saved][slow]"},
		{"peek sees what was added", `{{now .Gin "now"}}{{len peekFlashes}}{{flashes "warning"}}`,
			"4<p>[slow]</p>", "[saved][full][now]"},
		{"not called", `{{if false}}{{flashes}}{{end}}`, "", "[saved][full][slow]"},
		{"not named", `hello`, "hello", "[saved][full][slow]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.Board(test.page + listed)
			a.Leave(flashgin.Success("saved"), flashgin.Error("full"), flashgin.Warning("slow"))
			assert.Equal(t, test.want, a.Shown("/"))
			assert.Equal(t, test.left, a.Left("/"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// Where nothing waits the list is empty, in whichever way it is called.
func TestFlashesWithoutMessages(t *testing.T) {
	for _, test := range []struct{ name, page, want string }{
		{"range", `a{{range flashes}}{{.}}{{end}}z`, "az"},
		{"if", `{{if flashes}}some{{else}}none{{end}}`, "none"},
		{"if peek", `{{if peekFlashes}}some{{else}}none{{end}}`, "none"},
		{"len", `{{len flashes}}{{len peekFlashes}}`, "00"},
		{"with", `{{with flashes}}some{{else}}none{{end}}`, "none"},
		{"markup of the application's",
			`{{flashes}}{{define "flashgin/messages"}}<div id="flash">{{range .}}{{.Text}}{{end}}</div>{{end}}`,
			`<div id="flash"></div>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.Board(test.page)
			assert.Equal(t, test.want, a.Shown("/"))
		})
	}
}

// What a filter leaves is there for the next page.
func TestFilteredOutKeepsWaiting(t *testing.T) {
	a := apptest.NewBoard(t)
	a.Board(`{{range flashes .}}[{{.Text}}]{{end}}`)
	a.GET("/errors", func(c *gin.Context) { c.HTML(http.StatusOK, "page", "error") })
	a.GET("/successes", func(c *gin.Context) {
		c.HTML(http.StatusOK, "page", flashgin.StatusSuccess)
	})
	a.Leave(flashgin.Success("saved"), flashgin.Error("full"))

	assert.Equal(t, "[full]", a.Shown("/errors"))
	assert.Empty(t, a.Shown("/errors"))
	assert.Equal(t, "[saved]", a.Shown("/successes"))
	assert.Empty(t, a.Shown("/successes"))
}

func TestWrongArgumentsAreMistakesInTheTemplate(t *testing.T) {
	for _, test := range []struct{ name, page, want string }{
		{"number", `half{{flashes 7}}`, "flashes was given a int: want strings or Status"},
		{"number in data", `half{{range flashes "error" .Seven}}{{end}}`,
			"flashes was given a int: want strings or Status"},
		{"nothing", `half{{flashes .Missing}}`,
			"flashes was given a <nil>: want strings or Status"},
		{"peek", `half{{len (peekFlashes true)}}`,
			"peekFlashes was given a bool: want strings or Status"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			var errs []*gin.Error
			a.Use(func(c *gin.Context) { c.Next(); errs = c.Errors })
			a.Board(test.page)
			a.Leave(flashgin.Error("full"))
			answer := a.Visit(http.MethodGet, "/")
			assert.Equal(t, http.StatusInternalServerError, answer.Code)
			assert.Empty(t, answer.Body.String())
			require.Len(t, errs, 1)
			assert.ErrorContains(t, errs[0], test.want)
			assert.Equal(t, "[full]", a.Left())
		})
	}
}

// hostile ends whatever context it is printed in, if it is not escaped there.
const hostile = `</script><img src=x onerror="alert('1')">{{flashes}} & <<flashes>> \u003c `

func TestTextIsEscapedWhereItIsPrinted(t *testing.T) {
	a := apptest.NewBoard(t)
	a.GET("/", apptest.Page)
	a.SetHTMLTemplate(template.Must(template.New("page").Delims("<<", ">>").Funcs(a.FuncMap).Parse(
		`<p><<range flashes>><<.Text>><<end>></p>` +
			`<p title="<<range flashes>><<.Text>><<end>>" class=<<range flashes>><<.Text>><<end>>></p>` +
			`<a href="/?q=<<range flashes>><<.Text>><<end>>">` +
			`<textarea><<flashes>></textarea>` +
			`<script>var one = <<range flashes>><<.Text>><<end>>;</script>`)))
	a.Leave(flashgin.Info(hostile))
	got := a.Shown("/")
	assert.Equal(t, 1, strings.Count(got, "</script>"), got)
	assert.Equal(t, 1, strings.Count(got, "</textarea>"), got)
	assert.NotContains(t, got, "<img", got)
	assert.NotContains(t, got, `onerror="`, got)
	assert.Contains(t, got,
		`<p>&lt;/script&gt;&lt;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&gt;{{flashes}} &amp; &lt;&lt;flashes&gt;&gt; \u003c </p>`)
	assert.Contains(t, got,
		`<p title="&lt;/script&gt;&lt;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&gt;`)
	assert.Contains(t, got, `class=&lt;/script&gt;&lt;img&#32;src&#61;x&#32;`)
	assert.Contains(t, got, `<a href="/?q=%3c%2fscript%3e%3cimg%20src%3dx%20`)
	assert.Contains(t, got,
		`var one = "\u003c/script\u003e\u003cimg src=x onerror=\"alert('1')\"\u003e`)
}

func TestListInAScriptIsJSON(t *testing.T) {
	for _, test := range []struct{ name, script string }{
		{"list", `<<(flashes)>>`},
		{"variable", `<<$all := flashes>><<$all>>`},
		{"method", `<<flashes.JSON>>`},
		{"peek", `<<peekFlashes>>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.Delims("<<", ">>")
			a.SetHTMLTemplate(template.Must(template.New("page").Delims("<<", ">>").
				Funcs(a.FuncMap).Parse(`<script>var all = ` + test.script + `</script>`)))
			a.GET("/", apptest.Page)
			inScript := func() string {
				got := a.Shown("/")
				script, found := strings.CutPrefix(got, "<script>var all = ")
				script, ended := strings.CutSuffix(script, "</script>")
				require.True(t, found && ended, got)
				return script
			}
			assert.JSONEq(t, `[]`, inScript())
			a.Leave(flashgin.Warning(hostile),
				flashgin.Message{Title: "</script>", HTML: "<b>bold</b></script>"})
			script := inScript()
			assert.NotContains(t, script, "<")
			var messages []flashgin.Message
			require.NoError(t, json.Unmarshal([]byte(script), &messages), script)
			require.Len(t, messages, 2)
			assert.Equal(t, hostile, messages[0].Text)
			assert.Equal(t, flashgin.StatusWarning, messages[0].Status)
			assert.EqualValues(t, "<b>bold</b></script>", messages[1].HTML)
		})
	}
}

// Other delimiters change nothing else.
func TestDelims(t *testing.T) {
	a := apptest.NewBoard(t)
	a.Delims("<<", ">>")
	a.SetHTMLTemplate(template.Must(template.New("page").Delims("<<", ">>").Funcs(a.FuncMap).Parse(
		`<<flashes "success">><<range flashes>>[<<.Text>>]<<end>>{{flashes}}` +
			`<<define "flashgin/messages">><ul><<range .>><li><<.Text>></li><<end>></ul><<end>>`)))
	a.GET("/", apptest.Page)
	a.Leave(flashgin.Success("saved"))
	assert.Equal(t, `<ul><li>saved</li></ul>[saved]{{flashes}}`, a.Shown("/"))
}

// FuncMap merges maps without writing to them. Where names clash, ours stand.
func TestFuncMap(t *testing.T) {
	mine := template.FuncMap{"upper": strings.ToUpper}
	other := template.FuncMap{
		"lower": strings.ToLower, "flashes": func() string { return "not ours" },
	}
	merged := flashgin.FuncMap(mine, nil, other)
	assert.Len(t, mine, 1, "a caller's map is not written to")
	assert.Len(t, other, 2)

	// Outside of a request the functions find nothing, for mails and tests of templates.
	text := `{{upper "a"}}{{lower "B"}}[{{flashes}}]{{len flashes}}{{len peekFlashes}}`
	var got strings.Builder
	require.NoError(t, template.Must(template.New("").Funcs(merged).Parse(text)).Execute(&got, nil))
	assert.Equal(t, "Ab[]00", got.String())

	merged["mine"] = func() string { return "" }
	assert.NotContains(t, flashgin.FuncMap(), "mine", "each call returns a new map")
}
