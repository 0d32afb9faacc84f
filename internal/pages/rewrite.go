package pages

import (
	"html/template"
	"reflect"
	"text/template/parse"
)

// A bare {{flashes}} prints markup, and {{range flashes}} gets a list. One function cannot return
// both: markup must be template.HTML, and range wants a slice. But in the parse tree a bare print
// differs from every other use, before html/template escapes it. So rewritePrints makes a bare
// print call another function.

// The functions that replace flashes in a bare {{flashes …}} and in a bare {{flashes}}.
const (
	printName    = "flashginPrint"
	printAllName = "flashginPrintAll"
)

// rewritePrints makes every bare {{flashes …}} of a set print markup. The set must be a clone
// that was never executed. The template that prints the markup is left alone: it would call
// itself.
func rewritePrints(set *template.Template) {
	for _, t := range set.Templates() {
		if t.Tree == nil || t.Name() == Messages {
			continue
		}
		walk(t.Tree.Root, func(n parse.Node) {
			command := barePrint(n)
			if command == nil {
				return
			}
			name := printName
			if len(command.Args) == 1 {
				name = printAllName
			}
			command.Args[0] = parse.NewIdentifier(name).SetTree(t.Tree).SetPos(command.Pos)
		})
	}
}

// barePrint returns the call of a bare {{flashes …}}, or nil if n is something else.
func barePrint(n parse.Node) *parse.CommandNode {
	action, ok := n.(*parse.ActionNode)
	if !ok || len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 1 {
		return nil
	}
	command := action.Pipe.Cmds[0]
	if !isCallOf(command.Args[0], Flashes) {
		return nil
	}
	return command
}

// htmlEscaper is what html/template appends to a pipeline that is printed as text between tags.
// There it returns markup as it is.
const htmlEscaper = "_html_template_htmlescaper"

// trimPrints removes the escaper from bare prints between tags, where it does nothing. Most pages
// have no message, and the call of the escaper costs them more than the rest of {{flashes}}. If
// html/template renames the escaper one day, it stays. The set must be a clone that was executed.
func trimPrints(set *template.Template) {
	for _, t := range set.Templates() {
		if t.Tree == nil {
			continue
		}
		walk(t.Tree.Root, func(n parse.Node) {
			action, ok := n.(*parse.ActionNode)
			if !ok || len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 2 {
				return
			}
			print, escape := action.Pipe.Cmds[0].Args[0], action.Pipe.Cmds[1].Args[0]
			ours := isCallOf(print, printName) || isCallOf(print, printAllName)
			if ours && isCallOf(escape, htmlEscaper) {
				action.Pipe.Cmds = action.Pipe.Cmds[:1]
			}
		})
	}
}

// namesOurs reports whether a set of templates calls our functions.
func namesOurs(set *template.Template) (found bool) {
	for _, t := range set.Templates() {
		if t.Tree == nil {
			continue
		}
		walk(t.Tree.Root, func(n parse.Node) {
			for _, name := range [...]string{Flashes, PeekFlashes, FlashAssets} {
				found = found || isCallOf(n, name)
			}
		})
	}
	return found
}

func isCallOf(n parse.Node, name string) bool {
	id, ok := n.(*parse.IdentifierNode)
	return ok && id.Ident == name
}

// walk calls visit for every node below n, and for n.
func walk(n parse.Node, visit func(parse.Node)) {
	if n == nil || reflect.ValueOf(n).IsNil() {
		return
	}
	visit(n)
	switch n := n.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			walk(child, visit)
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.TemplateNode:
		walk(n.Pipe, visit)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			walk(command, visit)
		}
	case *parse.CommandNode:
		for _, arg := range n.Args {
			walk(arg, visit)
		}
	case *parse.ChainNode:
		walk(n.Node, visit)
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	}
}

func walkBranch(n *parse.BranchNode, visit func(parse.Node)) {
	walk(n.Pipe, visit)
	walk(n.List, visit)
	walk(n.ElseList, visit)
}
