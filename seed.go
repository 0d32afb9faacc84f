package flashgin

import "github.com/flashgin/flashgin/internal/seeding"

// seed returns the store of the messages that a test has given to this request alone (flashtest.Seed), or nil. They are claimed and settled as those that
// wait for the session.
func (r *request) seed() *delivery {
	store, ok := seeding.Store(r.client).(Store)
	if !ok {
		return nil
	}
	return newDelivery(Config{Store: store, Lease: r.m.cfg.Lease, Observer: r.m.cfg.Observer}, &r.m.errs)
}
