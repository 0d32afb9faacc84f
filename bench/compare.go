package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/redistest"
)

// The comparison measures flash messages of several kinds, side by side: each a web server process
// of its own, all with one Redis server. A cycle is a form that is posted and the page after it,
// which has to show the message once; an empty page is that page again, without a message,
// for the second time: by then flashgin may know that nothing waits.

// result is what is known of a contender.
type result struct {
	contender
	// Of each round.
	perSecond             []float64 // cycles
	cycle, empty          []float64 // processor time of the web server, µs
	redisCycle, redisPage []float64 // processor time of Redis, µs
	// Counted.
	commands, pageCommands   float64 // sent to Redis
	cookieBytes, pageCookies float64 // sent and got
	behaviours               map[string]string
}

const (
	comparisonUsers = 4 // at a time
	orderPath       = "/orders/5"
)

// compare runs the whole comparison.
func (b *bench) compare() []*result {
	var results []*result
	for _, c := range contenders() {
		results = append(results, &result{contender: c, behaviours: map[string]string{}})
	}
	b.scope(func() {
		server := redistest.Start(b, "save 3600 1") // what a stop saves
		admin := patientClient(server)
		// a page that did not wait long enough on a busy machine would show nothing
		const patience = 10 * time.Second
		webs := make([]*web, len(results))
		for i, r := range results {
			webs[i] = b.startWeb(r.name, server, patience)
		}
		b.must(os.Unsetenv(profileEnv)) // nobody wants those of the servers that come later
		rounds, users := pick(b.short, 2, 31), b.comparedUsers()
		for round := range rounds + 1 {
			for i, r := range results {
				r.measure(webs[i], admin, users, round > 0) // the first warms up
			}
		}
		for i, r := range results {
			r.count(webs[i], server, admin)
		}
	})
	if !b.costs {
		b.scope(func() { b.behave(results) })
	}
	return results
}

// comparedUsers is how many go through a round.
func (b *bench) comparedUsers() int { return pick(b.short, 20, 400) }

// measure has users go through a cycle and an empty page each.
func (r *result) measure(w *web, admin *redis.Client, n int, counts bool) {
	b := w.b
	// new ones: an address that showed a message in the last ten seconds remembers it, which few
	// users see
	visitors := make([]*visitor, n)
	b.parallel(comparisonUsers, n, func(i int) error {
		visitors[i] = w.newVisitor()
		return nil
	})
	window := func(do func(i int) error) (took time.Duration, web, redis float64) {
		web, redis = w.processorTime(), b.processorTime(admin)
		start := time.Now()
		b.parallel(comparisonUsers, n, do)
		took = time.Since(start)
		time.Sleep(20 * time.Millisecond) // the last confirmations
		return took, (w.processorTime() - web) / float64(n),
			(b.processorTime(admin) - redis) / float64(n)
	}
	took, cycle, redisCycle := window(func(i int) error { return r.goThrough(visitors[i]) })
	b.parallel(comparisonUsers, n, func(i int) error { return r.findNothing(visitors[i]) })
	_, empty, redisPage := window(func(i int) error { return r.findNothing(visitors[i]) })
	if !counts {
		return
	}
	r.perSecond = append(r.perSecond, float64(n)/took.Seconds())
	r.cycle, r.redisCycle = append(r.cycle, cycle), append(r.redisCycle, redisCycle)
	r.empty, r.redisPage = append(r.empty, empty), append(r.redisPage, redisPage)
}

// goThrough is a cycle.
func (r *result) goThrough(v *visitor) error {
	if err := v.post(orderPath); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	if r.flashes {
		return r.finds(v, messageText)
	}
	return r.finds(v)
}

// findNothing is an empty page. It comes after a cycle, whose message must be gone.
func (r *result) findNothing(v *visitor) error { return r.finds(v) }

func (r *result) finds(v *visitor, want ...string) error {
	var texts []string
	err := untilShown(r.name, len(want), func() (int, error) {
		found, err := v.page(orderPath)
		texts = append(texts, found...)
		return len(texts), err
	})
	if err == nil && !slices.Equal(texts, want) {
		err = fmt.Errorf("a page shows %q, want %q", texts, want)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	return nil
}

// count counts commands and cookies: one user after another goes through both.
func (r *result) count(w *web, server *redistest.Server, admin *redis.Client) {
	const users = 10
	b := w.b
	visitors := make([]*visitor, users)
	for i := range visitors {
		visitors[i] = w.newVisitor()
	}
	bytes := func() (sum float64) {
		for _, v := range visitors {
			sum += float64(v.bytes)
			v.bytes = 0
		}
		return sum / users
	}
	each := func(do func(*visitor) error) float64 {
		return b.commands(server, admin, func() {
			for _, v := range visitors {
				b.must(do(v))
			}
			time.Sleep(50 * time.Millisecond) // the last confirmations
		}) / users
	}
	r.commands = each(r.goThrough)
	r.cookieBytes = bytes()
	for start := time.Now(); ; time.Sleep(time.Second) {
		each(r.findNothing)
		bytes()
		r.pageCommands = each(r.findNothing)
		r.pageCookies = bytes()
		// A process that has stood still knows nothing for two seconds, or its breaker is open.
		asks := r.redis && !r.known()
		if asks == (r.pageCommands >= 1) || time.Since(start) > standstill {
			return
		}
	}
}

// commands counts what clients send to the server while do runs. What scripts call there is not
// counted, nor what keeps the connections of other applications alive.
func (b *bench) commands(server *redistest.Server, admin *redis.Client, do func()) (n float64) {
	conn, err := net.Dial("tcp", server.Addr())
	b.must(err)
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	_, err = conn.Write([]byte("MONITOR\r\n"))
	b.must(err)
	if !lines.Scan() || lines.Text() != "+OK" {
		b.Fatalf("MONITOR: %q, %v", lines.Text(), lines.Err())
	}
	const mark = "that is all"
	do()
	b.must(admin.Echo(ctx, mark).Err())
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.Contains(line, mark):
			return n
		case !strings.Contains(line, " lua] ") && !strings.Contains(line, `] "ping"`) &&
			!strings.Contains(line, `] "publish"`): // what a process with KnownFor tells itself
			n++
		}
	}
	b.Fatalf("MONITOR ended: %v", lines.Err())
	return 0
}
