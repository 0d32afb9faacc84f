package sessionkey_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/sessionkey"
)

var (
	errNotInstalled = errors.New("not installed")
	errNoSession    = errors.New("no session")
	errTooLate      = errors.New("too late")
)

// newKeeper returns a Keeper. Without own, it finds the keys in sessions of gin-contrib.
func newKeeper(own func(*gin.Context) (string, error)) *sessionkey.Keeper {
	return &sessionkey.Keeper{
		Own: own, Errors: report.New(nil, nil),
		ErrNotInstalled: errNotInstalled, ErrNoSession: errNoSession, ErrTooLate: errTooLate,
	}
}

var (
	store   = cookie.NewStore([]byte("a secret of thirty-two bytes ..."))
	session = sessions.Sessions("id", store)
)

// serve calls handler with these cookies and behind this middleware, in an engine without flashgin,
// and returns the answer.
func serve(
	cookies []*http.Cookie, handler gin.HandlerFunc, middleware ...gin.HandlerFunc,
) *http.Response {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	engine.Use(middleware...)
	engine.GET("/", handler)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	return w.Result()
}

// Where flashgin is not installed, a key is made and saved at once.
func TestKeyWithoutInstall(t *testing.T) {
	kr := newKeeper(nil)
	var keys []string
	handler := func(c *gin.Context) {
		key, err := kr.SessionKey(nil, c)
		assert.NoError(t, err)
		keys = append(keys, key)
	}
	first := serve(nil, handler, session)
	require.Len(t, first.Cookies(), 1)
	assert.Contains(t, first.Header.Get("Cache-Control"), "private", "caches must not give it away")
	second := serve(first.Cookies(), handler, session)
	assert.Empty(t, second.Cookies())
	serve(nil, handler, session)
	require.Len(t, keys, 3)
	assert.NotEmpty(t, keys[0])
	assert.Equal(t, keys[0], keys[1])
	assert.NotEqual(t, keys[0], keys[2], "another browser")

	// Renew returns the key that the session had, and nothing where it had none.
	renew := func(c *gin.Context) {
		old, err := kr.Renew(nil, c)
		assert.NoError(t, err)
		keys = append(keys, old)
	}
	renewed := serve(first.Cookies(), renew, session)
	serve(renewed.Cookies(), handler, session)
	serve(nil, renew, session)
	assert.Equal(t, keys[0], keys[3])
	assert.NotContains(t, []string{"", keys[0]}, keys[4])
	assert.Empty(t, keys[5])
}

// A key that nobody would have is not made.
func TestNoKeyWithoutInstall(t *testing.T) {
	none := func(*gin.Context) (string, error) { return "", nil }
	fails := func(*gin.Context) (string, error) { return "", errors.New("the user is not known") }
	many := sessions.SessionsMany([]string{"a", "b"}, store)
	for _, test := range []struct {
		name       string
		own        func(*gin.Context) (string, error)
		middleware []gin.HandlerFunc
		before     func(c *gin.Context) *gin.Context
		sessions   string // Keeper.SessionName
		is         []error
		says       string
	}{
		{name: "Config.SessionKey has none", own: none, is: []error{errNoSession, errNotInstalled},
			says: "CookieKey makes none here"},
		{name: "Config.SessionKey fails", own: fails, is: []error{errNoSession},
			says: "the user is not known"},
		{name: "no session", is: []error{errNoSession}, says: "let sessions.Sessions run before"},
		{name: "a copy", middleware: []gin.HandlerFunc{session}, before: (*gin.Context).Copy,
			is: []error{errTooLate}, says: "a copy of the *gin.Context"},
		{name: "the headers are sent", middleware: []gin.HandlerFunc{session},
			before: func(c *gin.Context) *gin.Context { c.String(http.StatusOK, "text"); return c },
			is:     []error{errTooLate}},
		{name: "several sessions", middleware: []gin.HandlerFunc{many}, is: []error{errNoSession},
			says: "set Config.SessionName"},
		{name: "another name", middleware: []gin.HandlerFunc{many}, sessions: "c",
			is: []error{errNoSession}, says: `no session named "c"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			kr := newKeeper(test.own)
			kr.SessionName = test.sessions
			answer := serve(nil, func(c *gin.Context) {
				if test.before != nil {
					c = test.before(c)
				}
				key, err := kr.SessionKey(nil, c)
				assert.Empty(t, key)
				for _, is := range test.is {
					assert.ErrorIs(t, err, is)
				}
				assert.ErrorContains(t, err, test.says)
			}, test.middleware...)
			assert.Empty(t, answer.Cookies())
		})
	}
}

// A key of one of several sessions is that of the session with the name.
func TestKeyInOneOfSeveralSessions(t *testing.T) {
	kr := newKeeper(nil)
	kr.SessionName = "b"
	answer := serve(nil, func(c *gin.Context) {
		_, err := kr.SessionKey(nil, c)
		assert.NoError(t, err)
	}, sessions.SessionsMany([]string{"a", "b"}, store))
	require.Len(t, answer.Cookies(), 1)
	assert.Equal(t, "b", answer.Cookies()[0].Name)
}

// Only where CookieKey makes the keys can Renew replace them, and a copy has no answer for a new
// one.
func TestRenewRefuses(t *testing.T) {
	serve(nil, func(c *gin.Context) {
		_, err := newKeeper(nil).Renew(nil, c.Copy())
		assert.ErrorIs(t, err, errTooLate)
		own := func(*gin.Context) (string, error) { return "user", nil }
		_, err = newKeeper(own).Renew(nil, c)
		assert.ErrorIs(t, err, errNotInstalled)
	}, session)
}

// Outside of a request no cookie has a key.
func TestKeyInNoCookie(t *testing.T) {
	name := "flash"
	assert.Empty(t, sessionkey.InCookie(nil, nil, &name))
	assert.Empty(t, sessionkey.InCookie(nil, httptest.NewRequest(http.MethodGet, "/", nil), &name))
}
