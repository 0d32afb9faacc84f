package flashgin

import (
	"context"
	"time"
)

// A Store keeps the messages that wait. [MemoryStore] and [RedisStore] come with this package. A
// type that embeds one of them may replace methods, to encrypt messages, say: flashgin then calls
// the methods of that type, never those of the embedded store directly. Check a store of your own
// with storetest.Run, whose failures cite the rules below.
//
// In these rules, a view is always the view of one session. A message waits at its view from Add
// until it is claimed, and again when the claim is released or its lease ends. Every method is safe
// for concurrent use by multiple goroutines.
//
//  1. Order. Claim and Peek return messages in the order in which Add took them, over all the views
//     asked for. The store orders them by a sequence of its own: neither IDs nor clocks decide, and
//     messages of one Add keep their order.
//  2. Equal messages. Two messages with different IDs are two messages, even if all else is equal.
//  3. One ID. If a view holds a message with an ID, waiting or claimed, Add does not add another
//     one with that ID: the first message stays as it is, and that is not an error.
//  4. Once. However many claims run at the same time, no two of them get the same message.
//  5. Confirm. A confirmed message is never returned again, by Claim or by Peek.
//  6. Release. A released message waits again at once, in its old place in the order.
//  7. Lease. If a claimed message is neither confirmed nor released, it waits again when the lease
//     has ended, in its old place in the order.
//  8. Late calls. Confirm and Release touch a message only if it still has the ticket of that
//     claim, so a call that comes after the lease does no harm to a newer claim. Settling a claim
//     twice, or the zero Claim, is not an error.
//  9. Splitting. Confirm and Release act on exactly claim.Messages, which they find by View and ID:
//     the other fields may be missing. A caller may split one Claim in two that share Tickets.
//  10. Message TTL. A message with a TTL is gone when that time has passed since it was added,
//     whether waiting or released. If its TTL is zero, or longer than the store's, the message
//     lives as long as its view (rule 11).
//  11. Expiry. A view, with all it holds, is gone when the store's TTL has passed since the last
//     Add to it. Each Add starts that time again; an Add that changes nothing may do so, too. No
//     other call does.
//  12. Cap. If more than cap messages wait at one view, the oldest waiting ones are dropped, and
//     the store reports that through OnError, if it has one. Claimed messages do not count and are
//     not dropped.
//  13. Key. Adding a message with a Key replaces the messages with that Key that wait at its view.
//     A claimed one may still be confirmed, but when it is released or its lease ends, it is
//     dropped. The new message has its own place in the order.
//  14. Withdraw. It removes the messages with that key at that view, claimed ones too: they never
//     return. A message without a Key is not withdrawn, not even by the empty key.
//  15. Remembered IDs. The store remembers the ID of a message that was confirmed, replaced,
//     withdrawn or dropped, and adding the ID again changes nothing. It remembers a generated ID
//     (see [Message]) for 10 seconds at least, and any other until the message's TTL would have
//     ended, but only the 1000 newest at a view. Remembered IDs do not slow Claim and Peek.
//  16. Context. If the context has ended, a method changes nothing and returns an error that wraps
//     ctx.Err().
//  17. Bytes. Session, view, key, ID and text are compared byte by byte and never interpreted: what
//     goes in comes out, in every field of Message.
//  18. Ownership. The store keeps no slice, map or pointer of the caller's, and hands out none of
//     its own.
//  19. Garbage. The store skips data that it cannot read, or whose version it does not know, and
//     reports that through OnError. Claim and Peek return no error for it.
//  20. Scope. Claim, Peek and Withdraw touch only the views asked for, of that session; a view that
//     is named twice counts once. Peek changes nothing and does not see claimed messages. If
//     nothing waits, Claim and Peek return no messages and a nil error.
//  21. Views. A store bounds at how many views it keeps messages of one session: at most 1000,
//     unless it is configured otherwise. An Add beyond the bound drops all messages at some views,
//     claimed ones too. The store reports that as rule 12 says, and need not remember their IDs. It
//     never drops those at the 100 views that were added to last, and it does not count views
//     without messages.
//  22. No ID. Messages without an ID are not one message: the store makes an ID for each, or Add
//     refuses them.
//  23. Views of a session. If the store has ViewsOf, it returns each view at which a message of
//     the session waits, once. It may return views at which nothing waits, and no view of another
//     session. It changes nothing.
//
// A Store may have five more methods. [New] calls OnError(func(context.Context, error)) once,
// before any other method, and so gives the store the function to report through. If several
// Messengers use the store, each calls it: the store should tell them all.
// Ping(context.Context) error says whether the store answers. After repeated failures flashgin
// calls it in the background, and asks the store for pages again when it returns nil.
//
// New calls OnEvent(func(context.Context, Event)) once if there is an [Observer], and so gives the
// store a function for what the store alone knows: [EventDropped] and [EventLeaseExpired]. The
// store calls the function with the context of the call that it is in, and without holding a lock.
// flashgin itself tells of all other events.
//
// Watch(ctx context.Context, wake func(session string)) error tells open pages when to ask for
// messages; without it they ask every few seconds. One goroutine calls it when the first page
// listens. Watch calls wake with the session of every Add, by whichever process, as soon as the
// messages can be claimed. It calls wake with "" once it has begun to listen, and whenever it may
// have missed an Add. A call of wake is a hint: one too many does no harm, one too few costs half a
// minute. wake does not block. Watch returns when ctx has ended or listening has failed; after a
// failure it is called again, a second later or more. If it returns nil before ctx has ended, this
// store cannot tell after all.
//
// ViewsOf(ctx context.Context, session string) ([]string, error) is for [Messenger.Waiting] alone:
// see rule 23. The views may come in any order.
//
// The messages that reach a store have been checked by [Messenger]: View, ID, Status and Created
// are set, strings are valid UTF-8, TTL is not negative and the view is clean. A store compares
// views as they are.
type Store interface {
	// Add puts each message at its View of session. If it returns an error, some, all or none of
	// the messages may have been added; adding them again with the same IDs is safe (rules 3 and
	// 15).
	Add(ctx context.Context, session string, msgs ...Message) error
	// Claim returns the messages that wait for session at views, and hides them for the length of
	// lease.
	Claim(ctx context.Context, session string, views []string, lease time.Duration) (Claim, error)
	// Confirm removes claim.Messages for good: they were shown.
	Confirm(ctx context.Context, claim Claim) error
	// Release puts claim.Messages back: they were not shown.
	Release(ctx context.Context, claim Claim) error
	// Peek returns the messages that wait for session at views and leaves them there.
	Peek(ctx context.Context, session string, views []string) (Messages, error)
	// Withdraw removes the messages with key that wait for session at view.
	Withdraw(ctx context.Context, session, view, key string) error
}

// A Claim has the messages that [Store.Claim] returned: no other claim gets them until the lease
// ends. [Store.Confirm] or [Store.Release] settles it. The zero Claim has none.
type Claim struct {
	Session  string            // whose messages
	Messages Messages          // in order of creation, over all views
	Tickets  map[string]string // view → the store's own mark of this claim
}
