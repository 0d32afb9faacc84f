// Command pictures makes the pictures of docs/pictures: a page with messages of the four statuses,
// and one that arrives while the page is open, light and dark, wide and narrow. Run it in e2e/:
//
//	go run ./cmd/pictures
//
// The pictures in the repository were made with the font Inter (Debian: apt-get install
// fonts-inter).
package main

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	for _, scheme := range []string{"light", "dark"} {
		for _, screen := range []struct {
			name          string
			width, height int64
		}{{"wide", 1280, 890}, {"phone", 390, 1010}} {
			shot, err := shoot(tab, server.URL, scheme, screen.width, screen.height)
			if err != nil {
				return err
			}
			name := filepath.Join(dir, fmt.Sprintf("%s-%s.png", screen.name, scheme))
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

func shoot(tab context.Context, url, scheme string, width, height int64) ([]byte, error) {
	scale := 1.0
	if width < 500 {
		scale = 2
	}
	if err := chromedp.Do(tab,
		chromedp.EmulateViewport(width, height, chromedp.EmulateScale(scale)),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia,
				emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
					{Name: "prefers-color-scheme", Value: scheme},
					{Name: "prefers-reduced-motion", Value: "reduce"},
				}})
			return err
		}),
		chromedp.Navigate(url+"/"),
	); err != nil {
		return nil, err
	}
	if _, err := chromedp.Run(
		tab,
		chromedp.Poll[bool](`globalThis.FlashMessages !== undefined`),
	); err != nil {
		return nil, err
	}
	const arrive = `FlashMessages.push({status: "success", title: "Import", text: "214 contacts were imported.",
		link: {label: "View contacts", url: "/contacts"}}) !== null`
	if arrived, err := chromedp.Run(tab, chromedp.Evaluate[bool](arrive)); err != nil || !arrived {
		return nil, fmt.Errorf("no message arrived: %w", err)
	}
	shot, err := chromedp.Call(tab, page.CaptureScreenshot,
		page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	return shot.Data, err
}

// serve starts the application of the pictures. Each visit finds the same messages.
func serve() (*httptest.Server, error) {
	gin.SetMode(gin.ReleaseMode)
	messenger, err := flashgin.New(flashgin.Config{SessionKey: func(*gin.Context) (string, error) {
		return "everybody", nil
	}})
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
	router.GET("/", func(c *gin.Context) {
		err := flashgin.AddFlash(c,
			flashgin.Success("Your settings have been changed successfully."),
			flashgin.Info("Maintenance is planned for Sunday, from 02:00 to 02:30."),
			flashgin.Message{Status: flashgin.StatusWarning, Title: "Storage",
				Text: "Your archive is nearly full: 4.6 of 5 GB are in use.",
				Link: &flashgin.Link{Label: "See what takes up space", URL: "/archive"}},
			flashgin.Message{Status: flashgin.StatusError, Title: "Calendar",
				Text: "The connection was refused. We try again in ten minutes."})
		if err != nil {
			_ = c.AbortWithError(http.StatusInternalServerError, err)
			return
		}
		c.HTML(http.StatusOK, "page", nil)
	})
	return httptest.NewServer(router), nil
}
