package faults_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
)

// redisPages is an application whose messages are in Redis, its users, and a ledger of what was
// added and what their pages showed. The tests of faults break the server, or the line to it, while
// pages load.
type redisPages struct {
	*apptest.App
	t      *testing.T
	claims countClaims
	log    *apptest.LockedBuffer
	users  []*redisUser
	jobs   *flashgin.Messenger // adds messages, in this process or in another
	lease  time.Duration

	added atomic.Int64 // numbers the messages

	skipped, opened atomic.Int64 // pages that did not ask the store, and breakers that opened

	mu        sync.Mutex
	confirmed map[string]time.Time // text → when its add returned nil
	shown     map[string]int       // text → how often
	// texts of pages that took longer than the lease: another page may rightly have shown them
	// meanwhile
	outlived map[string]bool
	pages    []redisPage
	stalls   []stall
}

// A stall is a time in which the machine stood still, or had no time for these tests.
type stall struct{ from, to time.Time }

// redisUser is somebody with a session. Several tabs may load at once.
type redisUser struct {
	key     string // of the session
	cookies []*http.Cookie
}

// redisPage is what is known of a page that was loaded.
type redisPage struct {
	at   time.Time
	took time.Duration
	user *redisUser
	path string
	code int
}

// pagePatience is how long anything may take that is bound to happen.
const pagePatience = 5 * time.Minute

// redisViews is how many pages each user has: /page/0, /page/1 and so on.
const redisViews = 5

// newRedisPages starts an application on client, which the test made with the options that are the
// default.
func newRedisPages(
	t *testing.T, client redis.UniversalClient, users int, cfg flashgin.Config,
) *redisPages {
	t.Helper()
	// Room for all messages of a test: what is dropped because of the cap is not lost by accident.
	store := apptest.NewRedisStoreWith(t, client, flashgin.RedisConfig{Cap: 3000})
	p := newRedisPagesOn(t, store, users, cfg)
	client.AddHook(&p.claims)
	return p
}

func newRedisPagesOn(
	t *testing.T, store flashgin.Store, users int, cfg flashgin.Config,
) *redisPages {
	t.Helper()
	p := &redisPages{t: t, log: new(apptest.LockedBuffer), lease: cmp.Or(cfg.Lease, 10*time.Second)}
	p.confirmed, p.shown, p.outlived = map[string]time.Time{}, map[string]int{}, map[string]bool{}
	cfg.Store, cfg.Logger, cfg.Observer = store, apptest.LogTo(p.log), p
	// the default of flashgin, not that of apptest.NewApp
	cfg.Timeout = cmp.Or(cfg.Timeout, 100*time.Millisecond)
	p.App = apptest.NewApp(t, cfg)
	p.jobs = p.Messenger
	p.GET("/page/:n", apptest.Page)
	p.GET("/login", func(c *gin.Context) {
		key, err := p.Messenger.SessionKey(c)
		assert.NoError(t, err)
		c.String(http.StatusOK, key)
	})
	p.POST("/page/:n", func(c *gin.Context) {
		assert.NoError(t,
			flashgin.RedirectFlash(c, c.Request.URL.Path, flashgin.Info(c.Query("text"))))
	})
	p.repeat(1, p.watchForStalls)
	for range users {
		answer := p.Visitor().Do(http.MethodGet, "/login")
		p.users = append(p.users, &redisUser{answer.Body.String(), answer.Result().Cookies()})
	}
	return p
}

func (p *redisPages) Observe(_ context.Context, e flashgin.Event) {
	switch e.Kind {
	case flashgin.EventSkipped:
		p.skipped.Add(1)
	case flashgin.EventBreakerOpened:
		p.opened.Add(1)
	}
}

// asked returns how many pages of the users have asked the store.
func (p *redisPages) asked(users []*redisUser) (n int64) {
	for _, user := range users {
		n += p.claims.of(user.key)
	}
	return n
}

// countClaims counts, for each session, the claims that begin for one of the pages /page/0, /page/1
// and so on. The client counts, because a store that counts would not be a RedisStore: only that
// confirms several pages together.
type countClaims struct {
	begun sync.Map // the first part of a session's Redis keys → *atomic.Int64
}

func (c *countClaims) of(session string) int64 {
	if n, ok := c.begun.Load("flash:shop:" + apptest.RedisTag(session)); ok {
		return n.(*atomic.Int64).Load()
	}
	return 0
}

func (c *countClaims) note(cmd redis.Cmder) {
	args := cmd.Args()
	if cmd.Name() != "evalsha" || len(args) != 3+args[2].(int)+2 {
		return
	}
	if _, claims := args[len(args)-1].(int); !claims {
		return // of our scripts for pages, only that of a claim ends with a class, after the lease
	}
	for _, key := range args[3 : len(args)-2] {
		name, view, _ := strings.Cut(key.(string), ":/page/")
		if _, err := strconv.Atoi(view); err == nil {
			n, _ := c.begun.LoadOrStore(name, new(atomic.Int64))
			n.(*atomic.Int64).Add(1)
		}
	}
}

func (c *countClaims) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *countClaims) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.note(cmd)
		return next(ctx, cmd)
	}
}

func (c *countClaims) ProcessPipelineHook(
	next redis.ProcessPipelineHook,
) redis.ProcessPipelineHook {
	return next // no page sends its claim in a pipeline
}

func (p *redisPages) send(user *redisUser, method, path string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	for _, cookie := range user.cookies {
		request.AddCookie(cookie)
	}
	recorder := httptest.NewRecorder()
	p.ServeHTTP(recorder, request)
	return recorder
}

var printedText = regexp.MustCompile(`\[([^]]*)\]`)

// get loads a page of the user and writes down what it shows.
func (p *redisPages) get(user *redisUser, path string) redisPage {
	start := time.Now()
	answer := p.send(user, http.MethodGet, path)
	page := redisPage{start, time.Since(start), user, path, answer.Code}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages = append(p.pages, page)
	for _, text := range printedText.FindAllStringSubmatch(answer.Body.String(), -1) {
		p.shown[text[1]]++
		if page.took >= p.lease { // the machine stood still
			p.outlived[text[1]] = true
		}
	}
	return page
}

// browse loads pages of the users until stop is called: by so many goroutines, each of which pauses
// between two pages.
func (p *redisPages) browse(goroutines int, pause time.Duration, users []*redisUser) (stop func()) {
	return p.repeat(goroutines, func() {
		p.get(users[rand.IntN(len(users))], fmt.Sprintf("/page/%d", rand.IntN(redisViews)))
		time.Sleep(pause)
	})
}

// repeat calls do over and over until stop is called, by so many goroutines.
func (p *redisPages) repeat(goroutines int, do func()) (stop func()) {
	var running sync.WaitGroup
	var stopped atomic.Bool
	for range goroutines {
		running.Go(func() {
			for !stopped.Load() {
				do()
			}
		})
	}
	stop = func() { stopped.Store(true); running.Wait() }
	p.t.Cleanup(stop) // before the server ends
	return stop
}

// message returns a new one for one of the pages, every fourth for any. Its text and ID are one of
// a kind.
func (p *redisPages) message() flashgin.Message {
	n := p.added.Add(1)
	view := fmt.Sprintf("/page/%d", n%redisViews)
	if n%4 == 0 {
		view = flashgin.Anywhere
	}
	m := flashgin.Info(fmt.Sprintf("m%06d", n)).At(view)
	m.ID = m.Text
	m.TTL = 10 * time.Minute // the ID is remembered as long
	return m
}

// addSurely adds messages as a job does that must know: again, until it is told that they are
// there.
func (p *redisPages) addSurely(user *redisUser, msgs ...flashgin.Message) {
	for start := time.Now(); ; {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := p.jobs.Add(ctx, user.key, msgs...)
		cancel()
		if err == nil {
			break
		}
		if time.Since(start) > pagePatience {
			assert.NoError(p.t, err, "adding")
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range msgs {
		p.confirmed[m.Text] = time.Now()
	}
}

// post adds n messages to each of the users by a form, which stores them before it redirects. Their
// IDs are generated.
func (p *redisPages) post(n int, users []*redisUser) {
	p.t.Helper()
	for _, user := range users {
		for range n {
			text := fmt.Sprintf("m%06d", p.added.Add(1))
			answer := p.send(user, http.MethodPost,
				fmt.Sprintf("/page/%d?text=%s", p.added.Load()%redisViews, text))
			require.Equal(p.t, http.StatusSeeOther, answer.Code)
			p.mu.Lock()
			p.confirmed[text] = time.Now()
			p.mu.Unlock()
		}
	}
	require.NotContains(p.t, p.Failures.String(), "may be lost")
}

// since returns the pages that were asked for from the time on.
func (p *redisPages) since(start time.Time) (pages []redisPage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, page := range p.pages {
		if !page.at.Before(start) {
			pages = append(pages, page)
		}
	}
	return pages
}

// missing returns the confirmed messages that no page has shown yet, in order.
func (p *redisPages) missing() (texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for text := range p.confirmed {
		if p.shown[text] == 0 {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return texts
}

// repeated returns the messages that were shown more than once, in order, unless a page that showed
// them took longer than the lease.
func (p *redisPages) repeated() (texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for text, n := range p.shown {
		if n > 1 && !p.outlived[text] {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return texts
}

// untilShown waits until pages have shown every confirmed message, or for the time given, and
// returns those that they have not.
func (p *redisPages) untilShown(patience time.Duration) (missing []string) {
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		missing = p.missing()
		if len(missing) == 0 || time.Since(start) > patience {
			return missing
		}
	}
}

// requireAllShownOnce waits until pages have shown every confirmed message, and looks everywhere
// for more.
func (p *redisPages) requireAllShownOnce() {
	p.t.Helper()
	require.Empty(p.t, p.untilShown(pagePatience), "confirmed and never shown")
	p.getAll()
	require.Empty(p.t, p.repeated(), "shown more than once")
	require.Len(p.t, p.shown, len(p.confirmed), "messages that were shown, and that were added")
}

// getAll loads every page of every user once.
func (p *redisPages) getAll() {
	var loading sync.WaitGroup
	for some := range slices.Chunk(p.users, 1+len(p.users)/8) {
		loading.Go(func() {
			for _, user := range some {
				for n := range redisViews {
					p.get(user, fmt.Sprintf("/page/%d", n))
				}
			}
		})
	}
	loading.Wait()
}

// watchForStalls sleeps for a moment, and notes if that took much longer.
func (p *redisPages) watchForStalls() {
	const moment = 20 * time.Millisecond
	begun := time.Now()
	time.Sleep(moment)
	if now := time.Now(); now.Sub(begun) > 10*moment {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stalls = append(p.stalls, stall{begun, now})
	}
}

// stood returns when the machine stood still.
func (p *redisPages) stood() []stall {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.stalls)
}

// requireGoodPages requires that every page is a 200 that did not keep its user waiting. A page
// waits 100 ms for the store at the most; the bounds are wider, for the machine that runs the tests
// has other work, and pages while it stood still do not count. The client alone would not give up
// before 3 s, and then try again.
func (p *redisPages) requireGoodPages(pages []redisPage) {
	p.t.Helper()
	require.NotEmpty(p.t, pages)
	var times []time.Duration
	stalls := p.stood()
	for _, page := range pages {
		require.Equal(p.t, http.StatusOK, page.code)
		if !slices.ContainsFunc(stalls, func(s stall) bool {
			return page.at.Before(s.to) && s.from.Before(page.at.Add(page.took))
		}) {
			times = append(times, page.took)
		}
	}
	require.Greater(p.t, len(times), len(pages)/2, "pages while the machine did not stand still")
	slices.Sort(times)
	most, longest := times[len(times)*99/100], times[len(times)-1]
	p.t.Logf("%d pages: 99 %% of them within %v, and all within %v", len(pages),
		most.Round(time.Millisecond), longest.Round(time.Millisecond))
	require.Less(p.t, most, time.Second)
	require.Less(p.t, longest, 5*time.Second)
}

// requireSecretsKept looks for the session keys wherever an operator looks. The servers must log
// every command as slow: see logAll.
func (p *redisPages) requireSecretsKept(servers ...*redistest.Server) {
	p.t.Helper()
	texts := []string{p.log.String(), p.Failures.String()}
	commands := 0
	for _, server := range servers {
		client := server.Client()
		texts = append(texts, apptest.KeysAt(p.t, client)...)
		logged, err := client.SlowLogGet(p.t.Context(), -1).Result()
		require.NoError(p.t, err)
		commands += len(logged)
		for _, command := range logged {
			texts = append(texts, strings.Join(command.Args, " "))
		}
	}
	require.Greater(p.t, commands, 100, "commands in the SLOWLOG")
	everything := strings.Join(texts, "\n")
	require.Contains(p.t, everything, "flash:shop:{")
	for _, user := range p.users {
		require.NotContains(p.t, everything, user.key)
	}
}

// logAll makes a server keep its last commands in the SLOWLOG, however fast.
func logAll(config ...string) []string {
	return append(config, "slowlog-log-slower-than 0", "slowlog-max-len 2000")
}

// requireNothingLeft waits until the servers keep nothing but IDs of messages that were shown, and
// these no longer than they should: 10 seconds if they were generated, and the TTL of the messages
// if they were given.
func requireNothingLeft(t *testing.T, servers ...*redistest.Server) {
	t.Helper()
	var left string
	nothing := func() bool {
		for _, server := range servers {
			client := server.Client()
			for _, key := range apptest.KeysAt(t, client) {
				life, longest := client.PTTL(t.Context(), key).Val(), 10*time.Second
				for _, member := range client.ZRange(t.Context(), key, 0, -1).Val() {
					if left = key; member[0] != '~' {
						return false
					}
					if strings.HasPrefix(member, "~m") {
						longest = 10 * time.Minute
					}
				}
				if life == -1 || life > longest {
					return false
				}
			}
		}
		return true
	}
	for start := time.Now(); !nothing(); time.Sleep(100 * time.Millisecond) {
		require.Less(t, time.Since(start), pagePatience, "%s outlives its messages", left)
	}
}

// requireSomeShown waits until pages have shown n messages more.
func (p *redisPages) requireSomeShown(n int) {
	p.t.Helper()
	count := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.shown)
	}
	before := count()
	require.Eventually(p.t, func() bool { return count() >= before+n }, pagePatience,
		5*time.Millisecond, "messages are shown")
}

// untilBreakerOpens waits until pages no longer ask a server that has gone. The test sets opened to
// zero first.
func (p *redisPages) untilBreakerOpens() {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.opened.Load() > 0 }, pagePatience,
		5*time.Millisecond, "no breaker has opened")
}
