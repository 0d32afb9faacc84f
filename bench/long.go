package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/redistest"
)

// long is the name of the part in which four web servers share a Redis server, with a replica and
// sentinels, that is in trouble all the time.
const long = "long"

const (
	longProcesses = 4    // the last one is killed now and then
	longReaders   = 2000 // users who load pages
	longListeners = 60   // users whose page stays open
	longTabs      = 3    // of ten visits load two tabs at once
	longLease     = 10 * time.Second
)

// A longRun is one run.
type longRun struct {
	b        *bench
	book     *ledger
	users    []user // the readers, then the listeners
	keys     map[string]place
	servers  *redistest.Sentinel
	master   *redistest.Server // now
	replica  *redistest.Server
	clock    *movedClock // nil if there is none
	sentinel *redis.SentinelClient
	client   *http.Client

	mu        sync.RWMutex
	processes [longProcesses]*process

	visits     chan place     // pages that users load
	planned    sync.WaitGroup // visits that are to come
	pages      atomic.Int64
	failed     atomic.Int64 // pages
	slow       atomic.Int64 // pages that took a second or more
	events     atomic.Int64 // on streams
	complained atomic.Bool  // some call takes longer than a lease
	streams    atomic.Int64
	faults     map[string]int
	samples    [longProcesses][]processState
	evicted    int // Redis keys
}

// A place is a view of a user, and the page that has it.
type place struct{ user, view int }

// A process is a web server.
type process struct {
	*web
	cmd *exec.Cmd
}

// runLong lets messages wait and be shown for so long, while Redis and a web server are in trouble.
// It prints what became of them, writes that to a file if one is named, and returns the exit code.
func (b *bench) runLong(length time.Duration, messages int, write string) int {
	defer b.cleanUp()
	r := &longRun{b: b, book: newLedger(), visits: make(chan place, 1<<20),
		keys: map[string]place{}, faults: map[string]int{}}
	r.start()
	background, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { r.watch(background) })
	for i := range longListeners {
		running.Go(func() { r.listen(background, longReaders+i) })
	}
	var loading sync.WaitGroup
	for range 48 {
		loading.Go(func() {
			for v := range r.visits {
				r.visit(v)
			}
		})
	}
	trouble, calm := context.WithCancel(ctx)
	var troubled sync.WaitGroup
	troubled.Go(func() { r.trouble(trouble, length) })
	r.add(length, messages)
	calm()
	troubled.Wait()
	r.planned.Wait()
	close(r.visits)
	loading.Wait()
	took := r.book.now()
	r.sweep()
	stop()
	running.Wait()
	r.book.explain(os.Stderr)
	section, ok := r.report(took)
	fmt.Fprint(b.out, section)
	if write != "" {
		b.must(writeServers(write, "", section))
	}
	if !ok {
		return 1
	}
	return 0
}

// start starts the servers, and logs the users in.
func (r *longRun) start() {
	b := r.b
	server := os.Getenv("REDIS_SERVER")
	r.clock = b.moveClock()
	r.servers = redistest.StartSentinel(
		b,
		"appendonly yes",
		"appendfsync no",
		"notify-keyspace-events Ee",
	)
	b.must(os.Setenv("REDIS_SERVER", server))
	r.master, r.replica = r.servers.Master, r.servers.Replica
	for _, addr := range r.servers.Addrs() { // the run says itself when a failover is due
		r.asAdminOf(addr, func(sentinel *redis.Client) {
			b.must(sentinel.Do(ctx, "sentinel", "set", redistest.MasterName,
				"down-after-milliseconds", "60000").Err())
		})
	}
	r.sentinel = redis.NewSentinelClient(&redis.Options{Addr: r.servers.Addrs()[0]})
	b.Cleanup(func() { _ = r.sentinel.Close() })
	r.client = &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 200, DisableCompression: true},
		Timeout:   30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	b.Cleanup(r.client.CloseIdleConnections)
	for i := range r.processes {
		r.launch(i)
	}
	r.users = make([]user, longReaders+longListeners)
	b.parallel(8, len(r.users), func(i int) error {
		r.users[i] = r.processes[i%longProcesses].logIn(1)[0]
		return nil
	})
	for i, user := range r.users {
		for view, name := range longViews {
			r.keys[keyOf(user.key, name)] = place{i, view}
		}
	}
}

// launch starts a web server.
func (r *longRun) launch(i int) {
	self, err := os.Executable()
	r.b.must(err)
	web, cmd := r.b.launch(self, long, strings.Join(r.servers.Addrs(), ","), 100*time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.processes[i] = &process{web, cmd}
}

// any returns one of the web servers, as a load balancer would.
func (r *longRun) any() (number int, url string) {
	number = rand.IntN(longProcesses)
	r.mu.RLock()
	defer r.mu.RUnlock()
	return number, r.processes[number].url
}

// add adds messages: four of five by jobs, and the others by forms.
func (r *longRun) add(length time.Duration, messages int) {
	var adding sync.WaitGroup
	const workers = 32
	var made atomic.Int64
	started := time.Now()
	for range workers {
		adding.Go(func() {
			for {
				n := int64(1 + rand.IntN(3))
				before := made.Add(n) - n
				if before >= int64(messages) {
					return
				}
				due := time.Duration(float64(length) * float64(before) / float64(messages))
				time.Sleep(time.Until(started.Add(due)))
				r.addSome(int(min(n, int64(messages)-before)))
			}
		})
	}
	adding.Wait()
}

func (r *longRun) addSome(n int) {
	who, view := rand.IntN(longReaders), rand.IntN(len(longViews))
	if rand.IntN(7) == 0 { // the page of a listener is the first
		who, view = longReaders+rand.IntN(longListeners), rand.IntN(2)*(len(longViews)-1)
	}
	last := len(longViews) - 1
	if who < longReaders && view != last && rand.IntN(3) == 0 {
		for range n {
			r.sendForm(who, view)
		}
		r.visit(place{who, view}) // where the redirect leads
		return
	}
	query := url.Values{"to": {r.users[who].key}, "view": {longViews[view]}}
	var numbers []int
	for range n {
		numbers = append(numbers, r.book.make(who, view))
		query.Add("name", nameOf(numbers[len(numbers)-1]))
	}
	r.must("add", func() error { // as a job that must know
		_, url := r.any()
		return r.ok(r.send(http.MethodPost, url+longJobPath+"?"+query.Encode(), "", nil))
	})
	for _, number := range numbers {
		r.book.set(number, noteAdded)
	}
	if who >= longReaders {
		return // its page is open
	}
	if view == last {
		view = rand.IntN(last)
	}
	r.planned.Add(1)
	time.AfterFunc(time.Duration(rand.IntN(2000))*time.Millisecond, func() {
		r.visits <- place{who, view}
		r.planned.Done()
	})
}

// sendForm adds a message by a handler. What its process then reports as lost is noted by watch.
func (r *longRun) sendForm(who, view int) {
	number := r.book.make(who, view)
	_, url := r.any()
	path := fmt.Sprintf("%s%d?text=%s", longFormPath, view, nameOf(number))
	_, status, err := r.send(http.MethodPost, url+path, r.users[who].cookie, nil)
	switch {
	case err != nil: // the process was killed
	case status == http.StatusSeeOther:
		r.book.set(number, noteAdded)
	default:
		r.book.set(number, noteReported)
	}
}

func (r *longRun) ok(text string, status int, err error) error {
	if err == nil && status >= 300 {
		err = fmt.Errorf("status %d: %s", status, text)
	}
	return err
}

// must calls call until it succeeds. If that takes too long, it says so, and then ends the program.
func (r *longRun) must(what string, call func() error) {
	started := r.book.now()
	for err := call(); err != nil; err = call() {
		away := r.book.now() - started
		if away > longPatience {
			r.b.Fatalf("%s: %v for %v", what, err, away)
		}
		if away > longLease && r.complained.CompareAndSwap(false, true) {
			fmt.Fprintf(os.Stderr, "%v: %s: %v for %v\n", r.book.now(), what, err, away)
		}
		time.Sleep(time.Duration(10+rand.IntN(90)) * time.Millisecond)
	}
	if r.book.now()-started > longLease {
		r.complained.Store(false)
		fmt.Fprintf(os.Stderr, "%v: %s took %v\n", r.book.now(), what, r.book.now()-started)
	}
}

func (r *longRun) send(
	method, url, cookie string, body []byte, header ...string,
) (text string, status int, err error) {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	r.b.must(err)
	if cookie != "" {
		request.Header.Set("Cookie", cookie)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := r.client.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	return string(all), response.StatusCode, err
}

// watch asks the web servers what they have reported, and how they do.
func (r *longRun) watch(background context.Context) {
	every := pick(r.b.short, time.Second, 10*time.Second)
	for i := 0; ; i++ {
		for process := range longProcesses {
			r.ask(process, i%3 == 0)
		}
		if i%6 == 0 {
			t := r.book.totals()
			fmt.Fprintf(os.Stderr, "%v: %+v; %d pages, %d failed; faults %v; %+v\n",
				r.book.now().Round(time.Second), t, r.pages.Load(), r.failed.Load(), r.counts(),
				r.lastSamples())
		}
		select {
		case <-background.Done():
			return
		case <-time.After(every):
		}
	}
}

func (r *longRun) ask(process int, memory bool) {
	r.mu.RLock()
	path := r.processes[process].url + longStatePath
	r.mu.RUnlock()
	if memory {
		path += "?memory=yes"
	}
	text, status, err := r.send(http.MethodGet, path, "", nil)
	if err != nil || status != http.StatusOK {
		return // it was killed
	}
	var state processState
	r.b.must(json.Unmarshal([]byte(text), &state))
	for _, name := range state.Lost {
		if number, ok := numberOf(name); ok {
			r.book.set(number, noteReported)
		}
	}
	if memory {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.samples[process] = append(r.samples[process], state)
	}
}

func (r *longRun) lastSamples() (last []processState) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, samples := range r.samples {
		if len(samples) > 0 {
			last = append(last, samples[len(samples)-1])
		}
	}
	return last
}

func (r *longRun) counts() map[string]int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return maps.Clone(r.faults)
}
