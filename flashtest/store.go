package flashtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/flashgin/flashgin"
)

// Store is a [flashgin.Store] for Config.Store in tests. It keeps messages as a MemoryStore does,
// shows a test what waits in it, and fails or hangs when it is told to. The zero value is ready for
// use; it must not be copied after first use.
//
// As long as nothing is made to fail or wait, all that a request does here is done when its
// ServeHTTP returns. Otherwise flashgin treats the store as a server that is in trouble: pages wait
// for it only so long, adds are tried again, and claims may be settled a moment later.
//
// A Store is safe for concurrent use by multiple goroutines.
type Store struct {
	TTL time.Duration // zero or less means 24 hours
	Cap int           // zero or less means 50

	once   sync.Once
	memory *flashgin.MemoryStore
	looker *flashgin.Messenger // knows how views are written

	mu       sync.Mutex
	sessions []*session // in the order of their first messages
	calls    []Method
	faults   []*fault
}

// session is the addresses at which a session was sent messages.
type session struct {
	key   string
	views []string
}

func (s *Store) kept() *flashgin.MemoryStore {
	s.once.Do(func() {
		s.memory = &flashgin.MemoryStore{TTL: max(s.TTL, 0), Cap: max(s.Cap, 0)}
		s.looker = newMessenger(s.memory)
		s.memory.OnError(nil) // the messenger of the test is told, and nobody else
	})
	return s.memory
}

// Waiting returns the messages that wait at the views, and leaves them there; without a view, those
// that wait anywhere in the store. A view is written as in an href, without Config.Prefix, so the
// Location of a redirect will do; nothing waits at the empty view. The messages are in order of
// creation, one session after another. Those that are on their way to a page are not among them. If
// [Equal] misses a message in the list, it says what waits at other views.
func (s *Store) Waiting(views ...string) flashgin.Messages {
	found := s.each(views, (*flashgin.Messenger).Peek)
	if len(views) == 0 {
		return found
	}
	return withElsewhere(found, s.each(nil, (*flashgin.Messenger).Peek))
}

// Take returns what [Store.Waiting] returns, and removes it: no page will show it.
func (s *Store) Take(views ...string) flashgin.Messages {
	return s.each(views, (*flashgin.Messenger).Take)
}

func (s *Store) each(
	views []string,
	read func(*flashgin.Messenger, context.Context, string, ...string) (flashgin.Messages, error),
) flashgin.Messages {
	s.kept()
	s.mu.Lock()
	defer s.mu.Unlock()
	var found flashgin.Messages
	for _, session := range s.sessions {
		at := session.views
		if len(views) > 0 {
			at = slices.DeleteFunc(slices.Clone(views), func(view string) bool {
				return view == ""
			})
		}
		// its only errors: there is no session, no view
		messages, _ := read(s.looker, context.Background(), session.key, at...)
		found = append(found, messages...)
	}
	return found
}

// Calls returns how often flashgin has called the methods of the store; without a method, how often
// it has called any of them.
func (s *Store) Calls(methods ...Method) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, call := range s.calls {
		if concerns(methods, call) {
			n++
		}
	}
	return n
}

// note remembers where messages are, for Waiting.
func (s *Store) note(key string, msgs []flashgin.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.sessions, func(known *session) bool { return known.key == key })
	if i < 0 {
		i = len(s.sessions)
		s.sessions = append(s.sessions, &session{key: key})
	}
	for _, msg := range msgs {
		if !slices.Contains(s.sessions[i].views, msg.View) {
			s.sessions[i].views = append(s.sessions[i].views, msg.View)
		}
	}
}

// Add implements [flashgin.Store].
func (s *Store) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	if err := s.enter(ctx, Add); err != nil {
		return err
	}
	s.note(session, msgs)
	return s.kept().Add(ctx, session, msgs...)
}

// Claim implements [flashgin.Store].
func (s *Store) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	if err := s.enter(ctx, Claim); err != nil {
		return flashgin.Claim{}, err
	}
	return s.kept().Claim(ctx, session, views, lease)
}

// Confirm implements [flashgin.Store].
func (s *Store) Confirm(ctx context.Context, claim flashgin.Claim) error {
	if err := s.enter(ctx, Confirm); err != nil {
		return err
	}
	return s.kept().Confirm(ctx, claim)
}

// Release implements [flashgin.Store].
func (s *Store) Release(ctx context.Context, claim flashgin.Claim) error {
	if err := s.enter(ctx, Release); err != nil {
		return err
	}
	return s.kept().Release(ctx, claim)
}

// Peek implements [flashgin.Store].
func (s *Store) Peek(
	ctx context.Context, session string, views []string,
) (flashgin.Messages, error) {
	if err := s.enter(ctx, Peek); err != nil {
		return nil, err
	}
	return s.kept().Peek(ctx, session, views)
}

// Withdraw implements [flashgin.Store].
func (s *Store) Withdraw(ctx context.Context, session, view, key string) error {
	if err := s.enter(ctx, Withdraw); err != nil {
		return err
	}
	return s.kept().Withdraw(ctx, session, view, key)
}

// ViewsOf returns the views at which messages of session wait, or are on their way to a page, for
// flashgin.Messenger.Waiting. It is none of [Store.Calls], and no fault concerns it.
func (s *Store) ViewsOf(ctx context.Context, session string) ([]string, error) {
	return s.kept().ViewsOf(ctx, session)
}

// Ping says whether the store works again: it fails and waits as calls do that concern all methods,
// and is none of [Store.Calls].
func (s *Store) Ping(ctx context.Context) error { return s.enter(ctx, ping) }

// Watch tells open pages when messages are added; see [flashgin.Store].
func (s *Store) Watch(ctx context.Context, wake func(session string)) error {
	return s.kept().Watch(ctx, wake)
}

// OnError adds a function that is told when messages are dropped. flashgin.New calls it.
func (s *Store) OnError(report func(context.Context, error)) { s.kept().OnError(report) }

// OnEvent sets the function that is told what the store alone knows; see [flashgin.Store].
// flashgin.New calls it.
func (s *Store) OnEvent(event func(context.Context, flashgin.Event)) { s.kept().OnEvent(event) }
