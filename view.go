package flashgin

import "github.com/flashgin/flashgin/internal/viewpath"

// cleanView returns the one spelling of a view that the application or a script gives.
func (m *Messenger) cleanView(view string) string { return viewpath.Clean(view, m.cfg.Prefix) }

// withoutPrefix returns the engine's path for a path that a browser sees.
func (m *Messenger) withoutPrefix(path string) string {
	return viewpath.WithoutPrefix(path, m.cfg.Prefix)
}

func cleanEscaped(path string) string { return viewpath.Escaped(path) }

func cleanPath(decoded string) string { return viewpath.Path(decoded) }
