package versus

import (
	"html/template"
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// What follows is the same in both shops.

type order struct{ Customer *customer }

type customer struct{ Name string }

// orderOf is where a page may fail: an order without a customer is more than the template expects.
func orderOf(c *gin.Context) order {
	if c.Query("customer") == "none" {
		return order{}
	}
	return order{&customer{"Ada"}}
}

// page is the template; messages is where they are.
func page(messages string) *template.Template {
	text := `<!doctype html><title>An order</title><h1>For {{.Order.Customer.Name}}</h1>` + messages
	return template.Must(template.New("page").Funcs(flashgin.FuncMap()).Parse(text))
}

func cookies() sessions.Store {
	store := cookie.NewStore([]byte("a secret of thirty-two bytes ...")) // not a secret: an example's
	store.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return store
}
