package recipes

import (
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// AddTexts adds what a file active.en.toml, and one for German, would have.
func AddTexts() {
	texts.MustAddMessages(language.English, &i18n.Message{
		ID: "imported", One: "{{.count}} contact was imported.",
		Other: "{{.count}} contacts were imported.",
	})
	texts.MustAddMessages(language.German, &i18n.Message{
		ID: "imported", One: "{{.count}} Kontakt wurde importiert.",
		Other: "{{.count}} Kontakte wurden importiert.",
	})
}
