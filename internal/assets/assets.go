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

// What is served is made of flash.js and flash.css: without comments, and with short names.
//
//go:generate go -C ../../e2e run ./cmd/assets

//go:embed flash.min.js
var script []byte

//go:embed flash.min.css
var style []byte

// The files that are served.
var (
	Script = newFile("flash.js", "text/javascript; charset=utf-8", script)
	Style  = newFile("flash.css", "text/css; charset=utf-8", style)
)

// A File has a name with its hash, under which browsers may cache it for ever. It is hashed and
// compressed when it is first asked for: programs that serve no pages need not when they start.
type File struct {
	name        string
	contentType string
	plain       []byte
	hashed      func() string // the name
	gzipped     func() []byte
}

func newFile(name, contentType string, plain []byte) *File {
	return &File{
		name:        name,
		contentType: contentType,
		plain:       plain,
		hashed: sync.OnceValue(func() string {
			sum := sha256.Sum256(plain)
			ext := path.Ext(name)
			return strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		}),
		gzipped: sync.OnceValue(func() []byte { return compress(plain) }),
	}
}

// Hashed returns the name that contains the hash of the file: the one to link.
func (f *File) Hashed() string { return f.hashed() }

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
	body, etag := f.plain, f.Hashed()
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

func compress(text []byte) []byte {
	var buf bytes.Buffer
	w, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level is a valid one
	_, err := w.Write(text)
	if err != nil || w.Close() != nil {
		panic("a bytes.Buffer cannot fail")
	}
	return buf.Bytes()
}
