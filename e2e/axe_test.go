package e2e

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// axe runs axe-core with the rules of WCAG 2.2 A and AA and the best practices: nothing may be
// wrong, nor left for a person to decide.
func (b *tab) axe(what string) {
	b.t.Helper()
	source, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	require.NoError(b.t, err)
	_, err = tryEval[any](b, string(source)+"; null")
	require.NoError(b.t, err)
	found := eval[[]string](b, `axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})
		.then(r => [["violation", r.violations], ["incomplete", r.incomplete]].flatMap(([kind, list]) => list.flatMap(rule =>
			rule.nodes.map(node => kind + " " + rule.id + ": " + node.html.slice(0, 200) + " " +
				[...node.any, ...node.all, ...node.none].map(c => c.message + " " + c.relatedNodes.map(n => n.html.slice(0, 100)).join(", ")).join("; ")))))`)
	assert.Empty(b.t, found, what)
	assert.Greater(b.t, eval[int](b, `axe.run(document).then(r => r.passes.length)`), 10,
		"rules that had something to look at")
}

// Checks 1 and 2.
func TestAxe(t *testing.T) {
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{Look: look.look}, look.head)
			if look.look != flashgin.LookPlain {
				// Bootstrap has data: images, and this Tailwind makes its style sheet in the
				// browser
				s.policy = ""
			}
			b := newTab(t)
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int{320, 1280} {
					at := fmt.Sprintf(" at %d px, %s", width, scheme)
					b.media("", "prefers-color-scheme", scheme)
					b.size(width, 800)

					b.open(s.url)
					b.ready()
					b.axe("no message" + at)

					s.leave(every()...)
					b.open(s.url)
					b.ready()
					b.bootstrapScheme(scheme)
					b.untilEqual(len(every()),
						`document.querySelectorAll("flash-messages > ul [data-status]").length`)
					b.axe("all messages" + at)

					b.open(s.url)
					b.ready()
					b.bootstrapScheme(scheme)
					b.pushFive()
					b.axe("five pushed messages" + at)
					b.js(`document.querySelectorAll("[data-flash-close]").forEach((button, i) => i && button.click()); // the dialog would be covered
						document.body.append(document.createElement("dialog"));
						const dialog = document.querySelector("dialog"), h2 = document.createElement("h2");
						h2.textContent = "Dialog"; h2.id = "h2"; dialog.setAttribute("aria-labelledby", "h2"); dialog.append(h2); dialog.showModal()`)
					b.until(`document.querySelector("dialog [data-flash-live]") !== null`)
					b.axe("inside a modal dialog" + at)
				}
			}
		})
	}
}

func (b *tab) bootstrapScheme(scheme string) {
	b.js(`document.documentElement.dataset.bsTheme = ` + quote(scheme))
}

func (b *tab) pushFive() {
	for i, status := range []string{"info", "success", "warning", "error", "reminder"} {
		message := object{"status": status, "text": "Pushed " + status + ".", "title": ""}
		if i%2 == 0 {
			message["title"] = "Number " + fmt.Sprint(i)
			message["link"] = object{"label": "View " + status, "url": "/" + status}
		}
		b.push(message)
	}
}
