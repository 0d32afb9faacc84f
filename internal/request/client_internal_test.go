package request

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// The deadline of a handler counts before the server's limit.
func TestOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		time.Sleep(time.Minute)
		var none time.Time
		past, ahead := began.Add(time.Second), began.Add(time.Hour)
		assert.False(t, outOfTime(nil, began, 0), "there is no limit")
		assert.False(t, outOfTime(nil, began, 2*time.Minute))
		assert.True(t, outOfTime(nil, began, time.Minute))
		assert.False(t, outOfTime(&none, began, time.Second))
		assert.False(t, outOfTime(&ahead, began, time.Second))
		assert.True(t, outOfTime(&past, began, 0))
	})
}
