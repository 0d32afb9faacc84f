// Package flashgin shows one-time messages in Gin applications ("Your settings have been changed
// successfully."), each on the page that it is about.
//
// Ordinary flash messages are bound to a session, so the page that the user opens next shows them,
// even if it has nothing to do with them. They are lost when requests overlap, and a job that ends
// later cannot send one. A message of flashgin is bound to a session and a view. It waits in a
// [Store], and the page that it is meant for shows it once, whoever sent it: the handler that
// answered before, another process, or a job that ended a minute later.
//
// # First steps
//
// Install a [Messenger] on the engine before the routes. Handlers add messages, with the methods of
// [Controller] or the functions of the same names, and templates print the messages that wait for
// their page:
//
//	messages, err := flashgin.New(flashgin.Config{})
//	router := gin.Default(messages.Install)
//	cookies := cookie.NewStore(secret)
//	// Under TLS, add Secure: true.
//	cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
//	router.Use(sessions.Sessions("id", cookies))
//
//	type Settings struct{ flashgin.Controller }
//
//	func (s *Settings) Update(c *gin.Context) {
//		_ = s.AddFlash(c, flashgin.Success("Your settings have been changed successfully."))
//		c.Redirect(http.StatusSeeOther, "/settings")
//	}
//
// In a template of the page /settings:
//
//	{{flashes}}
//
// The page after the redirect shows the message, and a reload of the page does not. The example of
// this package is the whole program.
//
// The sessions are those of gin-contrib/sessions, with any store. A session holds no messages, only
// a random secret. The hash of the secret is the session key, under which the messages are kept.
// The cookie store needs the options above: without them its cookie is Secure, and browsers do not
// send it over plain http. An application without sessions uses [CookieKey], a cookie for that
// secret alone.
//
// The messages are kept in a [MemoryStore], which is for one process. If there are several
// processes, or jobs in others, set Config.Store to a [RedisStore].
//
// # Views
//
// A message waits for a session at a view. A view is
//
//   - a route, as registered: "/problems/:id" is the next page of that route, whichever problem it
//     shows;
//   - a path, as in an href: "/problems/108" is that page, and not "/problems/107";
//   - [Anywhere]: the next page of the session, whichever it is;
//   - a name that Config.View returns for several pages, such as "dashboard".
//
// A page reads its route, its path, Anywhere and its name at once, and shows what it finds in order
// of creation. Paths are compared decoded and cleaned, without host, query, fragment, trailing
// slash and Config.Prefix. An encoded slash, %2F, is part of a name if the engine routes by the raw
// path (UseRawPath, UseEscapedPath), else a slash like any other. With RedirectFixedPath, a message
// that a handler adds for /konto waits for the page /Konto to which Gin redirects. [Messenger.Add]
// knows no engine, so give it the path to which Gin redirects.
//
// Handlers rarely need to name a view. A message without a View is meant for whatever the answer
// shows, such as a form that is rendered again with its errors. If the answer shows no messages,
// the message waits where the answer sends the user: at the path of a redirect on the same host,
// else at the name that Config.View returns, else at the page on screen if the answer is for that
// page (see Config.HTMX) or the browser stays on it, as with a download or a 204, else at the
// current route. If no GET request can open that route, OnError gets [ErrNoView]: set the view with
// [Message.At], or answer with [RedirectFlash]. A page that only redirects shows and takes no
// messages: name the page that it leads to.
//
// # In templates
//
// The functions flashes and peekFlashes return the messages of the request for which the template
// is executed. A bare {{flashes}} prints them with accessible markup, or with a template named
// "flashgin/messages" if there is one. Everywhere else flashes is a list of [Message], for range,
// if, len and with; in a script, (flashes) is JSON. Arguments choose messages by status, and the
// others keep waiting: {{flashes "error"}}. {{len peekFlashes}} peeks: it takes nothing. Within one
// request flashes is the same list however often it is called; a message that is added in between
// joins it.
//
// [Messenger.Install] adds the functions to the engine. Engine.SetFuncMap replaces them, and
// templates that you parse yourself do not have them: give both a [FuncMap]. A page that calls
// flashes is executed completely before its first byte is written, so it is written whole or not at
// all.
//
// Pages that html/template does not make, such as those of templ, print [Markup], or markup of
// their own from [Flashes]. Handlers that answer with JSON use Flashes, too.
//
// # From a job
//
// A handler gives the job the session key that [Messenger.SessionKey] returns. The job stores its
// messages at once:
//
//	err := messages.Add(ctx, session, flashgin.Success("200 contacts were imported.").At("/imports"))
//
// After an error of the store, the messages may have been stored or not. Messages with an ID of
// yours can be added again: a view takes each ID once. A message with a Key replaces those that
// wait at the same view with the same Key, such as the progress of a job.
//
// # On open pages
//
// [Messenger.Mount] serves a style sheet and a script, which {{flashAssets}} loads. They close
// messages, read them out, and show those that are added while the page is open. With Config.HTMX
// and Config.Turbo, the parts of pages that these libraries load bring messages along. So does any
// answer to a script that asks with the header X-Get-Flash: docs/answers.md has a table of all
// kinds of answers.
//
// # Delivery
//
// A message is shown once, however many tabs load at the same time. A page claims its messages, is
// rendered, and confirms them when it has been written. If it fails, if its handler panics or its
// client has gone away, it releases them to the next page. If the process ends in between, they
// wait again after Config.Lease. A message can be shown twice if a page showed it, but could not
// confirm it within the lease, or if the user reads it in an answer that does not count, a 5xx.
//
// Only an answer that shows messages takes them. Redirects, HEAD requests, prefetches, and requests
// for images, scripts and the like show none. An answer with messages has the header
// "Cache-Control: private, no-store".
//
// Messages that handlers add are stored just before the headers leave, so the page after a redirect
// finds them. They wait for 24 hours after the last one was added at their view, and only the
// newest 50 there: both are settings of the store.
//
// # Failure
//
// A page never fails because of its messages, and waits for the store no longer than
// Config.Timeout: then it is shown without them, and they come with a later page. After five
// failures in a row flashgin does not ask the store for pages until a probe in the background
// succeeds.
//
// A handler need not check the error of [AddFlash]: Config.OnError and the log get it, too. If
// messages cannot be stored with an answer, the error goes to both and to the Errors of the
// [gin.Context]. The answer leaves all the same, and flashgin tries the store for some seconds
// more.
//
// # Observability
//
// Config.Observer is told what becomes of the messages, and how long each call of the store took:
// it gets an [Event] for each, from which you can make metrics. The module flashotel does that for
// OpenTelemetry. Three things are worth an alert: messages that may be lost ([EventLost]), a
// breaker that opens ([EventBreakerOpened]), and calls that fail or take as long as Config.Timeout
// ([EventStoreCall]). If messages are dropped ([EventDropped]), most waited for a page that nobody
// opens.
//
// # Sessions
//
// The first message of a session makes its key; reading never does. So visitors without messages
// get no cookie. Three things to know:
//
//   - At login, call [Messenger.Forget]: somebody who knew the session before then reads no later
//     messages.
//   - At logout, call Forget, which ends the streams of open pages, clear the session, then add the
//     goodbye message. If you delete the session with MaxAge -1, the goodbye is lost with it.
//   - If two requests add the first messages of a session at the same time, each makes a key, and
//     only one key reaches the browser. If that can happen, call [Messenger.SessionKey] earlier: at
//     login, or where the form is shown.
//
// # Tests
//
// The package flashtest is for the tests of your application: it lets messages wait for a request,
// compares the messages that wait after an answer, and has a store that fails when you tell it to.
// The package storetest checks a store of your own by the rules of [Store].
package flashgin
