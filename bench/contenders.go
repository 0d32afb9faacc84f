package main

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/gin-contrib/sessions"
	redissessions "github.com/gin-contrib/sessions/redis"
	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
)

// The contenders serve the same page and the same form, each with its own kind of flash messages:
//
//   - GET /login makes a session in which somebody is logged in;
//   - POST /orders/5 adds a message and redirects to the page;
//   - GET /orders/5 shows the messages, each in a paragraph.
//
// The query can say what the message's text ends with (n), and how long the handler works before it
// comes to messages (work).

// A contender is a web application that is compared.
type contender struct {
	name    string
	flashes bool
	session bool // the page greets the user of a session; else it greets alice, whoever comes
	redis   bool // messages are there, or the sessions that hold them
	stored  bool // the sessions are in Redis: without it, nobody is logged in

	// app is nil for fiber, which is no http.Handler.
	app func(contender, *redis.Client, time.Duration) http.Handler
}

func (c contender) serve(l net.Listener, client *redis.Client, timeout time.Duration) error {
	if c.app == nil {
		return serveFiber(l)
	}
	return http.Serve(l, withProcessorTime(c.app(c, client, timeout)))
}

// The names that the goals speak of.
const (
	ours            = "flashgin, Redis, session"
	oursCookie      = "flashgin, Redis, cookie key"
	oursKnown       = "flashgin, Redis, session, KnownFor"
	oursCookieKnown = "flashgin, Redis, cookie key, KnownFor"
	oursMemory      = "flashgin, memory, cookie key"
	oursBesideRedis = "flashgin, Redis, session in Redis"
	usualRedis      = "gin-contrib/sessions, Redis store"
	listInSCS       = "scs, Redis store"
	byHand          = "by hand, go-redis"
	byHandInSession = "by hand, go-redis, session"
	plain           = "no flashes"
)

// known reports whether pages do not always ask the store.
func (c contender) known() bool { return strings.HasSuffix(c.name, ", KnownFor") }

func contenders() []contender {
	flash := func(c contender, client *redis.Client, timeout time.Duration) http.Handler {
		cfg := flashgin.Config{Timeout: timeout, AddTimeout: max(timeout, time.Second)}
		if c.redis {
			cfg.Store = redisStore(client)
		}
		if c.known() {
			cfg.KnownFor = time.Minute // a round on a busy machine may take seconds
		}
		if !c.session {
			cfg.SessionKey = flashgin.CookieKey("flash")
		}
		if c.stored {
			return flashginShop(cfg, redisSessions(client))
		}
		return flashginShop(cfg, cookieSessions())
	}
	usual := func(c contender, client *redis.Client, _ time.Duration) http.Handler {
		if !c.stored {
			return usualShop(cookieSessions())
		}
		return usualShop(redisSessions(client))
	}
	inSCS := func(_ contender, client *redis.Client, _ time.Duration) http.Handler {
		return scsShop(client)
	}
	handwritten := func(c contender, client *redis.Client, _ time.Duration) http.Handler {
		return handwrittenShop(client, c.session)
	}
	without := func(c contender, _ *redis.Client, _ time.Duration) http.Handler {
		return plainShop(c.session)
	}
	return []contender{
		{name: ours, flashes: true, session: true, redis: true, app: flash},
		{name: oursCookie, flashes: true, redis: true, app: flash},
		{name: oursKnown, flashes: true, session: true, redis: true, app: flash},
		{name: oursCookieKnown, flashes: true, redis: true, app: flash},
		{name: "flashgin, memory, session", flashes: true, session: true, app: flash},
		{name: oursMemory, flashes: true, app: flash},
		{name: oursBesideRedis, flashes: true, session: true, redis: true, stored: true,
			app: flash},
		{name: usualRedis, flashes: true, session: true, redis: true, stored: true, app: usual},
		{name: "gin-contrib/sessions, cookie store", flashes: true, session: true, app: usual},
		{name: listInSCS, flashes: true, session: true, redis: true, stored: true, app: inSCS},
		{name: "fiber v3", flashes: true},
		{name: byHandInSession, flashes: true, session: true, redis: true, app: handwritten},
		{name: byHand, flashes: true, redis: true, app: handwritten},
		{name: "no flashes, session", session: true, app: without},
		{name: plain, app: without},
	}
}

func contenderNamed(name string) contender {
	all := contenders()
	i := slices.IndexFunc(all, func(c contender) bool { return c.name == name })
	if i < 0 {
		panic("there is no contender " + name)
	}
	return all[i]
}

// shop is what differs between the contenders on Gin.
type shop struct {
	markup string           // of the messages; by default those that the handler gives it
	funcs  template.FuncMap // that the markup needs
	use    []gin.HandlerFunc
	login  func(*gin.Context) error
	user   func(*gin.Context) any // reads the session; nil for alice
	add    func(c *gin.Context, text string) error
	// what the handler gives the template, if it must; a page does not fail because of messages
	take func(*gin.Context) any
}

const (
	textMarkup  = `{{range .Messages}}<p class="success">{{.}}</p>{{end}}`
	messageText = "Your order was changed."
)

// on makes the routes.
func (s shop) on(engine *gin.Engine) *gin.Engine {
	engine.SetHTMLTemplate(pageTemplate(cmp.Or(s.markup, textMarkup), s.funcs))
	engine.Use(s.use...)
	if s.user == nil {
		s.user = func(*gin.Context) any { return "alice" }
	}
	answer := func(handler func(*gin.Context) error) gin.HandlerFunc {
		return func(c *gin.Context) {
			if err := handler(c); err != nil {
				c.String(http.StatusInternalServerError, "%v", err)
			}
		}
	}
	engine.GET("/login", answer(func(c *gin.Context) error {
		if s.login == nil {
			return nil
		}
		return s.login(c)
	}))
	engine.GET("/orders/:id", answer(func(c *gin.Context) error {
		user := s.user(c)
		work(c.Query("work"))
		data := pageData(user)
		if s.take != nil {
			data["Messages"] = s.take(c)
		}
		c.HTML(http.StatusOK, "page", data)
		return nil
	}))
	engine.POST("/orders/:id", answer(func(c *gin.Context) error {
		s.user(c)
		work(c.Query("work"))
		if s.add != nil {
			if err := s.add(c, messageText+c.Query("n")); err != nil {
				return err
			}
		}
		c.Redirect(http.StatusSeeOther, c.Request.URL.Path)
		return nil
	}))
	return engine
}

// work stands for what handlers do besides.
func work(text string) {
	if d, err := time.ParseDuration(text); err == nil {
		time.Sleep(d)
	}
}

func newGin() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	return gin.New()
}

// redisSessions are gin-contrib's, which keep their values in Redis.
func redisSessions(client *redis.Client) gin.HandlerFunc {
	store, err := redissessions.NewStore(10, "tcp", client.Options().Addr, "", "",
		[]byte("a secret of thirty-two bytes ..."))
	if err != nil {
		panic(err)
	}
	return sessions.Sessions("id", store)
}

func flashginShop(cfg flashgin.Config, middleware gin.HandlerFunc) *gin.Engine {
	cfg.Logger = slog.New(slog.DiscardHandler)
	messages, err := flashgin.New(cfg)
	if err != nil {
		panic(err)
	}
	s := shop{
		markup: fmt.Sprintf(listMarkup, "flashes"),
		funcs:  flashgin.FuncMap(),
		login:  func(c *gin.Context) error { _, err := messages.SessionKey(c); return err },
		add: func(c *gin.Context, text string) error {
			return flashgin.AddFlash(c, flashgin.Success(text))
		},
	}
	if cfg.SessionKey == nil {
		s.use, s.user = []gin.HandlerFunc{middleware}, sessionUser
		s.login = func(c *gin.Context) error {
			sessions.Default(c).Set("user", "alice")
			_, err := messages.SessionKey(c) // saves both
			return err
		}
	}
	return s.on(newGin().With(messages.Install))
}

// usualShop has the flashes of gin-contrib/sessions.
func usualShop(middleware gin.HandlerFunc) *gin.Engine {
	return shop{
		use:   []gin.HandlerFunc{middleware},
		login: func(c *gin.Context) error { return logIn(c, nil) },
		user:  sessionUser,
		add: func(c *gin.Context, text string) error {
			session := sessions.Default(c)
			session.AddFlash(text)
			return session.Save()
		},
		take: func(c *gin.Context) any {
			session := sessions.Default(c)
			messages := session.Flashes()
			if len(messages) > 0 {
				_ = session.Save()
			}
			return messages
		},
	}.on(newGin())
}

// logIn saves a session with a user, and with more.
func logIn(c *gin.Context, more map[string]string) error {
	session := sessions.Default(c)
	session.Set("user", "alice")
	for name, value := range more {
		session.Set(name, value)
	}
	return session.Save()
}

// scsShop keeps a list among the values of an scs session.
func scsShop(client *redis.Client) http.Handler {
	manager := scs.New()
	manager.Store = goredisstore.New(client)
	const list = "flashes"
	return manager.LoadAndSave(shop{
		login: func(c *gin.Context) error {
			manager.Put(c.Request.Context(), "user", "alice")
			return nil
		},
		user: func(c *gin.Context) any { return manager.GetString(c.Request.Context(), "user") },
		add: func(c *gin.Context, text string) error {
			messages, _ := manager.Get(c.Request.Context(), list).([]string)
			manager.Put(c.Request.Context(), list, append(messages, text))
			return nil
		},
		take: func(c *gin.Context) any { return manager.Pop(c.Request.Context(), list) },
	}.on(newGin()))
}

// handwrittenShop is the least that one writes by hand: a list for each user in Redis.
func handwrittenShop(client *redis.Client, inSession bool) *gin.Engine {
	const name, patience, most = "flash", 24 * time.Hour, 50
	s := shop{login: func(c *gin.Context) error {
		c.SetSameSite(http.SameSiteLaxMode)
		c.SetCookie(name, rand.Text(), 0, "/", "", false, true)
		return nil
	}}
	key := func(c *gin.Context) string {
		key, _ := c.Cookie(name)
		return key
	}
	if inSession {
		s.use, s.user = []gin.HandlerFunc{cookieSessions()}, sessionUser
		s.login = func(c *gin.Context) error {
			return logIn(c, map[string]string{name: rand.Text()})
		}
		key = func(c *gin.Context) string {
			key, _ := sessions.Default(c).Get(name).(string)
			return key
		}
	}
	s.add = func(c *gin.Context, text string) error {
		_, err := client.Pipelined(c.Request.Context(), func(p redis.Pipeliner) error {
			p.RPush(c.Request.Context(), name+":"+key(c), text)
			p.Expire(c.Request.Context(), name+":"+key(c), patience)
			return nil
		})
		return err
	}
	s.take = func(c *gin.Context) any {
		messages, _ := client.LPopCount(c.Request.Context(), name+":"+key(c), most).Result()
		return messages
	}
	return s.on(newGin())
}

func plainShop(session bool) *gin.Engine {
	if !session {
		return shop{}.on(newGin())
	}
	return shop{
		use:   []gin.HandlerFunc{cookieSessions()},
		login: func(c *gin.Context) error { return logIn(c, nil) },
		user:  sessionUser,
	}.on(newGin())
}
