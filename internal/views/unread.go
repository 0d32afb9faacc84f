package views

import (
	"fmt"
	"strings"
	"sync"

	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/router"
)

// Strays warns of views that no page reads. Its fields are set before it is used.
type Strays struct {
	Errors *report.Reporter
	Owner  any // what router.Install was given for the engines that have the views

	named sync.Once // for the warning that no page reads a name
	paths report.Few
}

// Addressed is told of the view of a message that a handler of the engine has added.
func (st *Strays) Addressed(s *Site, view string) {
	switch mistake, isPath := s.Unread(view); {
	case mistake == "":
	case !isPath:
		st.Errors.WarnOnce(&st.named, mistake)
	case !router.IsShared(st.Owner) && st.paths.IsNew(view):
		st.Errors.Warn(mistake)
	}
}

// IsRead reports whether a page reads the view, as far as is known.
func (s *Site) IsRead(view string) bool {
	mistake, _ := s.Unread(view)
	return mistake == ""
}

// Unread says what is wrong with a view to which a handler has addressed a message, and whether it
// is a path. It returns "" if pages may read the view. A path easily loses its slash.
func (s *Site) Unread(view string) (mistake string, isPath bool) {
	isPath = strings.HasPrefix(view, "/")
	switch {
	case s.View != nil, view == "", view == Anywhere:
		return "", isPath
	case !isPath:
		return "a handler has addressed a message to a name, and pages read names only if " +
			"Config.View returns them: begin a path with a slash; if Take or a script reads what " +
			"waits by that name, all is well", false
	case s.Router.HasPage(view):
		return "", true
	}
	return fmt.Sprintf("a handler has addressed a message to %q, and no GET route of the engine has "+
		"it, so no page shows the message: write the path as in an href, or the route as it is "+
		"registered; if Take or a script reads what waits there, all is well", view), true
}
