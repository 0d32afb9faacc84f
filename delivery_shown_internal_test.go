package flashgin

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/queue"
)

// A message counts as shown for some minutes. Another one with its ID does not, if the ID is an own one.
func TestShownLateForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s shownMessages
		job := Message{ID: "job", View: "/", Created: time.Now()}
		claim := Claim{Session: "session", Messages: Messages{job, {ID: "2", View: "/"}}}
		fresh := func() (ids []string) {
			claim, _ := s.split(claim)
			for _, m := range claim.Messages {
				ids = append(ids, m.ID)
			}
			return ids
		}
		assert.Equal(t, []string{"job", "2"}, fresh())
		const lease = 10 * time.Second
		s.remember(claim, lease)
		claim.Messages[0].Created = time.Now().Add(time.Second)
		assert.Equal(t, []string{"job"}, fresh())
		generated := Claim{Session: "session", Messages: Messages{{ID: queue.NewID(), View: "/"}}}
		s.remember(generated, lease)
		generated.Messages[0].Created = time.Now() // left out by who acknowledged it
		_, again := s.split(generated)
		assert.Len(t, again.Messages, 1)
		claim.Messages[0] = job
		time.Sleep(lease + shownFor - 1)
		assert.Empty(t, fresh())
		time.Sleep(1)
		assert.Equal(t, []string{"job", "2"}, fresh())
	})
}

// However long the store is away, so many messages are remembered and no more, and old ones make room.
func TestShownLateIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s shownMessages
		remember := func(n int) {
			var messages Messages
			for i := range n {
				messages = append(messages, Message{ID: strconv.Itoa(i), View: "/"})
			}
			s.remember(Claim{Session: "session " + strconv.Itoa(n), Messages: messages}, time.Second)
		}
		remember(shownAtMost - 1)
		remember(10)
		assert.Len(t, s.until, shownAtMost)
		s.forget(confirmation{Claim: Claim{Session: "session 10", Messages: Messages{{ID: "0", View: "/"}}}})
		assert.Len(t, s.until, shownAtMost-1)
		time.Sleep(shownFor + time.Second)
		remember(3)
		assert.Len(t, s.until, 3)
	})
}
