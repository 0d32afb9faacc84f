package messages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// settings and problems embed the mixin as applications do: one has its handlers on the pointer,
// one on the value.
type settings struct{ flashgin.Controller }

func (s *settings) update(c *gin.Context) {
	_ = s.AddFlash(c, flashgin.Success("saved"))
	c.Redirect(http.StatusSeeOther, "/show")
}

func (s *settings) show(c *gin.Context) {
	peeked := apptest.Texts(s.PeekFlashes(c))
	c.JSON(http.StatusOK, gin.H{"peeked": peeked, "taken": apptest.Texts(s.Flashes(c))})
}

type problems struct{ flashgin.Controller }

func (p problems) update(c *gin.Context) {
	_ = p.RedirectFlash(c, "/show", flashgin.Success("solved"))
}

func (p problems) show(c *gin.Context) { c.JSON(http.StatusOK, apptest.Texts(p.Flashes(c))) }

// The mixin's methods do what the functions of the package do, on a pointer and on a value.
func TestController(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	s, p := new(settings), problems{}
	a.POST("/settings", s.update)
	a.POST("/problems", p.update)
	a.GET("/show", s.show)
	a.GET("/problems", p.show)
	visitor := a.Visitor()

	for _, test := range []struct{ path, want string }{
		{"/settings", "saved"},
		{"/problems", "solved"},
	} {
		assert.Equal(t, http.StatusSeeOther, visitor.Post(test.path).Code)
		assert.JSONEq(t, `{"peeked":["`+test.want+`"],"taken":["`+test.want+`"]}`,
			visitor.Get("/show"))
		assert.JSONEq(t, `{"peeked":[],"taken":[]}`, visitor.Get("/show"))
	}
	assert.JSONEq(t, `[]`, visitor.Get("/problems"))
	assert.Equal(t, flashgin.Controller{}, s.Controller, "it holds nothing")
}

// RedirectFlash redirects with 303, whatever became of its messages.
func TestRedirectFlash(t *testing.T) {
	for _, test := range []struct {
		name  string
		setup func(t *testing.T) *apptest.App
		msg   flashgin.Message
		err   error
		shown string
	}{
		{"added", func(t *testing.T) *apptest.App {
			return apptest.NewApp(t, flashgin.Config{})
		}, flashgin.Info("hello"), nil, `["hello"]`},
		{"empty", func(t *testing.T) *apptest.App {
			return apptest.NewApp(t, flashgin.Config{})
		}, flashgin.Message{}, nil, `[]`},
		{"no session", func(t *testing.T) *apptest.App {
			return apptest.NewAppWithoutSessions(t, flashgin.Config{})
		}, flashgin.Info("hello"), flashgin.ErrNoSession, `[]`},
		{"too large", func(t *testing.T) *apptest.App {
			return apptest.NewApp(t, flashgin.Config{MaxBytes: 10})
		}, flashgin.Info("hello"), flashgin.ErrTooLarge, `[]`},
		{"not installed", func(t *testing.T) *apptest.App {
			return &apptest.App{Engine: gin.New(), T: t}
		}, flashgin.Info("hello"), flashgin.ErrNotInstalled, `[]`},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut,
			http.MethodDelete} {
			t.Run(test.name+"/"+method, func(t *testing.T) {
				a := test.setup(t)
				a.Handle(method, "/", func(c *gin.Context) {
					assert.ErrorIs(t, flashgin.RedirectFlash(c, "/show?x=1", test.msg), test.err)
				})
				a.GET("/show", apptest.JSONPage)
				visitor := a.Visitor()
				answer := visitor.Do(method, "/")
				assert.Equal(t, http.StatusSeeOther, answer.Code)
				assert.Equal(t, "/show?x=1", answer.Header().Get("Location"))
				assert.Equal(t, test.shown, visitor.Get("/show"))
			})
		}
	}
}

type anyKey struct{}

// derived lists the contexts that code below a handler is given.
var derived = map[string]func(*gin.Context) context.Context{
	"the gin.Context": func(c *gin.Context) context.Context { return c },
	"a copy of it":    func(c *gin.Context) context.Context { return c.Copy() },
	"a child of it": func(c *gin.Context) context.Context {
		return context.WithValue(c, anyKey{}, 1)
	},
	"a grandchild of it": func(c *gin.Context) context.Context {
		return apptest.WithCancel(context.WithValue(c, anyKey{}, 1))
	},
	"the request's context": func(c *gin.Context) context.Context { return c.Request.Context() },
	"a child of the request's": func(c *gin.Context) context.Context {
		return context.WithValue(c.Request.Context(), anyKey{}, 1)
	},
	"a grandchild of the request's": func(c *gin.Context) context.Context {
		return apptest.WithCancel(context.WithValue(c.Request.Context(), anyKey{}, 1))
	},
	"without cancel": func(c *gin.Context) context.Context {
		return context.WithoutCancel(c.Request.Context())
	},
}

// templ components and services get a context.Context. Any that descends from the request's will
// do.
func TestContextsOfARequest(t *testing.T) {
	for name, derive := range derived {
		for _, fallback := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, fallback %v", name, fallback), func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{})
				a.ContextWithFallback = fallback
				component := func(ctx context.Context) []string { // as templ renders one
					assert.Len(t, flashgin.PeekFlashes(ctx), 2)
					return apptest.Texts(flashgin.Flashes(ctx))
				}
				a.GET("/", func(c *gin.Context) {
					assert.NoError(t, flashgin.AddFlash(derive(c), flashgin.Info("own")))
					c.JSON(http.StatusOK, component(derive(c)))
				})
				a.POST("/", func(c *gin.Context) {
					assert.NoError(t, flashgin.AddFlash(derive(c), flashgin.Info("hello")))
					c.Redirect(http.StatusSeeOther, "/")
				})
				visitor := a.Visitor()
				assert.Equal(t, 1, apptest.CookiesOf(visitor.Post("/")))
				assert.JSONEq(t, `["hello","own"]`, visitor.Get("/"))
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}

// Middleware may give the request a context of its own making, or of none.
func TestAnInnerMiddlewareThatReplacesTheContext(t *testing.T) {
	for name, replace := range map[string]func(*gin.Context){
		"a child": func(c *gin.Context) {
			c.Request = c.Request.WithContext(apptest.WithCancel(c.Request.Context()))
		},
		"a stranger": func(c *gin.Context) {
			c.Request = c.Request.WithContext(context.Background())
		},
		"a new clone": func(c *gin.Context) { c.Request = c.Request.Clone(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.Use(replace)
			a.GET("/", apptest.Page)
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			visitor := a.Visitor()
			visitor.Post("/")
			assert.Equal(t, "[hello]", visitor.Get("/"))
		})
	}
}

// Where there is no request of ours, adding is an error and there are no messages. Nothing panics.
func TestContextsOfNoRequest(t *testing.T) {
	bare, _ := gin.CreateTestContext(httptest.NewRecorder())
	foreign, _ := gin.CreateTestContext(httptest.NewRecorder())
	foreign.Request = httptest.NewRequest(http.MethodGet, "/", nil)
	var typedNil *gin.Context
	for name, ctx := range map[string]context.Context{
		"nil":                          nil,
		"a nil *gin.Context":           typedNil,
		"the background":               context.Background(),
		"a child of the background":    context.WithValue(context.Background(), anyKey{}, 1),
		"a gin.Context of no request":  bare,
		"a gin.Context of no engine":   foreign,
		"the zero gin.Context":         &gin.Context{},
		"a child of a foreign context": context.WithValue(foreign, anyKey{}, 1),
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorIs(t, flashgin.AddFlash(ctx, flashgin.Info("x")), flashgin.ErrNotInstalled)
			assert.Empty(t, flashgin.Flashes(ctx))
			assert.Empty(t, flashgin.PeekFlashes(ctx))
		})
	}
	assert.ErrorContains(t, flashgin.ErrNotInstalled, "Messenger.Install")
}

// Within one request the list is the same however often it is asked for; what is added in between
// joins it.
func TestFlashesAgain(t *testing.T) {
	store := apptest.NewSpyStore()
	a := apptest.NewApp(t, flashgin.Config{Store: store})
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("1")))
	a.GET("/", func(c *gin.Context) {
		assert.Equal(t, []string{"1"}, apptest.Texts(flashgin.PeekFlashes(c)))
		assert.Equal(t, []string{"1"}, apptest.Texts(flashgin.Flashes(c)))
		assert.Equal(t, []string{"1"}, apptest.Texts(flashgin.Flashes(c)))
		assert.NoError(t,
			flashgin.AddFlash(c, flashgin.Info("2"), flashgin.Info("elsewhere").At("/elsewhere")))
		assert.Equal(t, []string{"1", "2"}, apptest.Texts(flashgin.PeekFlashes(c)))
		assert.Equal(t, []string{"1", "2"}, apptest.Texts(flashgin.Flashes(c)))
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("3").At("/"),
			flashgin.Info("4").At(flashgin.Anywhere)))
		c.JSON(http.StatusOK, apptest.Texts(flashgin.Flashes(c)))
	})
	a.GET("/elsewhere", apptest.JSONPage)
	visitor := a.Visitor()
	visitor.Post("/")
	assert.JSONEq(t, `["1","2","3","4"]`, visitor.Get("/"))
	assert.Equal(t, 1, store.Count("Claim"), "the store was asked once")
	assert.Equal(t, 1, store.Count("Peek"))
	apptest.Eventually(t, `["elsewhere"]`, func() string { return visitor.Get("/elsewhere") })
	assert.Empty(t, a.Failures.String())
}

// The list is the caller's: changing it changes no other.
func TestTheListIsTheCallers(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("1"), flashgin.Info("2")))
		list := flashgin.PeekFlashes(c)
		list[0].Text = "changed"
		_ = append(list[:1], flashgin.Info("3"))
		list = flashgin.Flashes(c)
		assert.Equal(t, []string{"1", "2"}, apptest.Texts(list))
		list[0].Text = "changed"
		c.JSON(http.StatusOK, apptest.Texts(flashgin.Flashes(c)))
	})
	assert.JSONEq(t, `["1","2"]`, a.Visitor().Get("/"))
}

// A message shown by its own request is not stored, so it is shown even with the store down.
func TestAMessageForThisVeryPage(t *testing.T) {
	store := apptest.NewSpyStore()
	store.Fail(assert.AnError)
	a := apptest.NewApp(t, flashgin.Config{Store: store})
	a.GET("/", apptest.Add(t, apptest.Page, flashgin.Info("now"), flashgin.Info("here").At("/")))
	assert.Equal(t, "[now][here]", a.Visitor().Get("/"))
	assert.Zero(t, store.Count("Add"))
}

// After the headers a message is stored at once, if the session has its key.
func TestAddFlashAfterTheHeaders(t *testing.T) {
	for name, answer := range map[string]gin.HandlerFunc{
		"a body": func(c *gin.Context) { c.String(http.StatusOK, "body") },
		"headers only": func(c *gin.Context) {
			c.Status(http.StatusAccepted)
			c.Writer.WriteHeaderNow()
		},
		"a flush": func(c *gin.Context) { c.Writer.Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.GET("/", apptest.Page)
			a.POST("/key", func(c *gin.Context) { _, _ = a.Messenger.SessionKey(c) })
			var want error
			a.POST("/", func(c *gin.Context) {
				answer(c)
				for _, msg := range []flashgin.Message{flashgin.Info("late"),
					flashgin.Info("later").At("/")} {
					if err := flashgin.AddFlash(c, msg); want == nil {
						assert.NoError(t, err)
					} else {
						assert.ErrorIs(t, err, want)
					}
				}
			})
			a.POST("/api", func(c *gin.Context) {
				answer(c)
				assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("nowhere")),
					flashgin.ErrNoView)
			})
			visitor := a.Visitor()
			want = flashgin.ErrTooLate
			assert.Zero(t, apptest.CookiesOf(visitor.Post("/")))
			visitor.Post("/key")
			want = nil
			visitor.Post("/")
			visitor.Post("/api")
			assert.Equal(t, "[late][later]", visitor.Get("/"))
		})
	}
}

// A page that showed the first messages of a session has brought the browser no key. Whoever adds
// one after it is told: it would be lost without a word.
func TestAddFlashAfterAPageThatShowedTheFirstMessages(t *testing.T) {
	for _, messages := range []int{1, 2} {
		t.Run(fmt.Sprint(messages), func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.POST("/", func(c *gin.Context) {
				for range messages {
					assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("shown")))
				}
				apptest.Page(c)
				assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("late").At("/")),
					flashgin.ErrTooLate)
			})
			answer := a.Visitor().Post("/")
			assert.Equal(t, strings.Repeat("[shown]", messages), answer.Body.String())
			assert.Zero(t, apptest.CookiesOf(answer))
		})
	}
}

// A goroutine that outlives its request has an address if it names one, and an error otherwise; it
// never panics. It should use Messenger.Add.
func TestAddFlashAfterTheRequest(t *testing.T) {
	for name, derive := range derived {
		if name == "the gin.Context" || name == "a child of it" || name == "a grandchild of it" {
			continue // Gin uses it for other requests by then
		}
		t.Run(name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.GET("/", apptest.Page)
			ended := make(chan struct{})
			var work sync.WaitGroup
			a.POST("/", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("in time")))
				ctx := derive(c)
				work.Go(func() {
					<-ended
					assert.NoError(t, flashgin.AddFlash(ctx, flashgin.Info("late").At("/")))
					assert.ErrorIs(t, flashgin.AddFlash(ctx, flashgin.Info("nowhere")),
						flashgin.ErrNoView)
					assert.Empty(t, flashgin.Flashes(ctx))
					assert.Empty(t, flashgin.PeekFlashes(ctx))
				})
				apptest.Redirect("/")(c)
			})
			a.POST("/none", func(c *gin.Context) {
				ctx := derive(c)
				work.Go(func() {
					<-ended
					assert.ErrorIs(t, flashgin.AddFlash(ctx, flashgin.Info("late").At("/")),
						flashgin.ErrTooLate)
				})
			})
			visitor := a.Visitor()
			visitor.Post("/")
			visitor.Post("/none")
			close(ended)
			work.Wait()
			assert.Equal(t, "[in time][late]", visitor.Get("/"))
		})
	}
}

// Several goroutines of one request may add and read.
func TestOneRequestManyGoroutines(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.POST("/", func(c *gin.Context) {
		// sessions of gin-contrib are not for several goroutines: load it first
		_, err := a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		ctx := c.Request.Context()
		var work sync.WaitGroup
		for range 8 {
			work.Go(func() {
				assert.NoError(t, flashgin.AddFlash(ctx, flashgin.Info("x")))
				flashgin.PeekFlashes(ctx)
			})
		}
		work.Wait()
		c.JSON(http.StatusOK, len(flashgin.Flashes(ctx)))
	})
	assert.Equal(t, "8", a.Visitor().Post("/").Body.String())
}

// Adding messages checks them at once, and adds all or none.
func TestAddFlashRefuses(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{MaxBytes: 300})
	a.POST("/", func(c *gin.Context) {
		big := flashgin.Info(string(make([]byte, 300)))
		assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("fine"), big), flashgin.ErrTooLarge)
		assert.ErrorContains(t, flashgin.AddFlash(c, flashgin.Info("fine"), big),
			"Config.MaxBytes is 300")
		assert.ErrorContains(t,
			flashgin.AddFlash(c, flashgin.Message{Text: "x", TTL: -time.Second}), "TTL is -1s")
		assert.Empty(t, flashgin.PeekFlashes(c))
		apptest.Redirect("/")(c)
	})
	a.GET("/", apptest.Page)
	visitor := a.Visitor()
	require.Zero(t, apptest.CookiesOf(visitor.Post("/")))
	assert.Empty(t, visitor.Get("/"))
}
