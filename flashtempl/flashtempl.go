// Package flashtempl prints flashgin's messages in templ components (github.com/a-h/templ), with
// the markup of {{flashes}}:
//
//	templ layout(title string) {
//		<!DOCTYPE html>
//		<html lang="en">
//			<head>
//				<title>{ title }</title>
//				@flashtempl.Assets()
//			</head>
//			<body>
//				<main>
//					@flashtempl.Messages()
//					{ children... }
//				</main>
//			</body>
//		</html>
//	}
//
// Render a page with the context of its request; templ.Handler does, and lets nothing out of a page
// that fails, so that its messages wait for the next one:
//
//	templ.Handler(page, templ.WithStatus(http.StatusOK)).ServeHTTP(c.Writer, c.Request)
//
// For markup of your own, range over [flashgin.Flashes](ctx) instead.
package flashtempl

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"github.com/flashgin/flashgin"
)

// Messages is a component that takes the messages for the page and prints them in the ready-made
// markup, with the look, the labels and the live delivery that are configured: [flashgin.Markup].
// Statuses choose among the messages; the others keep waiting.
//
// Print it on every page, also on those without messages: the script's announcers are part of it.
// It is safe for concurrent use by multiple goroutines.
func Messages(statuses ...flashgin.Status) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		_, err := io.WriteString(w, string(flashgin.Markup(ctx, statuses...)))
		return err
	})
}

// Assets is a component for the head of the page. It links the style sheet and the script that
// [flashgin.Messenger.Mount] serves, with the nonce of templ.WithNonce if there is one. Without
// Mount it prints nothing. It is safe for concurrent use by multiple goroutines.
func Assets() templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		_, err := io.WriteString(w, string(flashgin.Assets(ctx, templ.GetNonce(ctx))))
		return err
	})
}
