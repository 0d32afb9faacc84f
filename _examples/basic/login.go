package main

import (
	"net/http"
	"strings"

	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
)

// Login is the form at /login. It believes every name: this application is about messages.
type Login struct {
	flashgin.Controller
	messenger *flashgin.Messenger
}

// Show shows the form.
func (l *Login) Show(c *gin.Context) { render(c, http.StatusOK, "login.html", nil) }

// Login remembers the user in the session.
func (l *Login) Login(c *gin.Context) {
	name := strings.TrimSpace(c.PostForm("name"))
	if name == "" || len(name) > 100 {
		_ = l.AddFlash(c, flashgin.Error("Please enter a name."))
		render(c, http.StatusUnprocessableEntity, "login.html", nil)
		return
	}
	// From here on messages are for the user alone, and not for whoever knows the session from
	// before.
	if err := l.messenger.Forget(c); err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	session := sessions.Default(c)
	session.Set("user", name)
	if err := session.Save(); err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	_ = l.RedirectFlash(c, "/settings", flashgin.Success("Welcome, "+name+"."))
}

// Logout ends the user's part of the session.
func (l *Login) Logout(c *gin.Context) {
	// Pages that are still open get no more of the user's messages.
	if err := l.messenger.Forget(c); err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	session := sessions.Default(c)
	session.Clear() // and not MaxAge: -1, which would delete the cookie and the goodbye with it
	if err := session.Save(); err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	_ = l.RedirectFlash(c, "/", flashgin.Info("You are logged out. Goodbye."))
}
