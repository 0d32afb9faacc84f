package operator

import "time"

// SetTellEvery sets how often a walk tells how far it has come, until restore is called.
func SetTellEvery(d time.Duration) (restore func()) {
	before := tellEvery
	tellEvery = d
	return func() { tellEvery = before }
}
