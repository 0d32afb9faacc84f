package main

import (
	"context"
	"errors"
	"html/template"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/securecookie"

	"github.com/flashgin/flashgin"
)

const (
	sessionCookie = "id"    // of gin-contrib/sessions
	keyCookie     = "flash" // of flashgin.CookieKey
)

var cookieSecret = []byte("a secret of thirty-two bytes ...") // not a secret: a test's

// sessionCodecs decode the cookies of sessions, to see whose they are.
var sessionCodecs = securecookie.CodecsFromPairs(cookieSecret)

// site is a web application on a server of its own.
type site struct {
	run       *run
	engine    *gin.Engine
	messenger *flashgin.Messenger
	server    *http.Server
	url       string
	sessions  bool // keys are in gin-contrib sessions, not in cookies of flashgin's
}

const templates = `
{{define "page"}}<!doctype html><head>{{flashAssets}}</head><body>{{flashes}}</body>{{end}}
{{define "list"}}<ul>{{range flashes}}<li class="{{.Status}}">{{.Text}}</li>{{end}}</ul>{{end}}
{{define "broken"}}{{range flashes}}{{.Text}}{{end}}{{index .Nothing 5}}{{end}}`

func newSite(r *run, store flashgin.Store, withSessions bool) (*site, error) {
	s := &site{run: r, sessions: withSessions, engine: gin.New()}
	cfg := flashgin.Config{
		Store: store, View: viewOf, Labels: labelsOf, HTMX: true, Turbo: true,
		Timeout: 10 * time.Second, AddTimeout: 10 * time.Second, // a busy machine is no failure
		OnError: s.onError, Observer: s, Logger: slog.New(slog.DiscardHandler),
	}
	if !withSessions {
		key := flashgin.CookieKey(keyCookie)
		cfg.SessionKey = func(c *gin.Context) (string, error) {
			visitOf(c.Request.Context()).panicIf("key")
			return key(c)
		}
	}
	var err error
	if s.messenger, err = flashgin.New(cfg); err != nil {
		return nil, err
	}
	s.engine.RedirectFixedPath = true
	s.engine.UseRawPath, s.engine.ContextWithFallback = !withSessions, !withSessions
	s.engine.Use(recovery)
	s.engine.Use(outside)
	s.engine.With(s.messenger.Install)
	if withSessions {
		cookies := cookie.NewStore(cookieSecret)
		cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		s.engine.Use(sessions.Sessions(sessionCookie, panicking{cookies}), s.identify)
	}
	s.engine.SetHTMLTemplate(template.Must(
		template.New("").Funcs(s.engine.FuncMap).Parse(templates)))
	s.routes()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.url = "http://" + listener.Addr().String()
	s.server = &http.Server{Handler: s.handler(), ErrorLog: log.New(io.Discard, "", 0),
		Protocols: new(http.Protocols)}
	s.server.Protocols.SetHTTP1(true)
	s.server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

func (s *site) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return errors.Join(s.server.Shutdown(ctx), s.messenger.Close(ctx))
}

// The places of the application's pages, and all views at which its messages may wait.
const (
	pageRoute     = "/page/:id"
	scenarioRoute = "/s/:scenario"
	quietRoute    = "/quiet/:scenario"
)

var pages = []string{"/page/1", "/page/2", "/page/3", "/Page/Mixed"}

var allViews = append([]string{
	flashgin.Anywhere, pageRoute, scenarioRoute, quietRoute, "/json", "/markup", "/Page/:id",
	"/page/Mixed", "/files/:name", "/files/:name/:more",
	"/files/a/b", "/files/a%2Fb", "/page/1 ", "dashboard",
}, pages...)

func (s *site) routes() {
	e, r := s.engine, s.run
	page := func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }
	e.GET(pageRoute, page)
	e.GET("/Page/:id", page)
	e.GET("/files/:name", page)
	e.GET("/files/:name/:more", page)
	e.GET("/list", func(c *gin.Context) { c.HTML(http.StatusOK, "list", nil) })
	e.GET("/json", func(c *gin.Context) {
		c.JSON(http.StatusOK,
			r.ours(visitOf(c.Request.Context()), flashgin.Flashes(c), "by Flashes"))
	})
	e.GET("/markup", func(c *gin.Context) {
		c.Data(http.StatusOK, "text/html; charset=utf-8",
			[]byte(flashgin.Markup(c.Request.Context())))
	})
	e.GET("/peek", func(c *gin.Context) {
		c.String(http.StatusOK, "%d",
			len(r.ours(visitOf(c.Request.Context()), flashgin.PeekFlashes(c), "by PeekFlashes")))
	})
	e.POST("/login", func(c *gin.Context) {
		if s.sessions {
			session := sessions.Default(c)
			session.Set("user", visitOf(c.Request.Context()).user)
			_ = session.Save()
		}
	})
	e.POST("/key", func(c *gin.Context) { _, _ = visitOf(c.Request.Context()).key(c) })
	play := func(c *gin.Context) {
		v := visitOf(c.Request.Context())
		v.scenario.handle(v, c)
	}
	for _, route := range []string{scenarioRoute, quietRoute} {
		e.GET(route, play)
		e.POST(route, play)
	}
	s.messenger.Mount(e)
}

// identify checks that the session is the user's.
func (s *site) identify(c *gin.Context) {
	v := visitOf(c.Request.Context())
	if user, ok := sessions.Default(c).Get("user").(int); ok && user != v.user {
		s.run.ledger.violate(strangersSession, v.scenario, "user %d has the session of user %d",
			v.user, user)
	}
	c.Next()
}

// recovery is Gin's, unless the scenario is to go without.
func recovery(c *gin.Context) {
	if visitOf(c.Request.Context()).scenario.unrecovered {
		return
	}
	gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, _ any) {
		c.AbortWithStatus(http.StatusInternalServerError)
	})(c)
}

// outside is the middleware that a scenario wants around flashgin's.
func outside(c *gin.Context) {
	if do := visitOf(c.Request.Context()).scenario.outside; do != nil {
		do(c)
	}
}

// panicking is a session store that panics where a visit wants it.
type panicking struct{ sessions.Store }

func viewOf(c *gin.Context) string {
	visitOf(c.Request.Context()).panicIf("view")
	return ""
}

func labelsOf(c *gin.Context) flashgin.Labels {
	visitOf(c.Request.Context()).panicIf("labels")
	return flashgin.Labels{}
}

// onError notes what was reported, without what differs each time.
func (s *site) onError(_ context.Context, err error) {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if len(text) > 110 {
		text = text[:110] + "…"
	}
	l := s.run.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports[text]++
}

// Observe notes which messages were reported as lost: all of the request, for an event names none.
func (s *site) Observe(ctx context.Context, e flashgin.Event) {
	l := s.run.ledger
	l.mu.Lock()
	if e.Messages > 0 {
		l.events[string(e.Kind)] += e.Messages
	}
	l.mu.Unlock()
	if e.Kind == flashgin.EventLost {
		if v, ok := ctx.Value(visitKey{}).(*visit); ok {
			l.lost(v.numbers())
		}
	}
}
