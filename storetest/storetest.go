// Package storetest checks that an implementation of [flashgin.Store] keeps the rules that its
// documentation numbers.
//
//	func TestMyStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T, ttl time.Duration, cap int) flashgin.Store {
//			// zero: your own default
//			store, err := mystore.Open(address, mystore.Config{TTL: ttl, Cap: cap})
//			if err != nil {
//				t.Fatal(err)
//			}
//			t.Cleanup(store.Close)
//			return store
//		})
//	}
//
// Each rule is a subtest, so that -run TestMyStore/rule_6_ checks one of them; a failure cites its
// rule. Run it with -race. If the store has OnError or OnEvent, checks of rules 7, 12 and 21 call
// them, before any other method, as flashgin.New does.
//
// The stores may share one server, also with other programs: every check uses sessions and views of
// its own, and leaves what it added to expire. Time must pass for the store as it does for the
// test: the checks wait for short TTLs and leases to end, and take a few seconds together. They
// never take slowness for a fault.
//
// Some things cannot be seen through the interface, or not in so short a time. They are left to the
// store's own tests: garbage (rule 19), and of rule 15 that a generated ID is remembered for 10
// seconds and then forgotten, that a given ID is remembered for longer than some seconds if its TTL
// is longer, and that remembered IDs do not slow Claim and Peek.
package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/flashgin/flashgin"
)

// Run checks the stores that open returns. It calls open once a check, from several goroutines at
// once, with the TTL and the cap that the check needs; zero means the store's default, which must
// be an hour or more and a cap of 10 or more. The bound of rule 21 is the store's own: from 100 to
// 1000 views. Run returns when all checks have ended.
func Run(t *testing.T, open func(t *testing.T, ttl time.Duration, cap int) flashgin.Store) {
	t.Helper()
	for _, rule := range rules {
		// Rules run one after another, so that Run does not return before its parallel checks have
		// ended: the caller's deferred calls may close what the stores need.
		t.Run(fmt.Sprintf("rule %d %s", rule.number, rule.name), func(t *testing.T) {
			for _, check := range rule.checks {
				t.Run(check.name, func(t *testing.T) {
					t.Parallel()
					check.run(newProbe(t.Context(), t, rule, open(t, check.ttl, check.cap)))
				})
			}
		})
	}
}

// A rule is one of the numbered rules of flashgin.Store.
type rule struct {
	number int
	name   string
	checks []check
}

// A check tries one sentence of a rule on a fresh store.
type check struct {
	name string
	ttl  time.Duration // of the store; zero is its default
	cap  int           // of a view; zero is its default
	run  func(*probe)
}

var rules = []rule{
	{1, "Order", orderChecks},
	{2, "Equal messages", equalChecks},
	{3, "One ID", oneIDChecks},
	{4, "Once", onceChecks},
	{5, "Confirm", confirmChecks},
	{6, "Release", releaseChecks},
	{7, "Lease", leaseChecks},
	{8, "Late calls", lateChecks},
	{9, "Splitting", splitChecks},
	{10, "Message TTL", messageTTLChecks},
	{11, "Expiry", expiryChecks},
	{12, "Cap", capChecks},
	{13, "Key", keyChecks},
	{14, "Withdraw", withdrawChecks},
	{15, "Remembered IDs", rememberChecks},
	{16, "Context", contextChecks},
	{17, "Bytes", bytesChecks},
	{18, "Ownership", ownershipChecks},
	{20, "Scope", scopeChecks},
	{21, "Views", viewsChecks},
	{22, "No ID", noIDChecks},
	{23, "Views of a session", viewsOfChecks},
}
