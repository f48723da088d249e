package routing

import "unicode/utf8"

// walk goes from the root to a leaf and writes the way down. The leaf is nil
// for the zero Tree, and for a branch that a tree nobody validated doesn't
// have.
func (d *Decision) walk(t Tree, f Facts) *Node {
	n, at := t.Root, ""
	for depth := 0; n != nil && n.If != nil && depth <= maxDepth; depth++ {
		is := weigh(n.If, f)
		d.Path = append(d.Path, Step{At: at, Name: n.Name, If: is})
		if is.Is {
			n, at = n.Then, at+"/then"
		} else {
			n, at = n.Else, at+"/else"
		}
	}
	d.Leaf = at
	return n
}

// weigh works out every comparison of an expression, also those that no longer
// matter, since a person who reads why wants to see them all.
func weigh(e *Expr, f Facts) Outcome {
	switch {
	case e.Term != nil:
		return weighTerm(e.Term, f)
	case e.All != nil:
		out := Outcome{Is: true, All: make([]Outcome, len(e.All))}
		for i := range e.All {
			out.All[i] = weigh(&e.All[i], f)
			out.Is = out.Is && out.All[i].Is
		}
		return out
	}
	out := Outcome{Any: make([]Outcome, len(e.Any))}
	for i := range e.Any {
		out.Any[i] = weigh(&e.Any[i], f)
		out.Is = out.Is || out.Any[i].Is
	}
	return out
}

func weighTerm(t *Term, f Facts) Outcome {
	out := Outcome{Attribute: t.Attribute, Operator: t.Operator, Value: &t.Value}
	is, known := t.holds(f)
	if out.Is = is; !known {
		out.Absent = true
		return out
	}
	var ok bool
	if out.Actual, ok = shown(t.Attribute, f); !ok {
		out.Masked = true
	}
	for i := range t.Value.Items {
		if ref := t.Value.Items[i].Ref; ref != "" {
			value, ok := shown(ref, f)
			out.Masked = out.Masked || !ok
			out.Against = append(out.Against, value)
		}
	}
	if out.Masked {
		out.Actual, out.Against = "", nil
	}
	return out
}

// maxShown is how long a value may be to be kept in an explanation.
const maxShown = 128

// shown is a value as an explanation may keep it; not ok when it may not.
func shown(name string, f Facts) (string, bool) {
	row := findAttribute(name)
	if row == nil || row.Personal {
		return "", false
	}
	value, _ := row.read(f, name)
	return value, len(value) <= maxShown && utf8.ValidString(value) && (row.Kind == KindNumber || !manyDigits(value))
}

// manyDigits says whether a text could hold a card or account number.
func manyDigits(s string) bool {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n >= 12
}
