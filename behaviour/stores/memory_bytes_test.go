package stores_test

import (
	"html/template"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/testrun"
)

// held returns how many bytes of the heap are in use.
func held() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// What the store says it holds is what it takes of the heap, whatever the messages.
func TestMemoryStoreCountsBytes(t *testing.T) {
	testrun.Soak(t)
	short, long := "Your settings have been changed.", strings.Repeat("x", 2000)
	for name, add := range map[string]func(i int) (session string, m flashgin.Message){
		"a message a session": func(i int) (string, flashgin.Message) {
			return strconv.Itoa(i), flashgin.Message{View: "/problems/" + strconv.Itoa(i),
				Text: short}
		},
		"a hundred views a session": func(i int) (string, flashgin.Message) {
			return strconv.Itoa(i / 100), flashgin.Message{View: "/problems/" + strconv.Itoa(i),
				Text: short}
		},
		"fifty messages a view": func(i int) (string, flashgin.Message) {
			return strconv.Itoa(i / 50), flashgin.Message{View: "/problems", Text: short}
		},
		"long messages": func(i int) (string, flashgin.Message) {
			return strconv.Itoa(i), flashgin.Message{View: "/problems", Title: long, Text: long}
		},
		"with data and a link": func(i int) (string, flashgin.Message) {
			data := map[string]string{"order": strconv.Itoa(i), "customer": "somebody"}
			link := &flashgin.Link{Label: "View order", URL: "/orders/" + strconv.Itoa(i)}
			return strconv.Itoa(i), flashgin.Message{View: "/orders", Text: short, Data: data,
				Link: link}
		},
		"parts of large strings": func(i int) (string, flashgin.Message) {
			body := strings.Repeat("x", 8000) + strconv.Itoa(i)
			data := map[string]string{body[:10]: body[10:20]}
			link := &flashgin.Link{Label: body[:10], URL: body[10:20]}
			m := flashgin.Message{View: "/" + body[:10], Status: flashgin.Status(body[:5]),
				Title: body[:10], Text: body[:10], HTML: template.HTML(body[:10]),
				Link: link, Data: data, Key: body[:10], ID: body[7990:]}
			return body[7990:], m
		},
	} {
		t.Run(name, func(t *testing.T) {
			const messages = 20_000
			s, before := new(flashgin.MemoryStore), held()
			for i := range messages {
				session, m := add(i)
				if m.ID == "" {
					m.ID = queue.NewID()
				}
				require.NoError(t, s.Add(t.Context(), session, m))
			}
			took := held() - before
			stats := s.Stats()
			t.Logf("%d bytes a message, counted as %d", took/messages, stats.Bytes/messages)
			assert.Equal(t, messages, stats.Messages)
			assert.InEpsilon(t, took, stats.Bytes, 0.25)
			runtime.KeepAlive(s)
		})
	}
}
