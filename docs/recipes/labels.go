package recipes

import (
	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
	"golang.org/x/text/language"
)

// The languages of the application. The first is for readers of none of them.
var languages = language.NewMatcher([]language.Tag{language.English, language.German})

// The words of each. Empty ones are English.
var words = []flashgin.Labels{
	{},
	{
		Region: "Meldungen", Close: "Meldung schließen",
		Info: "Hinweis", Success: "Erfolg", Warning: "Warnung", Error: "Fehler",
		More: "%d weitere", CloseAll: "Alle schließen",
		ShowMore: "Mehr anzeigen", ShowLess: "Weniger anzeigen",
		MinutesAgo: "vor %d Minuten", HoursAgo: "vor %d Stunden", DaysAgo: "vor %d Tagen",
	},
}

// Labels is a Config.Labels for the languages that the browser asks for.
func Labels(c *gin.Context) flashgin.Labels {
	_, index := language.MatchStrings(languages, c.GetHeader("Accept-Language"))
	return words[index]
}
