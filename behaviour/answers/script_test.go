package answers_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/browser"
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
		{"200", apptest.Data(200, "application/json", "{}"), apptest.Asks(), all, ""},
		{"200, by the same origin", apptest.Data(200, "application/json", "{}"),
			apptest.Asks("Sec-Fetch-Site", "same-origin"), all, ""},
		{"200, by hand", apptest.Data(200, "application/json", "{}"),
			apptest.Asks("Sec-Fetch-Site", "none"), all, ""},
		{"200, by an old browser", apptest.Data(200, "application/json", "{}"),
			apptest.Asks("Origin", "http://example.com"), all, ""},
		{"behind a proxy that hides the host", apptest.Data(200, "application/json", "{}"),
			[]string{"X-Get-Flash", "1", "Sec-Fetch-Site", "same-origin",
				"Referer", "https://shop.example/orders/5"}, all, ""},
		{"204", apptest.Status(204), apptest.Asks(), all, ""},
		{"422", apptest.Data(422, "application/json", "{}"), apptest.Asks(), all, ""},
		{"500", apptest.Data(500, "application/json", "{}"), apptest.Asks(), own,
			"[path][route][anywhere]"},
		{"without a page", apptest.Data(200, "application/json", "{}"),
			[]string{"X-Get-Flash", "1"}, []string{"anywhere", "own"}, "[path][route]"},
		{"compressed", apptest.WithHeader("Content-Encoding", "br",
			apptest.Data(200, "application/json", "{}")), apptest.Asks(), all, ""},
		{"303", apptest.Redirect("/other"), apptest.Asks(), nil, "[path][route][anywhere][own]"},
		{"in an envelope", func(c *gin.Context) {
			c.JSON(200, gin.H{"flash": new(flashgin.Controller).Flashes(c)})
		}, apptest.Asks(), nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := apptest.NewParts(t, flashgin.Config{Store: store})
				a.POST("/api/save", apptest.Add(t, test.answer, flashgin.Success("own")))
				a.Leave(flashgin.Info("path").At("/orders/5"),
					flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"))
				answer := a.Visit("POST", "/api/save", test.header...)
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
				apptest.Eventually(t, test.left,
					func() string { return a.Left("/orders/5", "/orders/:id", "/other") })
				assert.Empty(t, a.Failures.String())
			})
		})
	}
}

func envelope(t testing.TB, body string) []string {
	t.Helper()
	var e struct{ Flash flashgin.Messages }
	require.NoError(t, json.Unmarshal([]byte(body), &e))
	return apptest.Texts(e.Flash)
}

// An envelope needs nothing to be asked or switched on.
func TestEnvelope(t *testing.T) {
	a := apptest.NewBoard(t)
	controller := new(flashgin.Controller)
	a.POST("/api/orders/:id", apptest.Add(t, func(c *gin.Context) {
		c.JSON(200, gin.H{"order": 5, "flash": controller.Flashes(c)})
	}, flashgin.Success("own")))
	a.Leave(flashgin.Info("anywhere"), flashgin.Info("route").At("/api/orders/:id"),
		flashgin.Info("elsewhere").At("/orders/5"))
	answer := a.Visit("POST", "/api/orders/5", "Referer", apptest.Screen)
	assert.Equal(t, []string{"anywhere", "route", "own"}, envelope(t, answer.Body.String()))
	assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
	assert.Equal(t, "[elsewhere]", a.Left("/orders/5"))
}

// Where an engine hands a request on to another, both add what they have to one header.
func TestAnswersOfAnEngineInsideAnother(t *testing.T) {
	for name, header := range map[string][]string{
		"script": apptest.Asks(), "htmx": apptest.HTMX(),
	} {
		t.Run(name, func(t *testing.T) {
			inner, outer := apptest.NewParts(t, flashgin.Config{}),
				apptest.NewParts(t, flashgin.Config{})
			inner.POST("/save",
				apptest.Add(t, apptest.Data(200, "application/json", "{}"), flashgin.Info("inner")))
			outer.POST("/save", apptest.Add(t, gin.WrapH(inner), flashgin.Info("outer")))
			inner.Leave(flashgin.Info("waits inside"))
			outer.Leave(flashgin.Info("waits outside"))
			got := carriedIn(t, outer.Visit("POST", "/save", header...))
			assert.Equal(t, []string{"waits inside", "inner", "waits outside", "outer"},
				append(got.notice, got.trigger...))
			assert.Empty(t, got.pull)
			assert.Empty(t, inner.Left("/orders/5")+outer.Left("/orders/5"))
		})
	}
}

// What the outer one cannot add, because that would be too long, waits for the script to ask.
func TestLongAnswersOfAnEngineInsideAnother(t *testing.T) {
	long := strings.Repeat("x", 3000)
	inner, outer := apptest.NewParts(t, flashgin.Config{}), apptest.NewParts(t, flashgin.Config{})
	inner.POST("/save",
		apptest.Add(t, apptest.Data(200, "application/json", "{}"), flashgin.Info("inner")))
	outer.POST("/save", apptest.Add(t, gin.WrapH(inner), flashgin.Info(long), flashgin.Info(long)))
	got := carriedIn(t, outer.Visit("POST", "/save", apptest.Asks()...))
	assert.Equal(t, []string{"inner"}, got.notice)
	assert.NotEmpty(t, got.pull)
	assert.Equal(t, "["+long+"]["+long+"]", outer.Left("/orders/5"))
}

// A script follows a redirect with the same headers. What the first answer added, it gets with the
// second.
func TestAnswersToScriptsThatAreRedirected(t *testing.T) {
	for name, header := range map[string][]string{
		"a script": apptest.Asks(), "htmx": apptest.HTMX(), "Turbo": apptest.Turbo(),
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			a.POST("/api/orders",
				apptest.Add(t, apptest.Redirect("/api/orders/6"), flashgin.Success("own")))
			contentType := "application/json"
			if name == "Turbo" {
				contentType = turboStream
			}
			a.GET("/api/orders/:id", apptest.Data(200, contentType, "{}"))
			assertCarriesNothing(t, a.Visit("POST", "/api/orders", header...))
			answer := a.Visit("GET", "/api/orders/6", header...)
			got := carriedIn(t, answer)
			assert.Contains(t,
				append(append(got.notice, got.trigger...), textsIn(answer.Body.String())...), "own")
			assert.Empty(t, a.Left("/api/orders/6", "/api/orders/:id"))
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
		{"a script", "/save", apptest.Asks(), ""},
		{"a script without a page", "/save", []string{"X-Get-Flash", "1"}, ""},
		{"a script, with an address", "/save", apptest.Asks(), "/orders/:id"},
		{"htmx", "/save", apptest.HTMX(), ""},
		{"htmx, with an address", "/save", apptest.HTMX(), flashgin.Anywhere},
	} {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := apptest.NewParts(t, flashgin.Config{Store: store, Prefix: "/app"})
				var pulled *httptest.ResponseRecorder
				a.POST("/save",
					apptest.Add(t, apptest.WithHeader("HX-Trigger", "saved", func(c *gin.Context) {
						c.Status(204)
						c.Writer.WriteHeaderNow()
						// At once, as a browser may, and not only when this handler has ended, or
						// some background work.
						pull := carriedBy(t, c.Writer.Header(), "").pull
						path, ok := strings.CutPrefix(pull, "/app")
						require.True(t, ok, pull)
						pulled = a.Visit("GET", path, "X-Get-Flash", "1",
							"Sec-Fetch-Site", "same-origin", "Referer", apptest.Screen)
					}), flashgin.Success("own"+long).At(test.view)))
				a.Leave(flashgin.Info("waiting"),
					flashgin.Message{HTML: "<b>for a template</b>", View: "*"})
				answer := a.Visit("POST", test.path, test.header...)
				got := carriedIn(t, answer)
				require.NotEmpty(t, got.pull)
				assert.Empty(t, append(got.notice, got.trigger...))
				if test.header[0] == "HX-Request" {
					assert.Contains(t, answer.Header().Get("HX-Trigger"),
						`{"saved":{},"flash:pull":{"target":"body","url":"`)
				}
				assert.Equal(t, []string{"waiting", "own" + long}, pulledBy(t, pulled))
				assert.Empty(t, pulled.Header().Get("Flash-Messages"))
				apptest.Eventually(t, "[]",
					func() string { return a.Left("/orders/5", "/orders/:id", "/save") })
				assert.Empty(t, a.Failures.String())
			})
		})
	}
}

// The bound is 4096 bytes of a whole header.
func TestHeadersAreBoundedExactly(t *testing.T) {
	for header, asking := range map[string][]string{
		"HX-Trigger": apptest.HTMX(), "Flash-Messages": apptest.Asks(),
	} {
		t.Run(header, func(t *testing.T) {
			// where the time, which is in the header, has the same length each time
			synctest.Test(t, func(t *testing.T) {
				send := func(length int) (value, pull string) {
					a := apptest.NewParts(t, flashgin.Config{})
					message := flashgin.Message{Text: strings.Repeat("x", length), ID: "id",
						View: "/orders/5"}
					a.POST("/save", apptest.Add(t,
						apptest.WithHeader("HX-Trigger", `{"saved": 1}`, apptest.Status(204)),
						message))
					answer := a.Visit("POST", "/save", asking...)
					return answer.Header().Get(header), carriedIn(t, answer).pull
				}
				head := func(value string) int {
					all := http.Header{"Hx-Trigger": {`{"saved": 1}`}}
					all.Set(header, value)
					return browser.HeadSize(http.StatusNoContent, all, "")
				}
				most := 4096 - 512
				short, _ := send(1)
				fits := 1 + most - head(short)
				value, pull := send(fits)
				assert.Equal(t, most, head(value))
				assert.Empty(t, pull)
				_, pull = send(fits + 1)
				assert.NotEmpty(t, pull)
			})
		})
	}
}

// Without a place to ask at, as many messages go along as there is room for, and the rest waits for
// the next answer.
func TestHeadersAreBoundedWithoutMount(t *testing.T) {
	a := apptest.NewBoard(t)
	a.POST("/save", apptest.Status(204))
	for i := range 5 {
		a.Leave(flashgin.Info(strings.Repeat(string(rune('a'+i)), 1500)))
	}
	for _, want := range []string{"ab", "cd", "e", ""} {
		first := ""
		for _, text := range carriedIn(t, a.Visit("POST", "/save", apptest.Asks()...)).notice {
			first += text[:1]
		}
		assert.Equal(t, want, first)
	}
}

// A head that is larger than 4 KB without us has passed through larger buffers, so the address of
// the messages can be added.
func TestLargeHeadersGetTheAddressOfMessages(t *testing.T) {
	for header, asking := range map[string][]string{
		"HX-Trigger": apptest.HTMX(), "Flash-Messages": apptest.Asks(),
	} {
		a := apptest.NewParts(t, flashgin.Config{})
		policy := apptest.WithHeader("Content-Security-Policy", strings.Repeat("x", 5000),
			apptest.Status(204))
		a.POST("/save", apptest.Add(t, policy, flashgin.Success("own")))
		answer := a.Visit("POST", "/save", asking...)
		assert.NotEmpty(t, carriedIn(t, answer).pull, header)
		assert.Equal(t, "[own]", a.Left("/orders/5", "/save"), header)
	}
}

// A handler's own header may have no room for ours: then its answer is left alone, and messages
// wait.
func TestHXTriggerWithoutRoom(t *testing.T) {
	for name, value := range map[string]string{
		"full":                  `{"big":"` + strings.Repeat("x", 3850) + `"}`,
		"not JSON":              `{"a":`,
		"an event of our names": `{"flash:show":"mine","flash:pull":{"url":"/mine"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			a.POST("/save", apptest.Add(t,
				apptest.WithHeader("HX-Trigger", value, apptest.Status(204)),
				flashgin.Success("own")))
			a.Leave(flashgin.Info("waiting"))
			answer := a.Visit("POST", "/save", apptest.HTMX()...)
			assert.Equal(t, value, answer.Header().Get("HX-Trigger"))
			assert.Empty(t, answer.Header().Get("Cache-Control"))
			assert.Equal(t, "[waiting][own]", a.Left("/orders/5"))
		})
	}
}

// With the store down, an answer takes along what its own request has said. What waits is not lost.
func TestAnswersWithTheStoreDown(t *testing.T) {
	for name, header := range map[string][]string{
		"htmx": apptest.HTMX(), "a script": apptest.Asks(), "Turbo": apptest.Turbo(),
	} {
		t.Run(name, func(t *testing.T) {
			store := apptest.NewSpyStore()
			a := apptest.NewParts(t, flashgin.Config{Store: store})
			a.Leave(flashgin.Info("waiting").At("/orders/5"))
			answer := apptest.Status(204)
			if name == "Turbo" {
				answer = apptest.Data(200, turboStream, "<turbo-stream></turbo-stream>")
			}
			a.POST("/save", apptest.Add(t, answer, flashgin.Success("own")))
			store.Fail(assert.AnError)
			response := a.Visit("POST", "/save", header...)
			got := carriedIn(t, response)
			assert.Equal(t, []string{"own"},
				append(append(got.notice, got.trigger...), textsIn(response.Body.String())...))
			assert.Contains(t, a.Failures.String(), assert.AnError.Error())
			store.On(nil)
			assert.Equal(t, "[waiting]", a.Left("/orders/5"))
		})
	}
}

// Who has no session has no messages, and is told of no mistake. A route without sessions is none,
// either.
func TestAnswersWithoutASession(t *testing.T) {
	store := apptest.NewSpyStore()
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{HTMX: true, Store: store})
	a.Messenger.Mount(a)
	a.POST("/save", apptest.Status(204))
	v := a.Visitor()
	for _, header := range [][]string{apptest.HTMX(), apptest.Asks()} {
		assertCarriesNothing(t, v.Post("/save", header...))
	}
	assert.Empty(t, a.Failures.String())

	a = apptest.NewApp(t, flashgin.Config{HTMX: true, Store: store})
	a.Messenger.Mount(a)
	a.POST("/save", apptest.Status(204))
	a.POST("/add", apptest.Add(t, apptest.Status(204), flashgin.Success("own")))
	v = a.Visitor()
	for _, header := range [][]string{apptest.HTMX(), apptest.Asks()} {
		answer := v.Post("/save", header...)
		assertCarriesNothing(t, answer)
		assert.Zero(t, apptest.CookiesOf(answer))
	}
	assert.Zero(t, store.Count())
	answer := v.Post("/add", apptest.HTMX()...)
	assert.Equal(t, []string{"own"}, carriedIn(t, answer).trigger, "from memory")
	assert.Zero(t, apptest.CookiesOf(answer))
	assert.Empty(t, a.Failures.String())
}

// Our script knows no status of another framework. What it gets has ours.
func TestScriptsGetOurStatuses(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.POST("/api/save", apptest.Data(200, "application/json", "{}"))
	danger := flashgin.Message{Status: "danger", Text: "no"}
	a.Leave(danger)
	header := a.Visit("POST", "/api/save", apptest.Asks()...).Header().Get("Flash-Messages")
	assert.Contains(t, header, `"status":"error"`)
	a.Leave(danger.At("/other"))
	pulled := a.Visit("GET", "/_flash/messages?view=/other", apptest.Asks()...).Body.String()
	assert.Contains(t, pulled, `"status":"error"`)
	a.GET("/data", func(c *gin.Context) {
		c.JSON(200, gin.H{"flash": flashgin.Flashes(c), "own": flashgin.Flashes(c)[0].Status})
	})
	a.Leave(danger.At("/data"))
	assert.Regexp(t, `"status":"error".*"own":"danger"`, a.Visit("GET", "/data").Body.String())
}

// A message that replaces another one goes into a header, and neither waits afterwards.
func TestHeaderHasTheMessageThatReplacesAnother(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.GET("/data", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Message{Text: "100 %", Key: "job"}))
		c.JSON(http.StatusOK, gin.H{})
	})
	a.Leave(flashgin.Message{Text: "50 %", Key: "job", View: "/orders/5"})
	answer := a.Visit(http.MethodGet, "/data", apptest.Asks()...)
	header := answer.Header().Get("Flash-Messages")
	assert.Contains(t, header, "100 %")
	assert.NotContains(t, header, "50 %")
	body := a.Visit(http.MethodGet, "/orders/5", "Accept", "text/html").Body.String()
	assert.NotContains(t, body, "50 %")
	assert.NotContains(t, body, "100 %")
}
