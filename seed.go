package flashgin

import (
	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/seeding"
)

// seed returns the store of the messages that a test has given to this request alone
// (flashtest.Seed), or nil. They are claimed and settled like those that wait for the session.
func (r *request) seed() *delivery.Delivery[Message] {
	store, ok := seeding.Store(r.client).(Store)
	if !ok {
		return nil
	}
	return newDelivery(&r.m.cfg, queueOf(store), &r.m.errs)
}
