package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/keyspace"
	"github.com/flashgin/flashgin/internal/refusal"
)

// errURL does not quote the URL, which may have a password.
var errURL = errors.New("-redis is no URL of a Redis server: want redis://host:6379/0, " +
	"or rediss:// for TLS")

// connect makes the client, and asks whether the server is one of a cluster.
func (c *command) connect(ctx context.Context) error {
	at, err := url.Parse(c.url)
	if err != nil {
		return errURL
	}
	if at.Query().Has("master_name") {
		options, err := redis.ParseFailoverURL(c.url)
		if err != nil {
			return errURL
		}
		c.client = redis.NewFailoverClient(options)
	} else {
		options, err := redis.ParseURL(c.url)
		if err != nil {
			return errURL
		}
		// An operator's tool has time. It waits where a page would not.
		options.DialTimeout, options.ReadTimeout = 5*time.Second, 10*time.Second
		client := redis.NewClient(options)
		c.client = client
		slots, err := client.ClusterSlots(ctx).Result()
		if err != nil && refusal.Of(err) == refusal.None { // no server has answered
			return err
		}
		if len(slots) > 0 {
			c.cluster = true
			c.client = redis.NewClusterClient(&redis.ClusterOptions{
				Addrs:    []string{options.Addr},
				Username: options.Username, Password: options.Password,
				TLSConfig:   options.TLSConfig,
				DialTimeout: options.DialTimeout, ReadTimeout: options.ReadTimeout,
			})
			client.Close()
		}
	}
	before := time.Now()
	now, err := c.client.Time(ctx).Result()
	c.ahead = now.Sub(before)
	return err
}

// now is the time of the server's clock.
func (c *command) now() time.Time { return time.Now().Add(c.ahead) }

// walkStep is how many Redis keys a step of a walk looks at.
const walkStep = 500

// walk calls step with Redis keys of views, from several goroutines in turn.
func (c *command) walk(
	ctx context.Context, step func(ctx context.Context, keys []string) error,
) error {
	progress := c.newProgress(ctx)
	var mu sync.Mutex
	for _, pattern := range c.patterns() {
		err := keyspace.Walk(ctx, c.client, pattern, walkStep,
			func(ctx context.Context, keys []string) error {
				mu.Lock()
				defer mu.Unlock()
				var views []string
				for _, key := range keys {
					_, view, ok := c.names.Split(key)
					if ok && (c.view == "" || view == c.view) {
						views = append(views, key)
					}
				}
				progress.note(walkStep, len(views))
				if len(views) == 0 {
					return nil
				}
				return step(ctx, views)
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// A progress tells how far a long walk has come.
type progress struct {
	out           io.Writer // nil tells nobody
	looked, found int
	all           int64 // Redis keys; 0 if the server does not tell

	mu   sync.Mutex
	told time.Time
}

// tellEvery is how long a walk says nothing. A test changes it.
var tellEvery = 2 * time.Second

func (c *command) newProgress(ctx context.Context) *progress {
	p := &progress{told: time.Now()}
	if c.quiet {
		return p
	}
	p.out = c.err
	var mu sync.Mutex
	_ = keyspace.Each(ctx, c.client, func(ctx context.Context, s redis.UniversalClient) error {
		n, _ := s.DBSize(ctx).Result() // it needs a right that the walk does not
		mu.Lock()
		defer mu.Unlock()
		p.all += n
		return nil
	})
	return p
}

// note notes a step of a walk, and may tell of it.
func (p *progress) note(looked, found int) {
	p.looked += looked
	p.found += found
	of := ""
	if p.all > 0 {
		of = fmt.Sprintf(" of %d", p.all)
		p.looked = min(p.looked, int(p.all))
	}
	p.tell("looked at about %d%s Redis keys, %d are of this application", p.looked, of, p.found)
}

func (p *progress) tell(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil && time.Since(p.told) >= tellEvery {
		p.told = time.Now()
		fmt.Fprintf(p.out, "flashgin: "+format+"\n", args...)
	}
}
