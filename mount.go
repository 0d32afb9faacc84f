package flashgin

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

// Mount adds routes below Config.MountPath to router, which is the engine or a group of it. They
// serve the script and the style sheet that {{flashAssets}} links, the messages of pages that were
// loaded ahead of time, and a stream to each open page, which brings messages as they are added.
// Call it before serving, after the sessions middleware of the routes. Without it messages are
// shown all the same, but no script closes them, reads them out or adds new ones while the page is
// open.
//
// Mount panics if it is called twice, or if the path of the group has a parameter: pages could not
// tell where to find the routes.
func (m *Messenger) Mount(router gin.IRouter) {
	base := ""
	if group, ok := router.(interface{ BasePath() string }); ok {
		base = group.BasePath()
	}
	mounted := path.Join("/", base, m.cfg.MountPath)
	if strings.ContainsAny(mounted, ":*") {
		panic(fmt.Sprintf("flashgin: Mount: %q has a parameter: "+
			"mount on the engine, or on a group whose path has none", mounted))
	}
	if !m.mounted.CompareAndSwap(nil, &mounted) {
		panic("flashgin: Mount was called twice: one place serves all pages")
	}
	group := router.Group(m.cfg.MountPath)
	group.GET("/messages", m.servePull)
	m.mountLive(group)
	group.GET("/:asset", serveAsset)
	group.HEAD("/:asset", serveAsset)
}

// mountedAt returns the path of Mount in the engine, or "" before Mount.
func (m *Messenger) mountedAt() string {
	if mounted := m.mounted.Load(); mounted != nil {
		return *mounted
	}
	return ""
}

// mountedURL returns where browsers find what Mount serves.
func (m *Messenger) mountedURL(name string) string {
	prefix, _ := url.PathUnescape(m.cfg.Prefix) // New has cleaned it
	u := url.URL{Path: prefix + m.mountedAt() + "/" + name}
	return u.EscapedPath()
}
