package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// visit loads a page, sometimes in two tabs at once.
func (r *longRun) visit(v place) {
	if rand.IntN(10) < longTabs {
		var other sync.WaitGroup
		other.Go(func() { r.load(v) })
		defer other.Wait()
	}
	r.load(v)
}

func (r *longRun) load(v place) (complete bool) {
	process, url := r.any()
	started := time.Now()
	text, status, err := r.send(http.MethodGet, url+longViews[v.view], r.users[v.user].cookie, nil)
	r.pages.Add(1)
	took := time.Since(started)
	if took > time.Second {
		r.slow.Add(1)
	}
	if err != nil || status != http.StatusOK {
		r.failed.Add(1)
		return false
	}
	for _, found := range paragraph.FindAllStringSubmatch(text, -1) {
		number, ok := numberOf(found[1])
		if !ok {
			r.b.Fatalf("a page shows %q", found[1])
		}
		r.book.show(number, process)
		if took >= longLease { // the machine stood still
			r.book.excuse(number)
		}
	}
	return true
}

// listen is a page that stays open. It connects again when the stream ends.
func (r *longRun) listen(background context.Context, who int) {
	met := map[string]bool{} // as the script of a page has it
	for background.Err() == nil {
		r.stream(background, who, met)
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
	}
}

func (r *longRun) stream(background context.Context, who int, met map[string]bool) {
	within, cancel := context.WithTimeout(background, 2*time.Minute)
	defer cancel()
	silent := time.AfterFunc(50*time.Second, cancel)
	defer silent.Stop()
	process, url := r.any()
	request, err := http.NewRequestWithContext(within, http.MethodGet,
		url+"/_flash/stream?view="+longViews[0]+"&view=*", nil)
	r.b.must(err)
	request.Header.Set("Cookie", r.users[who].cookie)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := r.client.Transport.RoundTrip(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return
	}
	r.streams.Add(1)
	lines := bufio.NewReader(response.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		silent.Reset(50 * time.Second)
		data, ok := bytes.CutPrefix(line, []byte("data: {"))
		if !ok {
			continue
		}
		var event handed
		if json.Unmarshal(append([]byte("{"), data...), &event) != nil || len(event.Messages) == 0 {
			continue
		}
		r.events.Add(1)
		for _, m := range event.Messages {
			number, ok := numberOf(m.Text)
			if !ok {
				r.b.Fatalf("a stream shows %q", m.Text)
			}
			if !met[m.ID] {
				met[m.ID] = true
				r.book.show(number, process)
			}
		}
		_ = again(func() error { // to whichever process
			_, url := r.any()
			return r.ok(r.send(http.MethodPost, url+ackPath, r.users[who].cookie,
				event.acknowledgement(), "Sec-Fetch-Site", "same-origin"))
		})
	}
}

// sweep loads all pages until all messages were shown that must be, and once more.
func (r *longRun) sweep() {
	time.Sleep(longLease + 3*time.Second) // what a lost answer has claimed waits again
	for range 6 {
		missing := r.book.missing()
		if len(missing) == 0 {
			break
		}
		r.sweepOf(slices.Collect(maps.Keys(missing)))
		time.Sleep(longLease / 2)
	}
	all := make([]int, len(r.users))
	for i := range all {
		all[i] = i
	}
	r.sweepOf(all)
}

func (r *longRun) sweepOf(users []int) {
	r.b.parallel(16, len(users), func(i int) error {
		for view := range len(longViews) - 1 {
			for range 5 {
				if r.load(place{users[i], view}) {
					break
				}
			}
		}
		return nil
	})
}
