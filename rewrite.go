package flashgin

import (
	"html/template"
	"reflect"
	"text/template/parse"
)

// One function cannot return what prints as markup and what range takes: the former must be template.HTML, the latter a slice. But a bare print can be
// told from every other use in the parse tree, before html/template escapes it: there, and only there, another function is called, which returns markup.

// rewritePrints makes every bare {{flashes …}} of a set print markup. The set must be a clone that was never executed. The template that renders the markup
// is left alone, lest it call itself.
func rewritePrints(set *template.Template) {
	for _, t := range set.Templates() {
		if t.Tree == nil || t.Name() == messagesName {
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
	if !ok || len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 1 || !isCallOf(action.Pipe.Cmds[0].Args[0], flashesName) {
		return nil
	}
	return action.Pipe.Cmds[0]
}

// htmlEscaper is what html/template appends to a pipeline that is printed as text between tags. There, and nowhere else, it returns markup as it is.
const htmlEscaper = "_html_template_htmlescaper"

// trimPrints takes the escaper off the prints of markup where it has nothing to do: most pages have no message, and calling it costs them more than the rest
// of {{flashes}}. Should html/template name it differently one day, it stays. The set must be a clone that was executed.
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
			if isCallOf(escape, htmlEscaper) && (isCallOf(print, printName) || isCallOf(print, printAllName)) {
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
			found = found || isCallOf(n, flashesName) || isCallOf(n, peekFlashesName) || isCallOf(n, flashAssetsName)
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
