package apptest

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/filesystem"
	"github.com/stretchr/testify/require"
)

// Plant puts a secret into the browser as another host of the domain does: with a Path that is
// longer.
func (b *Browser) Plant(path string) (secret string) {
	b.t.Helper()
	at, err := url.Parse(b.URL + path)
	require.NoError(b.t, err)
	secret = rand.Text()
	b.Client.Jar.SetCookies(at, []*http.Cookie{{Name: "flash", Value: secret, Path: path}})
	return secret
}

// Follow opens a page as a browser does, which goes where it is redirected. It returns the body.
func (v *Visitor) Follow(path string) string {
	v.t.Helper()
	for range 5 {
		answer := v.Do(http.MethodGet, path)
		if answer.Code < 300 || answer.Code >= 400 {
			return answer.Body.String()
		}
		path = answer.Header().Get("Location")
	}
	require.Fail(v.t, "too many redirects")
	return ""
}

// FileSessions is a server-side session store that a test can take away: like a redis store that is
// down, it then hands out an empty session with the old ID, and an error.
type FileSessions struct {
	sessions.Store
	t   *testing.T
	dir string
}

func NewFileSessions(t *testing.T) *FileSessions {
	dir := t.TempDir()
	store := filesystem.NewStore(dir, []byte("key"))
	store.Options(sessions.Options{Path: "/", MaxAge: 3600})
	return &FileSessions{store, t, dir}
}

// Away makes every session unreadable until the function that it returns is called.
func (s *FileSessions) Away() (back func()) {
	files, err := filepath.Glob(filepath.Join(s.dir, "session_*"))
	require.NoError(s.t, err)
	require.NotEmpty(s.t, files)
	for _, file := range files {
		require.NoError(s.t, os.Rename(file, file+".away"))
		// a directory in its place: an error, but not "no such session"
		require.NoError(s.t, os.Mkdir(file, 0o700))
	}
	return func() {
		for _, file := range files {
			require.NoError(s.t, os.Remove(file))
			require.NoError(s.t, os.Rename(file+".away", file))
		}
	}
}

// Lose makes the server forget every session, as when they have expired.
func (s *FileSessions) Lose() {
	files, err := filepath.Glob(filepath.Join(s.dir, "session_*"))
	require.NoError(s.t, err)
	for _, file := range files {
		require.NoError(s.t, os.Remove(file))
	}
}

// Spoil makes every session something that its keys do not open, as when they were changed.
func (s *FileSessions) Spoil() {
	files, err := filepath.Glob(filepath.Join(s.dir, "session_*"))
	require.NoError(s.t, err)
	for _, file := range files {
		require.NoError(s.t, os.WriteFile(file, []byte("garbage"), 0o600))
	}
}
