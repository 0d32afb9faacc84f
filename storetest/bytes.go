package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/flashgin/flashgin"
)

// Rule 17: what goes in comes out, and nothing in it means anything to the store.

// words are strings that a careless store takes for something else: a separator, a pattern, a
// number, a piece of code, or another word of this list. No two are equal, and each is valid UTF-8,
// as all that a Messenger hands to a store.
var words = []string{
	"a", "A", "a ", " a", "~a", "~~a", "a~", "+a", "-a", "(a", "[a", "a\x00", "a\x00b", "a\n",
	"a\r\n", "ab", "a:b", "a|b", "a/b", "a,b",
	":", "::", "*", "**", "?", "[a-z]", "{}", "{", "}", "{a}", "{a}b", "}:{", "~", "|", ",", ";",
	"/", "//", "/a/", "..", "../a", "#", "&", "=",
	" ", "\t", "\x00", "\x01", "\x7f", "\r\n", "$1\r\na\r\n", "'", "\"", "`", `\`, `\\`, `\x00`,
	`a"b`, "%", "%%", "%s%d", "%00", "%2F", "%a",
	"0", "00", "-0", "1", "1.0", "-1", "1e400", "inf", "-inf", "+inf", "nan", "nil", "null", "true",
	"false", "undefined", "<nil>",
	"[]", "[1]", `""`, `{"v":1}`, `{"v":99}`, `{"id":"a","text":"a"}`, "]]", "]==]", "--",
	"') return redis.call('FLUSHALL') --", "KEYS[1]",
	"<script>", "</script>", "&amp;", "<!--", "{{.}}", "f-", "f-A", "flash:", "__proto__",
	"é", "e\u0301", "É", "日本語", "🙂", "\u00a0", "\u200b", "\u2028", "\u202e", "\ufeff",
	"\ufffd", "\U0010ffff",
	strings.Repeat("x", 3000), strings.Repeat("x", 3001), strings.Repeat("語", 1000),
	strings.Repeat("{:*}", 800),
}

var bytesChecks = []check{
	{name: "every field", run: func(p *probe) {
		var m flashgin.Message
		if err := fill(reflect.ValueOf(&m).Elem(), "m"); err != nil {
			p.fail("storetest: %v", err)
		}
		m.View = p.view
		p.add(m)
		p.wantMessages("Peek", p.peek(), m)
		c := p.claim()
		p.wantMessages("Claim", c.Messages, m)
		p.release(c)
		p.wantMessages("Peek after a release", p.peek(), m)
	}},
	{name: "no field but those that are always set", run: func(p *probe) {
		m := p.message("")
		p.add(m)
		p.wantMessages("Peek", p.peek(), m)
		p.wantMessages("Claim", p.claim().Messages, m)
	}},
	{name: "text", cap: len(words), run: func(p *probe) {
		msgs := p.messages(words...)
		for i, word := range words {
			msgs[i].Title = word
			msgs[i].Status = flashgin.Status(word)
			msgs[i].Data = map[string]string{word: word}
			msgs[i].Link = &flashgin.Link{Label: word, URL: word}
		}
		p.add(msgs...)
		p.wantMessages("Peek", p.peek(), msgs...)
		p.wantMessages("Claim", p.claim().Messages, msgs...)
	}},
	{name: "view", run: func(p *probe) {
		// Each two words meet in a session, and no session has more views than rule 21 lets it.
		third := len(words) / 3
		thirds := [][]string{words[:third], words[third : 2*third], words[2*third:]}
		for i, views := range thirds {
			p.move()
			views = slices.Concat(views, thirds[(i+1)%len(thirds)])
			msgs := p.messages(views...)
			for i, view := range views {
				msgs[i].View = view
			}
			p.add(msgs...)
			for i, view := range views {
				p.wantMessages(fmt.Sprintf("Peek at the view %.40q", view), p.peek(view), msgs[i])
			}
			p.wantMessages("Claim at all views", p.claim(views...).Messages, msgs...)
			p.want("waiting after Claim", p.peek(views...))
		}
	}},
	{name: "session", run: func(p *probe) {
		base := p.session
		for _, word := range words {
			p.session = word + base
			p.addTexts("before " + word)
			p.session = base + word
			p.addTexts("after " + word)
		}
		for _, word := range words {
			p.session = word + base
			c := p.claim()
			p.want(fmt.Sprintf("claimed for the session %.40q + random", word), c.Messages,
				"before "+word)
			p.release(c)
			p.session = base + word
			c = p.claim()
			p.want(fmt.Sprintf("claimed for the session random + %.40q", word), c.Messages,
				"after "+word)
			p.confirm(c)
			p.want(fmt.Sprintf("waiting for the session random + %.40q", word), p.peek())
		}
		p.session = base
		p.want("waiting for the session without a word", p.peek())
	}},
	{name: "session and view do not run together", run: func(p *probe) {
		base := p.session
		for _, sep := range append([]string{""}, words...) {
			p.session = base + "a"
			p.add(p.message("first").At("b" + sep + "c"))
			p.session = base + "a" + sep + "b"
			p.want(fmt.Sprintf("waiting when %.40q is in the session instead of the view", sep),
				p.peek("c"))
		}
	}},
	{name: "key", cap: len(words), run: func(p *probe) {
		msgs := p.messages(words...)
		for i, word := range words {
			msgs[i].Key = word
		}
		p.add(msgs...)
		p.wantMessages("waiting with as many keys", p.peek(), msgs...)
		for i, word := range words {
			p.withdraw(word)
			p.wantMessages(fmt.Sprintf("waiting after Withdraw of the key %.40q", word), p.peek(),
				msgs[i+1:]...)
		}
	}},
	{name: "ID", cap: len(words), run: func(p *probe) {
		msgs := p.messages(words...)
		for i, word := range words {
			msgs[i].ID = word
		}
		// Every other one is confirmed before the rest is added, so that a remembered ID that is
		// taken for another shows.
		var odd, even []flashgin.Message
		for i, m := range msgs {
			if i%2 == 1 {
				odd = append(odd, m)
			} else {
				even = append(even, m)
			}
		}
		p.add(odd...)
		c := p.claim()
		p.wantMessages("Claim", c.Messages, odd...)
		p.confirm(c)
		p.add(msgs...)
		c = p.claim()
		p.wantMessages("claimed after half of the IDs was confirmed", c.Messages, even...)
		for i := range c.Messages {
			p.confirm(part(c, c.Messages[i]))
		}
		p.release(c)
		p.add(msgs...)
		p.wantMessages("waiting after all were confirmed", p.peek())
	}},
}

// wantMessages fails the check unless got is want, field by field and in that order.
func (p *probe) wantMessages(what string, got flashgin.Messages, want ...flashgin.Message) {
	p.Helper()
	if len(got) != len(want) {
		p.fail("%s: got %d messages, want %d: %s, want %s", what, len(got), len(want),
			quote(textsOf(got)), quote(textsOf(want)))
	}
	for i := range want {
		if field := differing(got[i], want[i]); field != "" {
			p.fail("%s: the %s of message %d, %.40q, came back as another", what, field, i,
				want[i].Text)
		}
	}
}

// differing names a field in which a and b differ; it is empty if they are equal. Empty and nil are
// the same map.
func differing(a, b flashgin.Message) string {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		fa, fb := va.Field(i), vb.Field(i)
		switch x := fa.Interface().(type) {
		case time.Time:
			y := fb.Interface().(time.Time)
			if x.Equal(y) && x.Location().String() == y.Location().String() {
				continue
			}
		default:
			if reflect.DeepEqual(x, fb.Interface()) ||
				fa.Kind() == reflect.Map && fa.Len()+fb.Len() == 0 {
				continue
			}
		}
		return va.Type().Field(i).Name
	}
	return ""
}

// fill sets v, and all that it holds, to values that are not zero. It works by reflection, so that
// a field that is added to Message is checked from that day on.
func fill(v reflect.Value, name string) error {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2001, 2, 3, 4, 5, 6, 789_012_000, time.UTC)))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("<" + name + ">")
	case reflect.Bool:
		v.SetBool(true)
	// a duration is one: long enough to outlive the check, shorter than the store's
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(long + time.Millisecond))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(v.Index(0), name)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := fill(key, name+" key"); err != nil {
			return err
		}
		if err := fill(value, name+" value"); err != nil {
			return err
		}
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if err := fill(v.Field(i), name+"."+v.Type().Field(i).Name); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%s has type %v, which this check does not know how to fill", name,
			v.Type())
	}
	return nil
}
