package markup

import (
	"html/template"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var english = Labels{}.OrEnglish()

func printed(t *testing.T, p *Printer, page Page, items ...Item) string {
	t.Helper()
	page.Labels = page.Labels.OrEnglish()
	text, err := p.Print(page, items)
	require.NoError(t, err)
	return string(text)
}

// Every look has classes for every part of the markup, and nothing prints an empty class.
func TestClassesOfLooks(t *testing.T) {
	item := Item{
		ID: "1", Key: "k", Status: danger, Title: "T", Text: "text",
		Link: &Link{Label: "View", URL: "/"},
	}
	for look := range Look(len(looks)) {
		require.True(t, look.Valid())
		got := printed(t, &Printer{Look: look}, Page{Nth: 1, Script: true}, item)
		assert.NotContains(t, got, `class=""`)
		for _, class := range []string{
			looks[look].Root, looks[look].List, looks[look].Item, looks[look].Icon,
			looks[look].Body, looks[look].Title, looks[look].Text, looks[look].Link,
			looks[look].Close, looks[look].Hidden, looks[look].Corner, looks[look].Kind(danger),
			looks[look].More, looks[look].Summary, looks[look].Folded, looks[look].All,
			looks[look].Count, looks[look].Raised, looks[look].Long, looks[look].Show,
		} {
			assert.Contains(t, got, template.HTMLEscapeString(class))
		}
	}
	assert.False(t, Look(-1).Valid())
	assert.False(t, Look(len(looks)).Valid())
}

// A status of the application's own has the colours of "info", and its own word.
func TestOwnStatusLooksLikeInfo(t *testing.T) {
	got := printed(t, &Printer{Look: Bootstrap}, Page{Nth: 1}, Item{Status: "odd"})
	assert.Contains(t, got, "alert-info")
	assert.Contains(t, got, ">odd</span>")
}

// The words that other frameworks have for errors, warnings and news look, sound and stay as ours.
func TestStatusesOfOtherFrameworks(t *testing.T) {
	for status, want := range map[string]string{
		"danger": danger, "alert": danger, "Error": danger, "DANGER": danger,
		"warn": warning, "Warning": warning,
		"notice": info, "message": info, "status": info, "debug": info, "primary": info,
		"Success": success,
	} {
		ours := Item{ID: "1", Status: want, Text: "t", AutoClose: true}
		theirs := ours
		theirs.Status = status
		for look := range Look(len(looks)) {
			p := &Printer{Look: look}
			assert.Equal(t, printed(t, p, Page{Nth: 1}, ours), printed(t, p, Page{Nth: 1}, theirs),
				status)
		}
	}
}

// What is not good news does not close by itself, nor what has a link to follow.
func TestItemsThatLeave(t *testing.T) {
	for _, test := range []struct {
		item   Item
		leaves bool
	}{
		{Item{Status: success}, false},
		{Item{Status: success, AutoClose: true}, true},
		{Item{Status: "odd", AutoClose: true}, true},
		{Item{Status: success, AutoClose: true, Link: new(Link)}, false},
		{Item{Status: warning, AutoClose: true}, false},
		{Item{Status: danger, AutoClose: true}, false},
	} {
		got := printed(t, new(Printer), Page{Nth: 1}, test.item)
		assert.Equal(t, test.leaves, strings.Contains(got, "data-autoclose"), "%+v", test.item)
	}
}

// Pages without items share their markup, but not the stream that they listen to. What is kept is
// bounded, also when labels have the names of users in them.
func TestEmptyPagesAreShared(t *testing.T) {
	p := new(Printer)
	one := printed(t, p, Page{Nth: 1, Script: true, Stream: "/stream?view=%2Fa&b", Idle: true})
	assert.Contains(t, one, ` data-stream="/stream?view=%2Fa&amp;b" data-stream-idle data-label=`)
	other := printed(t, p, Page{Nth: 1, Script: true, Stream: "/other"})
	assert.Contains(t, other, ` data-stream="/other" data-label=`)
	assert.NotContains(t, other, "idle")
	assert.Len(t, *p.empty.Load(), 1)
	for i := range 3 * emptyAtMost {
		label := "For " + strconv.Itoa(i)
		got := printed(t, p, Page{Nth: 1, Labels: Labels{Region: label}})
		assert.Contains(t, got, `data-label="`+label+`"`)
		assert.LessOrEqual(t, len(*p.empty.Load()), emptyAtMost)
	}
}

// Only the first list of a page has the live part. Alone is the live part without a list.
func TestLivePartOfPages(t *testing.T) {
	p, item := new(Printer), Item{Status: info, Text: "text"}
	for nth, want := range []struct {
		live, alone bool
		label       string
	}{
		Alone: {true, true, "Messages"},
		1:     {true, false, "Messages"},
		2:     {false, false, "Messages 2"},
	} {
		for _, items := range [][]Item{nil, {item}} {
			got := printed(t, p, Page{Nth: nth, Script: true, Stream: "/s"}, items...)
			assert.Equal(t, want.live, strings.Contains(got, "data-flash-live"), nth)
			assert.Equal(t, want.live, strings.Contains(got, "data-stream"), nth)
			assert.Equal(t, want.alone, strings.Contains(got, `class="flash--alone"`), nth)
			assert.Contains(t, got, `data-label="`+want.label+`"`)
		}
	}
	pull := printed(t, p, Page{Nth: 1, Pull: "/messages?view=%2F"})
	assert.Contains(t, pull, `data-pull="/messages?view=%2F"`)
}

// What htmx and Turbo add goes into the list of the page, as the page would print it.
func TestAdditions(t *testing.T) {
	p := new(Printer)
	items := []Item{{ID: "7", Status: info, Text: "<b>"}}
	page, err := p.Print(Page{Labels: english, Nth: 1}, items)
	require.NoError(t, err)
	start, end := strings.Index(string(page), "<li"), strings.Index(string(page), "</li>")
	item := string(page)[start:end]
	require.Contains(t, item, "&lt;b&gt;")
	for by, target := range map[Library]string{
		HTMX:  `hx-swap-oob="beforeend:[data-flash-added]"`,
		Turbo: `action="append" targets="[data-flash-added]"`,
	} {
		got, err := p.PrintAdditions(by, english, items)
		require.NoError(t, err)
		assert.Contains(t, got, target)
		assert.Contains(t, got, item)
	}
}

// The announcers say by themselves that they are live, for Firefox hears no role that a script
// fills. They have no role, for readers would name it on every page.
func TestAnnouncersAreWrittenOut(t *testing.T) {
	got := printed(t, new(Printer), Page{Nth: 1})
	for _, live := range []string{"polite", "assertive"} {
		assert.Contains(t, got, ` aria-live="`+live+`" aria-atomic="false"></div>`)
	}
	assert.NotRegexp(t, `role="(status|alert|log)"`, got)
}

// Each message that is shown is printed, so what that costs in allocations is bounded.
func TestAllocationsOfAnItem(t *testing.T) {
	var p Printer
	item := Item{ID: "1", Status: success, Text: "saved"}
	other := item
	other.Text = "sent"
	allocations := func(items ...Item) float64 {
		return testing.AllocsPerRun(100, func() {
			_, _ = p.Print(Page{Labels: english, Nth: 1}, items)
		})
	}
	assert.LessOrEqual(t, allocations(item, other)-allocations(item), 115.0)
}
