// Package operator is the command flashgin, for those who operate an application: it shows which
// messages wait in Redis, watches them, and removes them. It claims nothing, and it shows texts
// only if it is told to. It names sessions by their hash, as the log does.
package operator

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/keyspace"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/refusal"
	"github.com/flashgin/flashgin/internal/secret"
)

// What Main returns, for the shell.
const (
	Done    = 0
	Failed  = 1 // the server is away, or refuses
	Misused = 2 // the arguments are wrong
	Nothing = 3 // nothing waits, or purge was not told -yes
)

const usage = `flashgin shows which messages an application has in Redis, and removes them.

  flashgin waiting -app NAME   lists the messages that wait, or are on their way to a page
  flashgin stats   -app NAME   counts them: sessions, messages, the oldest, memory, by view
  flashgin watch   -app NAME   tells what is added, claimed and shown, until it is interrupted
  flashgin purge   -app NAME   says what it would remove; with -yes it removes it

  -app NAME      RedisConfig.App of the application
  -redis URL     redis://user:password@host:6379/0, or rediss://; any server of a cluster will do;
                 with ?master_name=NAME the address of a sentinel. Without it, $FLASHGIN_REDIS or
                 redis://127.0.0.1:6379
  -session S     only this session: its hash, as in the log and in Redis keys, its session key, or
                 the value of the cookie of CookieKey
  -view V        only this view, as the log has it (waiting, stats, watch)
  -json          JSON, a line for each message or event
  -text          texts of messages too, which may be private (waiting)
  -top N         how many views to name (stats; 20)
  -older D       only what has waited for longer, such as 30m (purge)
  -every D       how often to look (watch; 1s)
  -for D         how long to watch; without it, until it is interrupted
  -quiet         no progress of long walks

Each command walks all Redis keys of all servers, in small steps. Exit codes: 0 done, 1 Redis is
away or refuses, 2 wrong arguments, 3 nothing waits, or purge was not told -yes.
`

// A command is one run of the program.
type command struct {
	name     string
	out, err io.Writer

	app, url, session, view string
	json, text, yes, quiet  bool
	top                     int
	older, every, lasts     time.Duration

	client  redis.UniversalClient
	cluster bool
	names   keyspace.Names
	ahead   time.Duration // of the server's clock
}

var commands = map[string]func(*command, context.Context) (int, error){
	"waiting": (*command).waiting,
	"stats":   (*command).stats,
	"watch":   (*command).watch,
	"purge":   (*command).purge,
}

// Main runs the program with the arguments that follow its name, and returns the exit code. It
// stops when ctx ends.
func Main(
	ctx context.Context, args []string, getenv func(string) string, out, errs io.Writer,
) int {
	if len(args) == 0 {
		fmt.Fprint(errs, usage)
		return Misused
	}
	written := &remembering{Writer: out}
	c := &command{name: args[0], out: written, err: errs}
	run, ok := commands[c.name]
	switch c.name {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(out, usage)
		return Done
	}
	if !ok {
		fmt.Fprintf(errs, "flashgin: there is no command %q; flashgin help lists them\n", c.name)
		return Misused
	}
	if err := c.parse(args[1:], getenv); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(out, usage)
			return Done
		}
		fmt.Fprintf(errs, "flashgin: %s: %v\n", c.name, err)
		return Misused
	}
	code, err := c.run(ctx, run)
	err = cmp.Or(err, written.err)
	if errors.Is(err, errURL) {
		fmt.Fprintf(errs, "flashgin: %s: %v\n", c.name, err)
		return Misused
	}
	if err != nil {
		err = refusal.Explain(err, c.cluster)
		text := strings.TrimPrefix(err.Error(), "flashgin: ")
		fmt.Fprintf(errs, "flashgin: %s: %s\n", c.name, text)
		return Failed
	}
	return code
}

// remembering keeps the first error of a Writer, such as that of a disk that is full.
type remembering struct {
	io.Writer
	err error
}

func (w *remembering) Write(text []byte) (int, error) {
	n, err := w.Writer.Write(text)
	w.err = cmp.Or(w.err, err)
	return n, err
}

func (c *command) run(
	ctx context.Context, run func(*command, context.Context) (int, error),
) (int, error) {
	if err := c.connect(ctx); err != nil {
		return Failed, err
	}
	defer c.client.Close()
	return run(c, ctx)
}

// parse reads the flags.
func (c *command) parse(args []string, getenv func(string) string) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&c.app, "app", "", "")
	flags.StringVar(&c.url, "redis", "", "")
	flags.StringVar(&c.session, "session", "", "")
	flags.BoolVar(&c.quiet, "quiet", false, "")
	flags.BoolVar(&c.json, "json", false, "")
	if c.name != "purge" {
		flags.StringVar(&c.view, "view", "", "")
	}
	switch c.name {
	case "waiting":
		flags.BoolVar(&c.text, "text", false, "")
	case "stats":
		flags.IntVar(&c.top, "top", 20, "")
	case "watch":
		flags.DurationVar(&c.every, "every", time.Second, "")
		flags.DurationVar(&c.lasts, "for", 0, "")
	case "purge":
		flags.DurationVar(&c.older, "older", 0, "")
		flags.BoolVar(&c.yes, "yes", false, "")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	empty := ""
	flags.Visit(func(f *flag.Flag) { // as from a script whose variable is not set
		if (f.Name == "session" || f.Name == "view") && f.Value.String() == "" {
			empty = f.Name
		}
	})
	switch {
	case empty != "":
		return fmt.Errorf("-%s is empty: leave it out to mean all", empty)
	case flags.NArg() > 0: // which may be a URL with a password
		return errors.New("there is more than flags, such as a URL without -redis; " +
			"flashgin help lists them")
	case c.app == "":
		return errors.New("-app is missing: want RedisConfig.App of the application")
	case !keyspace.ValidApp(c.app):
		return fmt.Errorf("-app is %q: want letters, digits, '_', '.' and '-' only", c.app)
	case c.older < 0 || c.every < 0 || c.lasts < 0 || c.top < 0:
		return errors.New("a flag is negative: want zero or more")
	}
	if c.url == "" {
		c.url = getenv("FLASHGIN_REDIS")
	}
	if c.url == "" {
		c.url = "redis://127.0.0.1:6379"
	}
	c.names = keyspace.Of(c.app)
	return nil
}

// patterns match the Redis keys that the command is about. The session may be given by its hash,
// by its key, or by the secret that CookieKey has put into a cookie. A key may look like the
// others, so all that it can be is looked for: each pattern is a walk.
func (c *command) patterns() []string {
	if c.session == "" {
		return []string{c.names.Pattern("")}
	}
	hash := queue.Hash(c.session)
	patterns := []string{c.names.Pattern(hash)}
	if secret.IsSecret(c.session) {
		patterns = append(patterns, c.names.Pattern(queue.Hash(secret.Key(c.session))))
	}
	// ValidApp accepts the letters of base64, and a dot.
	if len(c.session) == len(hash) && keyspace.ValidApp(c.session) {
		patterns = append(patterns, c.names.Pattern(c.session))
	}
	return patterns
}
