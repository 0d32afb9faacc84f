// Package flashgin shows one-time notices in Gin applications ("Your settings have been changed
// successfully."), each on the page that it is about.
//
// Ordinary flash messages are bound to a session, so whichever page the user opens next shows them,
// also one that has nothing to do with them. They are lost when requests overlap, and a job that
// ends later cannot send one. Those of flashgin are bound to a session and a view. They wait in a
// [Store], and the page that they are meant for shows them once, whoever sent them: the handler
// that answered before, another process, or a job that ended a minute later.
//
// # First steps
//
// A [Messenger] is installed on the engine before the routes. Handlers add messages, by the methods
// of [Controller] or the functions of the same names, and templates print what waits for their
// page:
//
//	messages, err := flashgin.New(flashgin.Config{})
//	router := gin.Default(messages.Install)
//	cookies := cookie.NewStore(secret)
//	cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}) // Secure: true under TLS
//	router.Use(sessions.Sessions("id", cookies))
//
//	type Settings struct{ flashgin.Controller }
//
//	func (s *Settings) Update(c *gin.Context) {
//		s.AddFlash(c, flashgin.Success("Your settings have been changed successfully."))
//		c.Redirect(http.StatusSeeOther, "/settings")
//	}
//
// In a template of the page /settings:
//
//	{{flashes}}
//
// The page after the redirect shows the message, and a reload of it does not. The example of this
// package is the whole program.
//
// The sessions are those of gin-contrib/sessions, with any store. They hold no messages, only a
// random secret, whose hash is the key under which the messages are kept. Options as above are
// needed for the cookie store: without them its cookie is Secure, and does not come back over plain
// http. An application without sessions has a cookie for that secret alone: [CookieKey].
//
// The messages are kept in a [MemoryStore], which is for one process. Where there are several, or
// jobs elsewhere, Config.Store is a [RedisStore].
//
// # Addresses
//
// A message waits for a session at a view, which is
//
//   - a route, as registered: "/problems/:id" is the next page of that route, whichever problem it shows;
//   - a path, as in an href: "/problems/108" is that page, and not "/problems/107";
//   - [Anywhere]: the next page of the session, whichever it is;
//   - a name that Config.View returns for several pages, such as "dashboard".
//
// A page reads its route, its path, Anywhere and its name at once, and shows what it finds in order
// of creation. Paths are compared decoded and cleaned, without host, query, fragment, trailing
// slash and Config.Prefix. An encoded slash, %2F, is part of a name if the engine routes by the raw
// path (UseRawPath, UseEscapedPath), else a slash like any other. With RedirectFixedPath, what a
// handler addresses to /konto waits for the page /Konto to which Gin redirects; [Messenger.Add]
// knows no engine, so give it the path as its page has it.
//
// Handlers rarely need an address. A message without a View is meant for whatever the answer shows,
// such as a form that is rendered again with its errors. If the answer shows nothing, the message
// waits where the answer sends the user: at the path of a redirect on the same host, else at the
// name that Config.View returns, else at the page on screen if the answer is for that (see
// Config.HTMX), else on the current route. If no GET request can open that route, that is
// [ErrNoView]: address the message with [Message.At], or answer with [RedirectFlash]. A page that
// only redirects on shows nothing, and takes nothing: address the page that it leads to.
//
// # In templates
//
// The functions flashes and peekFlashes belong to the request for which the template is being
// executed. A bare {{flashes}} prints the messages with accessible markup, or through a template
// named "flashgin/messages" if there is one. Everywhere else it is a list of [Message], for range,
// if, len and with; in a script, (flashes) is JSON. Arguments choose by status, and leave the
// others waiting: {{flashes "error"}}. {{len peekFlashes}} looks, and takes nothing. Within one
// request flashes is the same list however often it is called.
//
// [Messenger.Install] adds the functions to the engine. Engine.SetFuncMap replaces them, and
// templates that are parsed by hand do not have them: give both a [FuncMap]. A page that calls
// flashes is executed completely before its first byte is written, so that it is written whole or
// not at all.
//
// Pages that are not made by html/template, such as templ's, print [Markup], or make their own of
// [Flashes], as handlers do that answer with JSON.
//
// # From a job
//
// A job knows the session by the key that a handler has handed to it, from [Messenger.SessionKey],
// and stores its messages at once:
//
//	err := messages.Add(ctx, session, flashgin.Success("200 contacts were imported.").At("/imports"))
//
// An error means that they may have been stored or not. Messages with an ID of yours can be added
// again: an address takes each ID once. One with a Key replaces what waits there with the same Key,
// such as the progress of a job.
//
// # On open pages
//
// [Messenger.Mount] serves a style sheet and a script, which {{flashAssets}} loads. They close
// messages, read them out, and show those that are added while the page is open. With Config.HTMX
// and Config.Turbo, what these libraries load in part takes messages along, and so does any answer
// to a script that asks by a header X-Get-Flash: docs/answers.md has a table of all kinds of
// answers.
//
// # Delivery
//
// A message is shown once, however many tabs load at the same time. A page claims its messages, is
// rendered, and confirms them when it has been written; if it fails, if its handler panics or its
// client has gone away, it releases them to the next page. If the process ends in between, they
// wait again after Config.Lease. The one case in which a message is shown twice is a page that left
// and could not confirm it within the lease.
//
// Only an answer that shows messages takes them. Redirects, HEAD requests, prefetches, and requests
// for images, scripts and the like show none. An answer that has messages in it leaves with
// "Cache-Control: private, no-store".
//
// Messages that handlers add are stored just before the headers leave, so the page after a redirect
// finds them. They wait for 24 hours after the last one was added at their address, the newest 50
// of them: both are settings of the store.
//
// # Failure
//
// A page never fails because of its messages, and waits for the store no longer than
// Config.Timeout: then it is shown without them, and they come with a later page. After five
// failures in a row the store is not asked for pages, until a probe in the background finds that it
// answers.
//
// The errors of [AddFlash] are mistakes of the program. What cannot be stored with an answer goes
// to Config.OnError, the log and the Errors of the [gin.Context]; the answer leaves all the same,
// and the store is tried for some seconds more.
//
// # Observability
//
// Config.Observer is told what becomes of the messages, and how long each call of the store took:
// an [Event] each, from which metrics are made. The module flashotel does that for OpenTelemetry.
// Three things are worth an alert: messages that are lost ([EventLost]), a breaker that opens
// ([EventBreakerOpened]), and calls that fail or take as long as Config.Timeout ([EventStoreCall]).
// Messages that are dropped ([EventDropped]) wait at a page that nobody opens.
//
// # Sessions
//
// The key of a session is made with its first message, and never by a read. So visitors without
// messages get no cookie. Three things to know:
//
//   - At login, call [Messenger.Forget]: who knew the session before reads nothing of what its user is told from then on.
//   - At logout, clear the session, and add the goodbye. A session that is deleted with MaxAge -1 takes it along.
//   - When the first two messages of a session are added by two requests at the same time, each makes a key, and only one of them reaches the browser. Where that
//     can happen, call [Messenger.SessionKey] earlier: at login, or where the form is shown.
//
// # Tests
//
// The package flashtest is for the tests of your application: it lets messages wait for a request,
// compares those that an answer has left, and has a store that fails. The package storetest checks
// a store of your own by the rules of [Store].
package flashgin
