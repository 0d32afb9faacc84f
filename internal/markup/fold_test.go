package markup

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// statuses returns items with numbers as IDs; "e" is an error, and anything else is none.
func statuses(pattern string) []Item {
	items := make([]Item, len(pattern))
	for i, c := range pattern {
		items[i] = Item{ID: strconv.Itoa(i + 1), Text: strconv.Itoa(i + 1), Status: info}
		if c == 'e' {
			items[i].Status = danger
		}
	}
	return items
}

// The newest items are in sight, and errors rather than others. The rest is in a fold, and nothing
// is lost.
func TestFold(t *testing.T) {
	for pattern, want := range map[string]string{
		"":             "",
		"iiiii":        "",
		"iiiiii":       "1",
		"iiiiiii":      "1 2",
		"eiiiiii":      "2 3",
		"eeeeeei":      "1 2",
		"eeeeeee":      "1 2",
		"ieieieieieie": "1 3 5 7 9 11 2",
	} {
		var p Printer
		fold, in := p.folded(english, p.shownItems(english, statuses(pattern), false))
		var folded []string
		if fold != nil {
			for _, item := range fold.Items {
				folded = append(folded, item.ID)
			}
			assert.Equal(t, strconv.Itoa(len(folded))+" more", fold.Summary)
			assert.Len(t, in, inSight, pattern)
		}
		assert.ElementsMatch(t, strings.Fields(want), folded, pattern)
		assert.Len(t, pattern, len(in)+len(folded))
		if len(in) > 0 {
			assert.Equal(t, strconv.Itoa(len(pattern)), in[len(in)-1].ID)
		}
	}
}

// Items that say the same are one, in the place of the last. Items with a key are not.
func TestEqualItemsAreCounted(t *testing.T) {
	item := Item{ID: "1", Status: success, Title: "T", Text: "t", Link: &Link{"View", "/"}}
	other := func(change func(*Item)) Item {
		o := item
		o.Link = &Link{"View", "/"}
		change(&o)
		return o
	}
	got := new(Printer).shownItems(english, []Item{item,
		other(func(o *Item) { o.ID = "2"; o.Status = danger }),
		other(func(o *Item) { o.ID = "3" }),
		other(func(o *Item) { o.ID = "4"; o.Title = "U" }),
		other(func(o *Item) { o.ID = "5"; o.Text = "u" }),
		other(func(o *Item) { o.ID = "6"; o.HTML = "u" }),
		other(func(o *Item) { o.ID = "7"; o.Link = nil }),
		other(func(o *Item) { o.ID = "8"; o.Link.URL = "/8" }),
		other(func(o *Item) { o.ID = "9"; o.Key = "k" }),
		other(func(o *Item) { o.ID = "10"; o.AutoClose = true }),
	}, false)
	var counts []string
	for _, shown := range got {
		counts = append(counts, shown.ID+"x"+strconv.Itoa(shown.Count))
	}
	assert.Equal(t, "2x1 4x1 5x1 6x1 7x1 8x1 9x1 10x3", strings.Join(counts, " "))
	text := printed(t, new(Printer), Page{Nth: 1}, item, item)
	assert.Contains(t, text, ` data-flash-count>×2</span>`)
	assert.Equal(t, 1, strings.Count(text, "<li"))
}

// A long text is clamped in the looks that can.
func TestLongTexts(t *testing.T) {
	for _, test := range []struct {
		text string
		long bool
	}{
		{strings.Repeat("é", longer), false},
		{strings.Repeat("é", longer+1), true},
	} {
		for look := range Look(len(looks)) {
			got := printed(t, &Printer{Look: look}, Page{Nth: 1}, Item{Text: test.text})
			assert.Equal(t, test.long && look != Bootstrap, strings.Contains(got, "Show more"))
			assert.Contains(t, got, ">"+test.text+"</p>")
		}
	}
}

// The word for a status can be for readers alone.
func TestHiddenStatus(t *testing.T) {
	for look := range Look(len(looks)) {
		got := printed(t, &Printer{Look: look, HideStatus: true}, Page{Nth: 1, Script: true},
			Item{Status: success, Title: "Saved"}, Item{Status: danger, Text: "Full"})
		hidden := `<span class="` + looks[look].Hidden + `">`
		assert.Contains(t, got, hidden+"Success: </span><bdi>Saved</bdi>")
		assert.Contains(t, got, hidden+"Error</span></p>")
		assert.Equal(t, 6, strings.Count(got, hidden), "four of them for the script")
	}
}

// An age has a number from two on, in whatever is the largest unit.
func TestAges(t *testing.T) {
	for age, want := range map[time.Duration]string{
		0:                   "",
		-time.Hour:          "",
		119 * time.Second:   "",
		2 * time.Minute:     "2 minutes ago",
		119 * time.Minute:   "119 minutes ago",
		2 * time.Hour:       "2 hours ago",
		48*time.Hour - 1:    "47 hours ago",
		48 * time.Hour:      "2 days ago",
		24 * 24 * time.Hour: "24 days ago",
	} {
		assert.Equal(t, want, english.ago(age), age)
		got := printed(t, new(Printer), Page{Nth: 1}, Item{Text: "t", Age: age, Made: "M"})
		assert.Equal(t, want != "", strings.Contains(got, `<time datetime="M">`+want+`</time>`))
	}
}
