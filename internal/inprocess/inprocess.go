// Package inprocess lets a store of our own tell flashgin that its calls cannot hang. Other stores
// cannot use this package, so they cannot say so by accident.
package inprocess

// Reply is a bool of a type that only this module can name.
type Reply bool

// Store is a store that reports whether its calls cannot hang now. It is asked before each call.
type Store interface {
	InProcess() Reply
}
