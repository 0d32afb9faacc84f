package flashgin

import (
	"errors"
	"fmt"
)

// The errors that a caller can act on. Test for them with [errors.Is]: an error that wraps one says
// what is wrong and what to do about it.
var (
	// ErrNotInstalled means that the request did not pass through [Messenger.Install].
	ErrNotInstalled = errors.New("flashgin: not installed: pass Messenger.Install to gin.New, " +
		"gin.Default or Engine.With before the routes are registered, " +
		"and hand on the *gin.Context or a context of its request")
	// ErrNoSession means that there is no session to bind the message to, or that this answer must
	// not give the session a key.
	ErrNoSession = errors.New("flashgin: no session")
	// ErrNoView means that no page of this application is known that would show the message.
	ErrNoView = errors.New("flashgin: no page to show the message on")
	// ErrTooLarge means that the encoded message is larger than Config.MaxBytes.
	ErrTooLarge = errors.New("flashgin: message too large")
	// ErrTooLate means that the session has no key yet, and the request's answer can no longer
	// bring it one: its headers have left, its client has gone, or the request has ended. A
	// *gin.Context whose request has ended gets it in any case.
	ErrTooLate = errors.New("flashgin: too late: this answer brings the session no key any more: " +
		"call Messenger.SessionKey or AddFlash in the handler, before the answer, " +
		"and Messenger.Add in what outlives it")
)

// A number is a field that must not be negative.
type number struct {
	field       string
	negative    bool
	value, zero any // zero is what 0 means
}

// refuseNegative returns an error for the first number that is negative, a field of the type.
func refuseNegative(of string, numbers ...number) error {
	for _, n := range numbers {
		if n.negative {
			return fmt.Errorf("flashgin: %s.%s is %v: want zero (%v) or more",
				of, n.field, n.value, n.zero)
		}
	}
	return nil
}
