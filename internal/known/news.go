package known

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

// probeEvery is how often a process sends news to itself. So it notices after twice that time at
// the latest that none arrive.
const probeEvery = time.Second

// A Teller tells who watches it.
type Teller interface {
	queue.Watcher
	queue.Ender
}

// Watching returns store.Watch as a function that also lets s hear for which sessions somebody has
// added something. A store that is no Teller lets s hear nothing.
func (s *Sessions) Watching(
	store queue.Watcher,
) func(ctx context.Context, wake func(session string, ends bool)) error {
	return func(ctx context.Context, wake func(session string, ends bool)) error {
		p := prober{sessions: s}
		p.store, _ = store.(Teller)
		defer p.stop()
		return store.Watch(ctx, func(w queue.Wake) {
			switch {
			case p.hears(w.Name):
				return
			case w.Name == "" && s != nil && p.store != nil:
				p.begin(ctx)
			default:
				s.Forget(w.Name)
			}
			if !w.Quiet {
				wake(w.Name, w.Ends)
			}
		})
	}
}

// A prober sends news of a session that nobody has to the store, as adds do, and hears them from
// the store. A connection that seems well may be to a server that nobody writes to any more, or
// lack a right; a ping would say that all is well.
type prober struct {
	sessions *Sessions
	store    Teller

	cancel  context.CancelFunc
	running sync.WaitGroup
	sending atomic.Bool

	mu      sync.Mutex
	awaited string // the name of the session in the last news, until they are heard
	listens bool
}

// begin starts to send.
func (p *prober) begin(ctx context.Context) {
	p.stop()
	ctx, p.cancel = context.WithCancel(ctx)
	p.running.Go(func() { p.send(ctx) })
}

// stop ends that. Nothing is known any more.
func (p *prober) stop() {
	if p.cancel != nil {
		p.cancel()
		p.running.Wait()
	}
	p.listens, p.awaited = false, ""
	p.sessions.Deaf()
}

func (p *prober) send(ctx context.Context) {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for {
		session := rand.Text()
		p.await(p.store.Name(session))
		if p.sending.CompareAndSwap(false, true) { // the call may hang
			go func() {
				defer p.sending.Store(false)
				_ = p.store.TellEnd(ctx, session) // after an error, nothing is heard
			}()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// await expects news of that name. If the last ones were not heard, others may be missing.
func (p *prober) await(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.awaited != "" && p.listens {
		p.listens = false
		p.sessions.Deaf()
	}
	p.awaited = name
}

// hears reports whether news of that name are those that the process has sent. From then on it
// hears of adds.
func (p *prober) hears(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if name == "" || name != p.awaited {
		return false
	}
	p.awaited = ""
	if !p.listens {
		p.listens = true
		p.sessions.Listen()
	}
	return true
}
