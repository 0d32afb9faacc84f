package browser_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/browser"
)

var update = flag.Bool("update", false, "write the table of clients anew")

// A client is a request that a real browser or library has sent, and what follows from it.
type client struct {
	Client  string            // and its version
	When    string            // it was recorded
	Does    string            // what it sent the request for
	Method  string            // GET, unless it says otherwise
	Status  int               // of the answer, 200 unless it says otherwise
	Missing bool              // there is no route
	HTMX    bool              // Config.HTMX
	Header  map[string]string // without those that tell nothing: User-Agent, Accept-Language, …
	Want    string            // what flashgin does, in the words below
	Note    string            // what a user of the client can do
}

// What flashgin does to a page that answers the request.
const (
	shows   = "messages are shown"
	inFrame = "messages are shown, but those for `Anywhere`"
	along   = "messages go along"
	header  = "messages go in a header"
	marked  = "nothing is taken; the script gets messages once the page is opened"
	perhaps = "with `Mount`, the script gets messages once it is opened; without, messages are shown"
	nothing = "nothing is taken"
)

func (c client) request() *http.Request {
	r := asked(cmp.Or(c.Method, "GET"))
	for name, value := range c.Header {
		r.Header.Set(name, value)
	}
	return r
}

func (c client) decided() string {
	r := c.request()
	sight := browser.SightOf(r, cmp.Or(c.Status, 200), !c.Missing)
	audience := browser.AudienceOf(r, c.HTMX)
	mayShow := browser.MayShow(r, http.Header{})
	switch {
	case audience == browser.ForFrame:
		return nothing
	case audience == browser.ForScript && mayShow:
		return header
	case sight == browser.Doubtful && r.Method == "GET" && isPage(r):
		return marked
	case !mayShow || sight == browser.Doubtful:
		return nothing
	case sight == browser.Likely:
		return perhaps
	case audience == browser.ForHTMX:
		return along
	case browser.IsWithin(r.Header):
		return inFrame
	}
	return shows
}

// isPage reports whether the answer may be opened later: that of an image never is.
func isPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "empty", "document":
		return true
	case "":
		return browser.MayShow(r, http.Header{})
	}
	return false
}

// sends names what tells the request from others.
func (c client) sends() string {
	var list []string
	for _, name := range []string{"Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Accept"} {
		value, sent := c.Header[name]
		switch {
		case !sent || name == "Sec-Fetch-Site" && value == "same-origin":
			continue
		case name == "Accept":
			if first, _, more := strings.Cut(value, ","); more {
				value = first + ", …"
			}
		}
		list = append(list, strings.TrimPrefix(name, "Sec-Fetch-")+" `"+value+"`")
	}
	var rest []string
	for name, value := range c.Header {
		switch name {
		case "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Accept",
			"Referer", "Origin":
			continue
		}
		if strings.HasPrefix(name, "X-Up-") && name != "X-Up-Version" {
			continue // there are eight
		}
		if len(value) < 24 && !strings.ContainsAny(value, "/{") {
			name += ": " + value
		}
		rest = append(rest, "`"+name+"`")
	}
	slices.Sort(rest)
	return strings.Join(append(list, rest...), ", ")
}

func (c client) did() string {
	if c.Method != "" && c.Method != "GET" {
		return c.Does + " (" + c.Method + ")"
	}
	return c.Does
}

// row is that of the table of all clients.
func (c client) row() string {
	what := c.Want
	if c.Note != "" {
		what += ". " + c.Note
	}
	return fmt.Sprintf("| %s, %s | %s | %s | %s |", c.Client, c.When, c.did(), c.sends(), what)
}

// What real clients have sent is answered as the table in clients.md says, which is made of the
// same data.
func TestClients(t *testing.T) {
	text, err := os.ReadFile("testdata/clients.json")
	require.NoError(t, err)
	var clients []client
	require.NoError(t, json.Unmarshal(text, &clients))
	all := []string{
		"| client or library, recorded | what it does | what it sends | what a page does |",
		"|---|---|---|---|",
	}
	for _, c := range clients {
		t.Run(c.Client+"/"+c.Does, func(t *testing.T) {
			assert.Equal(t, c.Want, c.decided())
			for name := range c.Header {
				assert.Equal(t, http.CanonicalHeaderKey(name), name)
			}
		})
		all = append(all, c.row())
	}
	checkTable(t, "clients.md", all)
}

// checkTable compares the table of clients on a page, or writes it anew.
func checkTable(t *testing.T, page string, rows []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	start := strings.Index(string(text), "| client or")
	require.GreaterOrEqual(t, start, 0, page)
	before, rest := string(text[:start]), string(text[start:])
	end := strings.Index(rest+"\n\n", "\n\n")
	want := strings.Join(rows, "\n")
	if *update {
		after := strings.TrimPrefix(rest[end:], "\n")
		require.NoError(t, os.WriteFile(page, []byte(before+want+"\n"+after), 0o644))
		return
	}
	assert.Equal(t, want, strings.TrimSpace(rest[:end]),
		"%s: run go test -run TestClients ./internal/browser -update", page)
}
