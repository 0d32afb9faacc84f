package answer_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/answer"
)

// Every request has an Answer. If it were larger, Go would take its memory from the next size
// class, which is 256 bytes larger: 1,536 with a header of 8 bytes is this one
// (https://go.dev/src/internal/runtime/gc/sizeclasses.go).
func TestSizeOfAnAnswer(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) == 8 {
		assert.LessOrEqual(t, unsafe.Sizeof(answer.Answer[int]{}), uintptr(1528))
	}
}
