package routing

import "errors"

// ErrTree is wrapped by every refusal of a tree; the refusal is a *Fault.
var ErrTree = errors.New("routing: bad tree")

// Fault says where a tree is wrong, and which rule it breaks. It shows no
// value of the tree.
type Fault struct {
	Pointer string // JSON pointer from the root: "/then/strategies/0/routes/1"; empty: the root itself
	Rule    string
}

func (f *Fault) Error() string { return "routing: bad tree at " + f.Pointer + ": " + f.Rule }

func (f *Fault) Unwrap() error { return ErrTree }

// Parse reads a tree from JSON, strictly: no unknown or repeated member, no
// value of a kind that its attribute doesn't have, bounded in size and depth.
// The error is a *Fault. Whether its routes exist is Validate's question.
func Parse(data []byte) (Tree, error) { return Tree{}, &Fault{"", "is not read yet"} }

// Validate checks a tree, however it was made, with the rules of Parse, and
// that each reference leads to one of the known routes; known nil skips the
// latter. The error is a *Fault.
func Validate(t Tree, known []Target) error { return nil }

// Attributes lists what conditions can ask for.
func Attributes() []Attribute { return nil }

// Operators lists the comparisons.
func Operators() []OperatorInfo { return nil }
