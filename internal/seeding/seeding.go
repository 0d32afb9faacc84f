// Package seeding carries the messages of a test to the request that shall show them: flashtest
// puts them into the context of the request, and flashgin looks there.
package seeding

import "context"

// Session is the session key of the messages in the store that carries them.
const Session = "seed"

type key struct{}

// With returns a context with a store. The store is a flashgin.Store, which this package cannot
// name because flashgin imports this package.
func With(ctx context.Context, store any) context.Context {
	return context.WithValue(ctx, key{}, store)
}

// Store returns the store that ctx or one of its parents was given, or nil.
func Store(ctx context.Context) any { return ctx.Value(key{}) }
