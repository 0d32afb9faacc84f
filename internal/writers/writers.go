// Package writers finds out what is behind a response writer: middleware that wraps it, keeps what
// is written, or hides the connection. Most of Gin's middleware embeds the writer that it wraps,
// and has no Unwrap.
package writers

import (
	"iter"
	"net/http"
	"reflect"
	"time"
)

// wrappersAtMost ends the walk along a chain of writers that leads in a circle.
const wrappersAtMost = 32

// Chain yields w and the writers below it, as far as they can be found.
func Chain(w http.ResponseWriter) iter.Seq[http.ResponseWriter] {
	return func(yield func(http.ResponseWriter) bool) {
		for range wrappersAtMost {
			if w == nil || !yield(w) {
				return
			}
			w = below(w)
		}
	}
}

// below returns the writer that w writes to, or nil.
func below(w http.ResponseWriter) http.ResponseWriter {
	if w, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return w.Unwrap()
	}
	return embedded(w)
}

// embedded returns the ResponseWriter that w embeds, or nil. Nearly all of Gin's middleware embeds
// a gin.ResponseWriter, which has no Unwrap that w could inherit.
func embedded(w http.ResponseWriter) http.ResponseWriter {
	v := reflect.Indirect(reflect.ValueOf(w))
	if v.Kind() != reflect.Struct {
		return nil
	}
	field, ok := v.Type().FieldByName("ResponseWriter")
	if !ok {
		return nil
	}
	value, err := v.FieldByIndexErr(field.Index)
	if err != nil || !value.CanInterface() {
		return nil
	}
	next, _ := value.Interface().(http.ResponseWriter)
	return next
}

// Bottom returns the writer of net/http, or the first one that hides what is below it.
func Bottom(w http.ResponseWriter) http.ResponseWriter {
	for range wrappersAtMost {
		next, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = next.Unwrap()
	}
	return w
}

// HasConnection reports whether w leads to the connection, and nothing hides it.
// http.TimeoutHandler hides it.
func HasConnection(w http.ResponseWriter) bool {
	_, ok := Bottom(w).(interface{ SetWriteDeadline(time.Time) error })
	return ok
}

// Holds reports whether middleware such as gin-contrib/timeout, or http.TimeoutHandler, keeps a
// body that was written to w, and may throw it away. That is so if a writer behind w has other
// headers than header, has no byte of the body yet, or cannot flush.
func Holds(w http.ResponseWriter, header http.Header) bool {
	flushes := false
	for w := range Chain(w) {
		counts, ok := w.(interface{ Size() int })
		if !SameHeader(w.Header(), header) || ok && counts.Size() <= 0 {
			return true
		}
		_, flushes = w.(http.Flusher)
	}
	return !flushes
}

// HasOneHeader reports whether all writers behind w have the headers of w. If not, middleware such
// as gin-contrib/timeout keeps them, and a flush sends others.
func HasOneHeader(w http.ResponseWriter) bool {
	for below := range Chain(w) {
		if !SameHeader(below.Header(), w.Header()) {
			return false
		}
	}
	return true
}

// Passed returns how many bytes of the body have come to the lowest writer behind w that counts
// them.
func Passed(w http.ResponseWriter) (bytes int) {
	for below := range Chain(w) {
		if counts, ok := below.(interface{ Size() int }); ok {
			bytes = counts.Size()
		}
	}
	return bytes
}

// Counts reports whether w has counted bytes of the body. If a body was written to w, and w has not
// counted it, w keeps the body, and its Status may be that of the writer below, too.
func Counts(w http.ResponseWriter) bool {
	counts, ok := w.(interface{ Size() int })
	return ok && counts.Size() > 0
}

// SameHeader reports whether a and b are the same map.
func SameHeader(a, b http.Header) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// Package returns the import path of the type of w.
func Package(w http.ResponseWriter) string {
	t := reflect.TypeOf(w)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}

// Status returns the status that w has, or 200 if w does not tell.
func Status(w http.ResponseWriter) int {
	if w, ok := w.(interface{ Status() int }); ok {
		return w.Status()
	}
	return http.StatusOK
}
