package markup

// tailwind has the utilities of Tailwind CSS 4. docs/tailwind.css lists them for the Tailwind
// compiler.
var tailwind = classes{
	Root:   "block",
	Alone:  "absolute",
	List:   "m-0 list-none p-0",
	Item:   "pointer-events-auto mb-4 flex items-start gap-3 rounded-lg border border-s-4 p-4 text-sm leading-5",
	Icon:   "shrink-0",
	Body:   "min-w-0 grow wrap-anywhere",
	Title:  "font-semibold",
	Text:   "mt-1 whitespace-pre-line",
	Link:   "mt-2",
	Anchor: "font-semibold underline underline-offset-2 hover:no-underline",
	Close:  "-m-1 shrink-0 cursor-pointer rounded p-1.5 hover:bg-black/10 dark:hover:bg-white/15 print:hidden",
	Glyph:  "block",
	Hidden: "sr-only",
	Corner: "pointer-events-none mt-auto ms-auto me-0 mb-0 max-h-full w-96 max-w-full overflow-y-auto bg-transparent px-4 drop-shadow-lg print:hidden",
	Kinds: map[string]string{
		"info":    "border-blue-600 bg-blue-50 text-blue-950 dark:border-blue-400 dark:bg-blue-950 dark:text-blue-100",
		"success": "border-green-700 bg-green-50 text-green-950 dark:border-green-400 dark:bg-green-950 dark:text-green-100",
		"warning": "border-amber-600 bg-amber-50 text-amber-950 dark:border-amber-400 dark:bg-amber-950 dark:text-amber-100",
		"error":   "border-red-600 bg-red-50 text-red-950 dark:border-red-400 dark:bg-red-950 dark:text-red-100",
	},
}
