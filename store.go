package flashgin

import (
	"context"
	"time"
)

// A Store keeps the messages that wait. [MemoryStore] and [RedisStore] are the two that come with
// this package. A type that embeds one of them may replace methods, to encrypt what is kept, say:
// flashgin calls nothing of the embedded store past them. A store of one's own is checked with
// storetest.Run, whose failures cite the rules below.
//
// An address is a pair of session and view. A message is waiting at its address from Add until it
// is claimed, and again when the claim is released or its lease ends. Every method is safe for
// concurrent use by multiple goroutines.
//
//  1. Order. Claim and Peek return messages in the order in which Add took them, over all the views asked for. The order
//     comes from a sequence of the store's own: neither IDs nor clocks decide, and messages of one Add keep their order.
//  2. Equal messages. Two messages with different IDs are two messages, however equal the rest.
//  3. One ID. An ID that its address holds, waiting or claimed, is not added again: the first message stays as it is, and
//     that is not an error.
//  4. Once. However many claims run at the same time, no two of them get the same message.
//  5. Confirm. A confirmed message is never returned again, by Claim or by Peek.
//  6. Release. A released message waits again at once, in its old place.
//  7. Lease. A message that was claimed and neither confirmed nor released waits again when the lease has ended, in its old
//     place.
//  8. Late calls. Confirm and Release touch a message only while it carries the mark of that very claim, so a call that
//     comes after the lease harms no newer claim. Settling a claim twice, or the zero Claim, is not an error.
//  9. Splitting. Confirm and Release act on exactly claim.Messages, each of which they know by View and ID: the rest may be missing. A
//     caller may split one Claim in two that share Tickets.
//  10. Message TTL. A message with a TTL is gone when that time has passed since it was added, whether waiting or released.
//     With a TTL of zero, or one that is longer than the store's, it lives as long as its address (rule 11).
//  11. Expiry. An address, with all it holds, is gone when the store's TTL has passed since the last Add to it. Each Add
//     starts that time anew, maybe also one that changes nothing; nothing else does.
//  12. Cap. When more than cap messages wait at one address, the oldest waiting ones are dropped, and the store reports that
//     through OnError, if it has one. Claimed messages do not count and are not dropped.
//  13. Key. Adding a message with a Key replaces the messages with that Key that wait at its address; one that is claimed
//     may still be confirmed, but when it is released or its lease ends, it is dropped. The new message has its own place.
//  14. Withdraw. It removes the messages with that key at that address, claimed ones too: they never return. A message
//     without a Key is not withdrawn, not even by the empty key.
//  15. Remembered IDs. The ID of a message that was confirmed, replaced, withdrawn or dropped is remembered, and adding it
//     again changes nothing: a generated one (see [Message]) for 10 seconds at least, any other until the message's TTL would
//     have ended, and at most the 1000 newest an address. Remembered IDs do not slow Claim and Peek.
//  16. Context. With a context that has ended, a method changes nothing and returns an error that wraps ctx.Err().
//  17. Bytes. Session, view, key, ID and text are compared byte by byte and never interpreted: what goes in comes out, in
//     every field of Message.
//  18. Ownership. The store keeps no slice, map or pointer of the caller's, and hands out none of its own.
//  19. Garbage. Data that cannot be read, or has a version that the store does not know, is skipped and reported through
//     OnError; it is never an error of Claim or Peek.
//  20. Addresses. Claim, Peek and Withdraw touch only the views asked for, of that session; a view named twice counts once.
//     Peek leaves everything as it is and does not see what is claimed. Where nothing waits, Claim and Peek return no messages and
//     a nil error.
//  21. Views. A store bounds at how many views messages of one session are kept: 1000 at the most, unless it was told
//     otherwise. An Add that goes beyond drops all messages at some views, claimed ones too, reports that as rule 12 says,
//     and need not remember their IDs. The 100 views that were added to last are none of these, and views at which no
//     message is left do not count.
//
// A Store may have four more methods. OnError(func(context.Context, error)) is called once by
// [New], before any other method, and hands the store the function to report through.
// Ping(context.Context) error tells whether the store answers; after repeated failures flashgin
// asks it in the background before it asks the store for a page again.
//
// OnEvent(func(context.Context, Event)) is called once by New if there is an [Observer], and hands
// the store the function that tells it, with the context of the call, what the store alone knows:
// [EventDropped] and [EventLeaseExpired]. The store holds no lock then. It tells nothing else:
// flashgin does.
//
// Watch(ctx context.Context, wake func(session string)) error tells open pages when to look for
// messages; without it they ask every few seconds. It is called by one goroutine when the first
// page listens. It calls wake with the session of every Add, by whichever process, as soon as the
// messages can be claimed; and with "" once it has begun to listen, and whenever it may have missed
// something. What it says is a hint: one too many does no harm, one too few costs half a minute.
// wake does not block. Watch returns when ctx has ended or listening has failed, and is then called
// again after a second or more; nil before that means that this store cannot tell after all.
//
// The messages that reach a store have been checked by [Messenger]: View, ID, Status and Created
// are set, strings are valid UTF-8, TTL is not negative and the view is clean. A store compares
// views as they are.
type Store interface {
	// Add puts each message at the address of session and its View. When it returns an error, some,
	// all or none of the messages may have been added; adding them again with the same IDs is safe
	// (rules 3 and 15).
	Add(ctx context.Context, session string, msgs ...Message) error
	// Claim takes what waits for session at views out of the queue, for the length of lease, and
	// returns it.
	Claim(ctx context.Context, session string, views []string, lease time.Duration) (Claim, error)
	// Confirm removes claim.Messages for good: they were shown.
	Confirm(ctx context.Context, claim Claim) error
	// Release puts claim.Messages back: they were not shown.
	Release(ctx context.Context, claim Claim) error
	// Peek returns what waits for session at views and leaves it there.
	Peek(ctx context.Context, session string, views []string) (Messages, error)
	// Withdraw removes the messages with key that wait for session at view.
	Withdraw(ctx context.Context, session, view, key string) error
}

// A Claim is what [Store.Claim] took out of the queue: messages that nobody else is given until the
// lease ends. It is settled by [Store.Confirm] or [Store.Release]. The zero Claim holds nothing.
type Claim struct {
	Session  string            // whose messages
	Messages Messages          // in order of creation, over all views
	Tickets  map[string]string // view → the store's own mark of this claim
}
