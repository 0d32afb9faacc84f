// Package live_test holds flashgin to what pages that are open receive.
package live_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// What the tests of live delivery have in common.

// exactlyOnce adds messages to a session while it has four open pages in b and loads others, and
// checks that each is shown once. Trouble is what happens to the store or the server meanwhile;
// lost and repeated calls are its business.
func exactlyOnce(t *testing.T, a *apptest.App, b *apptest.Browser, trouble func()) {
	const count = 200
	key := b.Get("/key")
	var mu sync.Mutex
	shown := map[string]int{}
	show := func(texts []string) {
		mu.Lock()
		defer mu.Unlock()
		for _, text := range texts {
			shown[text]++
		}
	}
	total := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(shown)
	}
	stop := make(chan struct{})
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			known := map[string]bool{}
			for {
				acknowledge := b.Acknowledging()
				l := b.Listen(apptest.StreamPath("/a"), func(e apptest.Event) {
					for _, h := range apptest.HandedOver(t, []apptest.Event{e}) {
						for _, m := range h.Messages {
							if !known[m.ID] { // as the script does
								known[m.ID] = true
								show([]string{m.Text})
							}
						}
					}
					acknowledge(e)
				})
				select {
				case <-l.Ended: // as a browser does, come back
				case <-stop:
					l.Close()
					return
				}
			}
		})
	}
	running.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			text := strings.Trim(b.Get("/a"), "[]")
			if text == "" {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			show(strings.Split(text, "]["))
		}
	})
	running.Go(func() {
		for i := range count {
			m := flashgin.Info(strconv.Itoa(i)).At("/a")
			m.ID = "job-" + m.Text
			for a.Messenger.Add(t.Context(), key, m) != nil { // a job tries until it is certain
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(time.Millisecond)
		}
	})
	if trouble != nil {
		trouble()
	}
	assert.Eventually(t, func() bool { return total() == count },
		5*time.Minute, 5*time.Millisecond, "reported: %s", a.Failures)
	close(stop)
	running.Wait()
	mu.Lock()
	defer mu.Unlock()
	assert.Len(t, shown, count)
	for text, times := range shown {
		assert.Equal(t, 1, times, "message %s", text)
	}
}
