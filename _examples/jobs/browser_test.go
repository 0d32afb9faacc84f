package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A browser is a client with cookies, which follows redirects and reads streams as the page's
// script does.
type browser struct {
	t      *testing.T
	url    string
	client *http.Client
}

func (p *program) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(p.t, err)
	return &browser{p.t, p.says(`Listening on (http://\S+) `)[0],
		&http.Client{Jar: jar, Timeout: patience}}
}

// A page is what a browser sees.
type page struct {
	status   int
	path     string
	stream   string // where it listens
	messages []message
}

type message struct{ status, title, text string }

var (
	streamOf = regexp.MustCompile(` data-stream="([^"]*)"`)
	itemOf   = regexp.MustCompile(`(?s)<li [^>]* id="flash-[^>]* data-status="(\w+)".*?</li>`)
	titleOf  = regexp.MustCompile(`<bdi>(.*?)</bdi>`)
	textOf   = regexp.MustCompile(`data-flash-text[^>]*>(.*?)</p>`)
)

func first(pattern *regexp.Regexp, text string) string {
	if match := pattern.FindStringSubmatch(text); match != nil {
		return html.UnescapeString(match[1])
	}
	return ""
}

func (b *browser) do(request *http.Request) page {
	b.t.Helper()
	response, err := b.client.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	p := page{status: response.StatusCode, path: response.Request.URL.Path,
		stream: first(streamOf, string(body))}
	for _, item := range itemOf.FindAllString(string(body), -1) {
		p.messages = append(p.messages,
			message{first(itemOf, item), first(titleOf, item), first(textOf, item)})
	}
	return p
}

func (b *browser) get(path string) page {
	b.t.Helper()
	request, err := http.NewRequest(http.MethodGet, b.url+path, nil)
	require.NoError(b.t, err)
	return b.do(request)
}

// upload sends the form.
func (b *browser) upload(name, text string, fails bool) page {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", name)
	require.NoError(b.t, err)
	_, err = io.WriteString(file, text)
	require.NoError(b.t, err)
	if fails {
		require.NoError(b.t, form.WriteField("fail", "yes"))
	}
	require.NoError(b.t, form.Close())
	request, err := http.NewRequest(http.MethodPost, b.url+"/", &body)
	require.NoError(b.t, err)
	request.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(request)
}

// news is what a page shows, from the time when it is loaded.
type news struct {
	t        *testing.T
	messages []message
	keys     map[string]bool
}

func (n *news) last() message { return n.messages[len(n.messages)-1] }

func (n *news) texts() (texts []string) {
	for _, m := range n.messages {
		texts = append(texts, m.text)
	}
	return texts
}

// each checks that every text was shown so many times.
func (n *news) each(times int) {
	n.t.Helper()
	counts := map[string]int{}
	for _, text := range n.texts() {
		counts[text]++
	}
	for text, count := range counts {
		assert.Equal(n.t, times, count, text)
	}
}

// listen shows what comes to a page until its job is done, and says so to the server. The job may
// be done when the page is loaded.
func (b *browser) listen(p page) *news {
	b.t.Helper()
	require.NotEmpty(b.t, p.stream, "the page does not listen")
	n := &news{t: b.t, messages: p.messages, keys: map[string]bool{}}
	if len(n.messages) > 0 && n.last().status == "success" {
		return n
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+p.stream, nil)
	require.NoError(b.t, err)
	response, err := b.client.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	event := ""
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case field == "event":
			event = value
		case field == "data" && event == "flash" && b.show(n, value):
			return n
		}
	}
	require.Fail(b.t, "the job has not come to an end", "%v", n.messages)
	return nil
}

// show reports whether a message says that the job is done.
func (b *browser) show(n *news, data string) (done bool) {
	b.t.Helper()
	type entry struct {
		View   string `json:"view"`
		ID     string `json:"id"`
		Ticket string `json:"ticket"`
	}
	var event struct {
		Messages []struct{ ID, View, Status, Title, Text, Key string }
		Tickets  map[string]string
	}
	require.NoError(b.t, json.Unmarshal([]byte(data), &event))
	var shown []entry
	for _, m := range event.Messages {
		n.messages = append(n.messages, message{m.Status, m.Title, m.Text})
		n.keys[m.Key] = true
		shown = append(shown, entry{m.View, m.ID, event.Tickets[m.View]})
		done = done || m.Status == "success"
	}
	text, err := json.Marshal(map[string]any{"shown": shown})
	require.NoError(b.t, err)
	request, err := http.NewRequest(http.MethodPost, b.url+"/_flash/ack", bytes.NewReader(text))
	require.NoError(b.t, err)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := b.client.Do(request)
	require.NoError(b.t, err)
	response.Body.Close()
	assert.Equal(b.t, http.StatusNoContent, response.StatusCode)
	return done
}
