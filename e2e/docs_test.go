package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/doctest"
)

// snippets returns the code of docs/look.md in a language, below a heading.
func snippets(t *testing.T, heading, language string) (found []string) {
	t.Helper()
	page, err := doctest.Open("..", "docs/look.md")
	require.NoError(t, err)
	for _, block := range page.Blocks(language) {
		if block.Heading == heading {
			found = append(found, block.Text)
		}
	}
	require.NotEmpty(t, found, heading)
	return found
}

// The page docs/look.md, snippet by snippet.
func TestLookPage(t *testing.T) {
	three := []flashgin.Message{flashgin.Success("saved"), flashgin.Error(`<b>"full"</b>`),
		{Status: "info", Text: "sent", Link: &flashgin.Link{Label: "View", URL: "/view"}}}

	t.Run("as it is", func(t *testing.T) {
		html := snippets(t, "The ready-made look", "html")[0]
		assert.Contains(t, html, "{{flashAssets}}\n</head>")
		assert.Contains(t, html, "<main>\n{{flashes}}\n<h1>")
		// what newSite does
		assert.Contains(t, snippets(t, "The ready-made look", "go")[0], "messages.Mount(router)")
		b := newSite(t, flashgin.Config{}).opened(three...)
		b.axe("as it is")
	})
	t.Run("in your colours", func(t *testing.T) {
		css := snippets(t, "In your colours", "css")[0]
		s := newSite(t, flashgin.Config{},
			`{{define "head"}}{{flashAssets}}<link rel="stylesheet" href="/yours.css">{{end}}`)
		s.GET("/yours.css", func(c *gin.Context) { c.Data(http.StatusOK, "text/css", []byte(css)) })
		b := s.opened(three...)
		b.push(object{"text": "pushed", "status": "success"})
		for _, item := range []string{
			"flash-messages > ul > [data-status=success]", "[popover] [data-status=success]",
		} {
			assert.Equal(t, []string{"rgb(0, 105, 92)", "0px", "rgb(32, 33, 36)", "16px"},
				eval[[]string](b,
					`(s => [s.borderLeftColor, s.borderTopLeftRadius, s.color, s.fontSize])(getComputedStyle(document.querySelector(`+
						quote(item)+`)))`), item)
		}
		for _, variable := range regexp.MustCompile(`--flash-\w+`).FindAllString(css, -1) {
			style, err := os.ReadFile("../internal/assets/flash.min.css")
			require.NoError(t, err)
			assert.Contains(t, string(style), "var("+variable, variable)
		}
		b.axe("in other colours")
	})
	t.Run("your rules win", func(t *testing.T) {
		page, err := doctest.Open("..", "docs/look.md")
		require.NoError(t, err)
		classes := slices.DeleteFunc(page.Code(),
			func(code string) bool { return !strings.HasPrefix(code, "flash__") })
		require.Len(t, classes, 13)
		rule := "." + strings.Join(classes, ", .") +
			" { margin: 7px; white-space: break-spaces; color: rgb(1, 2, 3); box-shadow: none; pointer-events: all; }"
		s := newSite(t, flashgin.Config{},
			`{{define "head"}}{{flashAssets}}<link rel="stylesheet" href="/yours.css">{{end}}`)
		s.GET("/yours.css", func(c *gin.Context) {
			c.Data(http.StatusOK, "text/css", []byte(rule))
		})
		b := s.opened(every()...)
		b.pushFive()
		for _, class := range classes {
			assert.Equal(t, []string{"7px 7px 7px 7px break-spaces rgb(1, 2, 3) none all"},
				eval[[]string](b, `[...new Set([
				...document.querySelectorAll(".`+class+`")].map(e => {
				const s = getComputedStyle(e);
				return [s.marginTop, s.marginRight, s.marginBottom, s.marginLeft, s.whiteSpace, s.color, s.boxShadow, s.pointerEvents].join(" ") }))]`), class)
		}
	})
	t.Run("with Tailwind", func(t *testing.T) {
		compile := exec.Command("node", "--input-type=module")
		program, err := os.ReadFile("testdata/tailwind.mjs")
		require.NoError(t, err)
		compile.Args = append(compile.Args, "-e", string(program))
		classes, err := os.ReadFile("../docs/tailwind.css")
		require.NoError(t, err)
		compile.Stdin = strings.NewReader("@import \"tailwindcss\";\n" + string(classes))
		compile.Stderr = os.Stderr
		css, err := compile.Output()
		require.NoError(t, err)
		s := newSite(t, flashgin.Config{Look: flashgin.LookTailwind},
			`{{define "head"}}<link rel="stylesheet" href="/tailwind.css">{{flashAssets}}{{end}}`)
		s.GET("/tailwind.css", func(c *gin.Context) { c.Data(http.StatusOK, "text/css", css) })
		b := s.opened(every()...) // under the strict policy
		b.pushFive()
		used := eval[[]string](
			b,
			`[document, document.querySelector("template").content].flatMap(root =>
			[...root.querySelectorAll("flash-messages, flash-messages *, [data-status], [data-status] *")])
			.flatMap(e => [...e.classList]).filter(name => !["alert-link"].includes(name)).map(name => CSS.escape(name))`)
		require.Greater(t, len(used), 100)
		for _, class := range used {
			assert.Contains(t, string(css), "."+class, "a class that the list has not")
		}
		assert.Contains(t, string(css), ".absolute", "beside markup of the application's own")
	})
	own := snippets(t, "With a template of your own", "html")
	require.Len(t, own, 1)
	t.Run("Bootstrap", func(t *testing.T) {
		s := newSite(t, flashgin.Config{Look: looks[1].look}, looks[1].head, own[0])
		s.line.lay(nil)
		s.policy = ""
		b := newTab(t)
		b.beforeFile("log.js")
		s.leave(three...)
		b.open(s.url)
		b.ready()
		b.untilEqual([]string{"saved", `<b>"full"</b>`, "sent"}, texts)
		b.untilEqual([]string{`assertive error. <b>"full"</b>`, "polite success. saved",
			"polite info. sent"}, `spoken.map(s => s.live + " " + s.text)`)
		b.axe("Bootstrap")
		b.click("[data-flash-close]")
		b.untilEqual([]string{`<b>"full"</b>`, "sent"}, texts)
		s.untilOpen(1)
		s.leave(flashgin.Warning("arrived"))
		b.untilEqual([]string{`<b>"full"</b>`, "sent", "arrived"}, texts)
		b.untilEqual("polite Warning. arrived", `spoken.map(s => s.live + " " + s.text)[3]`)
		b.axe("Bootstrap, with one that arrived")
		b.open(s.url) // with no message
		b.ready()
		b.axe("Bootstrap without messages")
	})
	t.Run("toast library", func(t *testing.T) {
		html, js := snippets(t, "With a toast library", "html")[0],
			snippets(t, "With a toast library", "js")[0]
		s := newSite(t, flashgin.Config{},
			`{{define "head"}}{{flashAssets}}<link rel="stylesheet" href="/npm/notyf/notyf.min.css">
			<script src="/npm/notyf/notyf.min.js"></script><script src="/yours.js" defer></script>{{end}}`,
			`{{define "messages"}}`+html+`{{end}}`, `{{define "flashgin/messages"}}{{end}}`)
		s.policy = ""
		s.StaticFile("/npm/notyf/notyf.min.css", "node_modules/notyf/notyf.min.css")
		s.StaticFile("/npm/notyf/notyf.min.js", "node_modules/notyf/notyf.min.js")
		s.GET("/yours.js", func(c *gin.Context) {
			c.Data(http.StatusOK, "text/javascript", []byte(js))
		})
		s.line.lay(nil)
		b := newTab(t)
		s.leave(three...)
		b.open(s.url)
		toasts := `[...document.querySelectorAll(".notyf__message")].map(e => e.textContent).sort()`
		b.untilEqual([]string{`<b>"full"</b>`, "saved", "sent"}, toasts)
		s.untilOpen(1)
		s.leave(flashgin.Success("live <b>one</b>"))
		b.untilEqual([]string{`<b>"full"</b>`, "live <b>one</b>", "saved", "sent"}, toasts)
		assert.Empty(t, eval[[]string](b, texts), "shown twice")
		assert.Eventually(t, func() bool { return s.line.acks.Load() == 1 },
			patience, 5*time.Millisecond)
		assert.Empty(t, s.waiting("/"))
	})
	t.Run("from scripts", func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		b := s.opened()
		b.js(snippets(t, "From scripts", "js")[0])
		b.untilEqual([]string{"214 contacts were imported."}, texts)
		b.js(`FlashMessages.push({text: "", title: "no"})`)
		b.never(texts + `.length > 1`)
	})
}
