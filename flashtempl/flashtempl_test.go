package flashtempl_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/render"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtempl"
	"github.com/flashgin/flashgin/flashtempl/internal/page"
)

func init() { gin.SetMode(gin.TestMode) }

// app is an application without sessions: the header User names them.
type app struct {
	*gin.Engine
	t         testing.TB
	messenger *flashgin.Messenger
}

func newApp(t testing.TB) *app {
	t.Helper()
	messenger, err := flashgin.New(flashgin.Config{
		SessionKey: func(c *gin.Context) (string, error) { return c.GetHeader("User"), nil },
		OnError:    func(_ context.Context, err error) { t.Error("reported:", err) },
		Logger:     slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, messenger.Close(context.Background())) })
	a := &app{gin.New(messenger.Install), t, messenger}
	a.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
		c.AbortWithStatus(http.StatusInternalServerError)
	}))
	messenger.Mount(a)
	return a
}

// leave makes messages wait for a user at "/".
func (a *app) leave(user string, texts ...string) {
	a.t.Helper()
	for _, text := range texts {
		require.NoError(a.t, a.messenger.Add(a.t.Context(), user, flashgin.Success(text).At("/")))
	}
}

func (a *app) visit(user string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("User", user)
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, request)
	return recorder
}

var itemText = regexp.MustCompile(
	`(?s)<p class="flash__text" data-flash-text dir="auto">([^<]+)</p>`)

// shown returns the texts of the messages in a page.
func shown(body string) (found []string) {
	for _, match := range itemText.FindAllStringSubmatch(body, -1) {
		found = append(found, match[1])
	}
	return found
}

func handler(p templ.Component, options ...func(*templ.ComponentHandler)) gin.HandlerFunc {
	return gin.WrapH(templ.Handler(p, options...))
}

// renderer is what templ's example for Gin does: c.HTML(200, "", component) renders with a context
// that knows no request.
type renderer struct{ others render.HTMLRender }

func (r renderer) Instance(name string, data any) render.Render {
	if p, ok := data.(templ.Component); ok {
		return rendered{context.Background(), p}
	}
	return r.others.Instance(name, data)
}

type rendered struct {
	ctx  context.Context
	page templ.Component
}

func (r rendered) Render(w http.ResponseWriter) error { return r.page.Render(r.ctx, w) }
func (rendered) WriteContentType(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
}

var ways = map[string]func(p templ.Component) gin.HandlerFunc{
	"templ.Handler": func(p templ.Component) gin.HandlerFunc { return handler(p) },
	"templ.Handler, streaming": func(p templ.Component) gin.HandlerFunc {
		return handler(p, templ.WithStreaming())
	},
	"the request's context": func(p templ.Component) gin.HandlerFunc {
		return func(c *gin.Context) { _ = p.Render(c.Request.Context(), c.Writer) }
	},
	"the gin.Context": func(p templ.Component) gin.HandlerFunc {
		return func(c *gin.Context) { _ = p.Render(c, c.Writer) }
	},
	"a context that descends from the gin.Context": func(p templ.Component) gin.HandlerFunc {
		return func(c *gin.Context) { _ = p.Render(templ.WithNonce(c, "n0nce"), c.Writer) }
	},
	"c.Render": func(p templ.Component) gin.HandlerFunc {
		return func(c *gin.Context) { c.Render(http.StatusOK, rendered{c.Request.Context(), p}) }
	},
	"c.HTML": func(p templ.Component) gin.HandlerFunc {
		return func(c *gin.Context) { c.HTML(http.StatusOK, "", p) }
	},
}

func TestMessages(t *testing.T) {
	for name, way := range ways {
		for _, fallback := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, fallback %v", name, fallback), func(t *testing.T) {
				a := newApp(t)
				a.ContextWithFallback = fallback
				a.HTMLRender = renderer{}
				a.GET("/", func(c *gin.Context) {
					assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("added by the handler")))
					way(page.After(
						templ.ComponentFunc(func(ctx context.Context, _ io.Writer) error {
							return flashgin.AddFlash(ctx, flashgin.Info("added by a component"))
						}), "Home"))(c)
				})
				a.leave("ada", "one", "two <b>")
				answer := a.visit("ada")
				assert.Equal(t, []string{
					"one", "two &lt;b&gt;", "added by the handler", "added by a component",
				}, shown(answer.Body.String()))
				assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
				assert.Equal(t, []string{"added by the handler", "added by a component"},
					shown(a.visit("ada").Body.String()), "once")
				body := answer.Body.String()
				assert.Equal(t, 1, strings.Count(body, `aria-live="polite"`))
				assert.Equal(t, 1, strings.Count(body, ` data-stream="/_flash/stream?view=`))
				assert.Regexp(t,
					`(?s)<head>.*<link rel="stylesheet" href="/_flash/flash\.[0-9a-f]+\.css".*</head>`,
					body)
				assert.Regexp(t,
					`(?s)<head>.*<script src="/_flash/flash\.[0-9a-f]+\.js" defer.*</head>`, body)
			})
		}
	}
}

func TestList(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			a.HTMLRender = renderer{}
			a.GET("/", way(page.List()))
			a.leave("ada", "saved <b>")
			assert.Equal(t, `<ul><li class="success">saved &lt;b&gt;</li></ul>`,
				a.visit("ada").Body.String())
			assert.Equal(t, `<ul></ul>`, a.visit("ada").Body.String())
		})
	}
}

// What templ renders to a buffer is shown or not. What is written while it is rendered has shown
// what it had come to.
func TestComponentThatFails(t *testing.T) {
	failing := templ.ComponentFunc(func(context.Context, io.Writer) error {
		return errors.New("no such product")
	})
	panicking := templ.ComponentFunc(func(context.Context, io.Writer) error {
		panic("no such product")
	})
	for _, test := range []struct {
		name  string
		page  gin.HandlerFunc
		code  int
		shown []string
		left  string
	}{
		{"after the messages, in a buffer", handler(page.With("Home", failing)), 500, nil, "saved"},
		{"before the messages, in a buffer", handler(page.After(failing, "Home")), 500, nil,
			"saved"},
		{"panic, in a buffer", handler(page.With("Home", panicking)), 500, nil, "saved"},
		{"and a page with the same layout takes its place", handler(page.With("Home", failing),
			templ.WithErrorHandler(func(*http.Request, error) http.Handler {
				return templ.Handler(page.Page("Sorry"), templ.WithStatus(http.StatusNotFound))
			})), 404, []string{"saved"}, ""},
		{"after the messages, while it is written",
			ways["the gin.Context"](page.With("Home", failing)), 200, []string{"saved"}, ""},
		{"before the messages, while it is written",
			ways["the gin.Context"](page.After(failing, "Home")), 200, nil, "saved"},
		{"after the messages, streaming",
			handler(page.With("Home", failing), templ.WithStreaming()), 200, []string{"saved"}, ""},
		{"an error page, on purpose", func(c *gin.Context) {
			c.Render(http.StatusServiceUnavailable,
				rendered{c.Request.Context(), page.Page("Sorry")})
		}, 503, []string{"saved"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newApp(t)
			a.GET("/", test.page)
			a.leave("ada", "saved")
			answer := a.visit("ada")
			assert.Equal(t, test.code, answer.Code)
			assert.Equal(t, test.shown, shown(answer.Body.String()))
			if test.shown != nil {
				assert.Equal(t, 1, strings.Count(answer.Body.String(), `aria-live="polite"`),
					"the page that is shown has the announcers")
			}
			waiting, err := a.messenger.Peek(t.Context(), "ada", "/")
			require.NoError(t, err)
			assert.Equal(t, test.left, waiting.String())
		})
	}
}

// The headers leave with the first 4 KB. Messages that the page comes to later are shown if no
// cache keeps it, whether they waited or its own handler has added them, which were stored by then.
func TestMessagesFarDownAPage(t *testing.T) {
	both := []string{"saved", "own"}
	for cacheControl, want := range map[string][]string{"": nil, "private, max-age=60": both} {
		for name, way := range ways {
			want := want
			if name == "templ.Handler" { // which has a buffer
				want = both
			}
			t.Run(name+"/"+cacheControl, func(t *testing.T) {
				a := newApp(t)
				a.HTMLRender = renderer{}
				far := way(page.After(templ.Raw(strings.Repeat("<p>text</p>", 1000)), "Home"))
				a.GET("/", func(c *gin.Context) {
					c.Header("Cache-Control", cacheControl)
					assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own")))
					far(c)
				})
				a.leave("ada", "saved")
				assert.Equal(t, want, shown(a.visit("ada").Body.String()))
				waiting, err := a.messenger.Peek(t.Context(), "ada", "/")
				require.NoError(t, err)
				assert.Len(t, waiting, 2-len(want))
			})
		}
	}
}

func TestMessagesChoose(t *testing.T) {
	a := newApp(t)
	a.GET("/", handler(templ.Join(flashtempl.Messages(flashgin.StatusError),
		flashtempl.Messages(flashgin.StatusWarning))))
	a.leave("ada", "saved")
	require.NoError(t, a.messenger.Add(t.Context(), "ada", flashgin.Warning("nearly full").At("/"),
		flashgin.Error("full").At("/")))
	assert.Equal(t, []string{"full", "nearly full"}, shown(a.visit("ada").Body.String()))
	waiting, err := a.messenger.Peek(t.Context(), "ada", "/")
	require.NoError(t, err)
	assert.Equal(t, "saved", waiting.String())
}

// One component serves everybody.
func TestNobodySeesAnothersMessages(t *testing.T) {
	a := newApp(t)
	a.GET("/", handler(page.Page("Home")))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			user := fmt.Sprint("user ", i)
			for n := range 25 {
				text := fmt.Sprint(user, ", ", n)
				a.leave(user, text)
				assert.Equal(t, []string{text}, shown(a.visit(user).Body.String()))
			}
		})
	}
	wg.Wait()
}

func TestAssetsHaveTheNonce(t *testing.T) {
	a := newApp(t)
	a.GET("/", func(c *gin.Context) {
		assert.NoError(t,
			page.Page("Home").Render(templ.WithNonce(c.Request.Context(), `n"0`), c.Writer))
	})
	assert.Equal(t, 2, strings.Count(a.visit("ada").Body.String(), ` nonce="n&#34;0"`))
	a.GET("/none", handler(flashtempl.Assets()))
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/none", nil))
	assert.Contains(t, recorder.Body.String(), "<script ")
	assert.NotContains(t, recorder.Body.String(), "nonce")
}

func TestOutsideARequest(t *testing.T) {
	var text strings.Builder
	require.NoError(t, page.Page("Home").Render(t.Context(), &text))
	assert.Contains(t, text.String(), `<flash-messages class="flash" data-label="Messages">`)
	assert.NotContains(t, text.String(), "<script")
}

func TestWriteErrors(t *testing.T) {
	for _, component := range []templ.Component{flashtempl.Messages(), flashtempl.Assets()} {
		a := newApp(t)
		a.GET("/", func(c *gin.Context) {
			assert.ErrorIs(t, component.Render(c, broken{}), io.ErrClosedPipe)
		})
		a.visit("ada")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
