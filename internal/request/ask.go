package request

import (
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/report"
)

// Ask calls f, which uses what belongs to the handlers of c: see Request.InTurn. A panic becomes an
// error, in which f is named what.
func Ask(c *gin.Context, what string, f func() error) error {
	r := requestOf(c)
	if r == nil {
		return guard.Caught(what, f)
	}
	return r.InTurn(what, f)
}

// AskOrReport is Ask for a function without an error. It reports a panic; doing is what failed
// then.
func AskOrReport(c *gin.Context, errs *report.Reporter, what, doing string, f func()) {
	err := Ask(c, what, func() error {
		f()
		return nil
	})
	if err != nil {
		errs.Report(ContextOf(c), doing, err)
	}
}

// Asking returns a function that calls f by AskOrReport, and returns the zero T after a panic. It
// returns nil if f is nil.
func Asking[T any](
	errs *report.Reporter, what, doing string, f func(*gin.Context) T,
) func(*gin.Context) T {
	if f == nil {
		return nil
	}
	return func(c *gin.Context) (result T) {
		AskOrReport(c, errs, what, doing, func() { result = f(c) })
		return result
	}
}
