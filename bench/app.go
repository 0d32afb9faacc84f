package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
)

// profileEnv is the folder that the web servers write their CPU profiles to, if it is set.
const profileEnv = "FLASHGIN_BENCH_PROFILE"

// serverEnv makes the program a web server: it says which application it serves.
const serverEnv = "FLASHGIN_BENCH_SERVER"

// pageText is an ordinary page with a table. {{messages}} is where the applications differ.
const pageText = `{{define "row"}}<tr><td><a href="/orders/{{.ID}}" title="{{.Name}}">{{.Name}}</a></td><td>{{.Count}}</td></tr>{{end}}` +
	`{{define "page"}}<!doctype html><html lang="en"><head><title>{{.Title}}</title></head><body>` +
	`{{messages}}<h1>Hello, {{.User}}</h1><table>{{range .Rows}}{{template "row" .}}{{end}}</table></body></html>{{end}}`

type order struct {
	ID, Count int
	Name      string
}

func pageData(user any) gin.H {
	rows := make([]order, 20)
	for i := range rows {
		rows[i] = order{100 + i, i, "Order <" + string(rune('A'+i)) + ">"}
	}
	return gin.H{"Title": "Orders", "User": user, "Rows": rows}
}

func sessionUser(c *gin.Context) any { return sessions.Default(c).Get("user") }

// app is a web application.
type app struct {
	*gin.Engine
	messenger *flashgin.Messenger
}

func newEngine(messages string, funcs template.FuncMap) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.SetHTMLTemplate(pageTemplate(messages, funcs))
	engine.Use(cookieSessions())
	return engine
}

func pageTemplate(messages string, funcs template.FuncMap) *template.Template {
	return template.Must(template.New("").Funcs(funcs).Parse(
		strings.Replace(pageText, "{{messages}}", messages, 1)))
}

func cookieSessions() gin.HandlerFunc {
	store := cookie.NewStore([]byte("a secret of thirty-two bytes ..."))
	store.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return sessions.Sessions("id", store)
}

const listMarkup = `{{range %s}}<p class="{{.Status}}">{{.Text}}</p>{{end}}`

// newApp is the application with flashgin.
func newApp(cfg flashgin.Config, middleware ...gin.HandlerFunc) app {
	cfg.Logger = slog.New(slog.DiscardHandler)
	messenger, err := flashgin.New(cfg)
	if err != nil {
		panic(err)
	}
	engine := newEngine(fmt.Sprintf(listMarkup, "flashes"), flashgin.FuncMap())
	engine.Use(middleware...)
	engine.With(messenger.Install)
	engine.GET("/login", func(c *gin.Context) {
		sessions.Default(c).Set("user", "alice")
		key, err := messenger.SessionKey(c)
		if err != nil {
			panic(err)
		}
		c.String(http.StatusOK, key)
	})
	engine.GET("/orders/:id",
		func(c *gin.Context) { c.HTML(http.StatusOK, "page", pageData(sessionUser(c))) })
	engine.POST("/orders/:id", func(c *gin.Context) {
		n, _ := strconv.Atoi(c.Query("n"))
		for range n {
			if err := flashgin.AddFlash(c,
				flashgin.Success("Your order was changed.")); err != nil {
				panic(err)
			}
		}
		c.Redirect(http.StatusSeeOther, c.Request.URL.Path)
	})
	return app{engine, messenger}
}

// newHandwritten is the application with what one writes by hand: the key is in the session, the
// messages are popped off the same sorted sets.
func newHandwritten(client *redis.Client) app {
	engine := newEngine(fmt.Sprintf(listMarkup, ".Messages"), nil)
	engine.GET("/login", func(c *gin.Context) {
		session := sessions.Default(c)
		key := rand.Text()
		session.Set("user", "alice")
		session.Set("flash", key)
		if err := session.Save(); err != nil {
			panic(err)
		}
		c.String(http.StatusOK, key)
	})
	engine.GET("/orders/:id", func(c *gin.Context) {
		data := pageData(sessionUser(c))
		if key, _ := sessions.Default(c).Get("flash").(string); key != "" {
			data["Messages"] = pop(c, client, key)
		}
		c.HTML(http.StatusOK, "page", data)
	})
	return app{Engine: engine}
}

func pop(c *gin.Context, client *redis.Client, session string) (messages []flashgin.Message) {
	pipeline := client.Pipeline()
	var found [3]*redis.ZSliceCmd
	for i, view := range []string{c.FullPath(), c.Request.URL.Path, flashgin.Anywhere} {
		found[i] = pipeline.ZPopMin(c.Request.Context(), keyOf(session, view), 50)
	}
	_, _ = pipeline.Exec(c.Request.Context())
	for _, cmd := range found {
		for _, z := range cmd.Val() {
			var m flashgin.Message
			if text, ok := z.Member.(string); ok && json.Unmarshal([]byte(text), &m) == nil {
				messages = append(messages, m)
			}
		}
	}
	return messages
}

// login returns the cookie and the session key of a new user.
func (a app) login() (cookie, key string) {
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/login", nil))
	cookie, _, _ = strings.Cut(recorder.Header().Get("Set-Cookie"), ";")
	return cookie, recorder.Body.String()
}

// serve is the web server process. It says where it listens, and ends when its standard input does.
func serve() {
	redis.SetLogger(quiet{})
	// gin-contrib/sessions says there that Redis is down
	slog.SetDefault(slog.New(slog.DiscardHandler))
	addr, name := os.Args[1], os.Getenv(serverEnv)
	timeout, err := time.ParseDuration(os.Args[2])
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	if dir := os.Getenv(profileEnv); dir != "" {
		profile, err := os.Create(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".pprof"))
		if err == nil {
			err = pprof.StartCPUProfile(profile)
		}
		if err != nil {
			panic(err)
		}
		defer profile.Close()
		defer pprof.StopCPUProfile()
	}
	go func() { panic(serveOn(listener, name, addr, timeout)) }()
	fmt.Println(listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// serveOn serves the application named, on the Redis server at addr.
func serveOn(listener net.Listener, name, addr string, timeout time.Duration) error {
	if name == long {
		return http.Serve(listener, longApp(addr, timeout))
	}
	// What is written by hand has no other limit, and would lose the messages of a page that gives
	// up before it should.
	client := redis.NewClient(&redis.Options{
		Addr: addr, ReadTimeout: max(timeout, clientTimeout),
	})
	handler := streamsServer(name, client, timeout)
	switch {
	case handler != nil:
	case name == "flashgin":
		handler = newApp(flashgin.Config{Store: redisStore(client), Timeout: timeout})
	case name == inMemory:
		handler = newApp(flashgin.Config{})
	case name == "by hand":
		handler = newHandwritten(client)
	default:
		return contenderNamed(name).serve(listener, client, timeout)
	}
	return http.Serve(listener, withProcessorTime(handler))
}

// clientTimeout is how long a client waits by default.
const clientTimeout = 3 * time.Second

func redisStore(client redis.UniversalClient) *flashgin.RedisStore {
	store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
	if err != nil {
		panic(err)
	}
	return store
}

// withProcessorTime adds a page that tells what the process has used so far, in µs.
func withProcessorTime(handler http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	mux.HandleFunc(processorTimePath,
		func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, processorTimeUsed()) })
	return mux
}

const processorTimePath = "/processor-time"

func processorTimeUsed() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return (usage.Utime.Nano() + usage.Stime.Nano()) / 1000
}
