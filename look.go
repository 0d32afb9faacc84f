package flashgin

// A Look is a set of class names for the ready-made markup.
type Look int

const (
	// LookPlain is for our own style sheet, which {{flashAssets}} links. Its variables and classes are there to be overridden.
	LookPlain Look = iota
	// LookBootstrap uses the classes of Bootstrap 5.3: alerts, in the flow of the page and in a corner. It needs no style sheet of ours.
	LookBootstrap
	// LookTailwind uses the utilities of Tailwind CSS 4. It needs no style sheet of ours, but Tailwind has to be told of the classes,
	// which it does not find in the sources of a Go module: docs/look.md lists them.
	LookTailwind
)

// classes are the class names of one look, by the part of the markup that they are for.
type classes struct {
	Root   string // the element around everything
	Alone  string // the same where messages are in markup of the application's own: it must not take a place among that
	List   string
	Item   string
	Icon   string
	Body   string // title, text and link
	Title  string
	Status string // the word for the status
	Text   string
	Link   string // the paragraph of the link
	Anchor string
	Close  string
	Glyph  string // the cross on the close button; "" if the framework draws its own
	Hidden string // visually hidden
	Corner string // the box for messages that arrive while the page is open

	Kinds map[Status]string // added to Item
}

// Kind returns the classes that a status adds to those of an item. A status of the application's own looks like StatusInfo.
func (c classes) Kind(s Status) string {
	if kind, ok := c.Kinds[s]; ok {
		return kind
	}
	return c.Kinds[StatusInfo]
}

// The boxes in the corner are popovers, which browsers centre by automatic margins on all sides. With those of two sides gone they sit in the corner
// opposite, whatever the style sheet, and the script can turn them to the upper one.

var looks = [...]classes{
	LookPlain: {
		Root:   "flash",
		Alone:  "flash--alone",
		List:   "flash__list",
		Item:   "flash__item",
		Icon:   "flash__icon",
		Body:   "flash__body",
		Title:  "flash__title",
		Status: "flash__status",
		Text:   "flash__text",
		Link:   "flash__link",
		Close:  "flash__close",
		Glyph:  "flash__glyph",
		Hidden: "flash__hidden",
		Corner: "flash__corner",
	},
	LookBootstrap: {
		Root:   "d-block",
		Alone:  "position-absolute",
		List:   "list-unstyled m-0",
		Item:   "alert alert-dismissible d-flex gap-2 mb-3 pe-auto",
		Icon:   "flex-shrink-0 mt-1",
		Body:   "flex-grow-1 text-break",
		Title:  "mb-0",
		Status: "fw-bold",
		Text:   "mb-0",
		Link:   "mt-1 mb-0",
		Anchor: "alert-link",
		Close:  "btn-close",
		Hidden: "visually-hidden",
		Corner: "bg-transparent border-0 mt-auto ms-auto mb-0 me-0 px-3 py-0 mh-100 mw-100 pe-none",
		Kinds: map[Status]string{
			StatusInfo:    "alert-info",
			StatusSuccess: "alert-success",
			StatusWarning: "alert-warning",
			StatusError:   "alert-danger",
		},
	},
	LookTailwind: {
		Root:   "block",
		Alone:  "absolute",
		List:   "m-0 list-none p-0",
		Item:   "pointer-events-auto mb-4 flex items-start gap-3 rounded-lg border border-s-4 p-4 text-sm leading-5",
		Icon:   "shrink-0",
		Body:   "min-w-0 grow wrap-anywhere",
		Title:  "font-semibold",
		Text:   "mt-1 whitespace-pre-line",
		Link:   "mt-2",
		Anchor: "font-semibold underline underline-offset-2 hover:no-underline",
		Close:  "-m-1 shrink-0 cursor-pointer rounded p-1.5 hover:bg-black/10 dark:hover:bg-white/15",
		Glyph:  "block",
		Hidden: "sr-only",
		Corner: "pointer-events-none mt-auto ms-auto me-0 mb-0 max-h-full w-96 max-w-full overflow-y-auto bg-transparent px-4 drop-shadow-lg",
		Kinds: map[Status]string{
			StatusInfo:    "border-blue-600 bg-blue-50 text-blue-950 dark:border-blue-400 dark:bg-blue-950 dark:text-blue-100",
			StatusSuccess: "border-green-700 bg-green-50 text-green-950 dark:border-green-400 dark:bg-green-950 dark:text-green-100",
			StatusWarning: "border-amber-600 bg-amber-50 text-amber-950 dark:border-amber-400 dark:bg-amber-950 dark:text-amber-100",
			StatusError:   "border-red-600 bg-red-50 text-red-950 dark:border-red-400 dark:bg-red-950 dark:text-red-100",
		},
	},
}
