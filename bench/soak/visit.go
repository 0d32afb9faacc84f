package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/sessions"

	"github.com/flashgin/flashgin"
)

// visit is what the application knows of a request that no mistake can change: whose it is.
type visit struct {
	site     *site
	user     int
	scenario *scenario
	done     chan struct{} // closed when the engine has answered
	panics   atomic.Value  // the function of the application's that is to panic

	mu    sync.Mutex
	notes []int // messages that it added
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

const (
	userHeader     = "X-User"
	scenarioHeader = "X-Scenario"
	otherHeader    = "X-Other"        // a user whose pages the handler fetches
	otherCookies   = "X-Other-Cookie" // with these
)

// handler tells the engine whose request it is, as a proxy does that has checked a certificate.
func (s *site) handler() http.Handler {
	slow := http.TimeoutHandler(s.engine, slowTimeout, "too slow")
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		user, _ := strconv.Atoi(request.Header.Get(userHeader))
		v := &visit{site: s, user: user, scenario: s.run.named(request.Header.Get(scenarioHeader)),
			done: make(chan struct{})}
		defer close(v.done)
		ctx := context.WithValue(request.Context(), visitKey{}, v)
		if v.scenario.deadline > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, v.scenario.deadline)
			defer cancel()
		}
		request = request.WithContext(ctx)
		if v.scenario.timeoutHandler && strings.HasPrefix(request.URL.Path, "/s/") {
			slow.ServeHTTP(w, request)
			return
		}
		s.engine.ServeHTTP(w, request)
	})
}

// slowTimeout is that of the http.TimeoutHandler around some scenarios.
const slowTimeout = 20 * time.Millisecond

// New is what gorilla calls to load a session.
func (p panicking) New(r *http.Request, name string) (*sessions.Session, error) {
	visitOf(r.Context()).panicIf("session")
	return p.Store.New(r, name)
}

// Get loads a session once a request.
func (p panicking) Get(r *http.Request, name string) (*sessions.Session, error) {
	visitOf(r.Context()).panicIf("session")
	return p.Store.Get(r, name)
}

// panicIn makes a function of the application's panic from here on: view, labels, key or session.
func (v *visit) panicIn(function string) { v.panics.Store(function) }

func (v *visit) panicIf(function string) {
	if v.panics.Load() == function {
		panic(applications + function)
	}
}

const applications = "the application's "

func (v *visit) numbers() []int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]int(nil), v.notes...)
}

// note returns the number and the text of a new message.
func (v *visit) note(how string) (int, string) {
	number, text := v.site.run.ledger.make(v.user, v.scenario, how)
	v.mu.Lock()
	v.notes = append(v.notes, number)
	v.mu.Unlock()
	return number, text
}

// add adds a message for view by AddFlash with any of the contexts that it takes.
func (v *visit) add(ctx context.Context, view, how string) error {
	number, text := v.note(how)
	err := flashgin.AddFlash(ctx, flashgin.Success(text).At(view))
	v.site.run.ledger.added(number, err)
	return err
}

// job adds a message as a job does.
func (v *visit) job(key, view, how string) error {
	number, text := v.note(how)
	err := v.site.messenger.Add(context.WithValue(context.Background(), visitKey{}, v), key,
		flashgin.Info(text).At(view))
	v.site.run.ledger.added(number, err)
	return err
}

// key asks for the session key, which must be the user's.
func (v *visit) key(c *gin.Context) (string, error) {
	key, err := v.site.messenger.SessionKey(c)
	if err == nil {
		v.site.run.ledger.own(key, v.user, v.scenario, "by SessionKey")
	}
	return key, err
}

// waiting leaves a message for the page of this very request, as a job does.
func (v *visit) waiting(c *gin.Context, how string) {
	if key, err := v.key(c); err == nil {
		_ = v.job(key, scenarioRoute, how)
	}
}

// take is Flashes. What it returns must be the user's.
func (v *visit) take(ctx context.Context) string {
	return strings.Join(v.site.run.ours(v, flashgin.Flashes(ctx), "by Flashes"), " ")
}

// peek is PeekFlashes.
func (v *visit) peek(ctx context.Context) {
	v.site.run.ours(v, flashgin.PeekFlashes(ctx), "by PeekFlashes")
}

// later runs do when the request has ended, and its context probably serves another one.
func (v *visit) later(do func()) {
	v.beside(func() {
		<-v.done
		time.Sleep(rand.N(3 * time.Millisecond))
		do()
	})
}

// beside runs do in a goroutine of its own, which must neither panic nor hang.
func (v *visit) beside(do func()) {
	running := &v.site.run.beside
	task := new(byte)
	running.Store(task, v.scenario)
	go func() {
		defer running.Delete(task)
		defer func() {
			p := recover()
			if v.scenario.misuse && p != nil {
				v.site.run.ledger.refused.Add(1)
				return
			}
			if text, _ := p.(string); p != nil && !strings.HasPrefix(text, applications) {
				v.site.run.ledger.violate(goroutinePanics, v.scenario, "%v", p)
			}
		}()
		do()
	}()
}
