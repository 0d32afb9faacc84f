package compat

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	ratelimit "github.com/JGLTechnologies/gin-rate-limit"
	"github.com/andybalholm/brotli"
	sentrygin "github.com/getsentry/sentry-go/gin"
	"github.com/gin-contrib/cache"
	"github.com/gin-contrib/cache/persistence"
	"github.com/gin-contrib/cors"
	gzipped "github.com/gin-contrib/gzip"
	"github.com/gin-contrib/logger"
	"github.com/gin-contrib/pprof"
	"github.com/gin-contrib/requestid"
	"github.com/gin-contrib/secure"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	ginslog "github.com/gin-contrib/slog"
	"github.com/gin-contrib/static"
	"github.com/gin-contrib/timeout"
	ginzap "github.com/gin-contrib/zap"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/csrf"
	"github.com/justinas/nosurf"
	"github.com/klauspost/compress/gzhttp"
	"github.com/newrelic/go-agent/v3/integrations/nrgin"
	"github.com/newrelic/go-agent/v3/newrelic"
	sloggin "github.com/samber/slog-gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/ulule/limiter/v3"
	mgin "github.com/ulule/limiter/v3/drivers/middleware/gin"
	"github.com/ulule/limiter/v3/drivers/store/memory"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.uber.org/zap"

	"github.com/flashgin/flashgin"
)

// A middleware is one row of the table in docs/middleware.md.
type middleware struct {
	module string // of go.mod; "" if Go has it
	// One of these is set. A check is also tried within Gin, after Install.
	use    func(t *testing.T) gin.HandlerFunc
	check  func(http.Handler) http.Handler       // passes on the writer as it is
	around func(http.Handler) http.Handler       // replaces the writer
	page   func(gin.HandlerFunc) gin.HandlerFunc // decorates one handler, after Install
	engine func(*gin.Engine)                     // adds routes
	// token returns the name and the value that a form must send.
	token func(*http.Request) (name, value string)
}

// always uses one handler for all tests.
func always(handler gin.HandlerFunc) func(*testing.T) gin.HandlerFunc {
	return func(*testing.T) gin.HandlerFunc { return handler }
}

var quiet = slog.New(slog.DiscardHandler)

// protect is gorilla/csrf for an application without TLS.
func protect(exempt string) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		key := []byte("a secret of thirty-two bytes ...") // not a secret: a test's
		h = csrf.Protect(key, csrf.Secure(false), csrf.Path("/"))(h)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = csrf.PlaintextHTTPRequest(r)
			if exempt != "" && strings.HasPrefix(r.URL.Path, exempt) {
				r = csrf.UnsafeSkipCheck(r)
			}
			h.ServeHTTP(w, r)
		})
	}
}

// surf is nosurf for an application without TLS.
func surf(exempt string) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		protected := nosurf.New(h)
		protected.SetIsTLSFunc(func(*http.Request) bool { return false })
		if exempt != "" {
			protected.ExemptGlob(exempt + "/*")
		}
		return protected
	}
}

func gorillaToken(r *http.Request) (name, value string) {
	return "gorilla.csrf.Token", csrf.Token(r)
}

func nosurfToken(r *http.Request) (name, value string) {
	return nosurf.FormFieldName, nosurf.Token(r)
}

var middlewares = map[string]middleware{
	"gin-contrib/gzip": {
		module: "github.com/gin-contrib/gzip", use: always(gzipped.Gzip(gzipped.BestSpeed)),
	},
	"klauspost/compress/gzhttp": {
		module: "github.com/klauspost/compress",
		around: func(h http.Handler) http.Handler { return gzhttp.GzipHandler(h) },
	},
	"andybalholm/brotli, by a writer without `Flush`": {
		module: "github.com/andybalholm/brotli", use: always(brotlied),
	},
	"gin-contrib/timeout": {
		module: "github.com/gin-contrib/timeout",
		use:    always(timeout.New(timeout.WithTimeout(time.Minute))),
	},
	"`http.TimeoutHandler`": {
		around: func(h http.Handler) http.Handler {
			return http.TimeoutHandler(h, time.Minute, "")
		},
	},
	"gin-contrib/cache": {
		module: contribCache,
		page: func(handler gin.HandlerFunc) gin.HandlerFunc {
			store := persistence.NewInMemoryStore(time.Minute)
			return cache.CachePage(store, time.Minute, handler)
		},
	},
	"chenyahui/gin-cache": {
		module: ginCache,
		use: func(*testing.T) gin.HandlerFunc {
			cached := byMiddleware()
			return func(c *gin.Context) {
				if c.Request.Method == http.MethodGet {
					cached(c)
				}
			}
		},
	},
	"gin-contrib/secure": {
		module: "github.com/gin-contrib/secure",
		use: func(*testing.T) gin.HandlerFunc {
			config := secure.DefaultConfig()
			config.SSLRedirect = false
			return secure.New(config)
		},
	},
	"gin-contrib/cors": {module: "github.com/gin-contrib/cors", use: always(cors.Default())},
	"`http.CrossOriginProtection`": {
		check: func(h http.Handler) http.Handler {
			return http.NewCrossOriginProtection().Handler(h)
		},
	},
	"gorilla/csrf": {
		module: "github.com/gorilla/csrf", check: protect(""), token: gorillaToken,
	},
	"gorilla/csrf, `/_flash` exempt": {
		module: "github.com/gorilla/csrf", check: protect("/_flash"), token: gorillaToken,
	},
	"justinas/nosurf": {
		module: "github.com/justinas/nosurf", check: surf(""), token: nosurfToken,
	},
	"justinas/nosurf, `/_flash` exempt": {
		module: "github.com/justinas/nosurf", check: surf("/_flash"), token: nosurfToken,
	},
	"otelgin": {
		module: "go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin",
		use:    always(otelgin.Middleware("test")),
	},
	"getsentry/sentry-go/gin": {
		module: "github.com/getsentry/sentry-go/gin",
		use:    always(sentrygin.New(sentrygin.Options{Repanic: true})),
	},
	"newrelic nrgin": {
		module: "github.com/newrelic/go-agent/v3/integrations/nrgin",
		use: func(t *testing.T) gin.HandlerFunc {
			off := newrelic.ConfigEnabled(false)
			app, err := newrelic.NewApplication(newrelic.ConfigAppName("test"), off)
			require.NoError(t, err)
			return nrgin.Middleware(app)
		},
	},
	"ulule/limiter": {
		module: "github.com/ulule/limiter/v3",
		use: func(*testing.T) gin.HandlerFunc {
			rate := limiter.Rate{Period: time.Hour, Limit: 1000}
			return mgin.NewMiddleware(limiter.New(memory.NewStore(), rate))
		},
	},
	"JGLTechnologies/gin-rate-limit": {
		module: "github.com/JGLTechnologies/gin-rate-limit",
		use: func(*testing.T) gin.HandlerFunc {
			store := ratelimit.InMemoryStore(
				&ratelimit.InMemoryOptions{Rate: time.Hour, Limit: 1000})
			return ratelimit.RateLimiter(store, nil)
		},
	},
	"`gin.Logger`": {use: always(gin.LoggerWithWriter(io.Discard))},
	"samber/slog-gin": {
		module: "github.com/samber/slog-gin", use: always(sloggin.New(quiet)),
	},
	"samber/slog-gin, with bodies": {
		module: "github.com/samber/slog-gin",
		use: always(sloggin.NewWithConfig(quiet,
			sloggin.Config{WithRequestBody: true, WithResponseBody: true})),
	},
	"gin-contrib/slog": {
		module: "github.com/gin-contrib/slog",
		use:    always(ginslog.SetLogger(ginslog.WithWriter(io.Discard))),
	},
	"gin-contrib/logger (zerolog)": {
		module: "github.com/gin-contrib/logger",
		use:    always(logger.SetLogger(logger.WithWriter(io.Discard))),
	},
	"gin-contrib/zap": {
		module: "github.com/gin-contrib/zap",
		use:    always(ginzap.Ginzap(zap.NewNop(), time.RFC3339, true)),
	},
	"gin-contrib/requestid": {
		module: "github.com/gin-contrib/requestid", use: always(requestid.New()),
	},
	"gin-contrib/static": {
		module: "github.com/gin-contrib/static",
		use: func(t *testing.T) gin.HandlerFunc {
			return static.Serve("/", static.LocalFile(t.TempDir(), false))
		},
	},
	"gin-contrib/pprof": {
		module: "github.com/gin-contrib/pprof", engine: func(e *gin.Engine) { pprof.Register(e) },
	},
}

// version returns which version of a module go.mod has, without the v.
func version(t *testing.T, module string) string {
	t.Helper()
	text, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(module) + ` v(\S+)`).FindSubmatch(text)
	require.NotNil(t, line, module)
	return string(line[1])
}

// rows returns the table of docs/middleware.md: what becomes of messages before Install, and after.
// Middlewares with the same outcome share a row there.
func rows(t *testing.T) map[string][2]string {
	t.Helper()
	page, err := os.ReadFile("../docs/middleware.md")
	require.NoError(t, err)
	rows := map[string][2]string{}
	row := regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]*\|$`)
	for _, cells := range row.FindAllStringSubmatch(string(page), -1) {
		for name := range strings.SplitSeq(cells[1], "; ") {
			rows[name] = [2]string{cells[2], cells[3]}
		}
	}
	delete(rows, "middleware")
	delete(rows, "---")
	return rows
}

// TestMiddleware posts a form, follows the redirect, sees the message once, opens the stream, gets
// a message there and acknowledges it, as the table says.
func TestMiddleware(t *testing.T) {
	table := rows(t)
	for name, m := range middlewares {
		row := name
		if m.module != "" {
			row = strings.Replace(row+",", ",", " "+version(t, m.module)+",", 1)
			row = strings.TrimSuffix(row, ",")
		}
		if !assert.Contains(t, table, row, "docs/middleware.md") {
			continue
		}
		for i, place := range []string{"before", "after"} {
			t.Run(name+"/"+place, func(t *testing.T) {
				got := "–"
				if before := place == "before"; before && m.page == nil ||
					!before && m.around == nil {
					got = m.outcome(t, before)
				}
				assert.Equal(t, table[row][i], got)
			})
		}
		delete(table, row)
	}
	assert.Empty(t, table, "rows that no test tries")
}

// outcome tries a middleware before or after Install.
func (m middleware) outcome(t *testing.T, before bool) string {
	log := new(log)
	messenger, err := flashgin.New(flashgin.Config{Logger: slog.New(slog.NewTextHandler(log, nil))})
	require.NoError(t, err)
	engine := gin.New()
	var handler http.Handler = engine
	use := func() {
		switch {
		case m.page != nil:
		case m.engine != nil:
			m.engine(engine)
		case m.use != nil:
			engine.Use(m.use(t))
		case m.around != nil:
			handler = m.around(engine)
		case before:
			handler = m.check(engine)
		default:
			engine.Use(within(m.check))
		}
	}
	if before {
		use()
	}
	engine.With(messenger.Install)
	cookies := cookie.NewStore([]byte("a secret of thirty-two bytes ...")) // not a secret: a test's
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true})
	engine.Use(sessions.Sessions("id", cookies))
	if !before {
		use()
	}
	messenger.Mount(engine)
	v := &visitor{t: t, token: m.token}
	v.routes(engine, messenger, m.page)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Cleanup(func() { assert.NoError(t, messenger.Close(context.Background())) })
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	v.url, v.client = server.URL, &http.Client{Jar: jar}

	var missing []string
	if !v.seesTheMessageOnce() {
		missing = append(missing, "no messages")
	}
	switch arrives, acknowledged := v.opensTheStream(messenger); {
	case !arrives:
		missing = append(missing, "no stream")
		assert.Contains(t, log.String(), "flashgin:")
	case !acknowledged:
		missing = append(missing, "no acknowledgement")
	case strings.Contains(log.String(), "WriteTimeout ends them"):
		missing = append(missing, "works, but `WriteTimeout` ends streams")
	}
	if missing == nil {
		assert.Empty(t, log.String())
		return "works"
	}
	return strings.Join(missing, ", ")
}

// within lets a middleware of net/http run in Gin.
func within(around func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}

// A visitor has a browser.
type visitor struct {
	t       *testing.T
	url     string
	client  *http.Client
	session string
	token   func(*http.Request) (name, value string)
	field   [2]string // of the form: its name and value
}

// routes adds a form, and where it is sent.
func (v *visitor) routes(
	engine *gin.Engine, messenger *flashgin.Messenger,
	decorate func(gin.HandlerFunc) gin.HandlerFunc,
) {
	form := func(c *gin.Context) {
		if v.token != nil {
			v.field[0], v.field[1] = v.token(c.Request)
		}
		page := fmt.Appendf(nil, "<form>%s", flashgin.Markup(c))
		c.Data(http.StatusOK, "text/html; charset=utf-8", page)
	}
	if decorate != nil {
		form = decorate(form)
	}
	engine.GET("/form", form)
	engine.POST("/save", func(c *gin.Context) {
		var err error
		v.session, err = messenger.SessionKey(c)
		assert.NoError(v.t, err)
		assert.NoError(v.t, flashgin.RedirectFlash(c, "/form", flashgin.Success("It was saved.")))
	})
}

// do sends a request as a browser does, and follows redirects.
func (v *visitor) do(method, path, body string, header ...string) *http.Response {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path,
		strings.NewReader(body))
	require.NoError(v.t, err)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		request.Header.Set("Origin", v.url)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := v.client.Do(request)
	require.NoError(v.t, err)
	return response
}

func (v *visitor) open(method, path string, form url.Values) string {
	v.t.Helper()
	header := []string{
		"Accept", "text/html", "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate",
	}
	if form != nil {
		header = append(header, "Content-Type", "application/x-www-form-urlencoded")
	}
	response := v.do(method, path, form.Encode(), header...)
	assert.Equal(v.t, http.StatusOK, response.StatusCode, path)
	return text(v.t, response)
}

// text returns the body of a response, whatever compresses it.
func text(t *testing.T, response *http.Response) string {
	t.Helper()
	if response.Header.Get("Content-Encoding") == "br" {
		response.Body = io.NopCloser(brotli.NewReader(response.Body))
	}
	return read(t, response)
}

func (v *visitor) seesTheMessageOnce() bool {
	v.t.Helper()
	const message = "It was saved."
	assert.NotContains(v.t, v.open(http.MethodGet, "/form", nil), message)
	first := v.open(http.MethodPost, "/save", url.Values{v.field[0]: {v.field[1]}})
	assert.NotContains(v.t, v.open(http.MethodGet, "/form", nil), message, "a second time")
	return strings.Contains(first, message)
}

func (v *visitor) opensTheStream(messenger *flashgin.Messenger) (arrives, acknowledged bool) {
	v.t.Helper()
	require.NotEmpty(v.t, v.session)
	response := v.do(http.MethodGet, "/_flash/stream?view=/form", "", "Sec-Fetch-Dest", "empty")
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return false, false
	}
	require.NoError(v.t, messenger.Add(v.t.Context(), v.session, flashgin.Info("text").At("/form")))
	var body io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "br" {
		body = brotli.NewReader(body)
	}
	if outcomeOf(v.t, body) != "arrives" {
		return false, false
	}
	// As the script does, without a token.
	ack := v.do(http.MethodPost, "/_flash/ack", `{"shown":[]}`,
		"Content-Type", "text/plain;charset=UTF-8",
		"Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors")
	read(v.t, ack)
	return true, ack.StatusCode == http.StatusNoContent
}

// brotliWriter compresses as gin-brotli and the like do: it flushes nothing.
type brotliWriter struct {
	gin.ResponseWriter
	w *brotli.Writer
}

func (w brotliWriter) Write(text []byte) (int, error) {
	w.Header().Del("Content-Length")
	return w.w.Write(text)
}

func brotlied(c *gin.Context) {
	c.Header("Content-Encoding", "br")
	w := brotliWriter{c.Writer, brotli.NewWriter(c.Writer)}
	c.Writer = w
	defer w.w.Close()
	c.Next()
}

// outcomeOf reads a stream until a message arrives, or the stream ends for good.
func outcomeOf(t *testing.T, stream io.Reader) string {
	t.Helper()
	var text strings.Builder
	buffer := make([]byte, 1024)
	for {
		n, err := stream.Read(buffer)
		text.Write(buffer[:n])
		switch {
		case strings.Contains(text.String(), "event: flash\n"):
			return "arrives"
		case err == io.EOF && strings.Contains(text.String(), "data: over\n"):
			return "ends"
		}
		require.NoError(t, err, text.String())
	}
}
