package flashgin

import "github.com/gin-gonic/gin"

// Mount adds routes below Config.MountPath to router, which is the engine or a group of it. They
// serve the script and the style sheet that {{flashAssets}} links, the messages of pages that were
// loaded ahead of time, and a stream to each open page, which brings messages as they are added.
// Call it before serving, after the sessions middleware of the routes. Without it messages are
// shown all the same, but no script closes them, reads them out or adds new ones while the page is
// open.
//
// Mount panics if it is called twice, or if the path of the group has a parameter: pages could not
// tell where to find the routes.
func (m *Messenger) Mount(router gin.IRouter) { m.routes.Mount(router) }
