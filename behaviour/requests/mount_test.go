package requests_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A place that pages could not name is a mistake in the wiring.
func TestMountPanics(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	assert.PanicsWithValue(t,
		`flashgin: Mount: "/:tenant/_flash" has a parameter: mount on the engine, or on a group whose path has none`,
		func() { a.Messenger.Mount(a.Group("/:tenant")) })
	a.Messenger.Mount(a)
	assert.PanicsWithValue(t, "flashgin: Mount was called twice: one place serves all pages",
		func() { a.Messenger.Mount(a.Group("/other")) })
}
