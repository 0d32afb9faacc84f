package secret_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-contrib/sessions/filesystem"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/secret"
)

// A visit is one request of a browser, with its session.
type visit struct {
	t       *testing.T
	request *http.Request
	answer  *httptest.ResponseRecorder
	sessions.Session
}

// newVisit returns a request with the cookies that earlier answers set.
func newVisit(t *testing.T, name string, store sessions.Store, earlier ...*visit) *visit {
	t.Helper()
	gin.SetMode(gin.TestMode)
	v := &visit{t: t, answer: httptest.NewRecorder()}
	v.request = httptest.NewRequest(http.MethodGet, "/", nil)
	for _, e := range earlier {
		for _, cookie := range e.answer.Result().Cookies() {
			v.request.AddCookie(cookie)
		}
	}
	c, _ := gin.CreateTestContext(v.answer)
	c.Request = v.request
	sessions.Sessions(name, store)(c)
	v.Session = sessions.Default(c)
	return v
}

// save gives the session a secret, and the browser the session.
func (v *visit) save() *visit {
	v.t.Helper()
	secret.Put(v.Session)
	require.NoError(v.t, v.Save())
	return v
}

func cookieStore(key string) sessions.Store {
	store := cookie.NewStore([]byte(key))
	store.Options(sessions.Options{Path: "/"})
	return store
}

func memStore(key string) sessions.Store {
	store := memstore.NewStore([]byte(key))
	store.Options(sessions.Options{Path: "/"})
	return store
}

// strange is a session that does not tell what is below it.
type strange struct{ sessions.Session }

func TestSecretInASession(t *testing.T) {
	v := newVisit(t, "id", cookieStore("key"))
	header := http.Header{"Set-Cookie": {"id=1"}}
	assert.Empty(t, secret.KeyIn(v))

	secret.Put(v)
	first := secret.KeyIn(v)
	assert.NotEmpty(t, first)
	assert.Equal(t, secret.Key(v.Get("flashgin").(string)), first, "old sessions have it there")
	assert.False(t, secret.IsSaved(v.Session, header))

	other := newVisit(t, "id", cookieStore("key"))
	secret.Copy(other, v)
	assert.Equal(t, first, secret.KeyIn(other))

	secret.Put(v)
	assert.NotContains(t, []string{"", first}, secret.KeyIn(v))
	v.Set("flashgin", 1)
	assert.Empty(t, secret.KeyIn(v), "somebody else's value")

	require.NoError(t, v.Save())
	assert.True(t, secret.IsSaved(v.Session, header))
	assert.False(t, secret.IsSaved(v.Session, http.Header{}))
	assert.False(t, secret.IsSaved(strange{v}, header), "it cannot tell")
}

func TestIsKnownByID(t *testing.T) {
	for name, test := range map[string]struct {
		store        sessions.Store
		first, later bool
	}{
		"a cookie":  {cookieStore("key"), false, false},
		"in memory": {memStore("key"), false, true},
		"in files":  {filesystem.NewStore(t.TempDir(), []byte("key")), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			first := newVisit(t, "id", test.store)
			assert.Equal(t, test.first, secret.IsKnownByID(first.Session))
			later := newVisit(t, "id", test.store, first.save())
			assert.Equal(t, secret.KeyIn(first), secret.KeyIn(later))
			assert.Equal(t, test.later, secret.IsKnownByID(later.Session))
			assert.False(t, secret.IsKnownByID(strange{later}))
		})
	}
}

func TestCookieOfASession(t *testing.T) {
	v := newVisit(t, "id", cookieStore("key"))
	assert.Equal(t, "id", secret.CookieOf(v.Session))
	assert.Empty(t, secret.CookieOf(strange{v}))
}

func TestIsWithheld(t *testing.T) {
	v := newVisit(t, "id", cookieStore("key"))
	assert.False(t, secret.IsWithheld(v.request, v.Session))
	v.Options(sessions.Options{Secure: true})
	assert.True(t, secret.IsWithheld(v.request, v.Session))
	assert.False(t, secret.IsWithheld(v.request, strange{v}))
	v.request.Header.Set("X-Forwarded-Proto", "https")
	assert.False(t, secret.IsWithheld(v.request, v.Session))
}

// Only a session whose store was out of reach is lost. One that the server has forgotten is new.
func TestIsLost(t *testing.T) {
	remove := func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) }
	for _, test := range []struct {
		name   string
		before func(t *testing.T, file string) // before the session is loaded
		after  func(t *testing.T, file string) // before IsLost asks again
		lost   bool
	}{
		{name: "as it was"},
		{name: "removed", before: remove},
		{name: "spoilt", before: func(t *testing.T, file string) {
			require.NoError(t, os.WriteFile(file, []byte("garbage"), 0o600))
		}},
		{name: "out of reach", before: makeUnreadable, lost: true},
		{name: "out of reach for a moment", before: makeUnreadable, after: makeReadable,
			lost: true},
		{name: "out of reach, then removed", before: makeUnreadable, after: remove},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			store := filesystem.NewStore(dir, []byte("key"))
			first := newVisit(t, "id", store).save()
			files, err := filepath.Glob(filepath.Join(dir, "session_*"))
			require.NoError(t, err)
			require.Len(t, files, 1)
			if test.before != nil {
				test.before(t, files[0])
			}
			v := newVisit(t, "id", store, first)
			assert.NotEmpty(t, v.ID())
			assert.Equal(t, test.before == nil, secret.IsKnownByID(v.Session),
				"an ID is not enough")
			if test.after != nil {
				test.after(t, files[0])
			}
			assert.Equal(t, test.lost, secret.IsLost(again(v.request), v.Session))
		})
	}
	for name, store := range map[string]sessions.Store{
		"cookie": cookieStore("key"), "memory": memStore("key"),
	} {
		v := newVisit(t, "id", store)
		assert.False(t, secret.IsLost(v.request, v.Session), name)
		assert.False(t, secret.IsLost(v.request, strange{v}), name)
	}
}

// again returns a request with the same cookies, for which no session was loaded.
func again(r *http.Request) *http.Request { return r.Clone(r.Context()) }

// makeUnreadable puts a directory in the place of the file: an error, but not "no such session".
func makeUnreadable(t *testing.T, file string) {
	require.NoError(t, os.Rename(file, file+".away"))
	require.NoError(t, os.Mkdir(file, 0o700))
}

func makeReadable(t *testing.T, file string) {
	require.NoError(t, os.Remove(file))
	require.NoError(t, os.Rename(file+".away", file))
}

func TestReload(t *testing.T) {
	t.Run("another request has changed it", func(t *testing.T) {
		store := memStore("key")
		first := newVisit(t, "id", store).save()
		stream := newVisit(t, "id", store, first)
		assert.Equal(t, secret.KeyIn(first), secret.KeyIn(stream))
		changed := newVisit(t, "id", store, first).save()
		assert.Equal(t, secret.KeyIn(first), secret.KeyIn(stream), "not yet")
		require.NoError(t, secret.Reload(again(stream.request), stream.Session))
		assert.Equal(t, secret.KeyIn(changed), secret.KeyIn(stream))
	})
	t.Run("one of several", func(t *testing.T) {
		store := memStore("key")
		first := newVisit(t, "id", store).save()
		stream := newVisit(t, "id", store, first)
		_ = stream.ID() // loads it
		changed := newVisit(t, "id", store, first).save()
		several := map[string]sessions.Session{
			"id": stream.Session, "strange": strange{newVisit(t, "x", store)},
		}
		require.NoError(t, secret.Reload(again(stream.request), several))
		assert.Equal(t, secret.KeyIn(changed), secret.KeyIn(stream))
	})
	t.Run("in a cookie", func(t *testing.T) {
		store := cookieStore("key")
		stream := newVisit(t, "id", store, newVisit(t, "id", store).save())
		before := secret.KeyIn(stream)
		stream.Clear()
		require.NoError(t, secret.Reload(again(stream.request), stream.Session))
		assert.Equal(t, before, secret.KeyIn(stream))
	})
	for name, test := range map[string]struct {
		change func(t *testing.T, file string)
		fails  bool
	}{
		"forgotten": {func(t *testing.T, file string) {
			require.NoError(t, os.Remove(file))
		}, false},
		"out of reach": {makeUnreadable, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			store := filesystem.NewStore(dir, []byte("key"))
			stream := newVisit(t, "id", store, newVisit(t, "id", store).save())
			before := secret.KeyIn(stream)
			files, err := filepath.Glob(filepath.Join(dir, "session_*"))
			require.NoError(t, err)
			test.change(t, files[0])
			several := map[string]sessions.Session{"id": stream.Session}
			err = secret.Reload(again(stream.request), several)
			if test.fails {
				require.Error(t, err)
				assert.Equal(t, before, secret.KeyIn(stream), "it stays as it was")
				return
			}
			require.NoError(t, err)
			assert.Empty(t, secret.KeyIn(stream))
		})
	}
	assert.NoError(t, secret.Reload(nil, nil), "no session")
}

func TestTwoSessionsInUse(t *testing.T) {
	one := cookieStore("key")
	for _, test := range []struct {
		name          string
		first, second string
		other         sessions.Store
		alone         bool // the second request has not the first one's cookie
		says          []string
	}{
		{name: "one", first: "id", second: "id", other: one},
		{name: "two names", first: "shop", second: "admin", other: one,
			says: []string{`"shop"`, `"admin"`, "Config.SessionKey"}},
		{name: "two names that do not meet", first: "shop", second: "admin", other: one,
			alone: true},
		{name: "two stores", first: "id", second: "id", other: memStore("key"),
			says: []string{`"id"`, "two stores", "Config.SessionKey"}},
		{name: "two stores that read the same cookie", first: "id", second: "id",
			other: cookieStore("key")},
		{name: "two stores that do not meet", first: "id", second: "id", other: memStore("key"),
			alone: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var inUse secret.InUse
			first := newVisit(t, test.first, one).save()
			second := newVisit(t, test.second, test.other, first)
			if test.alone {
				second = newVisit(t, test.second, test.other)
			}
			assert.Empty(t, inUse.Mistake(second.request, second.Session), "no session has a key")
			inUse.Note(strange{second})
			inUse.Note(first.Session)
			inUse.Note(second.Session) // the first one counts
			assert.Empty(t, inUse.Mistake(second.request, strange{second}))
			assert.False(t, inUse.Told())
			said := inUse.Mistake(second.request, second.Session)
			assert.Equal(t, test.says != nil, said != "", said)
			for _, part := range test.says {
				assert.Contains(t, said, part)
			}
			assert.Equal(t, test.says != nil, inUse.Told())
			assert.Empty(t, inUse.Mistake(second.request, second.Session), "once")
		})
	}
}
