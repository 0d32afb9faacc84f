package flashgin

import (
	"fmt"
	"html/template"
	"reflect"

	"github.com/flashgin/flashgin/internal/assets"
	"github.com/flashgin/flashgin/internal/pages"
)

// flashAssets is the template function of that name. Its argument, if there is one, is the nonce of
// the page's Content-Security-Policy.
func (s *slot) flashAssets(nonce ...any) (template.HTML, error) {
	text := ""
	if len(nonce) > 0 {
		v := reflect.ValueOf(nonce[0])
		if len(nonce) > 1 || v.Kind() != reflect.String {
			return "", fmt.Errorf("flashgin: %s was given %d arguments, the first of them a %T: "+
				"want a nonce, or nothing", pages.FlashAssets, len(nonce), nonce[0])
		}
		text = v.String()
	}
	if s.request == nil {
		s.warnAlone(pages.FlashAssets)
		return "", nil
	}
	return messengerOf(s.request).assetTags(text), nil
}

// assetTags returns the tags that load the style sheet, if the look has one, and the script.
func (m *Messenger) assetTags(nonce string) template.HTML {
	if !m.routes.AreMounted() {
		m.errs.WarnOnce(&m.unmounted, "a page calls flashAssets, which prints nothing without "+
			"Messenger.Mount: call it where the routes are registered")
		return ""
	}
	style := ""
	if m.cfg.Look == LookPlain {
		style = m.routes.URL(assets.Style.Hashed())
	}
	return assets.Tags(style, m.routes.URL(assets.Script.Hashed()), nonce)
}
