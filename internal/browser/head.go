package browser

import "net/http"

// HeadSize returns how many bytes the head of an answer takes on the way to a proxy: the status
// line, the headers of h except one name, and those that net/http adds, such as Date.
func HeadSize(status int, h http.Header, except string) int {
	size := len("HTTP/1.1 200 \r\n\r\n") + len(http.StatusText(status)) + byServer
	for name, values := range h {
		if name == except {
			continue
		}
		for _, value := range values {
			size += HeaderSize(name, value)
		}
	}
	return size
}

// HeaderSize returns how many bytes one header takes.
func HeaderSize(name, value string) int { return len(name) + len(value) + len(": \r\n") }

// byServer is how much net/http adds at most: it knows no longer Content-Type by itself.
const byServer = len("Date: Sun, 29 Nov 2026 15:00:00 GMT\r\n" +
	"Content-Type: application/vnd.ms-fontobject\r\n" +
	"Content-Length: 2048\r\n" + // a longer body is chunked
	"Transfer-Encoding: chunked\r\n" +
	"Connection: close\r\n")
