package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/child"
	"github.com/flashgin/flashgin/internal/redistest"
)

// jobs is the example of that name, on a Redis server of the test's, open in a tab.
type jobs struct {
	*example
	*tab
	queue *redis.Client
}

// jobsSettings are what all processes of the example need to know, and slow enough to be watched.
func jobsSettings(server *redistest.Server) []string {
	return []string{"REDIS_URL=redis://" + server.Addr(), "SECRET=a secret of the test", "TAKES=5s"}
}

func startJobs(t *testing.T) *jobs {
	t.Helper()
	server := redistest.Start(t)
	return openJobs(startExample(t, "jobs", jobsSettings(server)...), server)
}

func openJobs(e *example, server *redistest.Server) *jobs {
	j := &jobs{e, newTab(e.t), server.Client()}
	// What is shown, in order, as long as no page is loaded.
	j.before(`globalThis.shows = []; addEventListener("flash:shown", e => {
		shows.push(e.target.querySelector("[data-flash-text]").textContent);
		globalThis.lastAt = performance.now();
	})`)
	j.open(j.url)
	j.ready()
	return j
}

// upload fills in the form and sends it. From here on no page is loaded.
func (j *jobs) upload(text string) {
	t := j.tab.t
	t.Helper()
	file := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	root := j.call("DOM.getDocument", object{})["root"].(object)["nodeId"]
	input := j.call("DOM.querySelector", object{"nodeId": root, "selector": "#file"})["nodeId"]
	j.call("DOM.setFileInputFiles", object{"nodeId": input, "files": []string{file}})
	j.js(`globalThis.left = true`)
	j.click("main form button")
	j.until(`!globalThis.left && document.readyState === "complete"`)
	j.ready()
	j.js(`globalThis.same = true`)
}

// halfWay waits until "50 %" was shown, and nothing is left of what was shown before. It may have
// made room for the next news by then.
func (j *jobs) halfWay() {
	j.tab.t.Helper()
	j.until(`shows.includes("50 %") && ` + texts + `.length === 1`)
}

// saidOnce checks what is shown in the end, that nothing was shown twice, and that this was all on
// one page.
func (j *jobs) saidOnce(want string) {
	t := j.tab.t
	t.Helper()
	j.untilEqual([]string{want}, texts)
	said := eval[[]string](j.tab, `shows`)
	assert.Equal(t, want, said[len(said)-1])
	for i, text := range said {
		assert.NotContains(t, said[:i], text, "said twice")
	}
	assert.True(t, eval[bool](j.tab, `same`), "no page was loaded")
}

// killWorker kills the nth worker, and waits until the next one has started.
func (j *jobs) killWorker(nth int) {
	t := j.tab.t
	t.Helper()
	const started = `The worker is process \d+\n`
	var pid int
	_, err := fmt.Sscanf(j.says(started)[nth-1], "The worker is process %d", &pid)
	require.NoError(t, err)
	process, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, process.Kill())
	require.Eventually(t, func() bool { return len(j.says(started)) > nth }, patience,
		10*time.Millisecond, "another one starts")
}

// A file is read by another process. Its user sees how far that is, then the result, on the page
// that is open.
func TestJobs(t *testing.T) {
	t.Parallel()
	j := startJobs(t)
	j.upload("to be or not to be")
	j.halfWay()
	assert.True(t, eval[bool](j.tab,
		`document.querySelector("[data-flash-text]:not([popover] *)").checkVisibility()`),
		"in the place of the message that the page had")
	j.axe("while the file is read")
	j.saidOnce("Words: 6. Different ones: 4.")
	j.axe("when it was read")

	// a page that is left earlier has not shown it
	j.until(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/ack") && e.startTime > lastAt)`)
	j.open(j.url)
	j.ready()
	j.never(texts + `.length > 0`)
}

// The worker is killed in the middle of a job. The next one begins the job anew, says the same
// again, and nobody sees it twice.
func TestJobsWorkerKilled(t *testing.T) {
	t.Parallel()
	j := startJobs(t)
	j.upload("one two three four")
	j.halfWay()
	j.killWorker(1)

	// The queue takes a worker for dead a minute after its last sign of life, and looks when a
	// worker starts. So that minute is over now, and the worker that has started meanwhile is
	// killed, too.
	const signs = "asynq:{default}:lease"
	running, err := j.queue.ZRange(t.Context(), signs, 0, -1).Result()
	require.NoError(t, err)
	require.Len(t, running, 1)
	require.NoError(t, j.queue.ZAddXX(t.Context(), signs, redis.Z{Member: running[0]}).Err())
	j.killWorker(2)

	j.saidOnce("Words: 4. Different ones: 4.")
	assert.Contains(t, eval[[]string](j.tab, `shows`), "50 %")
}

// The web server is killed while a page is open, and another one takes its place when the job is
// done. The page, which is still the same, tells its user.
func TestJobsServerKilled(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	settings := append(jobsSettings(redis), "ADDR="+child.Address(child.Port(t)))
	program := buildExample(t, "jobs")
	serve := func() *example {
		e := launch(t, program, append(settings, "server")...)
		e.url = e.says(`http://\S+`)[0]
		return e
	}
	worker := launch(t, program, append(settings, "worker")...)
	worker.says("The worker is process")
	web := serve()
	j := openJobs(web, redis)
	j.upload("one two three four five")
	j.halfWay()
	j.expect("Failed to load resource")
	web.end(os.Kill)
	require.Eventually(t, func() bool {
		return j.queue.LLen(t.Context(), "asynq:{default}:active").Val() == 0
	}, patience, 10*time.Millisecond, "the job is done")
	serve()
	j.saidOnce("Words: 5. Different ones: 5.")
	j.untilConsole("Failed to load resource")
}
