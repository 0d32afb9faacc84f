package held

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What comes between Start and Release is left to whoever releases. Everything else goes through.
func TestCallsAreHeldUntilRelease(t *testing.T) {
	c := &Context{Context: context.Background()}
	ctx := context.WithValue(c, t, "a context that is made from it")
	told := 0
	tell := func() { told++ }
	assert.Nil(t, Of(context.Background()), "another context")
	assert.False(t, Of(ctx).Hold(tell), "before")
	c.Start()
	assert.True(t, Of(ctx).Hold(tell))
	assert.True(t, Of(ctx).Hold(tell))
	calls := c.Release()
	assert.Zero(t, told)
	for _, call := range calls {
		call()
	}
	assert.Equal(t, 2, told)
	assert.False(t, Of(ctx).Hold(tell), "after")
	assert.Empty(t, c.Release())
}
