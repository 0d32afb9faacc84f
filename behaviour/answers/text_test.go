package answers_test

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// troublesome is what headers, JSON, markup and streams each have trouble with.
var troublesome = []string{
	"Café ✓ 😀 Рахмат 日本語",
	"two\nlines",
	"\r\nSet-Cookie: id=stolen\r\n\r\n<script>alert(1)</script>",
	"\x00\x01\x1b\x7f\u0085\u00a0\ufeff",
	"line\u2028paragraph\u2029end",
	"\xff\xfe\xed\xa0\x80 not UTF-8",
	`"}]}}`, `\u0041\`, "%0d%0aX: y", "a, b; c",
	`</ul></template></turbo-stream><turbo-stream action="remove" target="all"></turbo-stream>`,
	`<ul hx-swap-oob="delete:body">`,
	"\u202eright to left\u202c",
}

// Whatever the text, it arrives as it was added by every way, and nothing else does.
func TestTextsByEveryWay(t *testing.T) {
	inJSON := func(
		read func(http.Header, string) string,
	) func(*testing.T, http.Header, string) []flashgin.Message {
		return func(t *testing.T, header http.Header, body string) []flashgin.Message {
			text := read(header, body)
			var list struct{ Messages, Flash flashgin.Messages }
			require.NoError(t, json.Unmarshal([]byte(text), &list), text)
			return append(list.Messages, list.Flash...)
		}
	}
	inHeader := func(t *testing.T, header http.Header, name string) string {
		require.Len(t, header.Values(name), 1)
		value := header.Get(name)
		for i := range len(value) {
			require.True(t, ' ' <= value[i] && value[i] <= '~', "%q", value)
		}
		return value
	}
	inMarkup := func(t *testing.T, _ http.Header, body string) []flashgin.Message {
		_, list, _ := strings.Cut(body, `<ul `)
		if _, stream, ok := strings.Cut(body,
			`<turbo-stream action="append" targets="[data-flash-added]"><template>`); ok {
			list = stream
		}
		list, _, _ = strings.Cut(list, "<div data-flash-live ")
		var msg flashgin.Message
		assert.Equal(t, 1, strings.Count(list, "<li "), list)
		_, title, _ := strings.Cut(list, "<bdi>")
		title, _, _ = strings.Cut(title, "</bdi>")
		_, text, _ := strings.Cut(list, `data-flash-text dir="auto">`)
		text, _, _ = strings.Cut(text, "</p>")
		assert.NotContains(t, title+text, "<")
		msg.Title, msg.Text = html.UnescapeString(title), html.UnescapeString(text)
		return []flashgin.Message{msg}
	}
	pulled := func(a *apptest.App, add string) (http.Header, string) {
		a.Visit("POST", add)
		answer := a.Visit("GET", "/_flash/messages?view=/orders/5", "X-Get-Flash", "1")
		return answer.Result().Header, answer.Body.String()
	}
	ways := []struct {
		name   string
		header []string
		answer gin.HandlerFunc
		load   func(a *apptest.App, add string) (http.Header, string)
		read   func(t *testing.T, header http.Header, body string) []flashgin.Message
		markup bool
	}{
		{"a page", nil, apptest.Page, nil, inMarkup, true},
		{"behind a fragment", apptest.HTMX(), apptest.Part(200), nil, inMarkup, true},
		{"behind a stream", apptest.Turbo(),
			apptest.Data(200, turboStream, "<turbo-stream></turbo-stream>"), nil, inMarkup, true},
		{"HX-Trigger", apptest.HTMX(), apptest.Status(204), nil,
			func(t *testing.T, header http.Header, _ string) []flashgin.Message {
				var triggers struct {
					Show json.RawMessage `json:"flash:show"`
				}
				require.NoError(t,
					json.Unmarshal([]byte(inHeader(t, header, "HX-Trigger")), &triggers))
				return inJSON(func(http.Header, string) string {
					return string(triggers.Show)
				})(t, header, "")
			}, false},
		{"Flash-Messages", apptest.Asks(), apptest.Status(204), nil,
			func(t *testing.T, header http.Header, _ string) []flashgin.Message {
				return inJSON(func(http.Header, string) string {
					return inHeader(t, header, "Flash-Messages")
				})(t, header, "")
			}, false},
		{"an envelope", nil, func(c *gin.Context) {
			c.JSON(200, gin.H{"flash": flashgin.Flashes(c)})
		}, nil, inJSON(func(_ http.Header, body string) string { return body }), false},
		{"pulled", nil, apptest.Status(204), pulled,
			inJSON(func(_ http.Header, body string) string { return body }), false},
	}
	for _, text := range troublesome {
		want := strings.ToValidUTF8(text, "\ufffd")
		for _, way := range ways {
			t.Run(way.name+"/"+want, func(t *testing.T) {
				a := apptest.NewParts(t, flashgin.Config{})
				msg := flashgin.Message{
					Title: text, Text: text, ID: text, Key: text, Status: flashgin.Status(text),
					Link: &flashgin.Link{Label: text, URL: text},
					Data: map[string]string{text: text},
				}
				if way.load != nil {
					msg.View = "/orders/5"
				}
				a.POST("/add", apptest.Add(t, way.answer, msg))
				var header http.Header
				var body string
				if way.load != nil {
					header, body = way.load(a, "/add")
				} else {
					answer := a.Visit("POST", "/add", way.header...)
					header, body = answer.Result().Header, answer.Body.String()
				}
				assert.Empty(t, header.Values("Set-Cookie"))
				got := way.read(t, header, body)
				require.Len(t, got, 1)
				if way.markup { // HTML has no NUL
					want := strings.ReplaceAll(want, "\x00", "\ufffd")
					assert.Equal(t, []string{want, want}, []string{got[0].Title, got[0].Text})
					return
				}
				assert.Equal(t, []string{want, want, want, want, want, want, want, want},
					[]string{got[0].Title, got[0].Text, got[0].ID, got[0].Key, got[0].Link.Label,
						got[0].Link.URL, string(got[0].Status), got[0].Data[want]})
			})
		}
	}
}

// Nothing of the address of the page on screen, which the client writes, reaches a header as it is.
func TestAddressesByEveryWay(t *testing.T) {
	for _, page := range []string{
		"http://example.com/a%0d%0aSet-Cookie:%20x=1", "http://example.com/%ff%00",
		"http://example.com/é✓\u2028", "http://example.com/a?b#c&view=*",
		"http://example.com/%22%7D", "http://example.com/a%26view=%2F",
	} {
		for name, header := range map[string][]string{
			"htmx":     {"HX-Request", "true", "HX-Current-URL", page},
			"a script": {"X-Get-Flash", "1", "Referer", page},
		} {
			t.Run(name+"/"+page, func(t *testing.T) {
				a := apptest.NewParts(t, flashgin.Config{})
				a.POST("/save", apptest.Add(t, apptest.Status(204),
					flashgin.Message{Text: strings.Repeat("x", 5000)}))
				answer := a.Visit("POST", "/save", header...)
				for _, name := range []string{"HX-Trigger", "Flash-Messages"} {
					value := answer.Header().Get(name)
					for i := range len(value) {
						require.True(t, ' ' <= value[i] && value[i] <= '~', "%q", value)
					}
				}
				got := carriedIn(t, answer)
				require.NotEmpty(t, got.pull)
				pulled := a.Visit("GET", got.pull, "X-Get-Flash", "1")
				assert.Equal(t, 1, strings.Count(pulled.Body.String(), `"text"`),
					pulled.Body.String())
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}
