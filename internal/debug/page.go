// Package debug is a page for developers, in Gin's debug mode: what waits for the session of this
// browser, what has become of its messages, and why answers have shown none.
package debug

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/trail"
)

// A Page is the debug page of a Messenger. It shows nothing of other sessions, except how much
// happens to them. Visits without a session may be anybody's: they have a route for their Page. Its
// fields are set before it is used.
type Page struct {
	Trail *trail.Trail
	// Key returns the session key of a request, or "".
	Key func(*gin.Context) (string, error)
	// Waiting returns what waits for a session, at all views.
	Waiting func(ctx context.Context, c *gin.Context, session string) ([]Message, error)
}

// A Message waits.
type Message struct {
	View, ID, Status, Title, Text string
	Created                       time.Time
	Read                          bool // a page of the engine reads the view, as far as is known
}

//go:embed page.html
var source string

var page = template.Must(template.New("debug").Funcs(template.FuncMap{
	"ago": func(at time.Time) time.Duration { return time.Since(at).Round(time.Second) },
}).Parse(source))

// shown is what the template is given.
type shown struct {
	Session string // its hash
	Err     error
	Waiting []Message
	Lines   []trail.Entry // what has become of messages
	Visits  []trail.Entry // answers
	Others  int           // lines of other sessions, or of none
}

// Serve answers requests that look local, while Gin is in debug mode.
func (p *Page) Serve(c *gin.Context) {
	c.Abort()
	if !gin.IsDebugging() || !IsLocal(c.Request) {
		c.Data(http.StatusNotFound, "text/plain; charset=utf-8", []byte("404: the debug page of "+
			"flashgin is for a browser on the same machine, at localhost, without a proxy\n"))
		return
	}
	header := c.Writer.Header()
	header.Set("Cache-Control", "private, no-store")
	header.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	var out bytes.Buffer
	if err := page.Execute(&out, p.shown(c)); err != nil {
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Data(http.StatusOK, "text/html; charset=utf-8", out.Bytes())
}

func (p *Page) shown(c *gin.Context) (s shown) {
	key, err := p.Key(c)
	s.Err = err
	if key != "" {
		s.Session = queue.Hash(key)
		ctx, cancel := context.WithTimeout(c.Request.Context(), 10*time.Second)
		defer cancel()
		if s.Waiting, err = p.Waiting(ctx, c, key); err != nil {
			s.Err = err
		}
	}
	for _, e := range p.Trail.Last() {
		switch {
		case e.Method != "" && (e.Session == "" || e.Session == s.Session):
			s.Visits = append(s.Visits, e)
		case e.Method == "" && e.Session != "" && e.Session == s.Session:
			s.Lines = append(s.Lines, e)
		case e.Method == "":
			s.Others++
		}
	}
	return s
}
