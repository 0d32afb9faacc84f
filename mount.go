package flashgin

import (
	"cmp"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/debug"
	"github.com/flashgin/flashgin/internal/queue"
)

// Mount adds routes below Config.MountPath to router, which is the engine or a group of it. They
// serve the script and the style sheet that {{flashAssets}} links, the messages of pages that were
// loaded ahead of time, and a stream to each open page, which brings messages as they are added.
// Call it before serving, after the sessions middleware of the routes. Without it messages are
// shown all the same, but no script closes them, reads them out or adds new ones while the page is
// open.
//
// In Gin's debug mode, Mount also serves a page at debug below Config.MountPath, to requests that
// look local: where messages of their session wait, and why pages have shown none. A proxy on this
// machine that adds no header looks local, too, so use release mode in production.
//
// Mount panics if it is called twice, or if the path of the group has a parameter: pages could not
// tell where to find the routes.
func (m *Messenger) Mount(router gin.IRouter) { m.routes.Mount(router) }

// describe returns a message as the debug page shows it.
func describe(it queue.Item[Message]) debug.Message {
	m := it.Value
	return debug.Message{
		View: it.View, ID: it.ID, Status: string(m.Status), Created: m.Created,
		Title: m.Title, Text: cmp.Or(m.Text, string(m.HTML)),
	}
}
