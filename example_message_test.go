package flashgin_test

import (
	"encoding/json"
	"fmt"

	"github.com/flashgin/flashgin"
)

func ExampleInfo() {
	message := flashgin.Info("The rules have changed.")
	fmt.Println(message.Status, message.Text)
	// Output:
	// info The rules have changed.
}

func ExampleSuccess() {
	message := flashgin.Success("Saved.")
	fmt.Println(message.Status, message.Text)
	// Output:
	// success Saved.
}

func ExampleWarning() {
	message := flashgin.Warning("The disk is nearly full.")
	fmt.Println(message.Status, message.Text)
	// Output:
	// warning The disk is nearly full.
}

func ExampleError() {
	message := flashgin.Error("The mail was not sent.")
	fmt.Println(message.Status, message.Text)
	// Output:
	// error The mail was not sent.
}

// More than a text is a literal.
func ExampleMessage() {
	message := flashgin.Message{
		View:   "/orders",
		Status: flashgin.StatusSuccess,
		Title:  "Order 5",
		Text:   "It was sent today.",
		Link:   &flashgin.Link{Label: "View order", URL: "/orders/5"},
		Data:   map[string]string{"carrier": "by bicycle"}, // for a template of yours: {{.Data.carrier}}
	}
	text, err := json.MarshalIndent(message, "", "  ")
	fmt.Println(string(text), err)
	// Output:
	// {
	//   "view": "/orders",
	//   "status": "success",
	//   "title": "Order 5",
	//   "text": "It was sent today.",
	//   "link": {
	//     "label": "View order",
	//     "url": "/orders/5"
	//   },
	//   "data": {
	//     "carrier": "by bicycle"
	//   }
	// } <nil>
}

func ExampleMessage_At() {
	message := flashgin.Info("The rules have changed.")
	fmt.Println(message.At("/problems/108").View)   // that page
	fmt.Println(message.At("/problems/:id").View)   // the next page of that route
	fmt.Println(message.At(flashgin.Anywhere).View) // the next page of the session
	// Output:
	// /problems/108
	// /problems/:id
	// *
}

func ExampleMessages_ByStatus() {
	messages := flashgin.Messages{
		flashgin.Success("Saved."),
		flashgin.Warning("The disk is nearly full."),
		flashgin.Error("The mail was not sent."),
	}
	fmt.Println(messages.ByStatus(flashgin.StatusWarning, flashgin.StatusError))
	// Output:
	// The disk is nearly full.
	// The mail was not sent.
}

// In a template, this is what {{(flashes)}} prints inside a script.
func ExampleMessages_JSON() {
	messages := flashgin.Messages{{Status: flashgin.StatusInfo, Text: "1 < 2"}}
	text, err := messages.JSON()
	fmt.Println(text, err)
	// Output:
	// [{"status":"info","text":"1 \u003c 2"}] <nil>
}

// A handler that answers with JSON hands on the list as it is.
func ExampleMessages_MarshalJSON() {
	var none flashgin.Messages
	text, err := json.Marshal(map[string]any{"messages": none})
	fmt.Println(string(text), err)
	text, err = json.Marshal(flashgin.Messages{flashgin.Info("Saved.")})
	fmt.Println(string(text), err)
	// Output:
	// {"messages":[]} <nil>
	// [{"status":"info","text":"Saved."}] <nil>
}

func ExampleMessages_String() {
	messages := flashgin.Messages{
		{Title: "Order 5", Text: "It was sent today."},
		{HTML: "Our <b>rules</b> have changed."},
	}
	fmt.Println(messages)
	// Output:
	// Order 5: It was sent today.
	// Our rules have changed.
}
