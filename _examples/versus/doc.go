// Package versus shows, by tests that are made to be read, what users suffer from flash messages
// that are bound to the session alone, and what becomes of the same with flashgin:
//
//	cd _examples
//	go test -v ./versus
//
// The shop of usual.go has the flashes of gin-contrib/sessions, used with care. That of flashgin.go
// is the same shop with flashgin. In versus_test.go each story is told to both: what the usual shop
// does to its user is asserted as firmly as what flashgin does, so if the one were mended or the
// other broken, these tests would say so.
//
//	                                               usual                flashgin
//	another tab loads first                        on the wrong page    on its page
//	two tabs load together                         twice                once
//	two forms are posted at the same time          one is lost          both
//	the page fails                                 lost                 with the next page
//	the template pops, after the headers           for ever             once
//	the browser loads the page ahead of time       never                when it is opened
//
// Sessions are in a cookie here, which makes the stories short, for two requests overlap if both
// leave before an answer is there. In a store on the server the same happens where requests overlap
// there. Folder bench tells the stories to servers with Redis, besides measuring them.
package versus
