package flashgin_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

func TestPostRedirectGet(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	a.GET("/settings", page)
	a.GET("/other", page)
	a.POST("/settings", add(t, redirect("/settings"), flashgin.Success("saved")))
	alice, bob := a.browser(), a.browser()
	bob.url = alice.url

	require.Equal(t, http.StatusSeeOther, alice.post("/settings").StatusCode)
	assert.Empty(t, alice.get("/other"), "another page")
	assert.Empty(t, bob.get("/settings"), "another session")
	assert.Equal(t, "[saved]", alice.get("/settings"))
	assert.Empty(t, alice.get("/settings"), "a second time")
	assert.Empty(t, a.failures.String())
}
