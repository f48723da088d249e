package jsonapi

import (
	"strings"

	"penstock/httpd/wire"
)

// body is what a call that makes or changes something reads. Members that it
// doesn't know are ignored.
type body[T any] struct {
	Data *data[T] `json:"data"`
}

type data[T any] struct {
	Type       *string `json:"type"`
	ID         *string `json:"id"`
	Attributes *T      `json:"attributes"`
}

// attributes returns what was sent of a resource of the type, which may be
// named in the singular or in the plural; of a change, id is that of the path
// and "" of a new one.
func (b body[T]) attributes(kind, id string) (*T, error) {
	d := b.Data
	switch {
	case d == nil:
		return nil, lacking("/data", "data")
	case d.Type == nil:
		return nil, lacking("/data/type", "type")
	case !names(*d.Type, kind):
		return nil, wrong("/data/type", "type must be "+singular(kind)+" or "+kind)
	case d.ID != nil && id == "":
		return nil, wrong("/data/id", "id is given by the server and must not be sent")
	case d.ID != nil && *d.ID != id:
		return nil, wrong("/data/id", "id must be that of the path")
	case d.Attributes == nil:
		return nil, lacking("/data/attributes", "attributes")
	}
	return d.Attributes, nil
}

// optional is attributes of a call whose body may be left out.
func (b body[T]) optional(kind, id string) (*T, error) {
	if b.Data == nil {
		return new(T), nil
	}
	return b.attributes(kind, id)
}

func names(said, kind string) bool { return said == kind || said == singular(kind) }

// singular is a type's other name: payout-request for payout-requests.
func singular(kind string) string {
	if rest, ok := strings.CutSuffix(kind, "ies"); ok {
		return rest + "y"
	}
	return strings.TrimSuffix(kind, "s")
}

// need collects the names of attributes that must be given and aren't, so that
// a caller hears of all of them at once.
type need struct{ missing faults }

func (n *need) want(given bool, name string) {
	if !given {
		n.missing = append(n.missing, lacking("/data/attributes/"+name, name))
	}
}

func (n *need) err() error {
	if n.missing == nil {
		return nil
	}
	return n.missing
}

// text bounds a text of the caller's: at most so many characters, and none
// that only machines see.
func text(name string, s *string, most int) (string, error) {
	if s == nil {
		return "", nil
	}
	if len([]rune(*s)) > most {
		return "", badAttribute(name, "must have at most %d characters", most)
	}
	if strings.ContainsFunc(*s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }) {
		return "", badAttribute(name, "must not have control characters")
	}
	return *s, nil
}

// members counts the members of a JSON object that is carried along.
func members(o wire.Object) int {
	var m map[string]any
	if o == nil || wire.Decode(o, &m, wire.DecodeOptions{}) != nil {
		return 0
	}
	return len(m)
}
