// Package assets serves the script and the style sheet that pages load.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed flash.js
var scriptSource []byte

//go:embed flash.css
var styleSource []byte

// The files that are served.
var (
	Script = newFile("flash.js", "text/javascript; charset=utf-8", scriptSource)
	Style  = newFile("flash.css", "text/css; charset=utf-8", styleSource)
)

// A File has a name with its hash, under which browsers may cache it for ever. It is made when it
// is first asked for: programs that serve no pages need not compress it when they start.
type File struct {
	name        string
	contentType string
	text        func() text
	gzipped     func() []byte
}

type text struct {
	hashed string // the name
	etag   string
	plain  []byte
}

func newFile(name, contentType string, source []byte) *File {
	f := &File{name: name, contentType: contentType}
	f.text = sync.OnceValue(func() text {
		plain := withoutComments(source)
		sum := sha256.Sum256(plain)
		hash := hex.EncodeToString(sum[:6])
		ext := path.Ext(name)
		return text{strings.TrimSuffix(name, ext) + "." + hash + ext, hash, plain}
	})
	f.gzipped = sync.OnceValue(func() []byte { return compress(f.text().plain) })
	return f
}

// Hashed returns the name that contains the hash of the file: the one to link.
func (f *File) Hashed() string { return f.text().hashed }

// Tags returns the tags that load the style sheet and the script. styleURL is "" if the page
// needs no style sheet. nonce is that of the page's Content-Security-Policy; "" means none.
func Tags(styleURL, scriptURL, nonce string) template.HTML {
	if nonce != "" {
		nonce = ` nonce="` + template.HTMLEscapeString(nonce) + `"`
	}
	var tags strings.Builder
	if styleURL != "" {
		fmt.Fprintf(&tags, "<link rel=\"stylesheet\" href=\"%s\"%s>\n",
			template.HTMLEscapeString(styleURL), nonce)
	}
	fmt.Fprintf(&tags, "<script src=\"%s\" defer%s></script>",
		template.HTMLEscapeString(scriptURL), nonce)
	return template.HTML(tags.String())
}

// Serve answers a request for the file of that name: with its hash, with another hash, or
// without.
func Serve(w http.ResponseWriter, r *http.Request, name string) {
	for _, f := range []*File{Script, Style} {
		ext := path.Ext(f.name)
		base := strings.TrimSuffix(f.name, ext)
		if strings.HasPrefix(name, base+".") && strings.HasSuffix(name, ext) {
			f.serve(w, r, name)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (f *File) serve(w http.ResponseWriter, r *http.Request, name string) {
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept-Encoding")
	switch name {
	case f.Hashed():
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	case f.name:
		header.Set("Cache-Control", "no-cache")
	default:
		// The page is of another version: a deployment is under way. This file serves it better
		// than none, but must not be cached under that name.
		header.Set("Cache-Control", "no-store")
	}
	body, etag := f.text().plain, f.text().etag
	// Middleware that compresses has set Content-Encoding by now.
	if header.Get("Content-Encoding") == "" && acceptsGzip(r.Header) {
		header.Set("Content-Encoding", "gzip")
		body, etag = f.gzipped(), etag+"-gzip"
	}
	header.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func acceptsGzip(h http.Header) bool {
	for _, line := range h["Accept-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				weight = strings.ReplaceAll(weight, " ", "")
				return !strings.HasPrefix(weight, "q=0") ||
					strings.ContainsAny(weight[len("q=0"):], "123456789")
			}
		}
	}
	return false
}

// withoutComments removes indentation, empty lines and comments. It is for our own files alone:
// their block comments are whole lines, no string has more than one line, and no string contains
// two slashes between spaces.
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
