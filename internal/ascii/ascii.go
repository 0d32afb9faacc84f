// Package ascii makes JSON pass through what takes its bytes for another encoding: HTTP headers,
// proxies, streams of events.
package ascii

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns a JSON text with everything escaped that is not printable ASCII. Outside of strings
// the text must not have such characters; json.Marshal and json.Compact leave none.
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
