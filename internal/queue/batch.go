package queue

// A Batch has the items of one Add that have one view, by their places in the list.
type Batch struct {
	View   string
	Places []int
}

// ByView returns the items by their views, and whether a view comes again after another one.
func ByView[T any](items []Item[T]) (batches []Batch, alternate bool) {
	of, last := map[string]int{}, -1
	for i := range items {
		view := items[i].View
		at, known := of[view]
		if !known {
			at = len(batches)
			of[view] = at
			batches = append(batches, Batch{View: view})
		}
		alternate = alternate || known && at != last
		last = at
		batches[at].Places = append(batches[at].Places, i)
	}
	return batches, alternate
}
