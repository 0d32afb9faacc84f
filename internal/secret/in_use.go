package secret

import (
	"fmt"
	"net/http"
	"reflect"
	"sync/atomic"

	"github.com/gin-contrib/sessions"
)

// InUse notices that two sessions have a session key, such as those of two groups of routes. Then a
// message that is added with one is not shown with the other. Without InUse, nobody would be told.
// The zero value has seen no session. It is safe for concurrent use by multiple goroutines.
type InUse struct {
	first atomic.Pointer[given] // of the first session that had a session key
	told  atomic.Bool
}

// given is what sessions.Sessions was given: a name and a store.
type given struct {
	name  string
	store any // nil if it cannot be compared
}

// Note notes a session that has a session key.
func (u *InUse) Note(session sessions.Session) {
	if u.first.Load() != nil {
		return
	}
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok {
		return
	}
	found := &given{name: loaded.Name()}
	if store := reflect.ValueOf(loaded.Store()); store.IsValid() && store.Comparable() {
		found.store = loaded.Store()
	}
	u.first.CompareAndSwap(nil, found)
}

// Told reports whether Mistake has said what is wrong.
func (u *InUse) Told() bool { return u.told.Load() }

// Mistake returns a warning, once, if r has come with the first session and with this other one.
// Otherwise it returns "". A request with only one of the sessions misses no messages.
func (u *InUse) Mistake(r *http.Request, session sessions.Session) string {
	first := u.first.Load()
	if first == nil || u.told.Load() {
		return ""
	}
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok {
		return ""
	}
	name := loaded.Name()
	if name == first.name &&
		(!loaded.IsNew || first.store == nil || first.store == any(loaded.Store())) {
		return ""
	}
	if _, err := r.Cookie(first.name); err != nil || u.told.Swap(true) {
		return ""
	}
	const wayOut = "use one sessions.Sessions for all routes that add or show messages, or set " +
		"Config.SessionKey, for example to CookieKey(\"flash\")"
	if name == first.name {
		return fmt.Sprintf("sessions.Sessions is in use with two stores for the session %q, and "+
			"one does not know what the other keeps: messages that are added with one are not shown "+
			"with the other; %s", name, wayOut)
	}
	return fmt.Sprintf("sessions.Sessions is in use with two names, and a request came with both: "+
		"messages that are added under the session %q are not shown under %q, nor the other way "+
		"round; %s", first.name, name, wayOut)
}
