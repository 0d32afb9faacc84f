package flashtest

import (
	"context"
	"math"
	"net/http"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/seeding"
)

// Seed returns a copy of request for which messages wait, as if earlier requests of its session had
// added them. It needs no session, and nothing is put into the application's store. A message
// without a View is shown by whatever page the request is answered with; one that has a View, by a
// page that it belongs to. What the answer does not show keeps waiting for the request, should it
// be sent once more.
//
// Seeding a seeded request adds to what it has. Seed panics if the TTL of a message is negative.
//
// It works for requests that are handed to ServeHTTP, not for those that travel over a connection.
// Where the test knows the key of the session, it can add messages with [flashgin.Messenger.Add],
// as a job does.
func Seed(request *http.Request, msgs ...flashgin.Message) *http.Request {
	ctx := request.Context()
	store, seeded := seeding.Store(ctx).(*flashgin.MemoryStore)
	if !seeded {
		store = &flashgin.MemoryStore{Cap: math.MaxInt, Views: math.MaxInt, MaxBytes: math.MaxInt}
		ctx = seeding.With(ctx, store)
	}
	addressed := make([]flashgin.Message, len(msgs))
	for i, msg := range msgs {
		if addressed[i] = msg; msg.View == "" {
			addressed[i].View = flashgin.Anywhere
		}
	}
	if err := newMessenger(store).Add(
		context.Background(),
		seeding.Session,
		addressed...); err != nil {
		panic("flashtest: Seed: " + err.Error())
	}
	return request.WithContext(ctx)
}

// newMessenger returns a Messenger for messages of any size.
func newMessenger(store flashgin.Store) *flashgin.Messenger {
	messenger, err := flashgin.New(flashgin.Config{Store: store, MaxBytes: math.MaxInt})
	if err != nil {
		panic("flashtest: " + err.Error()) // a Config that New has never refused
	}
	return messenger
}
