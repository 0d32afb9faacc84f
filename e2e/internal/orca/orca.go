//go:build linux

// Package orca runs the screen reader Orca on a display of its own, and writes down what it says.
package orca

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/flashgin/flashgin/e2e/internal/display"
)

// ErrNotFound says what to install.
var ErrNotFound = errors.New("no Orca found, or not all that it needs (Debian: apt-get install " +
	"orca speech-dispatcher at-spi2-core dbus-daemon xvfb openbox)")

// launcher starts the bus by which readers ask applications what they show.
const launcher = "/usr/libexec/at-spi-bus-launcher"

// An Utterance is what the voice was told to say.
type Utterance struct {
	Kind string // SPEAK, CHAR, KEY
	Text string
	Cut  bool // by another one, before the end
}

// A Desk is a display with a window manager, a screen reader and its voice. Its methods are for one
// goroutine at a time.
type Desk struct {
	Env []string // for the browsers on it

	dir    string
	spoken string // the file
	log    *os.File
	stops  []func()
}

// Start starts a Desk. With sayAll, the reader reads each page that is loaded from its beginning.
func Start(ctx context.Context, sayAll bool) (d *Desk, err error) {
	for _, name := range []string{
		"orca", "speech-dispatcher", "dbus-daemon", "Xvfb", "openbox", launcher,
	} {
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
	}
	dir, err := os.MkdirTemp("", "orca") // short: it has sockets
	if err != nil {
		return nil, err
	}
	d = &Desk{dir: dir, spoken: filepath.Join(dir, "spoken")}
	defer func() {
		if err != nil {
			text, _ := os.ReadFile(filepath.Join(dir, "log"))
			err = fmt.Errorf("%w\n%s", err, text)
			d.Close()
		}
	}()
	if d.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return d, err
	}
	for _, name := range []string{"run", "speech/modules", "orca"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return d, err
		}
	}
	voice := filepath.Join(dir, "speech/modules/speaker")
	build := exec.CommandContext(ctx, "go", "build", "-o", voice, "./internal/orca/speaker")
	if out, err := build.CombinedOutput(); err != nil {
		return d, fmt.Errorf("%w: %s", err, out)
	}
	settings := map[string]any{
		"general": map[string]any{
			"startingProfile": []string{"Default", "default"}, "firstStart": false,
		},
		"profiles": map[string]any{"default": map[string]any{
			"profile": []string{"Default", "default"}, "sayAllOnLoad": sayAll,
			"enableBraille": false, "enableBrailleMonitor": false,
		}},
		"pronunciations": map[string]any{}, "keybindings": map[string]any{},
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return d, err
	}
	for name, text := range map[string]string{
		"orca/user-settings.conf": string(text),
		"speech/speechd.conf": "LogLevel 2\nAddModule \"speaker\" \"speaker\" \"\"\n" +
			"DefaultModule speaker\n" +
			"LanguageDefaultModule \"en\" \"speaker\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return d, err
		}
	}
	socket := filepath.Join(dir, "run/speech")
	d.Env = append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir+"/run",
		"LANG=C.UTF-8", "LC_ALL=C.UTF-8",
		"GSETTINGS_BACKEND=memory", "GNOME_ACCESSIBILITY=1", "NO_AT_BRIDGE=0",
		"SPEECHD_ADDRESS=unix_socket:"+socket, "FLASHGIN_SPOKEN="+d.spoken)

	screen, stop, err := display.Start(d.log)
	if err != nil {
		return d, err
	}
	d.stops = append(d.stops, stop)
	d.Env = append(d.Env, "DISPLAY="+screen)
	bus, stop, err := display.Run(d.command("dbus-daemon",
		"--session", "--nofork", "--nopidfile", "--print-address=3"))
	if err != nil {
		return d, err
	}
	d.stops = append(d.stops, stop)
	d.Env = append(d.Env, "DBUS_SESSION_BUS_ADDRESS="+bus)
	run := func(name string, args ...string) {
		if err != nil {
			return
		}
		if stop, err = display.Go(d.command(name, args...)); err == nil {
			d.stops = append(d.stops, stop)
		}
	}
	run("openbox", "--sm-disable")
	run(launcher, "--launch-immediately", "--a11y=1", "--screen-reader=1")
	run("speech-dispatcher", "-s", "-t", "0", "-c", "unix_socket", "-S", socket,
		"-P", dir+"/run/speech.pid",
		"-C", dir+"/speech", "-m", dir+"/speech/modules", "-L", dir)
	if err != nil {
		return d, err
	}
	if err := until(ctx, func() bool { _, err := os.Stat(socket); return err == nil }); err != nil {
		return d, fmt.Errorf("speech-dispatcher does not answer: %w", err)
	}
	// Orca gives up by itself if the desktop is slow to answer.
	for ctx.Err() == nil {
		if run("orca", "--user-prefs", dir+"/orca"); err != nil {
			return d, err
		}
		patient, cancel := context.WithTimeout(ctx, 90*time.Second)
		err = until(patient, func() bool {
			return strings.Contains(Text(d.Said()), "Screen reader on")
		})
		cancel()
		if err == nil {
			return d, nil
		}
		last := len(d.stops) - 1
		d.stops[last]()
		d.stops = d.stops[:last]
		err = nil
	}
	return d, errors.New("orca does not speak")
}

// until waits until ok.
func until(ctx context.Context, ok func() bool) error {
	for !ok() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

func (d *Desk) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = d.Env, d.log, d.log
	return cmd
}

// Close ends all that was started, the last first.
func (d *Desk) Close() {
	for i := len(d.stops) - 1; i >= 0; i-- {
		d.stops[i]()
	}
	d.stops = nil
	if d.log != nil {
		d.log.Close()
	}
	os.RemoveAll(d.dir)
}

// Said returns what was said since the beginning. What is being said just now is not yet among it.
func (d *Desk) Said() (list []Utterance) {
	text, err := os.ReadFile(d.spoken)
	if err != nil {
		return nil
	}
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var next Utterance
		if err := decoder.Decode(&next); err != nil { // also if the last line is being written
			return list
		}
		list = append(list, next)
	}
}

// Text returns the texts, a line each.
func Text(list []Utterance) string {
	var text strings.Builder
	for _, utterance := range list {
		text.WriteString(utterance.Text + "\n")
	}
	return text.String()
}
