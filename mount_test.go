package flashgin_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// newMounted is newApp with Mount and a page that prints all there is.
func newMounted(t testing.TB, cfg flashgin.Config) *app {
	a := newApp(t, cfg)
	a.template("page", `{{flashAssets}}{{flashes}}`)
	a.messenger.Mount(a)
	return a
}

// A place that pages could not name is a mistake in the wiring.
func TestMountPanics(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	assert.PanicsWithValue(t, `flashgin: Mount: "/:tenant/_flash" has a parameter: mount on the engine, or on a group whose path has none`,
		func() { a.messenger.Mount(a.Group("/:tenant")) })
	a.messenger.Mount(a)
	assert.PanicsWithValue(t, "flashgin: Mount was called twice: one place serves all pages", func() { a.messenger.Mount(a.Group("/other")) })
}
