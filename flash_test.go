package flashgin_test

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
	"io"

	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
)

func TestSmoke(t *testing.T) {
	gin.SetMode(gin.TestMode)
	m, err := flashgin.New(flashgin.Config{})
	if err != nil { t.Fatal(err) }
	r := gin.New(m.Install)
	cs := cookie.NewStore([]byte("0123456789012345"))
	cs.Options(sessions.Options{Path: "/", HttpOnly: true})
	r.Use(sessions.Sessions("id", cs))
	r.SetHTMLTemplate(template.Must(template.New("p").Funcs(flashgin.FuncMap()).Parse(`<p>{{flashes}}</p>`)))
	r.GET("/settings", func(c *gin.Context) { c.HTML(200, "p", nil) })
	r.POST("/settings", func(c *gin.Context) {
		fmt.Println(flashgin.AddFlash(c, flashgin.Success("Saved <b>")))
		c.Redirect(303, "/settings")
	})
	s := httptest.NewServer(r)
	defer s.Close()
	jar, _ := cookiejar.New(nil)
	cl := &http.Client{Jar: jar}
	resp, err := cl.Post(s.URL+"/settings", "", nil)
	b, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.Status, resp.Header, string(b))
	resp, err = cl.Get(s.URL+"/settings")
	b, _ = io.ReadAll(resp.Body)
	fmt.Println(resp.Status, resp.Header, string(b))
}
