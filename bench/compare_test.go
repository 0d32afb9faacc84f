package main

import (
	"strings"
	"testing"
)

// The comparison works, and knows faults when it sees them; its figures are nobody's business here.
func TestShortComparison(t *testing.T) {
	b := &bench{TB: t, short: true}
	defer b.cleanUp()
	results := b.compare()
	page := b.report(results)
	for _, r := range results {
		if n := strings.Count(page, "| "+r.name+" | "); r.flashes && n != 2 ||
			!r.flashes && n != 1 {
			t.Errorf("the page has %d rows of %s", n, r.name)
		}
		if r.redis != (r.commands > 0) || (r.redis && !r.known()) != (r.pageCommands >= 1) {
			t.Errorf("%s: %g commands a cycle and %g an empty page", r.name, r.commands,
				r.pageCommands)
		}
		if r.flashes != (r.cookieBytes > 0) && !r.session {
			t.Errorf("%s: %g bytes of cookies", r.name, r.cookieBytes)
		}
		want := map[string]string{}
		switch r.name {
		// their requests overlap by having been sent, however long they take
		case "gin-contrib/sessions, cookie store", "fiber v3":
			want = map[string]string{wrongPlace: "misplaced", twoTabs: "doubled", twoPosts: "lost",
				paused: fine, stopped: fine}
		case ours, oursCookie:
			want = map[string]string{wrongPlace: fine, twoTabs: fine, twoPosts: fine}
		}
		for name, behaviour := range want {
			if got := r.behaviours[name]; got != behaviour {
				t.Errorf("%s, %s: %s, want %s", r.name, name, got, behaviour)
			}
		}
	}
	if t.Failed() {
		t.Log(page)
	}
}

// The row about faults does not judge whom a Redis that is away logs out.
func TestContendersWithoutAFault(t *testing.T) {
	var results []*result
	for _, c := range contenders() {
		r := &result{contender: c, behaviours: map[string]string{}}
		r.cycle, r.empty, r.redisCycle = []float64{1}, []float64{1}, []float64{1}
		for _, name := range behaviours {
			r.behaviours[name] = fine
			if c.stored || isTheirs(c.name) {
				r.behaviours[name] = "logged out"
			}
		}
		results = append(results, r)
	}
	last := func() string {
		rows := strings.Split(strings.TrimSpace((&bench{TB: t}).judged(results)), "\n")
		return rows[len(rows)-1]
	}
	if row := last(); !strings.HasSuffix(row, "| met |") || strings.Contains(row, oursBesideRedis) {
		t.Error(row)
	}
	results[0].behaviours[twoTabs] = "doubled"
	if row := last(); !strings.HasSuffix(row, "| **missed** |") {
		t.Error(row)
	}
}

func TestWrap(t *testing.T) {
	text := strings.TrimSpace(strings.Repeat("nine char ", 30))
	for _, indent := range []string{"", "  "} {
		lines := strings.Split(wrap(text, indent), "\n")
		for i, line := range lines {
			if len(line) > 100 || i > 0 && !strings.HasPrefix(line, indent) {
				t.Errorf("line %d: %q", i, line)
			}
		}
		if got := strings.Join(lines, " "); strings.ReplaceAll(got, "   ", " ") != text {
			t.Errorf("%q", got)
		}
	}
}

func TestJudge(t *testing.T) {
	b := new(bench)
	page := func(texts ...string) answer { return answer{status: 200, user: true, texts: texts} }
	for _, test := range []struct {
		name    string
		answers []answer
		want    string
	}{
		{"once", []answer{page("a"), page()}, ""},
		{"never", []answer{page(), page("b")}, "lost"},
		{"on two pages", []answer{page("a"), page("a")}, "doubled"},
		{"twice on one", []answer{page("a", "a")}, "doubled"},
		{"elsewhere", []answer{misplaced(page("a")), page()}, "misplaced"},
		{"elsewhere too", []answer{misplaced(page("a")), page("a")}, "doubled"},
		{"error", []answer{{status: 500, user: true}, page("a")}, "failed"},
		{"unknown user", []answer{{status: 200, texts: []string{"a"}}}, "logged out"},
		{"slow", []answer{{status: 200, user: true, texts: []string{"a"}, took: b.hangs() + 1}},
			"hung"},
		{"late", []answer{{status: 200, user: true, texts: []string{"a"}, late: true}}, "late"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(b.judge([]string{"a"}, test.answers...), ", ")
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	var found tally
	if found.add(nil); found.String() != fine {
		t.Errorf("nothing wrong: %q", found.String())
	}
	if found.add([]string{"lost", "lost", "hung"}); found.String() !=
		"hung (1 of 2), lost (1 of 2)" {
		t.Errorf("something wrong: %q", found.String())
	}
	if !faulty("lost") || !faulty("lost, late") || faulty(fine) || faulty("late (1 of 3)") {
		t.Error("faulty does not know a fault")
	}
}
