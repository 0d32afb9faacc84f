package markup

// plain has the classes of our own style sheet.
var plain = classes{
	Root:    "flash",
	Alone:   "flash--alone",
	List:    "flash__list",
	More:    "flash__more",
	Summary: "flash__button",
	Folded:  "flash__list flash__folded",
	All:     "flash__button flash__all",
	Count:   "flash__count",
	Item:    "flash__item",
	Icon:    "flash__icon",
	Body:    "flash__body",
	Title:   "flash__title",
	Status:  "flash__status",
	Text:    "flash__text",
	Link:    "flash__link",
	Close:   "flash__close",
	Glyph:   "flash__glyph",
	Hidden:  "flash__hidden",
	Corner:  "flash__corner",
	Long:    "flash__long",
	Show:    "flash__show",
	Ago:     "flash__ago",
}
