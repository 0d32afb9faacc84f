package main

import (
	"bufio"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// open are pages that stay open, and what scripts ask for.
func open() []*scenario {
	return []*scenario{
		{name: "stream", weight: 3, keyed: true, alone: true, act: listen, post: true,
			handle: func(v *visit, c *gin.Context) {
				_ = v.add(c, "/page/1", "AddFlash for a page that is open")
				c.Status(http.StatusNoContent)
			}},
		{name: "stream-forget", weight: 2, keyed: true, alone: true,
			act: listenAcrossForget, post: true,
			handle: func(v *visit, c *gin.Context) {
				key, err := v.key(c)
				end := func() error { return v.site.messenger.Forget(c) }
				if rnd(2) {
					end = func() error { return v.site.messenger.End(key) }
				}
				if err != nil || end() != nil {
					c.Status(http.StatusNoContent)
					return
				}
				_ = v.job(key, "/page/1", streamEnded)
				c.Status(http.StatusNoContent)
			}},
		{name: "pull", weight: 4, keyed: true, act: func(b *browser, s *scenario, _ *rand.Rand) {
			b.do(want{scenario: s, method: http.MethodGet,
				path: "/_flash/messages?view=/page/1&view=*", header: []string{"X-Get-Flash", "1"}})
		}},
	}
}

var sameOrigin = []string{"Sec-Fetch-Site", "same-origin"}

// handed is what a stream says of messages.
type handed struct {
	Messages []struct{ View, ID, Text string }
	Tickets  map[string]string
}

// listen keeps a page open while a message is added, and acknowledges mostly. It does so before it
// closes the stream: if that broke while the server still wrote, the message would wait again.
func listen(b *browser, s *scenario, random *rand.Rand) {
	acknowledges := random.IntN(4) > 0 // else the page is closed before
	b.stream(s, "/page/1", time.Second, func() { b.post(s, "/s/stream") }, func(h handed) bool {
		if acknowledges {
			b.acknowledge(s, h)
		}
		return true
	})
}

const streamEnded = "Add with a key whose streams were ended"

// listenAcrossForget keeps a page open whose session gives up its key,
// or ends its streams. Nothing may come after that.
func listenAcrossForget(b *browser, s *scenario, _ *rand.Rand) {
	from := b.site.run.ledger.next() // what an earlier visit left may come
	b.stream(s, "/page/1", 200*time.Millisecond, func() {
		b.post(s, "/s/stream-forget")
	}, func(h handed) bool {
		for _, m := range h.Messages {
			number, _ := numberIn(m.Text)
			if number >= from && b.site.run.ledger.isHow(m.Text, streamEnded) {
				b.site.run.ledger.violate(shownWrongly, s, "a stream delivers that was ended")
			}
		}
		return true
	})
}

// stream opens one for a while, calls meanwhile, and hands on the events until done says so.
func (b *browser) stream(s *scenario, view string, most time.Duration, meanwhile func(),
	done func(handed) bool) {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	path := "/_flash/stream?view=" + view
	b.do(want{scenario: s, method: http.MethodGet, path: path, ctx: ctx, header: sameOrigin,
		reading: func(response *http.Response) []byte {
			if response.StatusCode != http.StatusOK {
				return nil
			}
			finished := make(chan struct{})
			go func() { defer close(finished); meanwhile() }()
			defer func() { <-finished }()
			var all []byte
			for lines := bufio.NewReader(response.Body); ; {
				line, err := lines.ReadString('\n')
				if err != nil {
					return all
				}
				all = append(all, line...)
				if data, ok := strings.CutPrefix(line, "data: {"); ok {
					var h handed
					if json.Unmarshal([]byte("{"+data), &h) == nil && done(h) {
						return all
					}
				}
			}
		}})
}

// acknowledge says that the messages of an event were seen.
func (b *browser) acknowledge(s *scenario, h handed) {
	type one struct {
		View   string `json:"view"`
		ID     string `json:"id"`
		Ticket string `json:"ticket"`
	}
	var shown []one
	var texts []string
	for _, m := range h.Messages {
		shown = append(shown, one{m.View, m.ID, h.Tickets[m.View]})
		texts = append(texts, m.Text)
	}
	body, _ := json.Marshal(map[string]any{"shown": shown})
	a := b.do(want{
		scenario: s, method: http.MethodPost, path: "/_flash/ack", body: string(body),
		header: append([]string{"Content-Type", "application/json"}, sameOrigin...),
	})
	if a.status == http.StatusNoContent {
		b.site.run.ledger.found(b.user, s, "a stream", strings.Join(texts, " "), true)
	}
}

// next is the number of the next message.
func (l *ledger) next() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.notes)
}

// isHow reports whether a message was added in this way.
func (l *ledger) isHow(text, how string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	number, ok := numberIn(text)
	return ok && number < len(l.notes) && l.notes[number].how == how
}
