package doctest

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	linkText   = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	linkTarget = regexp.MustCompile(`\]\(([^)]*)\)`)
	reference  = regexp.MustCompile(`(?m)^\[[^\]]+\]: +(\S+)`)
	attribute  = regexp.MustCompile(`\b(?:src|srcset|href)="([^"]*)"`)
)

// Links returns the targets of all links and pictures of the page, in Markdown and in HTML.
func (p Page) Links() []string {
	prose := codeSpan.ReplaceAllString(p.Prose(), "")
	var links []string
	for _, pattern := range []*regexp.Regexp{linkTarget, reference, attribute} {
		for _, match := range pattern.FindAllStringSubmatch(prose, -1) {
			links = append(links, match[1])
		}
	}
	return links
}

// CheckLink tells what is wrong with a link of the page. A file of the repository must exist, with
// the heading that the link names. Other sites are not asked: their links must be complete and use
// TLS.
func (p Page) CheckLink(link string) error {
	u, err := url.Parse(link)
	switch {
	case err != nil:
		return err
	case link == "" || strings.ContainsAny(link, " \t\n"):
		return fmt.Errorf("%q is no link", link)
	case u.Scheme == "mailto" && strings.Contains(u.Opaque, "@"):
		return nil
	case u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost"):
		return nil
	case u.Scheme != "" || u.Host != "":
		if u.Scheme != "https" || !strings.Contains(u.Host, ".") {
			return fmt.Errorf("%q: want a complete https link", link)
		}
		return nil
	case strings.HasPrefix(u.Path, "/"):
		return fmt.Errorf("%q: want a path from the page to a file of the repository", link)
	}
	target := p
	if u.Path != "" {
		below := path.Join(path.Dir(p.Path), u.Path)
		if strings.HasPrefix(below, "..") {
			return fmt.Errorf("%q leads out of the repository", link)
		}
		if _, err := os.Stat(filepath.Join(p.root, below)); err != nil {
			return fmt.Errorf("%q: %w", link, err)
		}
		if u.Fragment == "" {
			return nil
		}
		if target, err = Open(p.root, below); err != nil {
			return fmt.Errorf("%q: %w", link, err)
		}
	}
	if !target.Anchors()[u.Fragment] {
		return fmt.Errorf("%q: %s has no heading #%s", link, target.Path, u.Fragment)
	}
	return nil
}
