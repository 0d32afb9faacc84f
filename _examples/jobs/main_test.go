package main

import (
	"bytes"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// binary is the program, as "go build" makes it. All tests run it as its users do: as processes.
var binary string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	if _, err := exec.LookPath("redis-server"); err != nil {
		log.Print("the example was not run: ", err,
			": install it with `apt-get install redis-server` or `brew install redis`")
		if os.Getenv("CI") == "true" {
			return 1
		}
		return 0
	}
	dir, err := os.MkdirTemp("", "flashgin-jobs-test-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "jobs")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		log.Printf("%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func TestUpload(t *testing.T) {
	p := start(t, "TAKES=4s") // it goes on when the page listens, on a slow machine as well
	b := p.browser()
	assert.Empty(t, b.get("/").stream, "there is no session yet")

	page := b.upload("notes.txt", "to be or not to be", false)
	assert.Equal(t, "/", page.path, "after the redirect")
	news := b.listen(page)
	assert.Equal(t, message{"success", "notes.txt", "Words: 6. Different ones: 4."}, news.last())
	assert.Regexp(t, `^\d+ %$`, news.texts()[len(news.texts())-2], "it has said how far it is")
	news.each(1)
	assert.Len(t, news.keys, 1, "each replaces the one before")
	assert.Empty(t, b.get("/").messages, "after they were shown")
}

// The second attempt says what the first one has said. Nobody hears it twice.
func TestUploadThatFailsOnce(t *testing.T) {
	p := start(t)
	b := p.browser()
	news := b.listen(b.upload("notes.txt", "one two three four", true))
	assert.Equal(t, message{"success", "notes.txt", "Words: 4. Different ones: 4."}, news.last())
	news.each(1)
	p.says("the first attempt was asked to fail")
}

// The result waits where the file was sent, and is all that is left of the news.
func TestUploadOfSomebodyWhoGoesElsewhere(t *testing.T) {
	p := start(t)
	b := p.browser()
	b.upload("notes.txt", "text", true)
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: p.says(`unix://(\S+)`)[0]})
	defer client.Close()
	queue := asynq.NewInspectorFromRedisClient(client)
	require.Eventually(t, func() bool {
		assert.Empty(t, b.get("/elsewhere").messages)
		info, err := queue.GetQueueInfo("default")
		return err == nil && info.Size == 0
	}, patience, 20*time.Millisecond)
	var messages []message
	require.Eventually(t, func() bool { // a page does not wait for a store that is slow
		messages = b.get("/").messages
		return len(messages) > 0
	}, patience, 20*time.Millisecond)
	assert.Equal(t, []message{{"success", "notes.txt", "Words: 1. Different ones: 1."}}, messages)
	assert.Empty(t, b.get("/").messages)
}

func TestUploadOfWhatIsNoText(t *testing.T) {
	p := start(t)
	b := p.browser()
	for name, content := range map[string]string{
		"no text": "\xff\xfe", "nothing": "", "too much": strings.Repeat("word ", fileAtMost),
	} {
		page := b.upload("file", content, false)
		assert.Equal(t, 422, page.status, name)
		assert.Equal(t, []message{{"error", "", "Please choose a text file of at most 256 KB."}},
			page.messages, name)
	}
}

// Ctrl-C ends all three processes, whatever they are doing.
func TestEnd(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := start(t, "TAKES=1m")
		b := p.browser()
		b.upload("notes.txt", "text", false)
		p.signal(sig)
		assert.Equal(t, 0, p.ends(), p.out.String())
		p.leavesNothing()
	}
}

// When this process is killed it can end nobody. Then its children end by themselves, where the
// system can tell them.
func TestKilled(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("only Linux tells children that their parent is gone")
	}
	p := start(t)
	p.signal(os.Kill)
	p.ends()
	p.childrenEnd()
}

// What is started before something fails is ended.
func TestAddressThatIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	p := launch(t, "ADDR="+listener.Addr().String())
	assert.Equal(t, 1, p.ends())
	assert.Contains(t, p.out.String(), "address already in use")
	p.leavesNothing()
}

func TestRedisThatDies(t *testing.T) {
	p := start(t)
	kill(t, p.redis())
	assert.Equal(t, 1, p.ends())
	assert.Contains(t, p.out.String(), "the Redis server has ended")
	p.leavesNothing()
}

// A worker that dies is followed by another one.
func TestWorkerThatDies(t *testing.T) {
	p := start(t)
	first := p.workers(1)[0]
	kill(t, first)
	assert.NotEqual(t, first, p.workers(2)[1])
	b := p.browser()
	news := b.listen(b.upload("notes.txt", "text", false))
	assert.Equal(t, "success", news.last().status)
}

func TestWithoutRedis(t *testing.T) {
	p := launch(t, "PATH="+t.TempDir())
	assert.Equal(t, 1, p.ends())
	assert.Contains(t, p.out.String(), "apt-get install redis-server")
	assert.Contains(t, p.out.String(), "REDIS_URL=redis://")
	for _, what := range []string{"server", "worker"} {
		p := launch(t, what)
		assert.Equal(t, 1, p.ends())
		assert.Contains(t, p.out.String(), "REDIS_URL is not set")
	}
	p = launch(t, "REDIS_URL=redis://127.0.0.1:1/0", "worker")
	assert.Equal(t, 1, p.ends())
	assert.Contains(t, p.out.String(), "connection refused")
}

func TestUnknownRole(t *testing.T) {
	p := launch(t, "waiter")
	assert.Equal(t, 1, p.ends())
	assert.Contains(t, p.out.String(), `"waiter": want server, worker, or nothing for both`)
}

// A program is the example, while it runs.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	temp  string // its folder for what is temporary
	out   *output
	ended chan struct{}
}

// start starts the whole example, and waits until it serves. It ends with the test.
func start(t *testing.T, env ...string) *program {
	t.Helper()
	p := launch(t, append([]string{"TAKES=400ms"}, env...)...)
	p.says(`Listening on (http://\S+) `)
	return p
}

// launch runs the program with what has a "=" as its environment, and the rest as its arguments.
func launch(t *testing.T, settings ...string) *program {
	t.Helper()
	temp, err := os.MkdirTemp("", "") // a short path, for the socket
	require.NoError(t, err)
	p := &program{t: t, cmd: exec.Command(binary), temp: temp, out: new(output),
		ended: make(chan struct{})}
	p.cmd.Env = append(p.cmd.Environ(), "ADDR=127.0.0.1:0", "TMPDIR="+temp, "REDIS_URL=")
	for _, s := range settings {
		if strings.Contains(s, "=") {
			p.cmd.Env = append(p.cmd.Env, s)
		} else {
			p.cmd.Args = append(p.cmd.Args, s)
		}
	}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.WaitDelay = patience // children have the output, too
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		select {
		case <-p.ended:
		default:
			p.signal(syscall.SIGTERM)
			p.ends()
		}
		_ = os.RemoveAll(temp)
		if t.Failed() {
			t.Log(p.out.String())
		}
	})
	return p
}

func (p *program) signal(sig os.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(sig))
}

// ends waits for the end and returns the exit code.
func (p *program) ends() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		require.Fail(p.t, "the program goes on", p.out.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

// says waits until the output matches, and returns what the first group of each match holds.
func (p *program) says(pattern string) (groups []string) {
	p.t.Helper()
	return p.saysTimes(pattern, 1)
}

func (p *program) saysTimes(pattern string, times int) (groups []string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		groups = nil
		for _, match := range regexp.MustCompile(pattern).
			FindAllStringSubmatch(p.out.String(), -1) {
			groups = append(groups, match[len(match)-1])
		}
		return len(groups) >= times
	}, patience, 5*time.Millisecond, "%s\n%s", pattern, p.out)
	return groups
}

func (p *program) redis() int { return numbers(p.says(`Redis is process (\d+),`))[0] }

// workers returns the numbers of so many worker processes, in the order in which they have started.
func (p *program) workers(n int) []int {
	return numbers(p.saysTimes(`The worker is process (\d+)\s`, n))
}

func numbers(texts []string) (list []int) {
	for _, text := range texts {
		n, _ := strconv.Atoi(text)
		list = append(list, n)
	}
	return list
}

func kill(t *testing.T, pid int) {
	t.Helper()
	process, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, process.Kill())
}

func (p *program) childrenEnd() {
	p.t.Helper()
	for _, pid := range append(p.workers(0), p.redis()) {
		assert.Eventually(p.t, func() bool { return !runs(pid) }, patience, 5*time.Millisecond,
			fmt.Sprint("process ", pid))
	}
}

func runs(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil || process.Signal(syscall.Signal(0)) != nil {
		return false
	}
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// it has ended, and nobody has asked how
	return err != nil || !bytes.Contains(state, []byte(") Z "))
}

// leavesNothing checks that neither processes nor files are left.
func (p *program) leavesNothing() {
	p.t.Helper()
	p.childrenEnd()
	left, err := os.ReadDir(p.temp)
	require.NoError(p.t, err)
	assert.Empty(p.t, left)
}

// output collects what a process and its children print.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(text)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
