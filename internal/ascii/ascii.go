// Package ascii writes JSON in ASCII, so that it passes unchanged through HTTP headers, proxies and
// event streams, which may take its bytes for another encoding.
package ascii

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns a JSON text in which everything but printable ASCII is escaped. Outside of strings,
// the text must be printable ASCII already, as json.Marshal and json.Compact write it.
func JSON(text []byte) []byte {
	ascii := make([]byte, 0, len(text)+len(text)/8)
	for i := 0; i < len(text); {
		if c := text[i]; ' ' <= c && c <= '~' {
			ascii = append(ascii, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		i += size
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			ascii = fmt.Appendf(ascii, `\u%04x\u%04x`, high, low)
		} else {
			ascii = fmt.Appendf(ascii, `\u%04x`, r)
		}
	}
	return ascii
}
