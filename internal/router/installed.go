package router

import (
	"runtime"
	"sync"
	"weak"

	"github.com/gin-gonic/gin"
)

// installed has what is installed on which engine, and keeps no engine alive.
var installed sync.Map // weak.Pointer[gin.Engine] → any

// Install notes what is installed on the engine, a value that can be compared, unless something is
// already. It returns what is installed, and whether that is new.
func Install(engine *gin.Engine, what any) (is any, first bool) {
	key := weak.Make(engine)
	is, exists := installed.LoadOrStore(key, what)
	if !exists {
		runtime.AddCleanup(engine, func(key weak.Pointer[gin.Engine]) {
			installed.Delete(key)
		}, key)
	}
	return is, !exists
}

// IsShared reports whether the same is installed on several engines.
func IsShared(what any) bool {
	n := 0
	installed.Range(func(_, is any) bool {
		if is == what {
			n++
		}
		return n < 2
	})
	return n > 1
}
