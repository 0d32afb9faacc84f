package main

import (
	"net/http"

	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
)

// Settings is the form at /settings. There is no database here, so the session keeps what is saved.
type Settings struct{ flashgin.Controller }

type settingsForm struct {
	Name  string `form:"name" binding:"required,max=100"`
	Email string `form:"email" binding:"required,email,max=100"`
}

// Edit shows the form.
func (s *Settings) Edit(c *gin.Context) {
	session := sessions.Default(c)
	var form settingsForm
	form.Name, _ = session.Get("name").(string)
	form.Email, _ = session.Get("email").(string)
	render(c, http.StatusOK, "settings.html", gin.H{"Form": form})
}

// Update saves the form.
func (s *Settings) Update(c *gin.Context) {
	var form settingsForm
	if err := c.ShouldBind(&form); err != nil {
		// This very answer is the page that shows the message, so it is shown at once.
		_ = s.AddFlash(c, flashgin.Error(
			"Nothing was saved. Please enter a name and an e-mail address."))
		render(c, http.StatusUnprocessableEntity, "settings.html", gin.H{"Form": form})
		return
	}
	session := sessions.Default(c)
	session.Set("name", form.Name)
	session.Set("email", form.Email)
	if err := session.Save(); err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	// This answer is a redirect, so the message waits where it leads.
	_ = s.AddFlash(c, flashgin.Success("Your settings have been changed successfully."))
	c.Redirect(http.StatusSeeOther, "/settings")
}
