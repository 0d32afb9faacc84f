package refusal

import (
	"regexp"
	"strings"
)

// unquoted is an error of the client or of the server. A server may name a Redis key, and the
// client may quote a reply that it could not parse, so the text ends before the quotation. The
// cause is for errors.Is and errors.As.
type unquoted struct {
	text  string
	cause error
}

func (e *unquoted) Error() string { return e.text }
func (e *unquoted) Unwrap() error { return e.cause }

// refused is an error of the server.
type refused struct {
	unquoted
	kind Kind
}

// ErrorType implements queue.Refusal. It is for metrics, too: a label with few values.
func (e *refused) ErrorType() string { return string(e.kind) }

// A command's name is no secret, and an operator whose user lacks the right to it needs the name.
var quotedCommand = regexp.MustCompile(` '[a-z|]+' command`)

// Explain returns err without what it may quote, and with what it means to an operator. If a server
// refused, the error has a method ErrorType, which returns the kind.
func Explain(err error, cluster bool) error {
	kind, text := Read(err)
	if kind != None && !quotedCommand.MatchString(text) {
		text, _, _ = strings.Cut(text, " '")
	}
	if i := strings.IndexAny(text, "\"`{"); i >= 0 { // a quotation, or the hash in a Redis key
		text = text[:i]
	}
	text = strings.TrimRight(text, " :,.")
	if hint := kind.hint(cluster); hint != "" {
		text += " (" + hint + ")"
	}
	if kind == None {
		return &unquoted{text, err}
	}
	return &refused{unquoted{text, err}, kind}
}

// hints say what a refusal means for the store.
var hints = map[Kind]string{
	Busy:          "a script of somebody runs for too long",
	ClusterDown:   "the cluster does not serve all of its slots",
	FewReplicas:   "the server refuses writes because too few replicas follow it",
	FullOfClients: "the server has as many connections as its maxclients allows",
	Loading:       "the server is still loading its data",
	MasterDown:    "the server is a replica that has lost its master",
	Misconfigured: "the server refuses writes because it cannot save them",
	NoPassword:    "the client has no password",
	NoScripts:     "the server runs no Lua scripts, which the store needs",
	NotPermitted:  "the ACL user lacks a right that docs/redis.md lists",
	OutOfMemory:   "the server's memory is full",
	ReadOnly:      "the server is a replica, where messages can be neither added nor taken",
	WrongType:     "the Redis key of a view holds something else",
}

// hint returns what the kind means to an operator, or "". A client for a whole cluster follows the
// slots by itself.
func (kind Kind) hint(cluster bool) string {
	if !cluster && (kind == Moved || kind == Ask || kind == TryAgain) {
		return "the server is one of a cluster: make the store with redis.NewClusterClient"
	}
	return hints[kind]
}
