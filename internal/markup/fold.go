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

// says is what two items have in common if they are equal for who reads them.
type says struct {
	status, title, text string
	html                template.HTML
	link                Link
}

// Standing returns, for each item of a list, the index of the item that stands for it there: of the
// last one that says the same, or its own. An item with a key has no equal.
func Standing(items []Item) []int {
	standing := make([]int, len(items))
	last := make(map[says]int, len(items))
	for i := len(items) - 1; i >= 0; i-- {
		item := &items[i]
		standing[i] = i
		if item.Key != "" {
			continue
		}
		s := says{status: Kind(item.Status), title: item.Title, text: item.Text, html: item.HTML}
		if item.Link != nil {
			s.link = *item.Link
		}
		if later, ok := last[s]; ok {
			standing[i] = later
		} else {
			last[s] = i
		}
	}
	return standing
}

// counted returns what is shown of the items: those that stand for others count them.
func counted(items []Item, shown []shownItem) []shownItem {
	if len(items) < 2 {
		return shown
	}
	for i, by := range Standing(items) {
		if by == i {
			continue
		}
		shown[i].Count = 0
		shown[by].Count++
		shown[by].Times = "×" + strconv.Itoa(shown[by].Count)
	}
	return slices.DeleteFunc(shown, func(item shownItem) bool { return item.Count == 0 })
}
