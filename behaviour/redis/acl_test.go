package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/refusal"
	"github.com/flashgin/flashgin/internal/testrun"
	"github.com/flashgin/flashgin/storetest"
)

// The rights that docs/redis.md lists: of a store with the App "shop", beside those for delivery to
// open pages.
const (
	redisKeys          = "~flash:shop:*"
	redisRights        = "+evalsha +eval +time +exists +zadd +zrem +zscore +zcard +zcount +zrangebyscore +zremrangebyscore +zremrangebyrank +pexpire +pttl +ping +scan"
	redisClusterRights = "+cluster|slots +asking"
)

// setRedisUser lets the user "flash" do what rights say and nothing else.
func setRedisUser(t *testing.T, admin *redis.Client, rights ...string) {
	t.Helper()
	set := func(channels bool) error {
		args := []any{"acl", "setuser", "flash", "reset", "on", ">secret"}
		for word := range strings.FieldsSeq(strings.Join(rights, " ")) {
			if channels || word != "resetchannels" && !strings.HasPrefix(word, "&") {
				args = append(args, word)
			}
		}
		return admin.Do(t.Context(), args...).Err()
	}
	err := set(true)
	if err != nil && strings.Contains(err.Error(), "resetchannels") {
		err = set(false) // Redis 6.0 has no rights to channels: docs/redis.md says so
	}
	if err != nil && strings.Contains(err.Error(), "unknown command") {
		t.Skip("the server has no ACL: Redis 5")
	}
	require.NoError(t, err)
}

// The listed rights are enough, and each of them is needed.
func TestRedisACL(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client()
	setRedisUser(t, admin, redisKeys, redisRights)
	client := server.ClientWith(&redis.Options{Username: "flash", Password: "secret"})
	t.Run("enough", func(t *testing.T) {
		require.NoError(t, everyRedisCommand(t, newRedisProbe(t, client)))
		testrun.Soak(t)
		storetest.Run(t, func(t *testing.T, ttl time.Duration, cap int) flashgin.Store {
			return apptest.NewRedisStoreWith(t, client, flashgin.RedisConfig{TTL: ttl, Cap: cap})
		})
	})
	t.Run("none too many", func(t *testing.T) {
		for right := range strings.FieldsSeq(redisRights) {
			setRedisUser(t, admin, redisKeys, redisRights, "-"+right[1:])
			require.NoError(t, admin.ScriptFlush(t.Context()).Err())
			err := everyRedisCommand(t, newRedisProbe(t, client))
			assert.ErrorContains(t, err, "docs/redis.md", "without %s", right)
		}
	})
	t.Run("other keys", func(t *testing.T) {
		setRedisUser(t, admin, redisKeys, redisRights)
		p := newRedisProbeWith(t, client, flashgin.RedisConfig{App: "other"})
		err := p.store.Add(t.Context(), p.session, redisMessage("/a", "text"))
		requireRefused(t, refusal.NotPermitted, err)
	})
}

// everyRedisCommand makes the scripts call all they ever call, and returns the first error.
func everyRedisCommand(t *testing.T, p *redisProbe) error {
	ctx := t.Context()
	var errs []error
	add := func(msgs ...flashgin.Message) {
		errs = append(errs, p.store.Add(ctx, p.session, msgs...))
	}
	claim := func() flashgin.Claim {
		claim, err := p.store.Claim(ctx, p.session, []string{"/a"}, time.Minute)
		errs = append(errs, err)
		return claim
	}
	errs = append(errs, p.store.Ping(ctx))
	for range 2 {
		brief := redisMessage("/a", "brief")
		brief.TTL = time.Minute
		add(brief)
	}
	errs = append(errs, p.store.Release(ctx, claim()))
	_, err := p.store.Peek(ctx, p.session, []string{"/a"})
	errs = append(errs, err, p.store.Confirm(ctx, claim()))
	for batch := range 3 { // more IDs than are remembered
		var msgs []flashgin.Message
		for range 500 {
			m := redisMessage("/a", "text")
			m.Key = "key"
			if batch == 0 {
				m.ID = "given " + m.ID
			}
			msgs = append(msgs, m)
		}
		add(msgs...)
		errs = append(errs, p.store.Withdraw(ctx, p.session, "/a", "key"))
	}
	for range 2 { // more views than are kept
		var msgs []flashgin.Message
		for i := range 130 {
			msgs = append(msgs, redisMessage(fmt.Sprint("/", i), "text"))
		}
		add(msgs...)
	}
	_, err = p.store.Purge(ctx, 0)
	errs = append(errs, err)
	for _, reported := range p.reported() {
		if !strings.Contains(reported, "dropped") {
			errs = append(errs, errors.New(reported))
		}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// In a cluster two more rights are needed, and the one to list all commands is not.
func TestRedisClusterACL(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	for _, server := range cluster.Servers {
		setRedisUser(t, server.Client(), redisKeys, redisRights, redisClusterRights)
	}
	client := cluster.ClientWith(&redis.ClusterOptions{Username: "flash", Password: "secret"})
	p := newRedisProbe(t, client)
	for asked := map[int]bool{}; len(asked) < len(cluster.Servers); p.session += "-" {
		server := cluster.Owner(cluster.SlotOf(apptest.RedisTag(p.session)))
		if !asked[server] {
			asked[server] = true
			require.NoError(t, everyRedisCommand(t, p))
		}
	}

	// Where a slot is on its way, the client has to say ASKING.
	p.add("/a", "text")
	owner := 0
	var key string
	for i, server := range cluster.Servers {
		keys, err := server.Client().Keys(context.Background(), "*:/a").Result()
		require.NoError(t, err)
		for _, k := range keys {
			if server.Client().TTL(t.Context(), k).Val() > time.Hour {
				owner, key = i, k
			}
		}
	}
	require.NotEmpty(t, key)
	migration := cluster.Migrate(cluster.SlotOf(key), owner, (owner+1)%3)
	migration.Import()
	migration.Begin()
	for _, k := range migration.Keys(1000) { // others of the slot have not expired yet
		migration.Move(k)
	}
	claim := p.claim("/a", "/b")
	assert.Equal(t, []string{"text"}, apptest.Texts(claim.Messages))
	p.confirm(claim)
	migration.End()

	commands := map[string]bool{}
	for _, server := range cluster.Servers {
		for name := range redisCommands(t, server) {
			commands[name] = true
		}
	}
	assert.False(t, commands["command"],
		"go-redis asked for the list of commands, under a lock for all calls")
	for _, reported := range p.reported() {
		assert.Contains(t, reported, "dropped")
	}
}

// An address that the server does not let us read is not taken for an empty one, as a key of
// another type is.
func TestRedisReadingIsRefused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client()
	setRedisUser(t, admin, redisKeys, redisRights)
	p := newRedisProbe(t, server.ClientWith(&redis.Options{Username: "flash", Password: "secret"}))
	p.add("/a", "waits")

	setRedisUser(t, admin, redisKeys, redisRights, "-zrangebyscore")
	_, err := p.store.Claim(t.Context(), p.session, []string{"/a"}, time.Minute)
	assert.ErrorContains(t, err, "docs/redis.md")
	_, err = p.store.Peek(t.Context(), p.session, []string{"/a"})
	assert.ErrorContains(t, err, "docs/redis.md")

	setRedisUser(t, admin, redisKeys, redisRights)
	assert.Equal(t, []string{"waits"}, p.peek("/a"))
}

// Ping tells at start what is wrong with the server or with who asks it.
func TestPingTellsWhyRedisCannotBeUsed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	setRedisUser(t, server.Client(), redisKeys, redisRights)
	ping := func(client *redis.Client) error {
		return apptest.NewRedisStoreWith(t, client, flashgin.RedisConfig{}).Ping(t.Context())
	}
	as := func(user, password string) *redis.Client {
		return server.ClientWith(&redis.Options{Username: user, Password: password})
	}
	assert.NoError(t, ping(as("flash", "secret")))
	requireRefused(t, refusal.WrongPassword, ping(as("flash", "wrong")))
	requireRefused(t, refusal.WrongPassword, ping(as("nobody", "secret")))
	away := as("flash", "secret")
	server.Stop()
	assert.Error(t, ping(away))
}

// A client of the documented user leaves nothing in the server's log of refusals if it does not say
// which library it is, or may say so. In Redis 6 it must not ask about maintenance, either.
func TestRedisACLLogStaysEmpty(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client()
	info, err := admin.Info(t.Context(), "server").Result()
	require.NoError(t, err)
	six := strings.Contains(info, "redis_version:6.")
	for name, test := range map[string]struct {
		right       string
		silent      bool
		maintenance maintnotifications.Mode
	}{
		"DisableIdentity":             {"", true, maintnotifications.ModeAuto},
		"the right":                   {"+client|setinfo", false, maintnotifications.ModeAuto},
		"DisableIdentity for Redis 6": {"", true, maintnotifications.ModeDisabled},
	} {
		t.Run(name, func(t *testing.T) {
			setRedisUser(t, admin, redisKeys, redisRights, redisWakeRights)
			if six && test.maintenance == maintnotifications.ModeAuto {
				t.Skip("the server logs the refused question about maintenance: Redis 6")
			}
			if test.right != "" {
				if err := admin.Do(t.Context(), "acl", "setuser", "flash",
					test.right).Err(); err != nil {
					t.Skip("the server does not know CLIENT SETINFO: before Redis 7.2")
				}
			}
			require.NoError(t, admin.Do(t.Context(), "acl", "log", "reset").Err())
			worksWith(t, server.ClientWith(&redis.Options{
				Username: "flash", Password: "secret", DisableIdentity: test.silent,
				MaintNotificationsConfig: &maintnotifications.Config{Mode: test.maintenance},
			}))
			refused, err := admin.Do(t.Context(), "acl", "log").Slice()
			require.NoError(t, err)
			assert.Empty(t, refused)
		})
	}
}
