package versus

import (
	"io"
	"log/slog"
	"os"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	gin.DefaultErrorWriter = io.Discard
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// Order 108 is changed. A tab with order 107 is reloaded before the answer is followed.
func TestAnotherTabLoadsFirst(t *testing.T) {
	story := func(user *browser) (order107, order108 string) {
		user.post("/orders/108")
		return user.get("/orders/107"), user.get("/orders/108")
	}

	order107, order108 := story(visit(usualShop(before)))
	assert.Equal(t, "Order 108 was changed.", order107, "on the wrong page")
	assert.Empty(t, order108, "where it belongs")

	order107, order108 = story(visit(flashginShop()))
	assert.Empty(t, order107)
	assert.Equal(t, "Order 108 was changed.", order108)
}

// Order 108 is changed. Two tabs with it load at the same moment.
func TestTwoTabsLoadTogether(t *testing.T) {
	story := func(user *browser) (first, second string) {
		user.post("/orders/108")
		pages := user.together("GET", "/orders/108", "/orders/108")
		return pages[0], pages[1]
	}

	first, second := story(visit(usualShop(before)))
	assert.Equal(t, "Order 108 was changed.", first)
	assert.Equal(t, "Order 108 was changed.", second, "again")

	first, second = story(visit(flashginShop()))
	assert.Equal(t, "Order 108 was changed.", first)
	assert.Empty(t, second)
}

// Orders 107 and 108 are changed in two tabs, and both forms are posted before either is answered.
func TestTwoFormsArePostedAtTheSameTime(t *testing.T) {
	story := func(user *browser) (order107, order108 string) {
		user.together("POST", "/orders/107", "/orders/108")
		return user.get("/orders/107"), user.get("/orders/108")
	}

	order107, order108 := story(visit(usualShop(before)))
	assert.Equal(t, "Order 108 was changed.", order107, "the last word, on the wrong page")
	assert.Empty(t, order108)

	order107, order108 = story(visit(flashginShop()))
	assert.Equal(t, "Order 107 was changed.", order107)
	assert.Equal(t, "Order 108 was changed.", order108)
}

// Order 108 is changed. Its page fails half-way, and the user reloads it.
func TestThePageFails(t *testing.T) {
	story := func(user *browser) (failed, reloaded string) {
		user.post("/orders/108")
		return user.get("/orders/108?customer=none"), user.get("/orders/108")
	}

	failed, reloaded := story(visit(usualShop(before)))
	assert.Empty(t, failed)
	assert.Empty(t, reloaded, "lost")

	failed, reloaded = story(visit(flashginShop()))
	assert.Empty(t, failed)
	assert.Equal(t, "Order 108 was changed.", reloaded)
}

// The same, where the template itself takes the messages. What helps against failing pages is
// worse: when the template comes to them, the headers have left, and with them the last chance to
// set a cookie.
func TestTheTemplateTakesTheMessages(t *testing.T) {
	story := func(user *browser) (pages []string) {
		user.post("/orders/108")
		for range 4 {
			pages = append(pages, user.get("/orders/108"))
		}
		return pages
	}

	const changed = "Order 108 was changed."
	assert.Equal(t, []string{changed, changed, changed, changed}, story(visit(usualShop(during))),
		"for ever")
	assert.Equal(t, []string{changed, "", "", ""}, story(visit(flashginShop())))
}

// Order 108 is changed. The browser loads its page ahead of time, and throws it away; then the user
// opens it.
func TestThePageIsLoadedAheadOfTime(t *testing.T) {
	story := func(user *browser) (opened string) {
		user.post("/orders/108")
		user.prefetch("/orders/108")
		return user.get("/orders/108")
	}

	assert.Empty(t, story(visit(usualShop(before))), "never seen")
	assert.Equal(t, "Order 108 was changed.", story(visit(flashginShop())))
}

// Without any of that, both shops do what they should.
func TestNothingInParticular(t *testing.T) {
	story := func(user *browser) (first, reloaded string) {
		user.post("/orders/108")
		return user.get("/orders/108"), user.get("/orders/108")
	}

	for _, shop := range []*gin.Engine{usualShop(before), flashginShop()} {
		first, reloaded := story(visit(shop))
		assert.Equal(t, "Order 108 was changed.", first)
		assert.Empty(t, reloaded)
	}
}
