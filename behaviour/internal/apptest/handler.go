package apptest

import (
	"context"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// Page is a handler that renders the template "page".
func Page(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }

// JSONPage is a handler that takes the messages and answers with their texts.
func JSONPage(c *gin.Context) { c.JSON(http.StatusOK, Texts(flashgin.Flashes(c))) }

// Add returns a handler that adds messages and answers with do.
func Add(t testing.TB, do gin.HandlerFunc, msgs ...flashgin.Message) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := flashgin.AddFlash(c, msgs...); err != nil {
			t.Errorf("AddFlash: %v", err)
		}
		do(c)
	}
}

func Redirect(location string) gin.HandlerFunc {
	return func(c *gin.Context) { c.Redirect(http.StatusSeeOther, location) }
}

func Status(code int) gin.HandlerFunc { return func(c *gin.Context) { c.Status(code) } }

// Header returns a handler that answers 200 with headers and no page.
func Header(names ...string) gin.HandlerFunc {
	return func(c *gin.Context) {
		for i := 0; i+1 < len(names); i += 2 {
			c.Header(names[i], names[i+1])
		}
		c.Status(http.StatusOK)
	}
}

// ContextsOf are the contexts by which a handler calls flashgin for its request.
var ContextsOf = map[string]func(*gin.Context) context.Context{
	"gin":     func(c *gin.Context) context.Context { return c },
	"request": func(c *gin.Context) context.Context { return c.Request.Context() },
}
