package pages

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/gin-gonic/gin/render"
)

// A Component is a page, or a part of one, of templ.
type Component interface {
	Render(ctx context.Context, w io.Writer) error
}

// A boundPage is a page with our functions. It replaces one method of render.HTML.
type boundPage[L fmt.Stringer] struct {
	render.HTML
	set *templateSet[L]
}

// Render executes the page to a buffer, and then writes it. If the page fails, nothing of it is
// written: the answer is a 500, an error page can still be rendered, and the messages keep
// waiting.
func (p *boundPage[L]) Render(w http.ResponseWriter) error {
	c := p.set.take()
	if c == nil {
		return p.HTML.Render(w)
	}
	c.functions.Bind(w)
	ended := false
	end := func(err error) { ended = true; c.functions.Done(w, err) }
	defer func() {
		if !ended { // the template or a writer has panicked
			end(io.ErrShortWrite)
		}
	}()
	if err := c.execute(p.Name, p.Data); err != nil {
		end(err)
		w.WriteHeader(http.StatusInternalServerError)
		return err
	}
	p.WriteContentType(w)
	n, err := w.Write(c.page.Bytes())
	if n == 0 && c.page.Len() > 0 {
		// Middleware that has answered by itself may swallow the page without an error.
		end(io.ErrShortWrite)
	} else {
		end(err)
	}
	p.set.keep(c)
	return err
}
