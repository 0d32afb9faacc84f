package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// middle returns the medians of a part of the samples.
func middle(samples []processState) processState {
	of := func(value func(processState) int) int {
		var values []int
		for _, s := range samples {
			values = append(values, value(s))
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return processState{
		Goroutines: of(func(s processState) int { return s.Goroutines }),
		Resident:   of(func(s processState) int { return s.Resident }),
		Heap:       of(func(s processState) int { return s.Heap }),
	}
}

const longHeading = "## The long run\n"

// report returns the section of docs/servers.md, and whether all was well.
func (r *longRun) report(took time.Duration) (section string, ok bool) {
	t := r.book.totals()
	ok = t.lost == 0 && t.twice == 0
	var s strings.Builder
	fmt.Fprintf(&s, longHeading+longText, time.Now().Format("2 January 2006"), processor(),
		r.b.redisVersion(), took.Round(time.Second))
	row := func(what string, value any) { fmt.Fprintf(&s, "| %s | %v |\n", what, value) }
	fmt.Fprint(&s, "| | |\n|---|--:|\n")
	row("messages", t.made)
	row("shown", t.shown)
	row("refused, or reported as lost", t.reported)
	row("nobody knows, because the process was killed that was adding them", t.unknown)
	row("lost by Redis: evicted, or not yet on the replica that took over", t.lostByRedis)
	row(
		"shown again because of such a loss, a clock that jumped, or a process that was killed",
		t.again,
	)
	row("**lost without a reason**", fmt.Sprintf("**%d**", t.lost))
	row("**shown twice without a reason**", fmt.Sprintf("**%d**", t.twice))
	row("pages", r.pages.Load())
	row("pages that failed, because their process was killed", r.failed.Load())
	row("pages that took a second or more", r.slow.Load())
	row("streams opened; events on them", fmt.Sprintf("%d; %d", r.streams.Load(), r.events.Load()))
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(r.faults)) {
		faults = append(faults, fmt.Sprintf("%s %d", name, r.faults[name]))
	}
	row("faults", strings.Join(faults, ", "))
	for i, samples := range r.samples[:longProcesses-1] {
		quarter := max(1, len(samples)/4)
		if len(samples) < 2 {
			continue
		}
		before, after := middle(samples[quarter:2*quarter]), middle(samples[len(samples)-quarter:])
		row(
			fmt.Sprintf("process %d: goroutines, heap, resident memory", i+1),
			fmt.Sprintf(
				"%d → %d, %.1f → %.1f MB, %.1f → %.1f MB",
				before.Goroutines,
				after.Goroutines,
				mega(before.Heap),
				mega(after.Heap),
				mega(before.Resident),
				mega(after.Resident),
			),
		)
		if !r.b.short {
			ok = ok && after.Goroutines <= before.Goroutines*5/4+20 &&
				after.Heap <= before.Heap*5/4+2000
		}
	}
	return s.String(), ok
}

func mega(kb int) float64 { return float64(kb) / 1024 }

const longText = `
Four web servers share a Redis server with a replica. Jobs and forms add messages for 2,000 users
who load pages, often in two tabs at once, and for 60 users whose page stays open. Every few seconds
Redis forgets its scripts, loses its connections, has no memory, evicts keys, stands still, is
killed and restarted, fails over, or its clock jumps by up to an hour. Now and then a web server is
killed. This runs it and writes this section:

    cd bench
    go run . -part long -for 1h -messages 1000000 -write ../docs/servers.md

Counted apart are messages that are lost or shown again [as promised](redis.md#what-is-promised):
Redis evicts them, a dead master had not passed them on, or their confirmation came too late.

*%s. %s. %s. It took %v.*

`
