package flashgin

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

//go:embed assets/flash.js assets/flash.css
var assetFiles embed.FS

var (
	scriptAsset = newAsset("flash.js", "text/javascript; charset=utf-8")
	styleAsset  = newAsset("flash.css", "text/css; charset=utf-8")
)

// assetTags returns the tags that load the style sheet, if the look has one, and the script.
func (m *Messenger) assetTags(nonce string) template.HTML {
	if m.mountedAt() == "" {
		m.unmounted.Do(func() {
			m.errs.warn("a page calls flashAssets, which prints nothing without Messenger.Mount: call it where the routes are registered")
		})
		return ""
	}
	if nonce != "" {
		nonce = ` nonce="` + template.HTMLEscapeString(nonce) + `"`
	}
	var tags strings.Builder
	if m.cfg.Look == LookPlain {
		fmt.Fprintf(&tags, "<link rel=\"stylesheet\" href=\"%s\"%s>\n", template.HTMLEscapeString(m.mountedURL(styleAsset.hashed)), nonce)
	}
	fmt.Fprintf(&tags, "<script src=\"%s\" defer%s></script>", template.HTMLEscapeString(m.mountedURL(scriptAsset.hashed)), nonce)
	return template.HTML(tags.String())
}

// flashAssets is the template function. Its argument, if there is one, is the nonce of the page's Content-Security-Policy.
func (s *slot) flashAssets(nonce ...any) (template.HTML, error) {
	text := ""
	if len(nonce) > 0 {
		v := reflect.ValueOf(nonce[0])
		if len(nonce) > 1 || v.Kind() != reflect.String {
			return "", fmt.Errorf("flashgin: %s was given %d arguments, the first of them a %T: want a nonce, or nothing", flashAssetsName, len(nonce), nonce[0])
		}
		text = v.String()
	}
	if s.request == nil {
		return "", nil
	}
	return s.request.m.assetTags(text), nil
}

// An asset is a file that browsers may keep for ever under the name that has its hash.
type asset struct {
	name, hashed string
	contentType  string
	etag         string
	plain        []byte
	gzipped      []byte
}

func newAsset(name, contentType string) asset {
	source, err := assetFiles.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	text := withoutComments(source)
	sum := sha256.Sum256(text)
	hash := hex.EncodeToString(sum[:6])
	ext := path.Ext(name)
	return asset{
		name:        name,
		hashed:      strings.TrimSuffix(name, ext) + "." + hash + ext,
		contentType: contentType,
		etag:        hash,
		plain:       text,
		gzipped:     compress(text),
	}
}

// withoutComments leaves out what only we read: indentation, empty lines and comments. It is for our own files alone: they have no block comment of more
// than one line or beside code, no string of more than one line, and none with two slashes between spaces.
func withoutComments(source []byte) []byte {
	var text bytes.Buffer
	for line := range bytes.Lines(source) {
		line, _, _ = bytes.Cut(bytes.TrimSpace(line), []byte(" // "))
		block := bytes.HasPrefix(line, []byte("/*")) && bytes.HasSuffix(line, []byte("*/"))
		if len(line) > 0 && !block && !bytes.HasPrefix(line, []byte("//")) {
			text.Write(line)
			text.WriteByte('\n')
		}
	}
	return text.Bytes()
}

func compress(text []byte) []byte {
	var buf bytes.Buffer
	w, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level is a valid one
	_, err := w.Write(text)
	if err != nil || w.Close() != nil {
		panic("a bytes.Buffer cannot fail")
	}
	return buf.Bytes()
}

func serveAsset(c *gin.Context) {
	name := c.Param("asset")
	for _, a := range []*asset{&scriptAsset, &styleAsset} {
		if ext := path.Ext(a.name); strings.HasPrefix(name, strings.TrimSuffix(a.name, ext)+".") && strings.HasSuffix(name, ext) {
			a.serve(c, name)
			return
		}
	}
	c.Status(http.StatusNotFound)
}

func (a *asset) serve(c *gin.Context, name string) {
	header := c.Writer.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept-Encoding")
	switch name {
	case a.hashed:
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	case a.name:
		header.Set("Cache-Control", "no-cache")
	default:
		// A page of another version, during a deployment: what there is serves it better than nothing, but must not be kept under that name.
		header.Set("Cache-Control", "no-store")
	}
	text := a.plain
	etag := a.etag
	// A middleware that compresses by itself has said so by now.
	if header.Get("Content-Encoding") == "" && acceptsGzip(c.Request.Header) {
		header.Set("Content-Encoding", "gzip")
		text, etag = a.gzipped, etag+"-gzip"
	}
	header.Set("ETag", `"`+etag+`"`)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(text))
}

func acceptsGzip(h http.Header) bool {
	for _, line := range h["Accept-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				weight = strings.ReplaceAll(weight, " ", "")
				return !strings.HasPrefix(weight, "q=0") || strings.ContainsAny(weight[len("q=0"):], "123456789")
			}
		}
	}
	return false
}
