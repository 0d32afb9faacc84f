// Package refusal reads what a Redis server says when it refuses a command. The servers say the
// same in different words, by their release, and by whether a script or a client asked. Everything
// else in flashgin goes by the kind of a refusal, never by its words.
package refusal

import (
	"errors"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A Kind is why a server refuses a command. It is the code with which newer servers begin the
// error, so it serves as a label of a metric. Codes without a constant are kinds, too.
type Kind string

// The kinds that flashgin or its operators act on.
const (
	None          Kind = ""            // the server refused nothing
	Other         Kind = "ERR"         // the server gives no code
	WrongType     Kind = "WRONGTYPE"   // the Redis key holds something else
	OutOfMemory   Kind = "OOM"         // writes are refused
	NotPermitted  Kind = "NOPERM"      // the ACL user lacks a right
	ReadOnly      Kind = "READONLY"    // the server is a replica
	FewReplicas   Kind = "NOREPLICAS"  // writes are refused until more replicas follow
	Moved         Kind = "MOVED"       // another server of the cluster has the slot
	Ask           Kind = "ASK"         // the slot moves, and another server has the Redis key
	TryAgain      Kind = "TRYAGAIN"    // the slot moves, and the Redis keys are at two servers
	SeveralSlots  Kind = "CROSSSLOT"   // the server or a proxy refuses several Redis keys
	ClusterDown   Kind = "CLUSTERDOWN" // not all slots are served
	Busy          Kind = "BUSY"        // a script has run for too long
	Loading       Kind = "LOADING"     // the server reads its data
	MasterDown    Kind = "MASTERDOWN"  // a replica without its master
	Misconfigured Kind = "MISCONF"     // the server cannot save its data
	NoPassword    Kind = "NOAUTH"      // the client gave none
	UnknownScript Kind = "NOSCRIPT"    // the server wants the source
	NoScripts     Kind = "NOSCRIPTING" // our word: the server does not know EVAL and EVALSHA
	FullOfClients Kind = "MAXCLIENTS"  // our word: no more connections
	WrongPassword Kind = "WRONGPASS"   // or an unknown user
)

// without lists what servers say without a code. The first that fits counts.
var without = []struct {
	part string
	kind Kind
}{
	{"ACL failure in script", NotPermitted},           // Redis 7.2 and later, Valkey
	{"user executing the script can't", NotPermitted}, // Redis 6 and 7.0
	{"invalid password", WrongPassword},               // Redis 5
	{"non local key in a cluster node", Moved},        // while the slot of a script leaves
	{"max number of clients", FullOfClients},
	{"slot", SeveralSlots}, // proxies before a cluster say it in words of their own
}

// codes are the kinds that have a code. Some servers put "ERR " before a code, as Kvrocks does.
var codes = map[Kind]bool{
	WrongType: true, OutOfMemory: true, NotPermitted: true, ReadOnly: true, FewReplicas: true,
	Moved: true, Ask: true, TryAgain: true, SeveralSlots: true, ClusterDown: true, Busy: true,
	Loading: true, MasterDown: true, Misconfigured: true, NoPassword: true, UnknownScript: true,
	WrongPassword: true,
}

// Of returns the kind of err: None if err is nil, an empty reply or not from a server.
func Of(err error) Kind {
	if err == nil || err == redis.Nil { // as nearly always
		return None
	}
	kind, _ := Read(err)
	return kind
}

// Read returns the kind of err, and what the server said, without the place in a script. If err is
// not from a server, it returns None and the text of err.
func Read(err error) (Kind, string) {
	server := redis.Error(nil)
	if !errors.As(err, &server) || errors.Is(err, redis.Nil) {
		return None, err.Error()
	}
	text := whatWasSaid(server.Error())
	code, rest, _ := strings.Cut(text, " ")
	if code != string(Other) {
		if isCode(code) {
			return Kind(code), text
		}
	} else if code, _, _ := strings.Cut(rest, " "); codes[Kind(code)] {
		return Kind(code), rest
	}
	if unknownEval.MatchString(text) {
		return NoScripts, text
	}
	for _, said := range without {
		if strings.Contains(text, said.part) {
			return said.kind, text
		}
	}
	return Other, text
}

var (
	// Redis 6.2 and earlier put the error of a command behind these words, once or twice, and a
	// minus before its code if the command was not even tried.
	before = regexp.MustCompile(`^ERR Error (?:running|compiling) script \([^)]*\): ` +
		`(?:@[\w.]+: ?\d+: )*-?`)
	// Redis 7 and later, and Valkey, put this behind the error. The hash may be missing. An error
	// of rights has " script: " in the middle, too.
	behind      = regexp.MustCompile(` script: [^ ]*,? ?on @[^ ]*$`)
	unknownEval = regexp.MustCompile("(?i)unknown command [`'\"]?eval")
)

func whatWasSaid(text string) string {
	if i := before.FindStringIndex(text); i != nil {
		text = text[i[1]:]
	}
	if i := behind.FindStringIndex(text); i != nil {
		text = text[:i[0]]
	}
	return text
}

// isCode reports whether a server's word is an error code, and not the beginning of a sentence.
func isCode(word string) bool {
	return word != "" && len(word) <= 20 && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// RefusesSeveralKeys reports whether the server may accept a call for one Redis key that it refused
// for several with one hash tag. Up to Redis 6.2, servers say ASK where later ones say TRYAGAIN.
func (kind Kind) RefusesSeveralKeys() bool {
	return kind == TryAgain || kind == Ask || kind == SeveralSlots
}
