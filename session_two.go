package flashgin

import (
	"fmt"
	"net/http"
	"reflect"
	"sync/atomic"

	"github.com/gin-contrib/sessions"
)

// sessionsInUse notices that two sessions keep keys, such as those of two groups of routes. Then a
// message that is added under the one is not shown under the other. Without it, nobody would be told.
type sessionsInUse struct {
	first atomic.Pointer[sessionInUse] // the one in which a key was first found
	told  atomic.Bool
}

// sessionInUse is what sessions.Sessions was given: a name and a store.
type sessionInUse struct {
	name  string
	store any // nil if it cannot be compared
}

// note is told of a session that has a key.
func (s *sessionsInUse) note(session sessions.Session) {
	if s.first.Load() != nil {
		return
	}
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok {
		return
	}
	found := &sessionInUse{name: loaded.Name()}
	if store := reflect.ValueOf(loaded.Store()); store.IsValid() && store.Comparable() {
		found.store = loaded.Store()
	}
	s.first.CompareAndSwap(nil, found)
}

// mistake returns what is wrong if the request has come with another session, and that has not been
// said yet. Who has one of two sessions only is shown all there is.
func (s *sessionsInUse) mistake(request *http.Request, session sessions.Session) string {
	first := s.first.Load()
	if first == nil || s.told.Load() {
		return ""
	}
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok {
		return ""
	}
	name := loaded.Name()
	if name == first.name && (!loaded.IsNew || first.store == nil || first.store == any(loaded.Store())) {
		return ""
	}
	if _, err := request.Cookie(first.name); err != nil || s.told.Swap(true) {
		return ""
	}
	const wayOut = "use one sessions.Sessions for all routes that add or show messages, or set " +
		"Config.SessionKey, for example to CookieKey(\"flash\")"
	if name == first.name {
		return fmt.Sprintf("sessions.Sessions is in use with two stores for the session %q, and one does not "+
			"know what the other keeps: messages that are added with one are not shown with the other; %s",
			name, wayOut)
	}
	return fmt.Sprintf("sessions.Sessions is in use with two names, and a request came with both: messages "+
		"that are added under the session %q are not shown under %q, nor the other way round; %s",
		first.name, name, wayOut)
}

// noteSession says once that messages wait in vain because two sessions have keys.
func (r *request) noteSession() {
	if r.m.cfg.SessionKey != nil || r.m.sessions.told.Load() {
		return
	}
	session, err := r.m.session(r.c)
	if err != nil {
		return
	}
	var mistake string
	r.outside(func() {
		_ = r.use(func() error {
			mistake = r.m.sessions.mistake(&r.http, session)
			return nil
		})
	})
	if mistake != "" {
		r.warn(mistake)
	}
}
