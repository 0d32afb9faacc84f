package flashgin_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// Whoever asks gets messages in a header, and the body as the handler made it.
func TestAnswersToScripts(t *testing.T) {
	all, own := []string{"path", "route", "anywhere", "own"}, []string{"own"}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		header []string
		want   []string // in the header
		left   string
	}{
		{"200", data(200, "application/json", "{}"), asks(), all, ""},
		{"200, by the same origin", data(200, "application/json", "{}"), asks("Sec-Fetch-Site", "same-origin"), all, ""},
		{"200, by hand", data(200, "application/json", "{}"), asks("Sec-Fetch-Site", "none"), all, ""},
		{"200, by an old browser", data(200, "application/json", "{}"), asks("Origin", "http://example.com"), all, ""},
		{"behind a proxy that hides the host", data(200, "application/json", "{}"),
			[]string{"X-Get-Flash", "1", "Sec-Fetch-Site", "same-origin", "Referer", "https://shop.example/orders/5"}, all, ""},
		{"204", status(204), asks(), all, ""},
		{"422", data(422, "application/json", "{}"), asks(), all, ""},
		{"500", data(500, "application/json", "{}"), asks(), own, "[path][route][anywhere]"},
		{"without a page", data(200, "application/json", "{}"), []string{"X-Get-Flash", "1"}, []string{"anywhere", "own"}, "[path][route]"},
		{"compressed", withHeader("Content-Encoding", "br", data(200, "application/json", "{}")), asks(), all, ""},
		{"303", redirect("/other"), asks(), nil, "[path][route][anywhere][own]"},
		{"in an envelope", func(c *gin.Context) {
			c.JSON(200, gin.H{"flash": new(flashgin.Controller).Flashes(c)})
		}, asks(), nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := newParts(t, flashgin.Config{Store: store})
				a.POST("/api/save", add(t, test.answer, flashgin.Success("own")))
				a.leave(flashgin.Info("path").At("/orders/5"), flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"))
				answer := a.visit("POST", "/api/save", test.header...)
				assert.Equal(t, test.want, carriedIn(t, answer).notice)
				switch {
				case test.name == "in an envelope":
					assert.Equal(t, all, envelope(t, answer.Body.String()))
				case answer.Code == 204 || answer.Code == 303:
					assert.Empty(t, answer.Body.String())
				default:
					assert.Equal(t, "{}", answer.Body.String())
				}
				if test.name != "303" {
					assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
				}
				eventually(t, test.left, func() string { return a.left("/orders/5", "/orders/:id", "/other") })
				assert.Empty(t, a.failures.String())
			})
		})
	}
}

func envelope(t testing.TB, body string) []string {
	t.Helper()
	var e struct{ Flash flashgin.Messages }
	require.NoError(t, json.Unmarshal([]byte(body), &e))
	return texts(e.Flash)
}

// An envelope needs nothing to be asked or switched on.
func TestEnvelope(t *testing.T) {
	a := newBoard(t)
	controller := new(flashgin.Controller)
	a.POST("/api/orders/:id", add(t, func(c *gin.Context) { c.JSON(200, gin.H{"order": 5, "flash": controller.Flashes(c)}) }, flashgin.Success("own")))
	a.leave(flashgin.Info("anywhere"), flashgin.Info("route").At("/api/orders/:id"), flashgin.Info("elsewhere").At("/orders/5"))
	answer := a.visit("POST", "/api/orders/5", "Referer", screen)
	assert.Equal(t, []string{"anywhere", "route", "own"}, envelope(t, answer.Body.String()))
	assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
	assert.Equal(t, "[elsewhere]", a.left("/orders/5"))
}

// Where an engine hands a request on to another, both add what they have to one header.
func TestAnswersOfAnEngineInsideAnother(t *testing.T) {
	for name, header := range map[string][]string{"script": asks(), "htmx": htmx()} {
		t.Run(name, func(t *testing.T) {
			inner, outer := newParts(t, flashgin.Config{}), newParts(t, flashgin.Config{})
			inner.POST("/save", add(t, data(200, "application/json", "{}"), flashgin.Info("inner")))
			outer.POST("/save", add(t, gin.WrapH(inner), flashgin.Info("outer")))
			inner.leave(flashgin.Info("waits inside"))
			outer.leave(flashgin.Info("waits outside"))
			got := carriedIn(t, outer.visit("POST", "/save", header...))
			assert.Equal(t, []string{"waits inside", "inner", "waits outside", "outer"}, append(got.notice, got.trigger...))
			assert.Empty(t, got.pull)
			assert.Empty(t, inner.left("/orders/5")+outer.left("/orders/5"))
		})
	}
}

// What the outer one cannot add, because that would be too long, waits for the script to ask.
func TestLongAnswersOfAnEngineInsideAnother(t *testing.T) {
	long := strings.Repeat("x", 3000)
	inner, outer := newParts(t, flashgin.Config{}), newParts(t, flashgin.Config{})
	inner.POST("/save", add(t, data(200, "application/json", "{}"), flashgin.Info("inner")))
	outer.POST("/save", add(t, gin.WrapH(inner), flashgin.Info(long), flashgin.Info(long)))
	got := carriedIn(t, outer.visit("POST", "/save", asks()...))
	assert.Equal(t, []string{"inner"}, got.notice)
	assert.NotEmpty(t, got.pull)
	assert.Equal(t, "["+long+"]["+long+"]", outer.left("/orders/5"))
}

// A script follows a redirect with the same headers. What the first answer added, it gets with the second.
func TestAnswersToScriptsThatAreRedirected(t *testing.T) {
	for name, header := range map[string][]string{"a script": asks(), "htmx": htmx(), "Turbo": turbo()} {
		t.Run(name, func(t *testing.T) {
			a := newParts(t, flashgin.Config{})
			a.POST("/api/orders", add(t, redirect("/api/orders/6"), flashgin.Success("own")))
			contentType := "application/json"
			if name == "Turbo" {
				contentType = turboStream
			}
			a.GET("/api/orders/:id", data(200, contentType, "{}"))
			assertCarriesNothing(t, a.visit("POST", "/api/orders", header...))
			answer := a.visit("GET", "/api/orders/6", header...)
			got := carriedIn(t, answer)
			assert.Contains(t, append(append(got.notice, got.trigger...), textsIn(answer.Body.String())...), "own")
			assert.Empty(t, a.left("/api/orders/6", "/api/orders/:id"))
		})
	}
}

// What is too large for a header is asked for: it waits where the header says.
func TestHeadersAreBounded(t *testing.T) {
	long := strings.Repeat("é", 700) // six bytes each, in a header
	for _, test := range []struct {
		name   string
		path   string
		header []string
		view   string // of the message that the request adds
	}{
		{"a script", "/save", asks(), ""},
		{"a script without a page", "/save", []string{"X-Get-Flash", "1"}, ""},
		{"a script, with an address", "/save", asks(), "/orders/:id"},
		{"htmx", "/save", htmx(), ""},
		{"htmx, with an address", "/save", htmx(), flashgin.Anywhere},
	} {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := newParts(t, flashgin.Config{Store: store, Prefix: "/app"})
				var pulled *httptest.ResponseRecorder
				a.POST("/save", add(t, withHeader("HX-Trigger", "saved", func(c *gin.Context) {
					c.Status(204)
					c.Writer.WriteHeaderNow()
					// At once, as a browser may, and not only when this handler has ended, or some background work.
					pull := carriedBy(t, c.Writer.Header(), "").pull
					path, ok := strings.CutPrefix(pull, "/app")
					require.True(t, ok, pull)
					pulled = a.visit("GET", path, "X-Get-Flash", "1", "Sec-Fetch-Site", "same-origin", "Referer", screen)
				}), flashgin.Success("own"+long).At(test.view)))
				a.leave(flashgin.Info("waiting"), flashgin.Message{HTML: "<b>for a template</b>", View: "*"})
				answer := a.visit("POST", test.path, test.header...)
				got := carriedIn(t, answer)
				require.NotEmpty(t, got.pull)
				assert.Empty(t, append(got.notice, got.trigger...))
				if test.header[0] == "HX-Request" {
					assert.Contains(t, answer.Header().Get("HX-Trigger"), `{"saved":{},"flash:pull":{"target":"body","url":"`)
				}
				assert.Equal(t, []string{"waiting", "own" + long}, pulledBy(t, pulled))
				assert.Empty(t, pulled.Header().Get("Flash-Messages"))
				eventually(t, "[]", func() string { return a.left("/orders/5", "/orders/:id", "/save") })
				assert.Empty(t, a.failures.String())
			})
		})
	}
}

// The bound is 4096 bytes of a whole header.
func TestHeadersAreBoundedExactly(t *testing.T) {
	for header, asking := range map[string][]string{"HX-Trigger": htmx(), "Flash-Messages": asks()} {
		t.Run(header, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // where the time, which is in the header, has the same length each time
				send := func(length int) (value, pull string) {
					a := newParts(t, flashgin.Config{})
					message := flashgin.Message{Text: strings.Repeat("x", length), ID: "id", View: "/orders/5"}
					a.POST("/save", add(t, withHeader("HX-Trigger", `{"saved": 1}`, status(204)), message))
					answer := a.visit("POST", "/save", asking...)
					return answer.Header().Get(header), carriedIn(t, answer).pull
				}
				short, _ := send(1)
				fits := 1 + 4096 - len(short)
				value, pull := send(fits)
				assert.Len(t, value, 4096)
				assert.Empty(t, pull)
				_, pull = send(fits + 1)
				assert.NotEmpty(t, pull)
			})
		})
	}
}

// Without a place to ask at, as many messages go along as there is room for, and the rest waits for the next answer.
func TestHeadersAreBoundedWithoutMount(t *testing.T) {
	a := newBoard(t)
	a.POST("/save", status(204))
	for i := range 5 {
		a.leave(flashgin.Info(strings.Repeat(string(rune('a'+i)), 1500)))
	}
	for _, want := range []string{"ab", "cd", "e", ""} {
		first := ""
		for _, text := range carriedIn(t, a.visit("POST", "/save", asks()...)).notice {
			first += text[:1]
		}
		assert.Equal(t, want, first)
	}
}

// A handler's own header may have no room for ours: then its answer is left alone, and messages wait.
func TestHXTriggerWithoutRoom(t *testing.T) {
	for name, value := range map[string]string{
		"full":                  `{"big":"` + strings.Repeat("x", 4090) + `"}`,
		"not JSON":              `{"a":`,
		"an event of our names": `{"flash:show":"mine","flash:pull":{"url":"/mine"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			a := newParts(t, flashgin.Config{})
			a.POST("/save", add(t, withHeader("HX-Trigger", value, status(204)), flashgin.Success("own")))
			a.leave(flashgin.Info("waiting"))
			answer := a.visit("POST", "/save", htmx()...)
			assert.Equal(t, value, answer.Header().Get("HX-Trigger"))
			assert.Empty(t, answer.Header().Get("Cache-Control"))
			assert.Equal(t, "[waiting][own]", a.left("/orders/5"))
		})
	}
}

// With the store down, an answer takes along what its own request has said. What waits is not lost.
func TestAnswersWithTheStoreDown(t *testing.T) {
	for name, header := range map[string][]string{"htmx": htmx(), "a script": asks(), "Turbo": turbo()} {
		t.Run(name, func(t *testing.T) {
			store := newSpyStore()
			a := newParts(t, flashgin.Config{Store: store})
			a.leave(flashgin.Info("waiting").At("/orders/5"))
			answer := status(204)
			if name == "Turbo" {
				answer = data(200, turboStream, "<turbo-stream></turbo-stream>")
			}
			a.POST("/save", add(t, answer, flashgin.Success("own")))
			store.fail(assert.AnError)
			response := a.visit("POST", "/save", header...)
			got := carriedIn(t, response)
			assert.Equal(t, []string{"own"}, append(append(got.notice, got.trigger...), textsIn(response.Body.String())...))
			assert.Contains(t, a.failures.String(), assert.AnError.Error())
			store.on(nil)
			assert.Equal(t, "[waiting]", a.left("/orders/5"))
		})
	}
}

// Who has no session has no messages, and is told of no mistake. A route without sessions is none, either.
func TestAnswersWithoutASession(t *testing.T) {
	store := newSpyStore()
	a := newAppWithoutSessions(t, flashgin.Config{HTMX: true, Store: store})
	a.messenger.Mount(a)
	a.POST("/save", status(204))
	v := a.visitor()
	for _, header := range [][]string{htmx(), asks()} {
		assertCarriesNothing(t, v.post("/save", header...))
	}
	assert.Empty(t, a.failures.String())

	a = newApp(t, flashgin.Config{HTMX: true, Store: store})
	a.messenger.Mount(a)
	a.POST("/save", status(204))
	a.POST("/add", add(t, status(204), flashgin.Success("own")))
	v = a.visitor()
	for _, header := range [][]string{htmx(), asks()} {
		answer := v.post("/save", header...)
		assertCarriesNothing(t, answer)
		assert.Zero(t, cookiesOf(answer))
	}
	assert.Zero(t, store.count())
	answer := v.post("/add", htmx()...)
	assert.Equal(t, []string{"own"}, carriedIn(t, answer).trigger, "from memory")
	assert.Zero(t, cookiesOf(answer))
	assert.Empty(t, a.failures.String())
}
