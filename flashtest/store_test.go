package flashtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
	"github.com/flashgin/flashgin/storetest"
)

func TestStoreKeepsTheRules(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, ttl time.Duration, limit int) flashgin.Store {
		return &flashtest.Store{TTL: ttl, Cap: limit}
	})
}

// It keeps them also as a store that flashgin does not call directly: one whose calls take a while.
func TestSlowStoreKeepsTheRules(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, ttl time.Duration, limit int) flashgin.Store {
		store := &flashtest.Store{TTL: ttl, Cap: limit}
		store.Delay(time.Millisecond)
		return store
	})
}

func TestStoreWaitingAndTake(t *testing.T) {
	ctx, store := t.Context(), new(flashtest.Store)
	messages, err := flashgin.New(flashgin.Config{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	add := func(session string, msgs ...flashgin.Message) {
		t.Helper()
		if err := messages.Add(ctx, session, msgs...); err != nil {
			t.Fatal(err)
		}
	}
	flashtest.Equal(t, store.Waiting())
	flashtest.Equal(t, store.Take("/a"))

	add("Ada", saved.At("/a"))
	add("Bob", failed.At("/a"))
	add("Ada", sent.At("/b"), full.At("/a"))

	for range 2 { // looking leaves them
		flashtest.Equal(t, store.Waiting(), saved.At("/a"), sent.At("/b"), full.At("/a"),
			failed.At("/a"))
		flashtest.Equal(t, store.Waiting("/a"), saved, full, failed)
		flashtest.Equal(t, store.Waiting("https://example.com/a/?x#y", "/b"), saved, sent, full,
			failed)
		flashtest.Equal(t, store.Waiting("/c"))
		flashtest.Equal(t, store.Waiting("")) // the Location of an answer that is no redirect
		flashtest.Equal(t, store.Waiting("", "/b"), sent)
	}
	flashtest.Equal(t, store.Take("/b"), sent)
	flashtest.Equal(t, store.Take("/b"))
	flashtest.Equal(t, store.Waiting("/a"), saved, full, failed)
	flashtest.Equal(t, store.Take(), saved, full, failed)
	flashtest.Equal(t, store.Waiting())
	if n := store.Calls(); n != 3 {
		t.Errorf("%d calls are counted, want those of flashgin alone: 3", n)
	}
}

// When ServeHTTP returns, everything is settled: what was shown is gone, what was not waits again.
func TestStoreIsSettledWhenARequestEnds(t *testing.T) {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})
	app.GET("/fails", func(c *gin.Context) {
		flashgin.Flashes(c)
		c.Status(http.StatusInternalServerError)
	})
	for range 100 {
		post(app, "/settings")
		get(app, "/settings")
		flashtest.Equal(t, store.Waiting())
	}
	if n := store.Calls(flashtest.Confirm); n != 100 {
		t.Errorf("%d confirmations of 100 pages", n)
	}
	messages, err := flashgin.New(flashgin.Config{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	if err := messages.Add(t.Context(), "the test's", saved.At("/fails")); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		get(app, "/fails")
		flashtest.Equal(t, store.Waiting(), saved)
	}
}

func TestStoreReportsWhatItsCapDrops(t *testing.T) {
	var reports []string
	store := &flashtest.Store{Cap: 1}
	app := newApp(flashgin.Config{Store: store, OnError: func(_ context.Context, err error) {
		reports = append(reports, err.Error())
	}})
	post(app, "/settings")
	flashtest.Equal(t, store.Waiting(), flashgin.Warning("The disk is nearly full."))
	if len(reports) != 1 || !strings.Contains(reports[0], "dropped the 1 oldest") {
		t.Errorf("reported: %q", reports)
	}
}

// call calls a method of the store.
func call(ctx context.Context, store *flashtest.Store, method flashtest.Method) (err error) {
	switch method {
	case flashtest.Add:
		err = store.Add(ctx, "Ada", saved)
	case flashtest.Claim:
		_, err = store.Claim(ctx, "Ada", []string{"/"}, time.Second)
	case flashtest.Confirm:
		err = store.Confirm(ctx, flashgin.Claim{})
	case flashtest.Release:
		err = store.Release(ctx, flashgin.Claim{})
	case flashtest.Peek:
		_, err = store.Peek(ctx, "Ada", []string{"/"})
	case flashtest.Withdraw:
		err = store.Withdraw(ctx, "Ada", "/", "")
	}
	return err
}

var methods = []flashtest.Method{
	flashtest.Add, flashtest.Claim, flashtest.Confirm, flashtest.Release, flashtest.Peek,
	flashtest.Withdraw,
}

var errRefused = errors.New("refused")

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("the error is %v, want %v", err, want)
	}
}

func TestStoreFail(t *testing.T) {
	ctx := t.Context()
	for _, failing := range methods {
		store := new(flashtest.Store)
		store.Fail(errRefused, failing)
		for _, method := range methods {
			var want error
			if method == failing {
				want = errRefused
			}
			wantErr(t, call(ctx, store, method), want)
		}
		wantErr(t, store.Ping(ctx), nil) // it answers
		if store.Calls() != 6 || store.Calls(failing) != 1 {
			t.Errorf("%d calls, and %d that failed, want 6 and 1", store.Calls(),
				store.Calls(failing))
		}
		store.Recover()
		wantErr(t, call(ctx, store, failing), nil)
	}

	store := new(flashtest.Store)
	store.Fail(nil)
	for _, method := range methods {
		wantErr(t, call(ctx, store, method), flashtest.ErrDown)
	}
	wantErr(t, store.Ping(ctx), flashtest.ErrDown)
	flashtest.Equal(t, store.Waiting()) // nothing was added, and a test may look
}

func TestStoreFailNext(t *testing.T) {
	ctx, store := t.Context(), new(flashtest.Store)
	store.FailNext(0, nil)
	wantErr(t, call(ctx, store, flashtest.Add), nil)

	store.FailNext(2, nil, flashtest.Add, flashtest.Claim)
	wantErr(t, call(ctx, store, flashtest.Peek), nil)
	wantErr(t, call(ctx, store, flashtest.Claim), flashtest.ErrDown)
	wantErr(t, call(ctx, store, flashtest.Add), flashtest.ErrDown)
	wantErr(t, call(ctx, store, flashtest.Add), nil)
	if !store.InProcess() {
		t.Error("it is in trouble though no more calls fail")
	}

	store.FailNext(1, nil)
	store.FailNext(1, errRefused) // the call after
	wantErr(t, call(ctx, store, flashtest.Add), flashtest.ErrDown)
	wantErr(t, call(ctx, store, flashtest.Add), errRefused)
	wantErr(t, call(ctx, store, flashtest.Add), nil)

	store.FailNext(-1, nil, flashtest.Add)
	for range 10 {
		wantErr(t, call(ctx, store, flashtest.Add), flashtest.ErrDown)
	}
}

func TestStoreDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(flashtest.Store)
		took := func(
			ctx context.Context, method flashtest.Method, want time.Duration, wanted error,
		) {
			t.Helper()
			start := time.Now()
			wantErr(t, call(ctx, store, method), wanted)
			if got := time.Since(start); got != want {
				t.Errorf("it takes %v, want %v", got, want)
			}
		}
		store.Delay(time.Second, flashtest.Peek)
		took(t.Context(), flashtest.Add, 0, nil)
		took(t.Context(), flashtest.Peek, time.Second, nil)
		store.Delay(time.Minute)
		took(t.Context(), flashtest.Add, time.Minute, nil)
		took(t.Context(), flashtest.Peek, time.Minute+time.Second, nil)
		store.Fail(errRefused, flashtest.Add) // late, and in vain
		took(t.Context(), flashtest.Add, time.Minute, errRefused)

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		took(ctx, flashtest.Claim, 3*time.Second, context.DeadlineExceeded)
		store.Recover()
		took(t.Context(), flashtest.Peek, 0, nil)
	})
}

func TestStoreHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, letGo := range []string{"release", "Recover"} {
			store := new(flashtest.Store)
			release := store.Hold(flashtest.Add)
			if letGo == "Recover" {
				release = store.Recover
			}
			var returned atomic.Int32
			for range 3 {
				go func() {
					wantErr(t, call(t.Context(), store, flashtest.Add), nil)
					returned.Add(1)
				}()
			}
			wantErr(t, call(t.Context(), store, flashtest.Peek), nil)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			wantErr(t, call(ctx, store, flashtest.Add), context.DeadlineExceeded)
			cancel()
			synctest.Wait()
			if n := returned.Load(); n != 0 || store.InProcess() {
				t.Errorf("%d calls returned before %s", n, letGo)
			}
			release()
			release()
			synctest.Wait()
			if n := returned.Load(); n != 3 || !store.InProcess() {
				t.Errorf("%d calls of 3 returned after %s", n, letGo)
			}
		}
	})
}

// A page waits for a store that hangs as long as it may, and its messages come with a later one.
func TestPageWithAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(flashtest.Store)
		app := newApp(flashgin.Config{Store: store, Timeout: 70 * time.Millisecond})
		post(app, "/settings")
		release := store.Hold()
		for range 2 {
			start := time.Now()
			shows(t, app, getRequest("/settings"), "")
			if took := time.Since(start); took != 70*time.Millisecond {
				t.Errorf("the page takes %v", took)
			}
		}
		release()
		synctest.Wait() // what was claimed too late waits again
		shows(t, app, getRequest("/settings"), " Saved. The disk is nearly full.")
	})
}

// After Recover the store is asked at once, however often it has failed.
func TestPageAfterAStoreHasRecovered(t *testing.T) {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store})
	post(app, "/settings")
	store.Fail(nil)
	for range 20 {
		shows(t, app, getRequest("/settings"), "")
	}
	if n := store.Calls(flashtest.Claim); n != 5 {
		t.Errorf("a store that failed is asked for %d pages in a row, want 5", n)
	}
	store.Recover()
	shows(t, app, getRequest("/settings"), " Saved. The disk is nearly full.")
}

// An add that fails is tried again, so one failure is not seen by anybody.
func TestAddIsTriedAgain(t *testing.T) {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store, OnError: func(_ context.Context, err error) {
		t.Error(err)
	}})
	store.FailNext(1, nil, flashtest.Add)
	post(app, "/settings")
	flashtest.Equal(t, store.Waiting("/settings"), saved,
		flashgin.Warning("The disk is nearly full."))
}

func TestStoreWakesOpenPages(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	store, woken := new(flashtest.Store), make(chan string, 2)
	watching := make(chan error, 1)
	go func() { watching <- store.Watch(ctx, func(session string) { woken <- session }) }()
	if got := <-woken; got != "" {
		t.Errorf("it begins with %q", got)
	}
	wantErr(t, store.Add(ctx, "Ada", saved), nil)
	if got := <-woken; got != "Ada" {
		t.Errorf("it wakes %q", got)
	}
	cancel()
	wantErr(t, <-watching, context.Canceled)
}

// Everything at once: for the race detector, and for deadlocks.
func TestStoreConcurrently(t *testing.T) {
	store := new(flashtest.Store)
	app := newApp(flashgin.Config{Store: store, Timeout: time.Millisecond,
		AddTimeout: time.Millisecond})
	stop := make(chan struct{})
	var faults, requests sync.WaitGroup
	for i := range 4 {
		faults.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				store.FailNext(i, fmt.Errorf("%w by %d", flashtest.ErrDown, i))
				store.Delay(time.Microsecond, flashtest.Claim)
				release := store.Hold(flashtest.Peek, flashtest.Release)
				_, _, _ = store.Waiting(), store.Calls(flashtest.Add), store.InProcess()
				store.Take("/settings")
				release()
				store.Recover()
			}
		})
		requests.Go(func() {
			for range 20 {
				post(app, "/settings")
				get(app, "/settings")
			}
		})
	}
	requests.Wait()
	close(stop)
	faults.Wait()
}
