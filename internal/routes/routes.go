// Package routes is what Messenger.Mount serves: the script and the style sheet, the messages of
// pages that were loaded ahead of time, a stream to each open page, and what the script says of the
// messages that it got.
package routes

import (
	"fmt"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/answer"
	"github.com/flashgin/flashgin/internal/assets"
	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/debug"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/trail"
	"github.com/flashgin/flashgin/internal/viewpath"
)

// Routes are the routes of a Messenger. T is the type of a message. The exported fields are set
// before Mount. Routes are safe for concurrent use by multiple goroutines.
type Routes[T any] struct {
	Answers *answer.Config[T]
	Hub     *live.Hub
	Path    string // Config.MountPath
	Prefix  string // Config.Prefix
	// Messages returns messages as the script gets them.
	Messages func([]queue.Item[T]) []T
	// Item returns the item of a message that the script names.
	Item func(view, id string, created time.Time) queue.Item[T]

	// Trail and Describe are for the debug page, which Mount serves in debug mode.
	Trail    *trail.Trail
	Describe func(queue.Item[T]) debug.Message

	mounted atomic.Pointer[string] // the path of Mount in the engine; nil before Mount
}

// Mount is flashgin.Messenger.Mount.
func (rs *Routes[T]) Mount(router gin.IRouter) {
	base := ""
	if group, ok := router.(interface{ BasePath() string }); ok {
		base = group.BasePath()
	}
	mounted := path.Join("/", base, rs.Path)
	if strings.ContainsAny(mounted, ":*") {
		panic(fmt.Sprintf("flashgin: Mount: %q has a parameter: "+
			"mount on the engine, or on a group whose path has none", mounted))
	}
	if !rs.mounted.CompareAndSwap(nil, &mounted) {
		panic("flashgin: Mount was called twice: one place serves all pages")
	}
	group := router.Group(rs.Path)
	group.GET("/messages", rs.servePull)
	group.GET("/stream", rs.serveStream)
	group.POST("/ack", rs.serveAck)
	if gin.IsDebugging() {
		group.GET("/debug", rs.debugPage())
	}
	group.GET("/:asset", serveAsset)
	group.HEAD("/:asset", serveAsset)
}

// AreMounted reports whether Mount was called.
func (rs *Routes[T]) AreMounted() bool { return rs.mounted.Load() != nil }

// URL returns where browsers find what is served under that name.
func (rs *Routes[T]) URL(name string) string {
	mounted := ""
	if at := rs.mounted.Load(); at != nil {
		mounted = *at
	}
	prefix, _ := url.PathUnescape(rs.Prefix) // New has cleaned it
	u := url.URL{Path: prefix + strings.TrimSuffix(mounted, "/") + "/" + name}
	return u.EscapedPath()
}

func serveAsset(c *gin.Context) { assets.Serve(c.Writer, c.Request, c.Param("asset")) }

// clean returns the one spelling of a view that a script gives.
func (rs *Routes[T]) clean(view string) string { return viewpath.Clean(view, rs.Prefix) }

// key returns the key of the session of c, or "" if it has none. It never makes one.
func (rs *Routes[T]) key(c *gin.Context) (string, error) {
	return rs.Answers.Keeper.Key(answer.Of[T](c).Keys(), c)
}

// storedByPageCache reports whether a page cache stores the answers of a route, and says so once.
func (rs *Routes[T]) storedByPageCache(c *gin.Context) bool {
	pkg := caching.PageCacheOver(c.Writer)
	if pkg == "" {
		return false
	}
	mistake := caching.PageCacheWarning(pkg, c.FullPath())
	rs.Answers.Errors.WarnOnce(&rs.Answers.PageCache, mistake)
	return true
}

// kept is the Cache-Control of what open pages ask for. Chromium keeps a page that says no-store
// for Back only if nothing that its script gets says so, too. Our script gets it past the cache.
const kept = "private, no-cache"

// keepOut keeps an answer out of caches. Page caches, even those that we do not know, store no
// aborted answers.
func keepOut(c *gin.Context) {
	caching.KeepOut(c.Writer.Header())
	c.Abort()
}
