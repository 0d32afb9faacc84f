//go:build linux

// Command speaker is a speech synthesizer for speech-dispatcher that writes down what it is told.
// Each line of the file in $FLASHGIN_SPOKEN is one utterance, when it is over. An utterance takes
// as long as a voice needs for it, unless it is stopped: a reader that speaks is late with what
// happens meanwhile.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"log"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/flashgin/flashgin/e2e/internal/orca"
)

// perCharacter is the time for a character: 20 a second.
const perCharacter = 50 * time.Millisecond

var out sync.Mutex

func reply(lines ...string) {
	out.Lock()
	defer out.Unlock()
	for _, line := range lines {
		fmt.Println(line)
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

func main() {
	file, err := os.OpenFile(os.Getenv("FLASHGIN_SPOKEN"),
		os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	write := json.NewEncoder(file)
	in := bufio.NewReader(os.Stdin)
	line := func() string {
		text, err := in.ReadString('\n')
		if err != nil {
			os.Exit(0)
		}
		return strings.TrimRight(text, "\r\n")
	}
	// block reads what follows a command, up to a line with a dot.
	block := func() (text []string) {
		for {
			next := line()
			if next == "." {
				return text
			}
			text = append(text, strings.TrimPrefix(next, "."))
		}
	}
	stop := make(chan struct{}, 1)
	speak := func(kind, text string) {
		select { // a stop that came when nothing was said
		case <-stop:
		default:
		}
		reply("200 OK SPEAKING", "701 BEGIN")
		go func() {
			utterance := orca.Utterance{Kind: kind, Text: text}
			select {
			case <-time.After(time.Duration(len(text)) * perCharacter):
			case <-stop:
				utterance.Cut = true
			}
			if err := write.Encode(utterance); err != nil {
				log.Fatal(err)
			}
			if utterance.Cut {
				reply("703 STOP")
			} else {
				reply("702 END")
			}
		}()
	}
	for {
		switch command := line(); command {
		case "INIT":
			reply("299-It writes down what it is told.", "299 OK LOADED SUCCESSFULLY")
		case "AUDIO":
			reply("207 OK RECEIVING AUDIO SETTINGS")
			block()
			reply("203 OK AUDIO INITIALIZED")
		case "LOGLEVEL":
			reply("207 OK RECEIVING LOGLEVEL SETTINGS")
			block()
			reply("203 OK LOG LEVEL SET")
		case "SET":
			reply("203 OK RECEIVING SETTINGS")
			block()
			reply("203 OK SETTINGS RECEIVED")
		case "LIST VOICES":
			reply("200-voice\ten\tnone", "200 OK VOICE LIST SENT")
		case "SPEAK", "CHAR", "KEY", "SOUND_ICON":
			reply("202 OK RECEIVING MESSAGE")
			text := html.UnescapeString(tags.ReplaceAllString(strings.Join(block(), " "), ""))
			speak(command, strings.TrimSpace(text))
		case "STOP", "PAUSE":
			select {
			case stop <- struct{}{}:
			default:
			}
		case "QUIT":
			reply("210 OK QUIT")
			return
		default:
			reply("300 ERR UNKNOWN COMMAND")
		}
	}
}
