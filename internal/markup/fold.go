package markup

import (
	"html/template"
	"slices"
	"strconv"
)

// inSight is how many items of a list are in sight, as in flash.js, which keeps to the rules of
// this file as items come and go.
const inSight = 5

// A fold has the items of a list that are out of sight until it is opened.
type fold struct {
	Class    *classes
	Words    string // with %d for their number, for the script
	Summary  string // with their number
	CloseAll string
	Items    []shownItem
}

func (p *Printer) fold(labels Labels, items []shownItem) *fold {
	return &fold{
		Class: &looks[p.Look], Words: labels.More, CloseAll: labels.CloseAll, Items: items,
		Summary: numbered(labels.More, len(items)),
	}
}

// folded returns the items that are in sight, and a fold with the others, or nil. The newest item
// is in sight. Of the others, errors are rather in sight, and then newer ones.
func (p *Printer) folded(labels Labels, items []shownItem) (*fold, []shownItem) {
	excess := len(items) - inSight
	if excess <= 0 {
		return nil, items
	}
	away := make([]bool, len(items))
	for _, all := range []bool{false, true} {
		for i, item := range items[:len(items)-1] {
			if excess > 0 && !away[i] && (all || item.Status != danger) {
				away[i] = true
				excess--
			}
		}
	}
	var out, in []shownItem
	for i, item := range items {
		if away[i] {
			out = append(out, item)
		} else {
			in = append(in, item)
		}
	}
	return p.fold(labels, out), in
}

// says is what two items have in common if they are equal for who reads them. An item with a key
// has no equal.
type says struct {
	status, title, text string
	html                template.HTML
	link                Link
}

// counted returns the items without those to which a later one is equal, which counts them.
func counted(items []shownItem) []shownItem {
	if len(items) < 2 {
		return items
	}
	last := make(map[says]int, len(items))
	for i, item := range items {
		if item.Key != "" {
			continue
		}
		s := says{status: item.Status, title: item.Title, text: item.Text, html: item.HTML}
		if item.Link != nil {
			s.link = *item.Link
		}
		if earlier, ok := last[s]; ok {
			items[i].Count += items[earlier].Count
			items[i].Times = "×" + strconv.Itoa(items[i].Count)
			items[earlier].Count = 0
		}
		last[s] = i
	}
	return slices.DeleteFunc(items, func(item shownItem) bool { return item.Count == 0 })
}
