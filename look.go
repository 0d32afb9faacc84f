package flashgin

// A Look is a set of CSS class names for the ready-made markup.
type Look int

const (
	// LookPlain is for our own style sheet, which {{flashAssets}} links. Its variables and classes
	// are there to be overridden.
	LookPlain Look = iota
	// LookBootstrap uses the classes of Bootstrap 5.3: alerts, in the flow of the page and in a
	// corner. It needs no style sheet of ours.
	LookBootstrap
	// LookTailwind uses the utilities of Tailwind CSS 4. It needs no style sheet of ours, but you
	// must tell Tailwind the classes, which it does not find in the sources of a Go module:
	// docs/tailwind.css lists them.
	LookTailwind
)
