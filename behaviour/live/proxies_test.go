package live_test

import (
	"bufio"
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/cachetest"
)

// behindProxies are the proxies of the table in docs/live.md, with the lines that matter there.
var behindProxies = []struct {
	proxy, with string
	lines       []string
	delays      bool // each event
	compresses  bool // the stream, which still arrives
}{
	{proxy: "nginx"},
	{
		proxy: "nginx",
		with:  "gzip",
		lines: []string{"gzip on;", "gzip_types *;", "gzip_min_length 0;"},
	},
	{proxy: "Caddy"},
	{proxy: "Caddy", with: "encode", lines: []string{"encode gzip"}},
	{proxy: "HAProxy", delays: true},
	{proxy: "HAProxy", with: "option http-no-delay", lines: []string{"option http-no-delay"}},
	{proxy: "HAProxy", with: "compression", lines: []string{"option http-no-delay",
		"compression algo gzip", "compression type text/event-stream"}},
	{proxy: "Apache"},
	{proxy: "Apache", with: "SetOutputFilter DEFLATE", compresses: true,
		lines: []string{"SetOutputFilter DEFLATE"}},
	{proxy: "Apache", with: "no-gzip", lines: []string{"SetOutputFilter DEFLATE",
		"LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so",
		"SetEnvIf Request_URI ^/_flash/ no-gzip"}},
	{proxy: "Varnish"},
}

func proxyNamed(t *testing.T, name string) cachetest.Proxy {
	t.Helper()
	i := slices.IndexFunc(cachetest.Proxies, func(p cachetest.Proxy) bool { return p.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return cachetest.Proxies[i]
}

// Behind each proxy an open page gets its messages, at once with the line that docs/live.md names.
// When the page has gone, the server learns it, at the latest when it has written twice, and what
// nobody has seen is on the next page.
func TestStreamBehindProxies(t *testing.T) {
	t.Parallel()
	for _, test := range behindProxies {
		t.Run(strings.TrimSuffix(test.proxy+", "+test.with, ", "), func(t *testing.T) {
			t.Parallel()
			a := apptest.NewApp(t, flashgin.Config{Lease: 6 * time.Second})
			ended := make(chan struct{})
			a.Use(func(c *gin.Context) {
				c.Next()
				if strings.HasSuffix(c.Request.URL.Path, "/stream") {
					close(ended)
				}
			})
			a.MountLive()
			b := apptest.NewBrowser(t, a.BehindCache(func(tb testing.TB, backend string) string {
				return proxyNamed(t, test.proxy).Start(tb, backend, test.lines...)
			}))
			key := b.Get("/key")
			page := b.Listen(apptest.StreamPath("/a"), b.Acknowledging())
			assert.Equal(t, test.compresses, page.Response.Uncompressed)

			// The machine may be slow, so one event that is fast will do.
			const delay = 100 * time.Millisecond
			var took []time.Duration
			texts := []string{}
			for len(took) < 5 || !test.delays && slices.Min(took) >= delay && len(took) < 50 {
				text := fmt.Sprint(len(took))
				texts = append(texts, text)
				begun := time.Now()
				a.Job(key, flashgin.Info(text).At("/a"))
				page.Hears(texts...)
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			if test.delays {
				assert.GreaterOrEqual(t, took[len(took)/2], delay, "in the middle of %v", took)
			} else {
				assert.Less(t, took[0], delay, "the least of %v", took)
			}

			page.Close()
			left := []string{}
			require.Eventually(t, func() bool {
				select {
				case <-ended:
					return true
				default:
				}
				left = append(left, fmt.Sprintf("left %d", len(left)))
				a.Job(key, flashgin.Info(left[len(left)-1]).At("/a"))
				return false
			}, 30*time.Second, 100*time.Millisecond, "the stream goes on")
			seen := ""
			require.Eventually(t, func() bool {
				seen += b.Get("/a")
				return strings.Count(seen, "left") >= len(left)
			}, 30*time.Second, 100*time.Millisecond)
			for _, text := range left {
				assert.Equal(t, 1, strings.Count(seen, "["+text+"]"), "%s in %s", text, seen)
			}
		})
	}
}

// With FLASHGIN_PROXIES=1 this measures how long a stream lives that is silent, and after how many
// writes the server learns that a page has gone. It takes six minutes:
//
//	FLASHGIN_PROXIES=1 go test -count=1 -v -timeout 15m -run SilentStreams ./behaviour/live
//
// On 29 November 2026, with the packages of Debian 12, a silent stream lived 60 s behind nginx
// (proxy_read_timeout) and Varnish (between_bytes_timeout), 50 s behind HAProxy (timeout server)
// and 5 min behind Apache (Timeout), as Debian sets them, and longer behind Caddy. HAProxy and
// Apache noticed at the second write that the page had gone, the others at once.
func TestSilentStreamsBehindProxies(t *testing.T) {
	if os.Getenv("FLASHGIN_PROXIES") == "" {
		t.Skip("it takes six minutes: FLASHGIN_PROXIES=1 runs it")
	}
	const most = 330 * time.Second
	for _, proxy := range cachetest.Proxies {
		t.Run(proxy.Name, func(t *testing.T) {
			t.Parallel()
			var writes atomic.Int32
			gone := make(chan struct{}, 1)
			server := httptest.NewServer(http.HandlerFunc(
				func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodHead {
						return // the proxy is there
					}
					w.Header().Set("Content-Type", "text/event-stream")
					w.Header().Set("Cache-Control", "private, no-cache, no-transform")
					w.Header().Set("X-Accel-Buffering", "no")
					for {
						_, _ = fmt.Fprint(w, ": open\n\n")
						_ = http.NewResponseController(w).Flush()
						every := time.Hour
						if r.URL.Path == "/talks" {
							every = time.Second
						}
						select {
						case <-r.Context().Done():
							gone <- struct{}{}
							return
						case <-time.After(every):
							writes.Add(1)
						}
					}
				}))
			t.Cleanup(server.Close)
			url := proxy.Start(t, strings.TrimPrefix(server.URL, "http://"))
			open := func(path string) *http.Response {
				request, err := http.NewRequest(http.MethodGet, url+path, nil)
				require.NoError(t, err)
				request.Header.Set("Cookie", "id=1")
				response, err := http.DefaultClient.Do(request)
				require.NoError(t, err)
				t.Cleanup(func() { _ = response.Body.Close() })
				_, err = bufio.NewReader(response.Body).ReadString('\n')
				require.NoError(t, err)
				return response
			}
			open("/talks").Body.Close()
			before := writes.Load()
			noticed := "not within a minute"
			select {
			case <-gone:
				noticed = fmt.Sprintf("after %d writes", writes.Load()-before)
			case <-time.After(time.Minute):
			}
			begun, ended := time.Now(), make(chan struct{})
			silent := open("/silent")
			go func() {
				defer close(ended)
				_, _ = bufio.NewReader(silent.Body).ReadString('\x00')
			}()
			lives := ""
			select {
			case <-ended:
				lives = time.Since(begun).Round(time.Second).String()
			case <-time.After(most):
			}
			t.Logf(
				"%s %s: a silent stream lives %s; that the page has gone is noticed %s",
				proxy.Name,
				proxy.Version(t),
				cmp.Or(lives, "longer than "+most.String()),
				noticed,
			)
		})
	}
}
