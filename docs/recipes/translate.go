package recipes

import (
	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// texts has the texts of each language. An application loads them from files.
var texts = i18n.NewBundle(language.English)

// Translate is a Config.Translate. Data has the key of the text, and its arguments.
func Translate(c *gin.Context, m flashgin.Message) flashgin.Message {
	config := &i18n.LocalizeConfig{MessageID: m.Data["text"], TemplateData: m.Data}
	if count, ok := m.Data["count"]; ok {
		config.PluralCount = count
	}
	reader := i18n.NewLocalizer(texts, c.GetHeader("Accept-Language"))
	if text, err := reader.Localize(config); err == nil {
		m.Text = text
	}
	return m // with the Text that it was added with, if there is no other
}
