package delivery

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/report"
)

type claim = queue.Claim[time.Time]

// created is that of an item, whose value it is.
func created(value time.Time) time.Time { return value }

// groupSpy is a store of two servers that confirms in groups, and notes what it is asked to
// confirm. Sessions are named by numbers: one server keeps the even ones, the other the odd ones.
type groupSpy struct {
	queue.Store[time.Time]
	hangs bool                         // a group does, until its context ends
	group func(claims []claim) []error // what becomes of it then; nil is success
	one   func() error                 // and of a claim that is confirmed alone

	mu     sync.Mutex
	groups [][]string
	alone  []string
}

func (s *groupSpy) Node(session string) string {
	n, _ := strconv.Atoi(session)
	return []string{"even", "odd"}[n%2]
}

func (s *groupSpy) PingNode(context.Context, string) error { return nil }

func (s *groupSpy) ConfirmAll(ctx context.Context, claims []claim) []queue.Settled {
	s.mu.Lock()
	var sessions []string
	for _, claim := range claims {
		sessions = append(sessions, claim.Session)
	}
	s.groups = append(s.groups, sessions)
	s.mu.Unlock()
	if s.hangs {
		<-ctx.Done()
	}
	results := make([]queue.Settled, len(claims))
	if s.group != nil {
		for i, err := range s.group(claims) {
			results[i].Err = err
		}
	}
	return results
}

func (s *groupSpy) Confirm(_ context.Context, claim claim) (int, error) {
	if s.one != nil {
		if err := s.one(); err != nil {
			return 0, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alone = append(s.alone, claim.Session)
	return len(claim.Items), nil
}

// confirmed returns what the store was asked to confirm since the last time.
func (s *groupSpy) confirmed() (groups [][]string, alone []string) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	groups, alone, s.groups, s.alone = s.groups, s.alone, nil, nil
	return groups, alone
}

func claimOf(session string) claim {
	return claim{Session: session, Items: []queue.Item[time.Time]{{ID: "id", View: "/"}}}
}

const lease = time.Minute

// A store whose claims are confirmed alone.
type aloneSpy struct {
	queue.Store[time.Time]
	queue.Nodes
}

// confirmIn runs f in a bubble, with a delivery of the spy that is closed afterwards.
func confirmIn(t *testing.T, spy *groupSpy, f func(d *Delivery[time.Time])) {
	t.Helper()
	deliverIn(t, spy, f)
}

func deliverIn(t *testing.T, store queue.Store[time.Time], f func(d *Delivery[time.Time])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var reported []error
		errs := &report.Reporter{OnError: func(_ context.Context, err error) {
			reported = append(reported, err)
		}}
		d := New(Config[time.Time]{
			Store: store, Observed: store, Created: created,
			Timeout: 100 * time.Millisecond, Lease: lease, Errors: errs,
		})
		f(d)
		require.NoError(t, d.Close(context.Background()))
		assert.Empty(t, reported)
	})
}

// What pages confirm within a moment goes to each server in one call.
func TestConfirmationsGoTogether(t *testing.T) {
	spy := new(groupSpy)
	confirmIn(t, spy, func(d *Delivery[time.Time]) {
		for _, session := range []string{"0", "1", "2", "4"} {
			d.Confirm(claimOf(session), time.Now())
		}
		d.Confirm(claim{Session: "6"}, time.Now())
		time.Sleep(confirmAfter - 1)
		groups, _ := spy.confirmed()
		assert.Empty(t, groups, "others may come")
		time.Sleep(1)
		groups, _ = spy.confirmed()
		assert.ElementsMatch(t, [][]string{{"0", "2", "4"}, {"1"}}, groups,
			"one for each server, and nothing without messages")

		d.Confirm(claimOf("8"), time.Now())
		time.Sleep(confirmAfter)
		groups, alone := spy.confirmed()
		assert.Equal(t, [][]string{{"8"}}, groups, "the next")
		assert.Empty(t, alone)
	})
}

// In a crowd nobody waits for more.
func TestConfirmationsThatAreMany(t *testing.T) {
	spy := new(groupSpy)
	confirmIn(t, spy, func(d *Delivery[time.Time]) {
		for i := range 2*confirmAtMost + 1 {
			d.Confirm(claimOf(strconv.Itoa(2*i)), time.Now())
			synctest.Wait()
		}
		groups, _ := spy.confirmed()
		require.Len(t, groups, 2)
		assert.Len(t, groups[0], confirmAtMost)
		assert.Len(t, groups[1], confirmAtMost)
		time.Sleep(confirmAfter)
		groups, alone := spy.confirmed()
		assert.Equal(t, [][]string{{strconv.Itoa(4 * confirmAtMost)}}, groups)
		assert.Empty(t, alone)
	})
}

// No group has more claims than it may, however many come at once.
func TestConfirmationsThatComeAtOnce(t *testing.T) {
	spy := new(groupSpy)
	confirmIn(t, spy, func(d *Delivery[time.Time]) {
		for i := range 3*confirmAtMost + 1 {
			d.Confirm(claimOf(strconv.Itoa(2*i)), time.Now())
		}
		time.Sleep(confirmAfter)
		groups, alone := spy.confirmed()
		sent := 0
		for _, group := range groups {
			assert.LessOrEqual(t, len(group), confirmAtMost)
			sent += len(group)
		}
		assert.Equal(t, 3*confirmAtMost+1, sent)
		assert.Empty(t, alone)
		assert.Empty(t, d.confirms)
	})
}

// What was not confirmed in a group is confirmed by itself. Until then this process knows that it
// was shown.
func TestConfirmationsThatFailInAGroup(t *testing.T) {
	failed := errors.New("the store is down")
	for _, test := range []struct {
		name  string
		group func([]claim) []error
		after time.Duration
		alone []string
	}{
		{"one", func([]claim) []error {
			return []error{nil, failed, nil}
		}, confirmAfter, []string{"2"}},
		{"all", func([]claim) []error {
			return []error{failed, failed, failed}
		}, confirmAfter, []string{"0", "2", "4"}},
		{"a panic", func([]claim) []error { panic(failed) }, confirmAfter, []string{"0", "2", "4"}},
		{"it hangs, and fails too late", func([]claim) []error {
			time.Sleep(10 * guard.CallTimeout)
			return []error{failed, failed, failed}
		}, confirmAfter + guard.CallTimeout, []string{"0", "2", "4"}},
		{"it hangs, and succeeds too late", func([]claim) []error {
			time.Sleep(10 * guard.CallTimeout)
			return make([]error, 3)
		}, confirmAfter + guard.CallTimeout, []string{"0", "2", "4"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			spy := &groupSpy{group: test.group}
			confirmIn(t, spy, func(d *Delivery[time.Time]) {
				for _, session := range []string{"0", "2", "4"} {
					d.Confirm(claimOf(session), time.Now())
				}
				time.Sleep(test.after - 1)
				_, alone := spy.confirmed()
				assert.Empty(t, alone)
				time.Sleep(1)
				_, alone = spy.confirmed()
				assert.ElementsMatch(t, test.alone, alone)
				for _, session := range test.alone {
					_, again := d.shown.split(claimOf(session))
					assert.Len(t, again.Items, 1, session)
				}
				time.Sleep(time.Minute)
				groups, alone := spy.confirmed()
				assert.Empty(t, groups)
				assert.Empty(t, alone, "that was all")
			})
		})
	}
}

// Close has no patience with those that wait for others, and what comes after it is confirmed
// before Confirm returns.
func TestConfirmationsWhenTheGuardCloses(t *testing.T) {
	spy := new(groupSpy)
	confirmIn(t, spy, func(d *Delivery[time.Time]) {
		d.Confirm(claimOf("0"), time.Now())
		start := time.Now()
		require.NoError(t, d.Close(context.Background()))
		assert.Zero(t, time.Since(start))
		groups, _ := spy.confirmed()
		assert.Equal(t, [][]string{{"0"}}, groups)
		d.Confirm(claimOf("2"), time.Now())
		assert.Equal(t, [][]string{{"2"}}, spy.groups)
	})
}

// A group that fails while Close waits for it is not given up: its claims go on alone, for as long
// as they would have without Close, which waits for that.
func TestConfirmationsThatFailInAGroupWhileTheGuardCloses(t *testing.T) {
	failed := errors.New("the store is down")
	for _, test := range []struct {
		name  string
		hangs bool
		after time.Duration
	}{
		{"it fails", false, time.Second},
		{"it hangs until its context ends", true, 0},
		{"it hangs for longer", true, guard.CallTimeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			for range 300 { // goroutines of the guard race with each other
				spy := &groupSpy{hangs: test.hangs, group: func([]claim) []error {
					time.Sleep(test.after)
					return []error{failed, failed}
				}}
				confirmIn(t, spy, func(d *Delivery[time.Time]) {
					start := time.Now()
					spy.one = func() error {
						if time.Since(start) < 5*time.Second {
							return failed
						}
						return nil
					}
					d.Confirm(claimOf("0"), time.Now())
					d.Confirm(claimOf("2"), time.Now())
					time.Sleep(2 * confirmAfter)
					require.NoError(t, d.Close(context.Background()))
					spy.mu.Lock()
					defer spy.mu.Unlock()
					assert.ElementsMatch(t, []string{"0", "2"}, spy.alone, "when Close returns")
				})
			}
		})
	}
}

// What was confirmed at once and in time need not be remembered. All else is, for the store may
// yet give it out again.
func TestConfirmationsAreForgotten(t *testing.T) {
	failed := errors.New("the store is down")
	once := func() func() error {
		var asked bool
		return func() error {
			if asked {
				return nil
			}
			asked = true
			return failed
		}
	}
	for _, test := range []struct {
		name       string
		age        time.Duration // of the claim when it is confirmed
		group      error
		one        func() error
		remembered bool
	}{
		{name: "in a group"},
		{name: "in a group, when the lease has ended", age: lease, remembered: true},
		{name: "after its group", group: failed, remembered: true},
		{name: "alone"},
		{name: "alone, when the lease has ended", age: lease, remembered: true},
		{name: "alone, at the second attempt", one: once(), remembered: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			one := func() error {
				time.Sleep(1) // not before the page has looked
				if test.one != nil {
					return test.one()
				}
				return nil
			}
			spy := &groupSpy{group: func([]claim) []error { return []error{test.group} }, one: one}
			var store queue.Store[time.Time] = spy
			if strings.HasPrefix(test.name, "alone") {
				store = aloneSpy{spy, spy}
			}
			deliverIn(t, store, func(d *Delivery[time.Time]) {
				claim, since := claimOf("0"), time.Now()
				time.Sleep(test.age)
				remembered := func() bool {
					_, again := d.shown.split(claim)
					return len(again.Items) > 0
				}
				d.Confirm(claim, since)
				assert.True(t, remembered(), "until the store knows")
				time.Sleep(time.Second)
				synctest.Wait()
				assert.Equal(t, test.remembered, remembered())
				time.Sleep(lease + shownFor)
				assert.False(t, remembered(), "for ever")
			})
		})
	}
}

// A releaseSpy is a groupSpy that notes what is released.
type releaseSpy struct {
	groupSpy
	released []string
}

func (s *releaseSpy) Release(_ context.Context, claim claim) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range claim.Items {
		s.released = append(s.released, it.ID)
	}
	return len(claim.Items), nil
}

// A page says that a message was shown, and then gives it back: it was shown.
func TestReleaseDoesNotOvertakeAConfirmation(t *testing.T) {
	store := new(releaseSpy)
	deliverIn(t, store, func(d *Delivery[time.Time]) {
		shown, both := claimOf("0"), claimOf("0")
		both.Items = append(both.Items, queue.Item[time.Time]{ID: "other", View: "/"})
		d.Confirm(shown, time.Now())
		d.Release(both)
		synctest.Wait()
		assert.Equal(t, []string{"other"}, store.released)
	})
}
