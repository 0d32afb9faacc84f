package e2e

import (
	"context"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// strict is the strictest policy under which a page can have a script and a style sheet at all.
const strict = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// ada is the session of every visitor of a site.
const ada = "ada"

// A site is an application for a test. Its page "/" is under the strict policy unless a test says
// otherwise.
type site struct {
	*gin.Engine
	t         testing.TB
	messenger *flashgin.Messenger
	server    *httptest.Server
	url       string
	policy    string
	line      line
}

// layout is the page. Its parts can be replaced: {{define "head"}} and the like.
const layout = `<!doctype html>
<html lang="{{block "lang" .}}en{{end}}" {{block "root" .}}{{end}}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Test</title>
<link rel="stylesheet" href="/page.css">
{{block "head" .}}{{flashAssets}}{{end}}
</head>
<body>
<header><nav aria-label="Main"><a id="away" href="/away">Away</a></nav></header>
<main>
{{block "messages" .}}{{flashes}}{{end}}
<h1>Test</h1>
{{block "content" .}}<p><label for="field">Field</label> <input id="field"> <button type="button" id="button">Button</button></p>{{end}}
</main>
</body>
</html>
`

// pageCSS names its colours, for axe knows no other ground than white.
const pageCSS = `:root { color-scheme: light dark; font-family: sans-serif; }
body, dialog { background: light-dark(#fff, #111); color: light-dark(#111, #eee); }
a { color: light-dark(#00e, #9cf); }
header { margin-bottom: .5rem; }
dialog { width: 16rem; margin-top: 1rem; }
.tall { height: 300vh; }
.low { position: fixed; inset: auto 3rem 3rem auto; }`

// looks are the ready-made ones, each with what its pages have in their head.
var looks = []struct {
	name string
	look flashgin.Look
	head string
}{
	{"plain", flashgin.LookPlain, `{{define "head"}}{{flashAssets}}{{end}}`},
	{"Bootstrap", flashgin.LookBootstrap,
		`{{define "head"}}<link rel="stylesheet" href="/npm/bootstrap/dist/css/bootstrap.css">{{flashAssets}}{{end}}`},
	{"Tailwind", flashgin.LookTailwind,
		`{{define "head"}}<script src="/npm/@tailwindcss/browser/dist/index.global.js"></script>{{flashAssets}}{{end}}`},
}

// withTurbo is for the head of a page.
const withTurbo = `<script src="/npm/@hotwired/turbo/dist/turbo.es2017-umd.js"></script>`

func newSite(t testing.TB, cfg flashgin.Config, templates ...string) *site {
	t.Helper()
	if cfg.SessionKey == nil {
		cfg.SessionKey = func(*gin.Context) (string, error) { return ada, nil }
	}
	cfg.OnError = func(_ context.Context, err error) { t.Error("reported:", err) }
	messenger, err := flashgin.New(cfg)
	require.NoError(t, err)
	s := &site{Engine: gin.New(messenger.Install), t: t, messenger: messenger, policy: strict}
	set := template.Must(template.New("page").Funcs(s.FuncMap).Parse(layout))
	for _, text := range templates {
		template.Must(set.Parse(text))
	}
	s.SetHTMLTemplate(set)
	s.Use(s.line.handle)
	messenger.Mount(s)
	s.GET("/", s.page)
	s.GET("/away", s.page)
	s.GET("/page.css", func(c *gin.Context) { c.Data(http.StatusOK, "text/css", []byte(pageCSS)) })
	s.GET("/favicon.ico", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	for _, name := range []string{
		"htmx2/dist/htmx.js", "htmx4/dist/htmx.js", "@hotwired/turbo/dist/turbo.es2017-umd.js",
		"bootstrap/dist/css/bootstrap.css", "@tailwindcss/browser/dist/index.global.js",
	} {
		s.StaticFile("/npm/"+name, "node_modules/"+name)
	}
	server := httptest.NewServer(s)
	s.server, s.url = server, server.URL
	t.Cleanup(func() {
		server.CloseClientConnections() // a browser keeps some open, and asks no more
		server.Close()
		assert.NoError(t, messenger.Close(context.Background()))
	})
	return s
}

// page is the handler of a page.
func (s *site) page(c *gin.Context) {
	if s.policy != "" {
		c.Header("Content-Security-Policy", s.policy)
	}
	c.HTML(http.StatusOK, "page", gin.H{"Path": c.Request.URL.Path, "Nonce": "n0nce"})
}

// leave makes messages wait for the page "/".
func (s *site) leave(messages ...flashgin.Message) {
	s.t.Helper()
	for i := range messages {
		if messages[i].View == "" {
			messages[i].View = "/"
		}
	}
	require.NoError(s.t, s.messenger.Add(s.t.Context(), ada, messages...))
}

// waiting returns the texts of what waits for a view.
func (s *site) waiting(view string) string {
	s.t.Helper()
	list, err := s.messenger.Peek(s.t.Context(), ada, view)
	require.NoError(s.t, err)
	return list.String()
}

// opened returns a tab in which the page "/" shows messages and is taken over by the script.
func (s *site) opened(messages ...flashgin.Message) *tab {
	s.t.Helper()
	b := newTab(s.t)
	s.leave(messages...)
	b.open(s.url)
	b.ready()
	return b
}

// every has all statuses, with and without title, link and autoclose.
func every() []flashgin.Message {
	return []flashgin.Message{
		flashgin.Info("Version 2 is here."),
		flashgin.Success("Your settings have been changed successfully."),
		flashgin.Warning("Your plan ends in three days."),
		flashgin.Error("The file could not be read."),
		{Status: flashgin.StatusSuccess, Title: "Order 12", Text: "It is on its way.",
			Link: &flashgin.Link{Label: "View order", URL: "/orders/12"}},
		{Status: flashgin.StatusError, Title: "Import",
			Text: strings.Repeat("A line of the contacts has no address. ", 8)},
		{Status: flashgin.StatusInfo, Title: "Good morning",
			HTML: `There is <a class="alert-link underline" href="/news">news</a> for <b>you</b>.`},
		{Status: "reminder", Text: "Drink some water."},
		{Status: flashgin.StatusInfo, Text: "I leave by myself.", AutoClose: true},
	}
}
