// Command pictures makes the pictures of docs/pictures: a page with one, four and twelve messages,
// of which some arrive while the page is open; light, dark, on a phone, and from right to left.
// Run it in e2e/:
//
//	go run ./cmd/pictures
//
// The pictures in the repository were made with the font Inter (Debian: apt-get install
// fonts-inter).
package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"image/png"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/e2e/internal/chrome"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS []byte

// largest is the size of a picture that does not make the repository heavy.
const largest = 200 << 10

func main() {
	if err := run(filepath.Join("..", "docs", "pictures")); err != nil {
		log.Fatal(err)
	}
}

func run(dir string) error {
	server, err := serve()
	if err != nil {
		return err
	}
	defer server.Close()
	profile, err := os.MkdirTemp("", "flashgin-pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	tab, stop, err := chrome.Start(ctx, profile)
	if err != nil {
		return err
	}
	defer stop()
	for _, messages := range []int{1, 4, 12} {
		for _, screen := range screens {
			shot, err := shoot(tab, server.URL, messages, screen)
			if err != nil {
				return err
			}
			name := filepath.Join(dir, fmt.Sprintf("%d-%s.png", messages, screen.name))
			if len(shot) > largest {
				return fmt.Errorf("%s has %d bytes: want at most %d", name, len(shot), largest)
			}
			if err := os.WriteFile(name, shot, 0o644); err != nil {
				return err
			}
			fmt.Printf("%s %d bytes\n", name, len(shot))
		}
	}
	return nil
}

type screen struct {
	name, path, scheme string
	width, height      int64
}

var screens = []screen{
	{"light", "/", "light", 1280, 800},
	{"dark", "/", "dark", 1280, 800},
	{"phone", "/", "light", 390, 844},
	{"rtl", "/rtl", "light", 1280, 800},
}

// shoot makes a picture of a page with so many messages.
func shoot(tab context.Context, url string, messages int, s screen) ([]byte, error) {
	if err := chromedp.Do(tab,
		chromedp.EmulateViewport(s.width, s.height),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia,
				emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
					{Name: "prefers-color-scheme", Value: s.scheme},
					{Name: "prefers-reduced-motion", Value: "reduce"},
				}})
			return err
		}),
		chromedp.Navigate(fmt.Sprintf("%s%s?messages=%d", url, s.path, messages)),
	); err != nil {
		return nil, err
	}
	if _, err := chromedp.Run(
		tab,
		chromedp.Poll[bool](`globalThis.FlashMessages !== undefined`),
	); err != nil {
		return nil, err
	}
	// None arrives beside one message, one beside four, and twelve beside twelve.
	const arrive = `{
		const done = {status: "success", title: "Import", text: "214 contacts were imported.",
			link: {label: "View contacts", url: "/contacts"}};
		const more = [done, ...[...Array(10).keys()].map(n => ({text: "Photo " + (n + 1) + " was stored."})),
			{status: "error", title: "Photo 11", text: "The file is damaged."}, done, done];
		({1: [], 4: [done], 12: more})[%d].map(FlashMessages.push).every(item => item !== null)
	}`
	arrived, err := chromedp.Run(tab, chromedp.Evaluate[bool](fmt.Sprintf(arrive, messages)))
	if err != nil || !arrived {
		return nil, fmt.Errorf("no message arrived: %w", err)
	}
	shot, err := chromedp.Call(tab, page.CaptureScreenshot,
		page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	if err != nil {
		return nil, err
	}
	return smaller(shot.Data)
}

// smaller compresses a picture as much as PNG allows.
func smaller(shot []byte) ([]byte, error) {
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, picture)
	return out.Bytes(), err
}

// serve starts the application of the pictures. Each visit finds the same messages.
func serve() (*httptest.Server, error) {
	gin.SetMode(gin.ReleaseMode)
	messenger, err := flashgin.New(flashgin.Config{
		SessionKey: func(*gin.Context) (string, error) { return "everybody", nil },
		Labels: func(c *gin.Context) flashgin.Labels {
			if c.Request.URL.Path == "/rtl" {
				return arabic
			}
			return flashgin.Labels{}
		},
	})
	if err != nil {
		return nil, err
	}
	router := gin.New(messenger.Install)
	set, err := template.New("page").Funcs(router.FuncMap).Parse(pageHTML)
	if err != nil {
		return nil, err
	}
	router.SetHTMLTemplate(set)
	messenger.Mount(router)
	router.GET("/page.css", func(c *gin.Context) { c.Data(http.StatusOK, "text/css", pageCSS) })
	show := func(c *gin.Context) {
		list := messages
		if c.Query("messages") == "1" {
			list = messages[len(messages)-1:]
		} else if c.Query("messages") == "4" {
			list = messages[len(messages)-4:]
		}
		if c.Request.URL.Path == "/rtl" {
			list = append(slices.Clone(list[:len(list)-1]),
				flashgin.Success("تم تغيير إعداداتك بنجاح."))
		}
		if err := flashgin.AddFlash(c, list...); err != nil {
			_ = c.AbortWithError(http.StatusInternalServerError, err)
			return
		}
		c.HTML(http.StatusOK, "page", c.Request.URL.Path == "/rtl")
	}
	router.GET("/", show)
	router.GET("/rtl", show)
	return httptest.NewServer(router), nil
}

// arabic are words for a page from right to left, whose messages are English but for the newest.
var arabic = flashgin.Labels{
	Info: "معلومة", Success: "تم بنجاح", Warning: "تحذير", Error: "خطأ",
	More: "%d أخرى", CloseAll: "إغلاق الكل", ShowMore: "عرض المزيد", ShowLess: "عرض أقل",
}

// messages are twelve, the newest at the end.
var messages = []flashgin.Message{
	flashgin.Success("The note \"Groceries\" was archived."),
	flashgin.Success("The note \"Holidays\" was archived."),
	flashgin.Success("The note \"Recipes\" was archived."),
	flashgin.Info("Version 2 is here."),
	flashgin.Info("A new device has signed in."),
	{Status: flashgin.StatusError, Title: "Backup", Text: strings.Repeat(
		"pq: could not write to file \"base/pgsql_tmp/pgsql_tmp1742.3\": no space left on device. ",
		18)},
	flashgin.Success("The note \"Ideas\" was archived."),
	flashgin.Info("Your plan was renewed."),
	{Status: flashgin.StatusWarning, Title: "Storage",
		Text: "Your archive is nearly full: 4.6 of 5 GB are in use.",
		Link: &flashgin.Link{Label: "See what takes up space", URL: "/archive"}},
	flashgin.Info("Maintenance is planned for Sunday, from 02:00 to 02:30."),
	{Status: flashgin.StatusError, Title: "Calendar",
		Text: "The connection was refused. We try again in ten minutes."},
	flashgin.Success("Your settings have been changed successfully."),
}
