package flashgin

import "errors"

// The errors that a caller can act on. Test for them with [errors.Is]: they come wrapped in what is wrong, and what to do about it.
var (
	// ErrNotInstalled means that the request did not pass through [Messenger.Install].
	ErrNotInstalled = errors.New("flashgin: not installed: pass Messenger.Install to gin.New, gin.Default or Engine.With before the routes are registered, " +
		"and hand on the *gin.Context or a context of its request")
	// ErrNoSession means that there is no session to bind the message to, or none that may be given a key in this answer.
	ErrNoSession = errors.New("flashgin: no session")
	// ErrNoView means that no page would show the message.
	ErrNoView = errors.New("flashgin: no page to show the message on")
	// ErrTooLarge means that the encoded message is larger than Config.MaxBytes.
	ErrTooLarge = errors.New("flashgin: message too large")
	// ErrTooLate means that the headers of the answer are sent, so the session can no longer be given a key.
	ErrTooLate = errors.New("flashgin: too late: the headers are sent and this session has no key yet: add the message before the answer, " +
		"or make the key with Messenger.SessionKey")
)
