package markup

// bootstrap has the classes of Bootstrap 5.3.
var bootstrap = classes{
	Root:    "d-block",
	Alone:   "position-absolute",
	List:    "list-unstyled m-0",
	More:    "position-relative mb-3",
	Summary: "btn btn-sm border bg-body text-body pe-auto",
	Folded:  "list-unstyled mt-3 mb-0",
	All:     "btn btn-sm border bg-body text-body pe-auto position-absolute top-0 end-0 d-print-none",
	Count:   "badge rounded-pill text-bg-secondary",
	Item:    "alert alert-dismissible d-flex gap-2 mb-3 pe-auto",
	Icon:    "flex-shrink-0 mt-1",
	Body:    "flex-grow-1 text-break",
	Title:   "mb-0 fw-semibold",
	Text:    "mb-0 text-start",
	Link:    "mt-1 mb-0 text-start",
	Raised:  "shadow",
	Anchor:  "alert-link",
	Close:   "btn-close d-print-none",
	Hidden:  "visually-hidden",
	Corner:  "bg-transparent border-0 mt-auto ms-auto mb-0 me-0 px-3 py-0 mh-100 mw-100 pe-none d-print-none",
	Ago:     "small mb-0 mt-1",
	Kinds: map[string]string{
		"info":    "alert-info",
		"success": "alert-success",
		"warning": "alert-warning",
		"error":   "alert-danger",
	},
}
