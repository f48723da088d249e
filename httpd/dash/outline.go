package dash

import (
	"fmt"
	"strings"

	"penstock/engine/routing"
	"penstock/httpd/ui"
)

// strategyWords say how a strategy chooses.
var strategyWords = map[routing.StrategyType]string{
	routing.Optimal: "by chance, the better by conversion and cost the likelier", routing.Direct: "this one and no other", routing.Priority: "the first that can be used", routing.Weighted: "by chance, by weight",
	routing.Balance: "the one with the most money", routing.Cheapest: "the cheapest", routing.Conversion: "the one that succeeds most often",
}

// strategyNames are what strategies are called.
var strategyNames = map[routing.StrategyType]string{
	routing.Optimal: "Optimal", routing.Direct: "Direct", routing.Priority: "By priority", routing.Weighted: "Weight", routing.Balance: "By balance", routing.Cheapest: "By cost", routing.Conversion: "By conversion",
}

// outline is a tree in sentences, for those who don't read JSON.
func outline(t routing.Tree, names map[string]string) []ui.Line {
	if t.Root == nil {
		return []ui.Line{{Text: "All routes, " + strategyWords[routing.Optimal]}}
	}
	return outlineNode(nil, t.Root, 0, "", names)
}

func outlineNode(out []ui.Line, n *routing.Node, depth int, before string, names map[string]string) []ui.Line {
	add := func(at int, text string) { out = append(out, ui.Line{Text: text, Depth: min(at, 3)}) }
	name := ""
	if n.Name != "" {
		name = " (" + n.Name + ")"
	}
	switch {
	case n.If != nil:
		add(depth, before+"If "+condition(n.If)+name)
		out = outlineNode(out, n.Then, depth+1, "then: ", names)
		return outlineNode(out, n.Else, depth+1, "else: ", names)
	case n.Block:
		add(depth, before+"No payout"+name+": "+or(n.Reason, "blocked"))
		return out
	}
	for i, s := range n.Strategies {
		text := pick(i == 0, before, "otherwise: ") + routesText(s.Routes, s.Type == routing.Weighted, names) + ", " + or(strategyWords[s.Type], string(s.Type))
		add(depth, text+pick(i == 0, name, ""))
	}
	return out
}

// condition is an expression as people say it.
func condition(e *routing.Expr) string {
	joined := func(all []routing.Expr, word string) string {
		var out []string
		for i := range all {
			text := condition(&all[i])
			if all[i].Term == nil && len(all) > 1 {
				text = "(" + text + ")"
			}
			out = append(out, text)
		}
		return strings.Join(out, word)
	}
	switch {
	case e.Term != nil:
		return strings.ReplaceAll(e.Term.Attribute, "_", " ") + " " + signOf(e.Term.Operator) + " " + valueText(e.Term.Value)
	case e.All != nil:
		return joined(e.All, " and ")
	}
	return joined(e.Any, " or ")
}

func signOf(o routing.Operator) string {
	for _, row := range routing.Operators() {
		if row.Operator == o {
			return row.Sign
		}
	}
	return string(o)
}

func valueText(v routing.Value) string {
	var out []string
	for _, i := range v.Items {
		switch {
		case i.Ref != "":
			out = append(out, strings.ReplaceAll(i.Ref, "_", " "))
		case i.From != "" || i.To != "":
			out = append(out, i.From+" to "+i.To)
		default:
			out = append(out, i.Text)
		}
	}
	return strings.Join(out, ", ")
}

func routesText(refs []routing.Ref, weights bool, names map[string]string) string {
	if len(refs) == 0 {
		return "all routes"
	}
	var out []string
	for _, r := range refs {
		text := or(r.Provider, or(r.Account, or(r.Deposit, "all routes")))
		if r.Route != "" {
			text = or(names[r.Route], shortID(r.Route))
		}
		if weights {
			text += fmt.Sprintf(" (%d)", r.Weight)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// maxDiff bounds the lines that are compared: two times a long tree.
const maxDiff = 2000

// compare is what became of the lines of a text: those that stayed, went and
// came, in their order.
func compare(was, is string) (out []ui.Changed) {
	a, b := strings.Split(was, "\n"), strings.Split(is, "\n")
	if len(a) > maxDiff || len(b) > maxDiff {
		return nil
	}
	longest := make([][]int16, len(a)+1) // common lines from here on
	for i := range longest {
		longest[i] = make([]int16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, ui.Changed{Text: a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[i+1][j] >= longest[i][j+1]:
			out = append(out, ui.Changed{Text: a[i], Sign: "-"})
			i++
		default:
			out = append(out, ui.Changed{Text: b[j], Sign: "+"})
			j++
		}
	}
	return out
}
