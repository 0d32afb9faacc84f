package delivery

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/queue"
)

// A message counts as shown for some minutes. Another one with its ID does not, if the ID is an
// own one.
func TestShownLateForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := repeats[time.Time]{created: created, lease: map[shownItem]time.Time{}}
		job := queue.Item[time.Time]{ID: "job", View: "/", Value: time.Now()}
		given := claim{Session: "session",
			Items: []queue.Item[time.Time]{job, {ID: "2", View: "/"}}}
		fresh := func() (ids []string) {
			fresh, _ := s.split(given)
			for _, m := range fresh.Items {
				ids = append(ids, m.ID)
			}
			return ids
		}
		assert.Equal(t, []string{"job", "2"}, fresh())
		s.remember(given, time.Now().Add(lease))
		given.Items[0].Value = time.Now().Add(time.Second)
		assert.Equal(t, []string{"job"}, fresh())
		generated := claim{
			Session: "session", Items: []queue.Item[time.Time]{{ID: queue.NewID(), View: "/"}},
		}
		s.remember(generated, time.Now().Add(lease))
		generated.Items[0].Value = time.Now() // left out by who acknowledged it
		_, again := s.split(generated)
		assert.Len(t, again.Items, 1)
		given.Items[0] = job
		time.Sleep(lease + shownFor - 1)
		assert.Empty(t, fresh())
		time.Sleep(1)
		assert.Equal(t, []string{"job", "2"}, fresh())
	})
}

// However long the store is away, so many messages are remembered and no more, and old ones make
// room.
func TestShownLateIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := repeats[time.Time]{created: created, lease: map[shownItem]time.Time{}}
		remember := func(n int) {
			end := time.Now().Add(time.Second)
			var items []queue.Item[time.Time]
			for i := range n {
				items = append(items, queue.Item[time.Time]{ID: strconv.Itoa(i), View: "/"})
			}
			s.remember(claim{Session: "session " + strconv.Itoa(n), Items: items}, end)
		}
		remember(shownAtMost - 1)
		remember(10)
		assert.Len(t, s.lease, shownAtMost)
		s.forget(claim{
			Session: "session 10", Items: []queue.Item[time.Time]{{ID: "0", View: "/"}},
		})
		assert.Len(t, s.lease, shownAtMost-1)
		time.Sleep(shownFor + time.Second)
		remember(3)
		assert.Len(t, s.lease, 3)
	})
}
