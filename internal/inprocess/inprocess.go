// Package inprocess lets a store of our own tell flashgin that its calls cannot hang. No store of a
// stranger's can say so by accident.
package inprocess

// Reply is a bool.
type Reply bool

// Store is a store that may tell. It is asked before each call.
type Store interface {
	InProcess() Reply
}
