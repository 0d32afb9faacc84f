package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
)

// supervise runs the program as a child process and returns the exit code. It counts data races and
// notes how the process has ended: a concurrent map write ends it, and no handler can catch that.
func supervise(o options) int {
	fmt.Fprintf(o.out, "seed %d\n", o.seed)
	child := exec.Command(os.Args[0], append(os.Args[1:], fmt.Sprint("-seed=", o.seed))...)
	child.Env = append(os.Environ(), childEnv+"=1", "GORACE=halt_on_error=0 exitcode=0")
	child.Stdout = o.out
	errors, err := child.StderrPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range interrupted {
			_ = child.Process.Kill()
		}
	}()
	var seen complaints
	var reading sync.WaitGroup
	reading.Go(func() { seen.read(errors) })
	reading.Wait()
	err = child.Wait()
	fmt.Fprintf(o.out, "\ndata races: %d (%d of them differ)\n", seen.races, len(seen.places))
	for _, text := range seen.first {
		fmt.Fprintf(o.out, "\n%s\n", text)
	}
	code := child.ProcessState.ExitCode()
	switch {
	case code == 0 && seen.races == 0:
		fmt.Fprintln(o.out, "process: alive until the end\nPASS")
		return 0
	case code == 0 || code == 1:
		fmt.Fprintln(o.out, "process: alive until the end\nFAIL")
		return 1
	}
	fmt.Fprintf(o.out, "process: ENDED EARLY (%v)\n%s\nFAIL\n", err, seen.tail())
	return 1
}

// complaints are what the runtime of the child has to say.
type complaints struct {
	races  int
	places map[string]bool // of races
	first  []string        // races that differ, a few
	last   []string        // lines
}

const (
	racesShown   = 3
	linesOfRaces = 60
	linesKept    = 80
)

func (c *complaints) read(r io.Reader) {
	c.places = map[string]bool{}
	lines := bufio.NewReader(r)
	var race []string
	inRace := false
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\n")
		border := strings.HasPrefix(line, "==================")
		switch {
		case border && !inRace:
			inRace, race = true, nil
		case border:
			inRace = false
			c.race(race)
		case inRace:
			race = append(race, line)
		case len(c.last) < linesKept: // the first ones say why a process has ended
			c.last = append(c.last, line)
		}
	}
}

func (c *complaints) race(lines []string) {
	c.races++
	place := raceAt(lines)
	if c.places[place] {
		return
	}
	c.places[place] = true
	if len(c.first) < racesShown {
		if len(lines) > linesOfRaces {
			lines = lines[:linesOfRaces]
		}
		c.first = append(c.first, strings.Join(lines, "\n"))
	}
}

// raceAt returns the functions at the top of the stacks of a race.
func raceAt(lines []string) string {
	var at bytes.Buffer
	for i, line := range lines {
		if strings.Contains(line, " by ") && i+1 < len(lines) {
			at.WriteString(strings.TrimSpace(lines[i+1]) + ";")
		}
	}
	return at.String()
}

func (c *complaints) tail() string { return strings.Join(c.last, "\n") }
