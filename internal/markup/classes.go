package markup

// A Look is a set of class names.
type Look int

// The looks that there are.
const (
	Plain Look = iota
	Bootstrap
	Tailwind
)

// Valid reports whether there is such a look.
func (l Look) Valid() bool { return l >= 0 && int(l) < len(looks) }

var looks = [...]classes{Plain: plain, Bootstrap: bootstrap, Tailwind: tailwind}

// classes are the class names of one look, by the part of the markup that they are for.
type classes struct {
	Root    string // the element around everything
	Alone   string // the same if the application prints the messages: it takes no room there
	List    string
	More    string // the entry of a list that has what is out of sight
	Summary string // what opens it
	Folded  string // the list in it
	All     string // the button that closes all
	Count   string // how many equal messages there are; must not be seen if it is empty
	Item    string
	Raised  string // added to the items in the corner
	Icon    string
	Body    string // title, text and link
	Title   string
	Status  string // the word for the status
	Text    string
	Link    string // the paragraph of the link
	Anchor  string
	Close   string
	Glyph   string // the cross on the close button; "" if the framework draws its own
	Hidden  string // visually hidden
	Corner  string // the box for messages that arrive while the page is open

	Long     string // what opens a long text after it; "" if the look cannot clamp one
	Show     string // what is clicked in there,
	ShowMore string // and its words while the text is clamped,
	ShowLess string // and while it is not
	Ago      string // the paragraph that says when the message was made

	Kinds map[string]string // by status, added to Item
}

// Kind returns the classes that a status adds to those of an item. A status of the application's
// own looks like "info".
func (c classes) Kind(status string) string {
	if kind, ok := c.Kinds[status]; ok {
		return kind
	}
	return c.Kinds[info]
}

// The boxes in the corner are popovers, which browsers centre by automatic margins on all sides.
// The classes remove the margins of two sides. Then the box sits in the opposite corner, whatever
// the style sheet, and the script can turn it to the upper one.
