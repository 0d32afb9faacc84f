package recipes

import (
	"context"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
)

// Unread counts what waits for another page of a user who is logged in.
func Unread(c *gin.Context, messages *flashgin.Messenger, view string) int {
	key, err := messages.SessionKey(c)
	if err != nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), 100*time.Millisecond)
	defer cancel()
	waiting, err := messages.Peek(ctx, key, view)
	if err != nil {
		return 0 // a page without a badge is better than no page
	}
	return len(waiting)
}
