package answers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A script that asks for tickets acknowledges what it gets. Until then nothing is lost, whatever
// becomes of the answer.
func TestPullWithTickets(t *testing.T) {
	a := apptest.NewMounted(t, flashgin.Config{})
	a.GET("/add", apptest.Add(t, apptest.Page,
		flashgin.Success("saved").At("/other"),
		flashgin.Message{HTML: "<b>HTML</b>", View: "/other"}))
	v := a.Visitor()
	v.Get("/add")
	const url = "/_flash/messages?view=/other"
	pull := func() (parcel struct {
		Messages []struct {
			View, ID, Text string
			Created        time.Time
		}
		Tickets map[string]string
	}) {
		t.Helper()
		answer := v.Do(http.MethodGet, url, "X-Get-Flash", "tickets",
			"Sec-Fetch-Site", "same-origin")
		require.Equal(t, http.StatusOK, answer.Code)
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &parcel), answer.Body)
		return parcel
	}

	// The request is given up: the message waits again at once.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	request.Header.Set("X-Get-Flash", "tickets")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	v.Send(request)

	got := pull()
	require.Len(t, got.Messages, 1, "what a script cannot show waits for a template")
	assert.Equal(t, "saved", got.Messages[0].Text)
	assert.Empty(t, pull().Messages, "another page does not get it meanwhile")

	m := got.Messages[0]
	ack, err := json.Marshal(map[string]any{"back": []map[string]any{
		{"view": m.View, "id": m.ID, "ticket": got.Tickets[m.View], "created": m.Created},
	}})
	require.NoError(t, err)
	v.Acknowledge(string(ack))
	assert.Len(t, pull().Messages, 1, "given back")
}
