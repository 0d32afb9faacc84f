package docs_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"html/template"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	texttemplate "text/template"
	"time"

	"github.com/CloudyKit/jet/v6"
	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
	"github.com/flashgin/flashgin/storetest"
	"github.com/flosch/pongo2/v6"
	"github.com/gin-contrib/multitemplate"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/redis/go-redis/v9"
	"github.com/yuin/goldmark"
	"golang.org/x/text/language"
	g "maragu.dev/gomponents"
)

// What the code on the pages uses without declaring it.
var (
	ctx      context.Context
	c        *gin.Context
	router   *gin.Engine
	server   *http.Server
	tracing  gin.HandlerFunc
	messages *flashgin.Messenger
	session  string // the key of one
	store    *flashgin.RedisStore
	client   redis.UniversalClient
	cookies  cookie.Store
	secret   []byte

	mine      template.FuncMap
	languages language.Matcher
	words     []flashgin.Labels
	texts     *i18n.Bundle
	page      string
	pages     multitemplate.Renderer

	job    Job
	groups interface {
		Join(group, session string)
		Tell(context.Context, *flashgin.Messenger, string, flashgin.Message) error
	}
	queue interface{ Start(Job) }

	open     func(t *testing.T, ttl time.Duration, cap int) flashgin.Store
	Markdown func(flashgin.Message) flashgin.Message
	newApp   func(flashgin.Config) (*gin.Engine, *flashgin.Messenger)
)

type (
	Job struct{ Session, View string }

	Settings struct{ flashgin.Controller }
)

// What the pages import, so that each has a use here.
var (
	_ sessions.Session
	_ time.Duration
	_ http.Handler
	_ = log.Fatal
	_ = errors.Join
	_ bufio.Scanner
	_ bytes.Buffer
	_ texttemplate.Template
	_ httptest.Server
	_ = synctest.Test
	_ strings.Builder
	_ flashtest.Store
	_ = storetest.Run
	_ goldmark.Markdown
	_ language.Tag
	_ jet.VarMap
	_ pongo2.Context
	_ i18n.Localizer
	_ = g.El
)
