package markup

// tailwind has the utilities of Tailwind CSS 4. docs/tailwind.css lists them for the Tailwind
// compiler.
var tailwind = classes{
	Root:     "block",
	Alone:    "absolute",
	List:     "m-0 list-none p-0",
	More:     "relative mb-4",
	Summary:  "pointer-events-auto inline-block cursor-pointer rounded-full border border-gray-400 bg-white px-3 py-1 text-sm text-gray-900 dark:border-gray-500 dark:bg-gray-900 dark:text-gray-100",
	Folded:   "m-0 mt-4 list-none p-0",
	All:      "pointer-events-auto absolute end-0 top-0 cursor-pointer rounded-full border border-gray-400 bg-white px-3 py-1 text-sm text-gray-900 dark:border-gray-500 dark:bg-gray-900 dark:text-gray-100 print:hidden",
	Count:    "shrink-0 rounded-full bg-black/10 px-2 text-xs leading-5 font-semibold empty:hidden dark:bg-white/15",
	Item:     "pointer-events-auto mb-4 flex items-start gap-3 rounded-lg border border-s-4 p-4 text-sm leading-5",
	Icon:     "shrink-0",
	Body:     "flex min-w-0 grow flex-col wrap-anywhere",
	Title:    "font-semibold",
	Text:     "mt-1 whitespace-pre-line [text-align:match-parent] [text-align:-webkit-match-parent] peer-not-open:line-clamp-3",
	Link:     "order-2 mt-2 [text-align:match-parent] [text-align:-webkit-match-parent]",
	Anchor:   "font-semibold underline underline-offset-2 hover:no-underline",
	Close:    "-m-1 shrink-0 cursor-pointer rounded p-1.5 hover:bg-black/10 dark:hover:bg-white/15 print:hidden",
	Glyph:    "block",
	Hidden:   "sr-only",
	Corner:   "pointer-events-none m-[var(--flash-corner,auto_0_0_auto)] rtl:m-[var(--flash-corner,auto_auto_0_0)] max-h-full w-96 max-w-full overflow-y-auto bg-transparent px-4 drop-shadow-lg print:hidden",
	Long:     "peer group order-1 mt-1",
	Show:     "block w-fit cursor-pointer font-semibold underline underline-offset-2 hover:no-underline",
	ShowMore: "group-open:hidden",
	ShowLess: "hidden group-open:inline",
	Ago:      "order-3 mt-1 text-xs opacity-80",
	Kinds: map[string]string{
		"info":    "border-blue-600 bg-blue-50 text-blue-950 dark:border-blue-400 dark:bg-blue-950 dark:text-blue-100",
		"success": "border-green-700 bg-green-50 text-green-950 dark:border-green-400 dark:bg-green-950 dark:text-green-100",
		"warning": "border-amber-600 bg-amber-50 text-amber-950 dark:border-amber-400 dark:bg-amber-950 dark:text-amber-100",
		"error":   "border-red-600 bg-red-50 text-red-950 dark:border-red-400 dark:bg-red-950 dark:text-red-100",
	},
}
