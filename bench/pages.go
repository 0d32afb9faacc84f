package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/redistest"
)

// web is a web server process.
type web struct {
	b      *bench
	url    string
	client *http.Client
}

// startWeb starts a process that serves the application named, on the Redis server. With flashgin,
// timeout is how long a page waits for it.
func (b *bench) startWeb(name string, server *redistest.Server, timeout time.Duration) *web {
	self, err := os.Executable()
	b.must(err)
	return b.startProgram(self, name, server, timeout)
}

// startProgram is startWeb with another build of this program.
func (b *bench) startProgram(
	program, name string, server *redistest.Server, timeout time.Duration,
) *web {
	web, _ := b.launch(program, name, server.Addr(), timeout)
	return web
}

// launch starts a web server process, which takes addr for where Redis is.
func (b *bench) launch(program, name, addr string, timeout time.Duration) (*web, *exec.Cmd) {
	cmd := exec.Command(program, addr, timeout.String())
	cmd.Env = append(os.Environ(), serverEnv+"="+name)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	b.must(err)
	stdout, err := cmd.StdoutPipe()
	b.must(err)
	b.must(cmd.Start())
	b.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	b.must(err)
	transport := &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true}
	b.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	return &web{b, "http://" + strings.TrimSpace(line), client}, cmd
}

func (w *web) get(path, cookie string) (body string, header http.Header) {
	request, err := http.NewRequest(http.MethodGet, w.url+path, nil)
	w.b.must(err)
	if cookie != "" {
		request.Header.Set("Cookie", cookie)
	}
	response, err := w.client.Do(request)
	w.b.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	w.b.must(err)
	if response.StatusCode != http.StatusOK {
		w.b.Fatalf("%s: %s", path, response.Status)
	}
	return string(text), response.Header
}

type user struct{ cookie, key string }

func (w *web) logIn(n int) (users []user) {
	for range n {
		key, header := w.get("/login", "")
		cookie, _, _ := strings.Cut(header.Get("Set-Cookie"), ";")
		users = append(users, user{cookie, key})
	}
	return users
}

// processorTime returns what the process has used so far, in µs.
func (w *web) processorTime() float64 {
	text, _ := w.get(processorTimePath, "")
	n, err := strconv.ParseFloat(text, 64)
	w.b.must(err)
	return n
}

// perPage returns the processor time of one page of each user, which shows so many messages. If a
// page is loaded again, that counts as well.
func (w *web) perPage(users []user, messages int) float64 {
	before := w.processorTime()
	w.b.parallel(4, len(users), func(i int) error { return w.shows(users[i], messages) })
	if messages > 0 {
		time.Sleep(20 * time.Millisecond) // the last confirmations
	}
	return (w.processorTime() - before) / float64(len(users))
}

// shows loads the page of a user, which must show so many messages.
func (w *web) shows(user user, messages int) error {
	shown := 0
	err := untilShown(w.url, messages, func() (int, error) {
		body, _ := w.get(orderPath, user.cookie)
		shown += strings.Count(body, "<p ")
		return shown, nil
	})
	if err == nil && shown != messages {
		err = fmt.Errorf("%s: a page shows %d messages, want %d", w.url, shown, messages)
	}
	return err
}

// untilShown loads a page until all of its messages were shown, or until the machine has stood
// still for too long. page returns how many that are so far. Once will do as a rule. But a page of
// flashgin waits two seconds at most for the store, and then a later one shows the messages.
func untilShown(who string, messages int, page func() (int, error)) error {
	for start, first := time.Now(), true; ; time.Sleep(100 * time.Millisecond) {
		shown, err := page()
		if err != nil || shown >= messages || time.Since(start) > standstill {
			return err
		}
		if first { // the figure has more in it than it should
			fmt.Fprintf(os.Stderr, "%s: a page is loaded again until it shows its message\n", who)
			first = false
		}
	}
}

// pageTime compares the processor time of the web server.
func pageTime(b *bench) {
	b.scope(func() {
		server := redistest.Start(b)
		// a page that did not wait long enough on a busy machine would show nothing
		const timeout = 10 * time.Second
		ours, theirs := b.startWeb("flashgin", server, timeout),
			b.startWeb("by hand", server, timeout)
		rounds, pages := pick(b.short, 3, 31), pick(b.short, 200, 1500)
		ourUsers, theirUsers := ours.logIn(pages), theirs.logIn(pages)
		client := patientClient(server)
		store := redisStore(client)
		leave := func() {
			b.parallel(8, pages,
				func(i int) error { return store.Add(ctx, ourUsers[i].key, message("/orders/5")) })
			b.parallel(8, pages, func(i int) error {
				m := message("/orders/5")
				text, err := json.Marshal(m)
				b.must(err)
				return client.ZAdd(ctx, keyOf(theirUsers[i].key, m.View),
					redis.Z{Score: float64(m.Created.UnixMicro()), Member: text}).Err()
			})
		}
		for n, page := range []struct {
			has   string
			bound float64
		}{{"nothing waiting", 1.15}, {"one message", 1.3}} {
			var a, z []float64
			for round := range rounds + 1 {
				if n > 0 {
					leave()
				}
				x, y := ours.perPage(ourUsers, n), theirs.perPage(theirUsers, n)
				if round > 0 { // the first warms up
					a, z = append(a, x), append(z, y)
				}
			}
			b.ratio("web server's time, page with "+page.has+", against a flash written by hand",
				"µs", a, z, page.bound)
		}
	})
}

// outages lets Redis hang, and die, while 200 pages a second are asked for.
func outages(b *bench) {
	const timeout = 100 * time.Millisecond
	away := pick(b.short, 2*time.Second, 8*time.Second)
	for _, outage := range []struct {
		name       string
		start, end func(*redistest.Server)
		recovery   time.Duration
	}{
		{"paused", (*redistest.Server).Pause, (*redistest.Server).Resume, 500 * time.Millisecond},
		{"killed", (*redistest.Server).Kill, (*redistest.Server).Restart, 2 * time.Second},
	} {
		b.scope(func() {
			server := redistest.Start(b, "appendonly yes")
			web := b.startWeb("flashgin", server, timeout)
			users := web.logIn(400)
			store := redisStore(patientClient(server))
			for _, user := range users {
				b.must(store.Add(ctx, user.key, message("/orders/5")))
			}

			var mu sync.Mutex
			var times []time.Duration // of the pages that were asked for during the outage
			var back atomic.Int64     // when Redis answered again
			recovered := make(chan time.Duration, 1)
			var load sync.WaitGroup
			page := func(cookie string, during bool) {
				start := time.Now()
				body, _ := web.get("/orders/5", cookie)
				took := time.Since(start)
				if during {
					mu.Lock()
					times = append(times, took)
					mu.Unlock()
				}
				if at := back.Load(); at > 0 && strings.Contains(body, "<p ") {
					select {
					case recovered <- time.Since(time.UnixMicro(at)):
					default:
					}
				}
			}
			begin := func(during bool, from []user) (stopped func()) {
				stop := make(chan struct{})
				ticks := time.NewTicker(5 * time.Millisecond)
				var ticking sync.WaitGroup
				ticking.Go(func() {
					defer ticks.Stop()
					for i := 0; ; i++ {
						load.Go(func() { page(from[i%len(from)].cookie, during) })
						select {
						case <-ticks.C:
						case <-stop:
							return
						}
					}
				})
				return func() { close(stop); ticking.Wait() }
			}
			warm := begin(false, users[:100])
			time.Sleep(time.Second)
			outage.start(server)
			warm()
			during := begin(true, users[100:])
			time.Sleep(away)
			during()
			after := begin(false, users[100:])
			outage.end(server) // returns when the server answers, if it was killed
			back.Store(time.Now().UnixMicro())
			var recovery time.Duration
			select {
			case recovery = <-recovered:
			case <-time.After(30 * time.Second):
				recovery = 30 * time.Second
			}
			after()
			load.Wait()

			slices.Sort(times)
			waited := 0
			for _, took := range times {
				if took > timeout/2 {
					waited++
				}
			}
			share, longest := 100*float64(waited)/float64(len(times)), times[len(times)-1]
			name := fmt.Sprintf("%s for %v at 200 pages/s", outage.name, away)
			b.row(name+": pages that wait",
				fmt.Sprintf("%.1f %% (%d of %d)", share, waited, len(times)), "≤ 5 %", share <= 5)
			b.row(name+": the longest", fmt.Sprint(longest.Round(time.Millisecond)),
				fmt.Sprintf("≤ %v", 2*timeout), longest <= 2*timeout)
			b.row(name+": first message shown after Redis is back",
				fmt.Sprint(recovery.Round(time.Millisecond)),
				fmt.Sprintf("≤ %v", outage.recovery), recovery <= outage.recovery)
		})
	}
}
