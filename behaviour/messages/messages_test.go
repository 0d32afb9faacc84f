package messages_test

import (
	"encoding/json"
	"html/template"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

func TestConstructors(t *testing.T) {
	for status, m := range map[flashgin.Status]flashgin.Message{
		"info":    flashgin.Info("text"),
		"success": flashgin.Success("text"),
		"warning": flashgin.Warning("text"),
		"error":   flashgin.Error("text"),
	} {
		assert.Equal(t, flashgin.Message{Status: status, Text: "text"}, m)
	}
	m := flashgin.Info("100 %s")
	assert.Equal(t, flashgin.Message{Status: "info", Text: "100 %s", View: "/a"}, m.At("/a"),
		"text is not a format")
	assert.Empty(t, m.View, "At returns a copy")
}

func TestByStatus(t *testing.T) {
	list := flashgin.Messages{flashgin.Error("1"), flashgin.Info("2"), {Text: "3"},
		flashgin.Error("4"), {Status: "own", Text: "5"}}
	for _, test := range []struct {
		name     string
		statuses []flashgin.Status
		want     []string
	}{
		{"none: all", nil, []string{"1", "2", "3", "4", "5"}},
		{"one", []flashgin.Status{flashgin.StatusError}, []string{"1", "4"}},
		{"several, in order of creation", []flashgin.Status{"own", flashgin.StatusError},
			[]string{"1", "4", "5"}},
		{"the zero status is info", []flashgin.Status{flashgin.StatusInfo}, []string{"2", "3"}},
		{"asked by the zero status", []flashgin.Status{""}, []string{"2", "3"}},
		{"nothing", []flashgin.Status{"other"}, []string{}},
		{"a word matches as a whole", []flashgin.Status{"err"}, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, apptest.Texts(list.ByStatus(test.statuses...)))
		})
	}
	list.ByStatus()[0].Text = "changed"
	assert.Equal(t, "1", list[0].Text, "the result is the caller's")
	assert.Empty(t, flashgin.Messages(nil).ByStatus("info"))
}

func TestMessagesJSON(t *testing.T) {
	for _, none := range []flashgin.Messages{nil, {}} {
		text, err := none.JSON()
		require.NoError(t, err)
		assert.Equal(t, template.JS("[]"), text)
	}
	hostile := "</script><!--<script>&'\"\u2028\u2029\x00"
	text, err := flashgin.Messages{{Status: "error", Text: hostile, HTML: "<b>bold</b>",
		Link: &flashgin.Link{Label: hostile, URL: "/x?a=1&b=2"}}}.JSON()
	require.NoError(t, err)
	for _, dangerous := range []string{"<", ">", "&", "\u2028", "\u2029", "\x00"} {
		assert.NotContains(t, string(text), dangerous)
	}
	var decoded flashgin.Messages
	require.NoError(t, json.Unmarshal([]byte(text), &decoded))
	assert.Equal(t, hostile, decoded[0].Text)
	assert.Equal(t, template.HTML("<b>bold</b>"), decoded[0].HTML)
	assert.Equal(t, "/x?a=1&b=2", decoded[0].Link.URL)
}

// The JSON names are a part of the surface: scripts read them.
func TestMessageJSONNames(t *testing.T) {
	text, err := flashgin.Messages{everyField()}.JSON()
	require.NoError(t, err)
	var fields []map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &fields))
	names := []string{}
	for name := range fields[0] {
		names = append(names, name)
	}
	assert.ElementsMatch(t,
		strings.Fields("id view status title text html autoClose link data key ttl created"), names)
	assert.Equal(t, map[string]any{"label": "View order", "url": "/orders/5"}, fields[0]["link"])

	text, err = flashgin.Messages{{Text: "x"}}.JSON()
	require.NoError(t, err)
	assert.JSONEq(t, `[{"text":"x"}]`, string(text), "what is not set is left out")
}

func TestMessagesString(t *testing.T) {
	for _, test := range []struct {
		name string
		list flashgin.Messages
		want string
	}{
		{"none", nil, ""},
		{"a line each", flashgin.Messages{flashgin.Info("one"), flashgin.Error("two")}, "one\ntwo"},
		{"title and text", flashgin.Messages{{Title: "Done", Text: "in 3 s"}}, "Done: in 3 s"},
		{"title alone", flashgin.Messages{{Title: "Done"}}, "Done"},
		{"HTML alone", flashgin.Messages{{HTML: `<p>Fish &amp; <b>chips</b></p>`}}, "Fish & chips"},
		{"text before HTML", flashgin.Messages{{Text: "plain", HTML: "<b>rich</b>"}}, "plain"},
		{"a tag that does not end", flashgin.Messages{{HTML: "a <b"}}, "a"},
		{"a text of several lines stays one", flashgin.Messages{{Text: "a\r\nb\tc"}, {Text: "d"}},
			"a b c\nd"},
		{"a text that looks like markup", flashgin.Messages{{Text: "<b>"}}, "<b>"},
	} {
		t.Run(test.name, func(t *testing.T) { assert.Equal(t, test.want, test.list.String()) })
	}
}
