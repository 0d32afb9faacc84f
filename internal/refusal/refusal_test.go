package refusal_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/refusal"
)

type reply string

func (e reply) Error() string { return string(e) }
func (reply) RedisError()     {}

const sha = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"

// The servers say the same in different words.
func TestRefusals(t *testing.T) {
	early := func(text string) string { // Redis 6.2 and before
		return "ERR Error running script (call to f_" + sha + "): @user_script:1: " + text
	}
	late := func(text string) string { return text + " script: " + sha + ", on @user_script:3." }
	const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
	const full = "OOM command not allowed when used memory > 'maxmemory'."
	for _, test := range []struct {
		said string
		kind refusal.Kind
		text string // "" if it is all that was said
	}{
		{early(wrongType), refusal.WrongType, wrongType},
		{late(wrongType), refusal.WrongType, wrongType},
		{wrongType + " script: on @user_script:1.", refusal.WrongType, wrongType},
		{wrongType, refusal.WrongType, ""},

		{early("@user_script: 1: -" + full), refusal.OutOfMemory, full},
		{late(full), refusal.OutOfMemory, full},
		{full, refusal.OutOfMemory, ""},

		{early("@user_script: 1: The user executing the script can't run this command or " +
			"subcommand"), refusal.NotPermitted,
			"The user executing the script can't run this command or subcommand"},
		{late("ERR The user executing the script can't run this command or subcommand"),
			refusal.NotPermitted,
			"ERR The user executing the script can't run this command or subcommand"},
		{late("ERR ACL failure in script: User flash has no permissions to run the 'time' command"),
			refusal.NotPermitted,
			"ERR ACL failure in script: User flash has no permissions to run the 'time' command"},
		{"ERR ACL failure in script: User flash has no permissions to run the 'time' command",
			refusal.NotPermitted, ""},
		{"NOPERM this user has no permissions to run the 'evalsha' command", refusal.NotPermitted,
			""},

		{early("@user_script: 2: -NOREPLICAS Not enough good replicas to write."),
			refusal.FewReplicas, "NOREPLICAS Not enough good replicas to write."},
		{late("NOREPLICAS Not enough good replicas to write."), refusal.FewReplicas,
			"NOREPLICAS Not enough good replicas to write."},
		{early("@user_script: 2: -READONLY You can't write against a read only replica."),
			refusal.ReadOnly, "READONLY You can't write against a read only replica."},
		{late("READONLY You can't write against a read only replica."), refusal.ReadOnly,
			"READONLY You can't write against a read only replica."},
		{early("@user_script: 2: -MISCONF Redis is configured to save RDB snapshots"),
			refusal.Misconfigured, "MISCONF Redis is configured to save RDB snapshots"},
		{"MISCONF Valkey is configured to save RDB snapshots", refusal.Misconfigured, ""},

		{"MOVED 8000 127.0.0.1:7001", refusal.Moved, ""},
		{early("@user_script: 1: Script attempted to access a non local key in a cluster node"),
			refusal.Moved, "Script attempted to access a non local key in a cluster node"},
		{"ASK 8000 127.0.0.1:7001", refusal.Ask, ""},
		{"TRYAGAIN Multiple keys request during rehashing of slot", refusal.TryAgain, ""},
		{"CROSSSLOT Keys in request don't hash to the same slot", refusal.SeveralSlots, ""},
		{"ERR eval/evalsha command keys must be in same slot", refusal.SeveralSlots, ""},
		{"CLUSTERDOWN Hash slot not served", refusal.ClusterDown, ""},
		{"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
			refusal.Busy, ""},
		{"BUSY Valkey is busy running a script.", refusal.Busy, ""},
		{"LOADING Redis is loading the dataset in memory", refusal.Loading, ""},
		{"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
			refusal.MasterDown, ""},
		{"NOAUTH Authentication required.", refusal.NoPassword, ""},
		{"WRONGPASS invalid username-password pair or user is disabled.", refusal.WrongPassword,
			""},
		{"ERR invalid password", refusal.WrongPassword, ""}, // Redis 5
		{"ERR max number of clients reached", refusal.FullOfClients, ""},
		{"NOSCRIPT No matching script. Please use EVAL.", refusal.UnknownScript, ""},
		{"ERR NOSCRIPT No matching script. Please use EVAL", refusal.UnknownScript, // Kvrocks
			"NOSCRIPT No matching script. Please use EVAL"},
		{"ERR unknown command 'EVALSHA', with args beginning with: ", refusal.NoScripts, ""},
		{"ERR unknown command `evalsha`, with args beginning with: ", refusal.NoScripts, ""},

		{"EXECABORT Transaction discarded because of previous errors.", "EXECABORT", ""},
		{"ERR unknown command 'TIME'", refusal.Other, ""},
		{"ERR DB index is out of range", refusal.Other, ""},
		{early("user_script:3: attempt to compare nil with number"), refusal.Other,
			"user_script:3: attempt to compare nil with number"},
		{"Some proxy is away", refusal.Other, ""},
		{"", refusal.Other, ""},
	} {
		kind, text := refusal.Read(reply(test.said))
		assert.Equal(t, test.kind, kind, test.said)
		if test.text == "" {
			test.text = test.said
		}
		assert.Equal(t, test.text, text)
		assert.Equal(t, test.kind, refusal.Of(fmt.Errorf("wrapped: %w", reply(test.said))))
	}
}

func TestWhatIsNoRefusal(t *testing.T) {
	for _, err := range []error{
		io.EOF, context.DeadlineExceeded, errors.New("OOM"), redis.ErrClosed, redis.Nil,
		fmt.Errorf("wrapped: %w", redis.Nil),
	} {
		kind, text := refusal.Read(err)
		assert.Equal(t, refusal.None, kind)
		assert.Equal(t, err.Error(), text)
		assert.Equal(t, refusal.None, refusal.Of(err))
	}
	assert.Equal(t, refusal.None, refusal.Of(nil))
}
