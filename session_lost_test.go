package flashgin_test

import (
	"net/http"
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

	"github.com/flashgin/flashgin"
)

// fileSessions is a server-side session store that a test can take away: like a redis store that is down, it then hands out an empty
// session with the old ID, and an error.
type fileSessions struct {
	sessions.Store
	t   *testing.T
	dir string
}

func newFileSessions(t *testing.T) *fileSessions {
	dir := t.TempDir()
	store := filesystem.NewStore(dir, []byte("key"))
	store.Options(sessions.Options{Path: "/", MaxAge: 3600})
	return &fileSessions{store, t, dir}
}

// away makes every session unreadable until the function that it returns is called.
func (s *fileSessions) away() (back func()) {
	files, err := filepath.Glob(filepath.Join(s.dir, "session_*"))
	require.NoError(s.t, err)
	require.NotEmpty(s.t, files)
	for _, file := range files {
		require.NoError(s.t, os.Rename(file, file+".away"))
		require.NoError(s.t, os.Mkdir(file, 0o700)) // a directory in its place: an error, but not "no such session"
	}
	return func() {
		for _, file := range files {
			require.NoError(s.t, os.Remove(file))
			require.NoError(s.t, os.Rename(file+".away", file))
		}
	}
}

// lose makes the server forget every session, as when they have expired.
func (s *fileSessions) lose() {
	files, err := filepath.Glob(filepath.Join(s.dir, "session_*"))
	require.NoError(s.t, err)
	for _, file := range files {
		require.NoError(s.t, os.Remove(file))
	}
}

// spoil makes every session something that its keys do not open, as when they were changed.
func (s *fileSessions) spoil() {
	files, err := filepath.Glob(filepath.Join(s.dir, "session_*"))
	require.NoError(s.t, err)
	for _, file := range files {
		require.NoError(s.t, os.WriteFile(file, []byte("garbage"), 0o600))
	}
}

// A session that could not be loaded looks empty. Saving it with a new key would log the user out.
func TestASessionThatCouldNotBeLoadedIsNotOverwritten(t *testing.T) {
	store := newFileSessions(t)
	a := newAppWithoutSessions(t, flashgin.Config{})
	a.Use(sessions.Sessions("id", store))
	a.GET("/", page)
	a.GET("/user", func(c *gin.Context) {
		user, _ := sessions.Default(c).Get("user").(string)
		c.String(http.StatusOK, user)
	})
	a.POST("/login", func(c *gin.Context) {
		sessions.Default(c).Set("user", "alice")
		assert.NoError(t, sessions.Default(c).Save())
	})
	var during func(c *gin.Context)
	a.POST("/", func(c *gin.Context) {
		during(c)
		c.Status(http.StatusNoContent)
	})
	visitor := a.visitor()
	visitor.post("/login")

	back := store.away()
	during = func(c *gin.Context) {
		assert.Empty(t, flashgin.Flashes(c))
		assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("x")), flashgin.ErrNoSession)
		_, err := a.messenger.SessionKey(c)
		assert.ErrorIs(t, err, flashgin.ErrNoSession)
		assert.ErrorContains(t, err, "could not be loaded")
	}
	assert.Zero(t, cookiesOf(visitor.post("/")))

	// The store comes back while the request runs: its session is still the empty one.
	during = func(c *gin.Context) {
		assert.Nil(t, sessions.Default(c).Get("user"))
		back()
		assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("x")), flashgin.ErrNoSession)
	}
	assert.Zero(t, cookiesOf(visitor.post("/")))
	assert.Equal(t, "alice", visitor.get("/user"), "nobody was logged out")

	during = func(c *gin.Context) { assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("fine again"))) }
	visitor.post("/")
	assert.Equal(t, "[fine again]", visitor.get("/"))
	assert.Equal(t, "alice", visitor.get("/user"))
}

// A session that the server has forgotten is new: it gets a key.
func TestASessionThatTheServerHasForgotten(t *testing.T) {
	files, spoilt := newFileSessions(t), newFileSessions(t)
	for _, test := range []struct {
		name   string
		before sessions.Store
		lose   func()
		after  sessions.Store
	}{
		{"memstore after a restart", memstore.NewStore([]byte("key")), nil, memstore.NewStore([]byte("key"))},
		{"memstore with another signature", memstore.NewStore([]byte("old key")), nil, memstore.NewStore([]byte("key"))},
		{"cookie with another signature", cookie.NewStore([]byte("old key")), nil, cookieStore()},
		{"file with another signature", filesystem.NewStore(t.TempDir(), []byte("old key")), nil, newFileSessions(t)},
		{"file that was removed", files, files.lose, files},
		{"file that was spoilt", spoilt, spoilt.spoil, spoilt},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := test.before
			a := newAppWithoutSessions(t, flashgin.Config{})
			a.Use(func(c *gin.Context) { sessions.Sessions("id", store)(c) })
			a.GET("/", page)
			a.POST("/", add(t, redirect("/"), flashgin.Info("hello")))
			visitor := a.visitor()
			visitor.post("/")
			if store = test.after; test.lose != nil {
				test.lose()
			}
			assert.Empty(t, visitor.get("/"))
			assert.Equal(t, 1, cookiesOf(visitor.post("/")))
			assert.Equal(t, "[hello]", visitor.get("/"))
			assert.Empty(t, a.failures.String())
		})
	}
}
