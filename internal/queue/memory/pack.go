package memory

import "strings"

// Pack copies texts into one piece of memory, which takes less than one for each, and shares none
// with what they were cut out of.
func Pack(texts ...*string) {
	n := 0
	for _, s := range texts {
		n += len(*s)
	}
	var all strings.Builder
	all.Grow(n)
	for _, s := range texts {
		all.WriteString(*s)
	}
	rest := all.String()
	for _, s := range texts {
		*s, rest = rest[:len(*s)], rest[len(*s):]
	}
}
