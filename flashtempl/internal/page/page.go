// Package page has components for the tests, as the generator of the templ in go.mod makes them.
package page

//go:generate go run github.com/a-h/templ/cmd/templ@v0.3.977 generate
