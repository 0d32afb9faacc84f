package main

import (
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"

	"github.com/gofiber/fiber/v3"
)

// serveFiber serves the shop by fiber, whose flash messages are a cookie that comes with a
// redirect.
func serveFiber(l net.Listener) error {
	app := fiber.New(fiber.Config{Views: fiberViews{pageTemplate(textMarkup, nil)}})
	app.Get("/login", func(c fiber.Ctx) error { return c.SendStatus(http.StatusOK) })
	app.Get("/orders/:id", func(c fiber.Ctx) error {
		work(c.Query("work"))
		var texts []string
		for _, message := range c.Redirect().Messages() {
			texts = append(texts, message.Value)
		}
		data := fiber.Map(pageData("alice"))
		data["Messages"] = texts
		return c.Render("page", data)
	})
	app.Post("/orders/:id", func(c fiber.Ctx) error {
		work(c.Query("work"))
		return c.Redirect().With("success", messageText+c.Query("n")).To(c.Path())
	})
	app.Get(processorTimePath,
		func(c fiber.Ctx) error { return c.SendString(fmt.Sprint(processorTimeUsed())) })
	// The first Render writes what all others read, so it is alone.
	first, err := http.NewRequest(http.MethodGet, "/orders/0", nil)
	if err != nil {
		return err
	}
	if _, err := app.Test(first); err != nil {
		return err
	}
	return app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true})
}

// fiberViews is html/template for fiber.
type fiberViews struct{ templates *template.Template }

func (fiberViews) Load() error { return nil }

func (v fiberViews) Render(out io.Writer, name string, data any, _ ...string) error {
	return v.templates.ExecuteTemplate(out, name, data)
}
