package request

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/writers"
)

// Of finds the owner of the request that ctx belongs to, or returns nil. ctx is a *gin.Context, a
// context that descends from one, or one that descends from the context of the handlers'
// *http.Request. Of looks for the request of the last kind first: Gin may have given the
// *gin.Context to another request since.
func Of(ctx context.Context) Owner {
	if ctx == nil {
		return nil
	}
	c, is := ctx.(*gin.Context)
	if !is {
		if c, is = ctx.Value(gin.ContextKey).(*gin.Context); !is || c != nil {
			if owner := Around(ctx); owner != nil {
				return owner
			}
		}
	}
	return In(c)
}

// GinContext returns the *gin.Context that ctx is or descends from, or nil.
func GinContext(ctx context.Context) *gin.Context {
	c, ok := ctx.(*gin.Context)
	if !ok {
		c, _ = ctx.Value(gin.ContextKey).(*gin.Context)
	}
	return c
}

// In finds the owner of the request that has c, or a copy of its *gin.Context, or returns nil. It
// may be called by several goroutines, so it looks into c.Keys first: the registry of gorilla's
// sessions writes to *c.Request.
func In(c *gin.Context) Owner {
	if c == nil {
		return nil
	}
	if value, ok := c.Get(key{}); ok {
		owner, _ := value.(Owner)
		return owner
	}
	// This is an engine without flashgin inside one that has it, or HandleContext has not reached
	// our middleware yet.
	if c.Request != nil {
		if owner := Around(c.Request.Context()); owner != nil {
			return owner
		}
	}
	return Behind(c.Writer)
}

// Around returns the owner that the context of an *http.Request leads to: that of an engine which
// has passed the *http.Request on. It returns nil if there is none.
func Around(ctx context.Context) Owner {
	owner, _ := ctx.Value(key{}).(Owner)
	return owner
}

// Behind finds the owner whose answer w writes, below the writers of other middleware. It returns
// nil if there is none.
func Behind(w http.ResponseWriter) Owner {
	for w := range writers.Chain(w) {
		if ours, ok := w.(*responseWriter); ok {
			return ours.request.owner
		}
	}
	return nil
}

// Has reports whether c leads to this request.
func (r *Request) Has(c *gin.Context) bool { return In(c) == r.owner }

// IsBehind reports whether w writes this request's answer, below the writers of other middleware.
func (r *Request) IsBehind(w http.ResponseWriter) bool { return Behind(w) == r.owner }

// IsCopy reports whether c was made by (*gin.Context).Copy, and writes no answer.
func IsCopy(c *gin.Context) bool { return c.Writer == nil || writers.Bottom(c.Writer) == nil }

// requestOf returns the request that c belongs to, or nil.
func requestOf(c *gin.Context) *Request {
	if owner := Of(c); owner != nil {
		return owner.request()
	}
	return nil
}

// ContextOf returns the context of the request that c belongs to, as Request.Context does.
func ContextOf(c *gin.Context) context.Context {
	if r := requestOf(c); r != nil {
		return r.Context()
	}
	return context.Background()
}
