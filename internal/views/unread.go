package views

import (
	"fmt"
	"strings"
)

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
