package flashgin

import (
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"reflect"
)

// The names of the template functions.
const (
	flashesName     = "flashes"
	peekFlashesName = "peekFlashes"
	flashAssetsName = "flashAssets"
	// What a bare {{flashes …}}, and {{flashes}}, is rewritten to.
	printName    = "flashginPrint"
	printAllName = "flashginPrintAll"
)

// FuncMap returns the template functions merged with yours, in a new map: for engine.SetFuncMap, which replaces the functions that
// [Messenger.Install] has set, and for templates that you parse yourself. Where names clash, ours stand.
//
//   - flashes takes the messages of the page, as [Flashes] does: {{flashes}} prints them, everywhere else it is the list. Its arguments, strings or
//     Status, choose among them; the others keep waiting.
//   - peekFlashes is the same list, and leaves it: {{len peekFlashes}}.
//   - flashAssets prints the tags that load the style sheet and the script which [Messenger.Mount] serves, for the head of the page. Its argument, if there
//     is one, is the nonce of the page's Content-Security-Policy: {{flashAssets .Nonce}}.
//
// On their own these functions return no messages: the renderer that Install wraps binds them to the request.
func FuncMap(yours ...template.FuncMap) template.FuncMap {
	merged := template.FuncMap{}
	for _, funcs := range yours {
		maps.Copy(merged, funcs)
	}
	var unbound slot
	maps.Copy(merged, unbound.funcs())
	return merged
}

// slot is what the functions of one clone of a template set are bound to: the request for which the clone is being executed, or none.
type slot struct {
	request *request
	writer  http.ResponseWriter
}

func (s *slot) funcs() template.FuncMap {
	return template.FuncMap{flashesName: s.flashes, peekFlashesName: s.peekFlashes, flashAssetsName: s.flashAssets}
}

// The errors of these functions are mistakes in a template, never the store's: a page must not fail because a message cannot be had.

func (s *slot) flashes(filter ...any) (Messages, error) {
	statuses, err := statusesOf(flashesName, filter)
	if s.request == nil || err != nil {
		return nil, err
	}
	return s.request.show(s.writer, itemPrinting, statuses), nil
}

func (s *slot) peekFlashes(filter ...any) (Messages, error) {
	statuses, err := statusesOf(peekFlashesName, filter)
	if s.request == nil || err != nil {
		return nil, err
	}
	return s.request.look(statuses), nil
}

func statusesOf(function string, filter []any) ([]Status, error) {
	var statuses []Status
	for _, arg := range filter {
		v := reflect.ValueOf(arg)
		if v.Kind() != reflect.String {
			return nil, fmt.Errorf("flashgin: %s was given a %T: want strings or Status", function, arg)
		}
		statuses = append(statuses, Status(v.String()))
	}
	return statuses, nil
}
