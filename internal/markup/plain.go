package markup

// plain has the classes of our own style sheet.
var plain = classes{
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
}
