package live_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Only a page of this origin acknowledges. Everybody else changes nothing.
func TestAckRefuses(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	v := a.Visitor()
	key := v.Get("/key")
	page := v.Listen(apptest.StreamPath("/a"))
	a.Job(key, flashgin.Info("text").At("/a"))
	require.Eventually(t, func() bool { return len(apptest.TextsOf(t, page.Events())) == 1 },
		30*time.Second, time.Millisecond)
	// whoever gets this through makes the message wait again
	body := apptest.AckBody("back", apptest.HandedOver(t, page.Events())...)
	large := `{"shown":[` + strings.Repeat(`{"view":"/a","id":"x","ticket":"1"},`, 2000) + `{}]}`
	for _, test := range []struct {
		name, body string
		header     []string
		status     int
	}{
		{"says nothing of itself", body, []string{"Accept", "*/*"}, http.StatusForbidden},
		{"another site", body,
			[]string{"Sec-Fetch-Site", "cross-site", "Origin", "http://example.com"},
			http.StatusForbidden},
		{"another host of the site", body, []string{"Sec-Fetch-Site", "same-site"},
			http.StatusForbidden},
		{"typed by hand", body, []string{"Sec-Fetch-Site", "none"}, http.StatusForbidden},
		{"another origin, by an old browser", body, []string{"Origin", "http://evil.example"},
			http.StatusForbidden},
		{"a host that begins like ours", body,
			[]string{"Origin", "http://example.com.evil.example"}, http.StatusForbidden},
		{"another port", body, []string{"Origin", "http://example.com:8080"}, http.StatusForbidden},
		{"a sandbox", body, []string{"Origin", "null"}, http.StatusForbidden},
		{"a path for an origin", body, []string{"Origin", "/"}, http.StatusForbidden},
		{"no JSON", "shown=1", []string{"Sec-Fetch-Site", "same-origin"}, http.StatusBadRequest},
		{"another type", `{"shown":"all"}`, []string{"Sec-Fetch-Site", "same-origin"},
			http.StatusBadRequest},
		{"nothing", "", []string{"Sec-Fetch-Site", "same-origin"}, http.StatusBadRequest},
		{"too much", large, []string{"Sec-Fetch-Site", "same-origin"},
			http.StatusRequestEntityTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.status, v.Acknowledge(test.body, test.header...).Code)
			assert.Empty(t, v.Get("/a"))
		})
	}
	t.Run("by GET", func(t *testing.T) {
		assert.Equal(t, http.StatusNotFound,
			v.Do(http.MethodGet, "/_flash/ack", "Sec-Fetch-Site", "same-origin").Code)
	})
	t.Run("accepted", func(t *testing.T) { // the host of httptest's requests is example.com
		assert.Equal(t, http.StatusNoContent,
			v.Acknowledge(body, "Origin", "http://example.com").Code)
		assert.Equal(t, "[text]", v.Get("/a"))
	})
}

// IDs, views and tickets that are not those of a claim of this session change nothing.
func TestAckForeign(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	v, other := a.Visitor(), a.Visitor()
	key, otherKey := v.Get("/key"), other.Get("/key")
	page, otherPage := v.Listen(apptest.StreamPath("/a", "/b")),
		other.Listen(apptest.StreamPath("/a"))
	a.Job(key, flashgin.Info("mine").At("/a"))
	a.Job(otherKey, flashgin.Info("theirs").At("/a"))
	require.Eventually(t, func() bool {
		return len(apptest.TextsOf(t, page.Events()))+
			len(apptest.TextsOf(t, otherPage.Events())) == 2
	}, 30*time.Second, time.Millisecond)
	mine, theirs := apptest.HandedOver(t, page.Events())[0],
		apptest.HandedOver(t, otherPage.Events())[0]
	m := mine.Messages[0]
	for _, body := range []string{
		apptest.AckBody("shown", theirs),
		apptest.AckBody("back", theirs),
		fmt.Sprintf(`{"back":[{"view":"/a","id":%q,"ticket":""}]}`, m.ID),
		fmt.Sprintf(`{"back":[{"view":"/a","id":%q,"ticket":%q}]}`, m.ID, mine.Tickets["/a"]+"0"),
		fmt.Sprintf(`{"back":[{"view":"/a","id":%q,"ticket":"-inf"}]}`, m.ID),
		fmt.Sprintf(`{"back":[{"view":"/b","id":%q,"ticket":%q}]}`, m.ID, mine.Tickets["/a"]),
		fmt.Sprintf(`{"back":[{"view":"","id":"","ticket":%q}]}`, mine.Tickets["/a"]),
		fmt.Sprintf(`{"back":[{"view":"\u0000\ud800","id":"\u0000\r\n","ticket":%q}]}`,
			mine.Tickets["/a"]),
		`{"shown":null,"back":[null,{}]}`,
		`{}`,
	} {
		assert.Equal(t, http.StatusNoContent, v.Acknowledge(body).Code, body)
	}
	assert.Empty(t, v.Get("/a"))
	assert.Empty(t, other.Get("/a"))
	assert.Empty(t, a.Failures.All())
	v.Acknowledge(apptest.AckBody("back", mine))
	other.Acknowledge(apptest.AckBody("back", theirs))
	assert.Equal(t, "[mine]", v.Get("/a"))
	assert.Equal(t, "[theirs]", other.Get("/a"))
}

// One acknowledgement may be for several claims, of several views, and be sent twice.
func TestAckOfSeveralClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := apptest.NewLiveApp(t, flashgin.Config{})
		v := a.Visitor()
		key := v.Get("/key")
		page := v.Listen(apptest.StreamPath("/a", "/b"))
		synctest.Wait()
		for i := range 3 {
			a.Job(key, flashgin.Info(fmt.Sprint("a", i)).At("/a"),
				flashgin.Info(fmt.Sprint("b", i)).At("/b"))
			synctest.Wait()
		}
		handed := apptest.HandedOver(t, page.Events())
		require.Len(t, handed, 3)
		for range 2 {
			assert.Equal(t, http.StatusNoContent,
				v.Acknowledge(apptest.AckBody("shown", handed...)).Code)
		}
		page.Close()
		time.Sleep(time.Minute)
		assert.Empty(t, v.Get("/a")+v.Get("/b"))
	})
}

// An acknowledgement that comes after the lease harms nobody who was given the message since.
func TestAckTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := apptest.NewLiveApp(t, flashgin.Config{Lease: time.Second})
		v := a.Visitor()
		key := v.Get("/key")
		page := v.Listen(apptest.StreamPath("/a"))
		synctest.Wait()
		a.Job(key, flashgin.Info("text").At("/a"))
		synctest.Wait()
		late := apptest.AckBody("shown", apptest.HandedOver(t, page.Events())...)
		page.Close()
		time.Sleep(2 * time.Second)
		second := v.Listen(apptest.StreamPath("/a"))
		synctest.Wait()
		require.Equal(t, []string{"text"}, apptest.TextsOf(t, second.Events()))
		assert.Equal(t, http.StatusNoContent, v.Acknowledge(late).Code)
		second.Close()
		time.Sleep(2 * time.Second)
		assert.Equal(t, "[text]", v.Get("/a"), "the second claim was never acknowledged")
	})
}

// A page may acknowledge before the stream knows that its write has succeeded, or that it has
// failed after all. What was acknowledged was shown. What the page holds besides, it will settle
// itself.
func TestAckWhileTheStreamFlushes(t *testing.T) {
	for _, test := range []struct {
		name string
		body func(apptest.Handed) string
		want string
	}{
		{"all", func(h apptest.Handed) string { return apptest.AckBody("shown", h) }, ""},
		{"one of two", func(h apptest.Handed) string {
			h.Messages = h.Messages[:1]
			return apptest.AckBody("shown", h)
		}, "[second]"},
		{"given back", func(h apptest.Handed) string { return apptest.AckBody("back", h) },
			"[first][second]"},
	} {
		for name, open := range apptest.Stores {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := open()
					if spy, ok := store.(*apptest.SpyStore); ok {
						spy.On(func(_ context.Context, method string, call func() error) error {
							if method == "Confirm" { // it waits for those of other pages
								time.Sleep(5 * time.Millisecond)
							}
							return call()
						})
					}
					a := apptest.NewLiveApp(t,
						flashgin.Config{Store: store, Lease: 10 * time.Second})
					v := a.Visitor()
					key := v.Get("/key")
					page := &apptest.StreamWriter{}
					page.Flushing = func() error {
						handed := apptest.HandedOver(t, page.Events())
						if len(handed) == 0 {
							return nil
						}
						answer := v.Acknowledge(test.body(handed[0]))
						assert.Equal(t, http.StatusNoContent, answer.Code)
						return errors.New("the client has gone")
					}
					a.Job(key, flashgin.Info("first").At("/a"), flashgin.Info("second").At("/a"))
					v.ListenOn(page, apptest.StreamPath("/a"))
					<-page.Ended
					synctest.Wait()
					if test.name == "one of two" {
						assert.Empty(t, v.Get("/a"), "the page has the second")
					}
					time.Sleep(time.Minute)
					assert.Equal(t, test.want, v.Get("/a"))
				})
			})
		}
	}
}

// Who has no session has nothing to acknowledge, and gets no session for it.
func TestAckWithoutSession(t *testing.T) {
	v := apptest.NewLiveApp(t, flashgin.Config{}).Visitor()
	answer := v.Acknowledge(`{"shown":[{"view":"/a","id":"x","ticket":"1"}]}`)
	assert.Equal(t, http.StatusNoContent, answer.Code)
	assert.Empty(t, answer.Header().Values("Set-Cookie"))
	assert.Equal(t, "private, no-cache", answer.Header().Get("Cache-Control"))
}

// However much an acknowledgement invents, the store is not called for more than a page may have
// been handed.
func TestAckIsBounded(t *testing.T) {
	store := apptest.NewSpyStore()
	v := apptest.NewLiveApp(t, flashgin.Config{Store: store}).Visitor()
	v.Get("/key")
	invented := func(entry func(i int) string, n int) string {
		var entries []string
		for i := range n {
			entries = append(entries, entry(i))
		}
		return `{"shown":[` + strings.Join(entries, ",") + `]}`
	}
	tickets := func(i int) string { return fmt.Sprintf(`{"ticket":"%d"}`, i) }
	views := func(i int) string { return fmt.Sprintf(`{"view":"/%d","ticket":"1"}`, i) }
	messages := func(i int) string { return fmt.Sprintf(`{"id":"%d","ticket":"1"}`, i) }
	for _, test := range []struct {
		name, body    string
		status, calls int
	}{
		{"tickets", invented(tickets, 64), http.StatusNoContent, 64},
		{"one ticket too many", invented(tickets, 65), http.StatusRequestEntityTooLarge, 0},
		{"views", invented(views, 64), http.StatusNoContent, 1},
		{"one view too many", invented(views, 65), http.StatusRequestEntityTooLarge, 0},
		{"messages", invented(messages, 1000), http.StatusNoContent, 1},
		{"one message too many", invented(messages, 1001), http.StatusRequestEntityTooLarge, 0},
		{"one message too many, both ways",
			`{"back":[` + strings.Repeat(`null,`, 500) + `{}],` +
				invented(func(int) string { return `{}` }, 500)[1:],
			http.StatusRequestEntityTooLarge, 0},
		{"both ways", `{"back":[{"ticket":"x"}],` + invented(tickets, 64)[1:],
			http.StatusRequestEntityTooLarge, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := store.Count("Confirm")
			assert.Equal(t, test.status, v.Acknowledge(test.body).Code)
			assert.Eventually(t, func() bool { return store.Count("Confirm") >= before+test.calls },
				30*time.Second, time.Millisecond)
			assert.Equal(t, before+test.calls, store.Count("Confirm"))
		})
	}
	assert.Zero(t, store.Count("Release"))
}

// What an acknowledgement costs is in proportion to its length, whatever it is made of.
func TestAckAllocatesLittle(t *testing.T) {
	v := apptest.NewLiveApp(t, flashgin.Config{}).Visitor()
	v.Get("/key")
	const length = 63 << 10
	filled := func(start, entry, end string) string {
		return start + strings.Repeat(entry, (length-len(start)-len(end))/len(entry)) + "{}" + end
	}
	for name, body := range map[string]string{
		"empty entries": filled(`{"shown":[`, `{},`, `]}`),
		"nulls":         filled(`{"back":[`, `null,`, `]}`),
		"messages": filled(`{"shown":[`,
			`{"id":"123456789012345678901234567890123456","ticket":"1234567"},`, `]}`),
		"many lists":      filled(`{`, `"shown":[{},{},{}],`, `,"x":1}`),
		"something else":  filled(`{"x":[`, `{},`, `]}`),
		"one long text":   `{"shown":[{"id":"` + strings.Repeat("x", length) + `"}]}`,
		"escaped text":    `{"shown":[{"id":"` + strings.Repeat(`\u0041`, length/6) + `"}]}`,
		"lists in a list": `{"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			times := apptest.LeastAllocated(func() { v.Acknowledge(body) }) / length
			t.Logf("%d times its length", times)
			assert.Less(t, times, uint64(20))
		})
	}
}

// Without its session an open page gets nothing, and its script is asked to acknowledge again.
func TestOpenPageWithoutItsSession(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: func(c *gin.Context) (string, error) { return "", http.ErrNoCookie },
	})
	a.MountLive()
	v := a.Visitor()
	assert.Equal(t, http.StatusServiceUnavailable,
		v.Acknowledge(apptest.AckBody("shown")).Code, "the script tries again")
	assert.Contains(t, a.Failures.String(), http.ErrNoCookie.Error())
	pulled := v.Do(http.MethodGet, "/_flash/messages?view=/a", "X-Get-Flash", "tickets",
		"Sec-Fetch-Site", "same-origin")
	assert.JSONEq(t, `{"messages":[],"tickets":{}}`, pulled.Body.String())
}
