package requests_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// What of an upload does not fit into memory is in files, which net/http removes when the request
// has ended: with flashgin as without it.
func TestFilesOfUploadsAreRemoved(t *testing.T) {
	files := t.TempDir()
	t.Setenv("TMPDIR", files) // where mime/multipart puts them
	left := func() int {
		entries, err := os.ReadDir(files)
		require.NoError(t, err)
		return len(entries)
	}
	upload := func(c *gin.Context) {
		_, err := c.FormFile("file")
		assert.NoError(t, err)
		c.String(http.StatusOK, "%d", left())
	}
	form, contentType := formWithFile(t)
	handlers := map[string]func(a *apptest.App){
		"a handler": func(a *apptest.App) { a.POST("/upload", upload) },
		"a handler of a copy": func(a *apptest.App) {
			a.POST("/upload", func(c *gin.Context) {
				c.Request = c.Request.Clone(c.Request.Context())
			}, upload)
		},
		"a handler that panics": func(a *apptest.App) {
			a.POST("/upload", func(c *gin.Context) {
				defer func() { _ = recover() }()
				c.Next()
			}, upload, func(*gin.Context) { panic("") })
		},
		"another engine": func(a *apptest.App) {
			inner := apptest.NewApp(a.T, flashgin.Config{})
			inner.MaxMultipartMemory = a.MaxMultipartMemory
			inner.POST("/upload", upload)
			a.POST("/upload", gin.WrapH(inner))
		},
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.MaxMultipartMemory = 1
			handler(a)
			response, err := http.Post(a.Serve().URL+"/upload", contentType, bytes.NewReader(form))
			require.NoError(t, err)
			defer response.Body.Close()
			var during int
			_, err = fmt.Fscan(response.Body, &during)
			require.NoError(t, err)
			assert.Equal(t, 1, during, "the upload is in a file meanwhile")
			assert.Eventually(t, func() bool { return left() == 0 }, 10*time.Second,
				5*time.Millisecond)
		})
	}
}

// formWithFile returns a form that is more than net/http keeps in memory in any case.
func formWithFile(t *testing.T) (body []byte, contentType string) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	file, err := w.CreateFormFile("file", "name")
	require.NoError(t, err)
	_, err = file.Write(make([]byte, 11<<20))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return form.Bytes(), w.FormDataContentType()
}
