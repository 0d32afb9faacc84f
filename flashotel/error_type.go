package flashotel

import (
	"context"
	"errors"
	"net"
	"strings"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// errorType returns the class of an error that the package documentation describes, or "" without
// an error. There are few, whatever a server says.
func errorType(err error) string {
	if err == nil {
		return ""
	}
	var timeout net.Error
	var reply interface {
		error
		RedisError() // which go-redis gives what a server answered
	}
	var classified interface{ ErrorType() string }
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &classified):
		return semconv.ErrorType(err).Value.AsString()
	case errors.As(err, &reply):
		if code, _, _ := strings.Cut(reply.Error(), " "); isCode(code) {
			return code
		}
		return other
	}
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		err = cause
	}
	if class := semconv.ErrorType(err).Value.AsString(); class != "*errors.errorString" {
		return class
	}
	return other
}

var other = semconv.ErrorTypeOther.Value.AsString()

// isCode reports whether a server's word is an error code, and not the beginning of a sentence.
func isCode(word string) bool {
	return word != "" && len(word) <= 20 && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
