// Package flashtest helps to test applications that use flashgin: which messages a handler leaves,
// what a page does with those that wait, and what it does while the store is down.
//
// Give the application a [Store], and look into it when a request was answered. [Equal] compares
// messages and prints a readable difference; [ElementsMatch] does so in any order.
//
//	func TestSave(t *testing.T) {
//		store := new(flashtest.Store)
//		app := newApp(flashgin.Config{Store: store}) // your own constructor
//
//		response := httptest.NewRecorder()
//		app.ServeHTTP(response, httptest.NewRequest("POST", "/settings", nil))
//
//		flashtest.Equal(t, store.Waiting("/settings"), flashgin.Success("Saved."))
//	}
//
// A message that a page shows in its own answer, as a form does that is rendered again, never gets
// into a store: look for it in the page.
//
// [Seed] lets messages wait for a request, with whatever store and session the application has:
//
//	request := flashtest.Seed(httptest.NewRequest("GET", "/settings", nil),
//		flashgin.Success("Saved."))
//	app.ServeHTTP(response, request) // the page says Saved.
//
// And the store fails, or hangs, when it is told to:
//
//	store.Fail(nil) // all calls fail
//	// or they hang, and the page is sent without messages after Config.Timeout
//	release := store.Hold()
//
// [Isolated] visits the pages of an application as two visitors, each of whom may see only what is
// for them: also behind middleware that keeps pages.
//
// Handlers need a session to add messages. Where a test has none, [flashgin.Config].SessionKey may
// return a key of the test's own, by which it can also call Add, Take and Peek of the Messenger:
//
//	SessionKey: func(*gin.Context) (string, error) { return "the test's", nil }
package flashtest
