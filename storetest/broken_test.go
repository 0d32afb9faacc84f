package storetest

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
)

// A fault is what a broken store does wrong.
type fault string

const (
	ordersByID              fault = "orders messages by ID"
	ordersByClock           fault = "orders messages by their time of creation"
	ordersByText            fault = "compares its sequence as text"
	ordersByView            fault = "orders messages by view"
	dropsEqualTexts         fault = "takes messages with equal texts for one"
	forgetsWaitingIDs       fault = "adds an ID that waits again"
	forgetsClaimedIDs       fault = "adds an ID that is claimed again"
	idsRace                 fault = "looks for an ID first and adds later"
	secondAddWins           fault = "overwrites a message when its ID is added again"
	claimsTwice             fault = "gives a claimed message to another claim"
	claimsRace              fault = "looks first and marks later"
	confirmDoesNothing      fault = "does nothing on Confirm"
	releaseDoesNothing      fault = "does nothing on Release, and waits for the lease to end"
	releaseAppends          fault = "releases to the end of the queue"
	leaseNeverEnds          fault = "never ends a lease"
	timerPerClaim           fault = "ends the lease of a claim that was settled"
	tellsReleasedAsExpired  fault = "tells of released messages as of those whose lease has ended"
	ignoresTicketsOfConfirm fault = "confirms whoever has claimed the message since"
	ignoresTicketsOfRelease fault = "releases whoever has claimed the message since"
	marksByClock            fault = "marks claims by the millisecond"
	confirmsWholeClaim      fault = "confirms all that was claimed together"
	releasesWholeClaim      fault = "releases all that was claimed together"
	ignoresTTL              fault = "ignores the TTL of a message"
	ignoresTTLOnceClaimed   fault = "ignores the TTL of a message that was claimed"
	ttlFromCreated          fault = "counts the TTL from Created"
	addSeesExpired          fault = "counts on Add what ended by its TTL"
	neverExpires            fault = "keeps an address for ever"
	addStartsNothing        fault = "counts the expiry from the first Add"
	claimStartsExpiry       fault = "counts the expiry from the last Claim"
	capDropsNewest          fault = "drops the newest beyond the cap"
	capCountsClaimed        fault = "counts claimed messages for the cap"
	dropsInSilence          fault = "does not report what it drops"
	hidesDrops              fault = "does not tell how many it drops"
	keyMeansNothing         fault = "ignores the Key"
	keysRace                fault = "replaces first and adds later"
	replacedReturnByRelease fault = "brings a replaced message back when it is released"
	replacedReturnByLease   fault = "brings a replaced message back when its lease ends"
	withdrawLeavesClaimed   fault = "withdraws waiting messages only"
	emptyKeyWithdraws       fault = "takes the empty key for a key"
	forgetsConfirmedIDs     fault = "forgets the ID of a confirmed message"
	forgetsReplacedIDs      fault = "forgets the ID of a replaced message"
	forgetsDroppedIDs       fault = "forgets the ID of a dropped message"
	forgetsGeneratedIDs     fault = "forgets generated IDs at once"
	remembersForEver        fault = "remembers a given ID for longer than its TTL"
	remembersTooFew         fault = "remembers 900 IDs"
	remembersAll            fault = "remembers without bound"
	ignoresContext          fault = "ignores the context"
	addsWhenCancelled       fault = "adds although the context has ended"
	hidesContextError       fault = "returns an error that does not wrap that of the context"
	foldsViews              fault = "ignores the case of a view"
	joinsByColon            fault = "joins session and view by a colon"
	losesLink               fault = "loses a field"
	cutsText                fault = "ends a text at a zero byte"
	keepsMap                fault = "keeps the caller's map"
	handsOutMap             fault = "hands out its own map"
	sortsViews              fault = "sorts the caller's views"
	peekSeesClaimed         fault = "shows claimed messages to Peek"
	peekTakes               fault = "takes messages by Peek"
	countsViewsTwice        fault = "counts a view twice that is named twice"
	withdrawsEverywhere     fault = "withdraws at every view of the session"
	ignoresSession          fault = "ignores the session"
	keepsAllViews           fault = "keeps any number of views"
	dropsNewestViews        fault = "drops the newest of too many views"
	addKeepsViewOld         fault = "counts the age of a view from its first Add"
	countsEmptyViews        fault = "counts views at which no message is left"
	boundsAllSessions       fault = "bounds the views of all sessions together"
	dropsViewsInSilence     fault = "does not report the views that it drops"
	hidesDroppedViews       fault = "does not tell how many messages the views had that it drops"
	takesEmptyID            fault = "takes the empty ID for an ID"
	makesOneID              fault = "makes one ID for all messages of an Add without"
	missesViews             fault = "leaves out a view of a session"
	namesViewsTwice         fault = "names a view for each of its messages"
	namesAllViews           fault = "names the views of all sessions"
	claimsByViewsOf         fault = "releases claims when it is asked for views"
)

// anyRule stands for rules that rest on one that is as basic as the order of messages.
var anyRule = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23}

// faults names the rule that catches each fault, and those that fail with it because they rest on
// that rule: what cannot be released does not come back in its old place either. All other rules
// must pass.
var faults = []struct {
	fault fault
	rule  int
	also  []int
}{
	{ordersByID, 1, anyRule},
	{ordersByClock, 1, anyRule},
	{ordersByText, 1, []int{17, 21}},
	{ordersByView, 1, anyRule},
	{dropsEqualTexts, 2, nil},
	{forgetsWaitingIDs, 3, []int{12}},
	{forgetsClaimedIDs, 3, nil},
	{idsRace, 3, nil},
	{secondAddWins, 3, nil},
	{claimsTwice, 4, []int{7, 8, 9, 12, 13}},
	{claimsRace, 4, nil},
	{confirmDoesNothing, 5, []int{8, 9, 12, 15, 17, 18, 20, 21}},
	{releaseDoesNothing, 6, anyRule},
	{releaseAppends, 6, []int{9, 13, 16, 18, 20}},
	{leaseNeverEnds, 7, []int{5, 8, 10, 12, 13, 14, 15}},
	{timerPerClaim, 7, nil},
	{tellsReleasedAsExpired, 7, nil},
	{ignoresTicketsOfConfirm, 8, nil},
	{ignoresTicketsOfRelease, 8, []int{9}},
	{marksByClock, 8, []int{9}},
	{confirmsWholeClaim, 9, []int{5, 8, 12, 18, 20}},
	{releasesWholeClaim, 9, []int{8}},
	{ignoresTTL, 10, []int{12}},
	{ignoresTTLOnceClaimed, 10, nil},
	{ttlFromCreated, 10, nil},
	{addSeesExpired, 10, []int{12, 13, 15}},
	{neverExpires, 11, []int{10}},
	{addStartsNothing, 11, nil},
	{claimStartsExpiry, 11, nil},
	{capDropsNewest, 12, nil},
	{capCountsClaimed, 12, nil},
	{dropsInSilence, 12, nil},
	{hidesDrops, 12, nil},
	{keyMeansNothing, 13, []int{12, 14, 16, 17, 20}},
	{keysRace, 13, nil},
	{replacedReturnByRelease, 13, nil},
	{replacedReturnByLease, 13, nil},
	{withdrawLeavesClaimed, 14, nil},
	{emptyKeyWithdraws, 14, nil},
	{forgetsConfirmedIDs, 15, []int{17}},
	{forgetsReplacedIDs, 15, nil},
	{forgetsDroppedIDs, 15, nil},
	{forgetsGeneratedIDs, 15, nil},
	{remembersForEver, 15, nil},
	{remembersTooFew, 15, nil},
	{remembersAll, 15, nil},
	{ignoresContext, 16, []int{23}},
	{addsWhenCancelled, 16, nil},
	{hidesContextError, 16, []int{23}},
	{foldsViews, 17, []int{23}},
	{joinsByColon, 17, nil},
	{losesLink, 17, []int{18}},
	{cutsText, 17, nil},
	{keepsMap, 18, nil},
	{handsOutMap, 18, nil},
	{sortsViews, 18, nil},
	{peekSeesClaimed, 20, anyRule},
	{peekTakes, 20, anyRule},
	{countsViewsTwice, 20, nil},
	{withdrawsEverywhere, 20, nil},
	{ignoresSession, 20, []int{12, 13, 15, 17, 21}},
	{keepsAllViews, 21, nil},
	{dropsNewestViews, 21, nil},
	{addKeepsViewOld, 21, nil},
	{countsEmptyViews, 21, nil},
	{boundsAllSessions, 21, []int{17}},
	{dropsViewsInSilence, 21, nil},
	{hidesDroppedViews, 21, nil},
	{takesEmptyID, 22, nil},
	{makesOneID, 22, nil},
	{missesViews, 23, nil},
	{namesViewsTwice, 23, nil},
	{namesAllViews, 23, nil},
	{claimsByViewsOf, 23, nil},
}

func TestBrokenStoresAreCaught(t *testing.T) {
	for _, tt := range faults {
		t.Run(string(tt.fault), func(t *testing.T) {
			t.Parallel()
			caught := false
			for _, f := range failuresOf(t, open(tt.fault, 0)) {
				t.Log(f)
				caught = caught || f.rule == tt.rule
				if f.rule != tt.rule && !slices.Contains(tt.also, f.rule) {
					t.Errorf("rule %d failed; it has nothing to do with the fault", f.rule)
				}
			}
			if !caught {
				t.Errorf("rule %d did not catch the fault", tt.rule)
			}
		})
	}
}

func TestEveryRuleCatchesAFault(t *testing.T) {
	caught := make(map[int]bool)
	for _, tt := range faults {
		caught[tt.rule] = true
	}
	for _, rule := range rules {
		if !caught[rule.number] {
			t.Errorf("no fault is there for rule %d to catch", rule.number)
		}
	}
}

func TestRulesAreThoseOfTheContract(t *testing.T) {
	contract, err := os.ReadFile("../store.go")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, line := range regexp.MustCompile(`(?m)^// +(\d+\. [^.]+)\.`).
		FindAllSubmatch(contract, -1) {
		want = append(want, string(line[1]))
	}
	for _, rule := range rules {
		got = append(got, fmt.Sprintf("%d. %s", rule.number, rule.name))
	}
	// not to be seen through the interface
	want = slices.DeleteFunc(want, func(rule string) bool { return rule == "19. Garbage" })
	if !slices.Equal(got, want) {
		t.Errorf("the suite has the rules\n%q, the contract\n%q", got, want)
	}
}
