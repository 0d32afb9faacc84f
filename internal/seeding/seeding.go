// Package seeding carries the messages of a test to the request that is to show them: flashtest
// puts them into its context, flashgin looks there.
package seeding

import "context"

// Session is whose the messages are, in the store that carries them.
const Session = "seed"

type key struct{}

// With returns a context with a store. It is a flashgin.Store, which this package cannot name:
// flashgin imports it.
func With(ctx context.Context, store any) context.Context {
	return context.WithValue(ctx, key{}, store)
}

// Store returns the store that ctx or one of its parents was given, or nil.
func Store(ctx context.Context) any { return ctx.Value(key{}) }
