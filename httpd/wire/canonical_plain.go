package wire

import (
	"bytes"
	"math"
	"slices"
	"unicode/utf8"
)

// canonicalPlain is canonical for what most bodies are: plain JSON (see [Plain])
// with names of ASCII. It goes through the body once, where the general way takes
// three passes, and says no to whatever it doesn't know, be that JSON or not. It
// writes into room, where that suffices.
func canonicalPlain(room, body []byte) ([]byte, bool) {
	if len(body) > math.MaxInt32 || !utf8.Valid(body) {
		return nil, false
	}
	p := plainer{Plain{in: body}}
	out, ok := p.value(slices.Grow(room[:0], 2*len(body)), 0) // twice: see sort
	return out, ok && p.ended()
}

// plainer reads; what it writes is appended to what each method is given.
type plainer struct{ Plain }

func (p *plainer) value(out []byte, depth int) ([]byte, bool) {
	switch c := p.next(); {
	case c == '"':
		return p.text(out)
	case c == '{':
		return p.object(out, depth+1)
	case c == '[':
		return p.array(out, depth+1)
	case c == '-' || isDigit(c):
		return p.number(out)
	}
	word, ok := p.Value()
	return append(out, word...), ok
}

func (p *plainer) text(out []byte) ([]byte, bool) {
	text, ok := p.Text()
	return append(append(append(out, '"'), text...), '"'), ok
}

func (p *plainer) number(out []byte) ([]byte, bool) {
	digits, ok := p.Whole()
	if !ok {
		return out, false
	}
	return appendNumber(out, string(digits)), true
}

func (p *plainer) array(out []byte, depth int) ([]byte, bool) {
	if depth > MaxDepth {
		return out, false
	}
	p.take('[')
	out = append(out, '[')
	if p.take(']') {
		return append(out, ']'), true
	}
	for {
		var ok bool
		if out, ok = p.value(out, depth); !ok {
			return out, false
		}
		if !p.take(',') {
			return append(out, ']'), p.take(']')
		}
		out = append(out, ',')
	}
}

// plainMember is a member that has been written: where in what is written it
// begins and ends, and where its name stands in what is read.
type plainMember struct{ from, to, name, end int32 }

func (p *plainer) name(m plainMember) []byte { return p.in[m.name:m.end] }

func (p *plainer) object(out []byte, depth int) ([]byte, bool) {
	if depth > MaxDepth {
		return out, false
	}
	p.take('{')
	out = append(out, '{')
	if p.take('}') {
		return append(out, '}'), true
	}
	var space [24]plainMember
	members, start := space[:0], len(out)
	for {
		m, ok := plainMember{from: int32(len(out))}, false
		if p.next() != '"' {
			return out, false
		}
		m.name = int32(p.at + 1)
		if out, ok = p.text(out); !ok {
			return out, false
		}
		m.end = int32(p.at - 1)
		if !isASCII(p.name(m)) || !p.take(':') {
			return out, false
		}
		if out, ok = p.value(append(out, ':'), depth); !ok {
			return out, false
		}
		m.to = int32(len(out))
		members = append(members, m)
		if !p.take(',') {
			break
		}
		out = append(out, ',')
	}
	out, ok := p.sort(out, members, start)
	return append(out, '}'), ok && p.take('}')
}

func isASCII(name []byte) bool {
	return !slices.ContainsFunc(name, func(c byte) bool { return c >= utf8.RuneSelf })
}

// sort puts members, which are what is written from start on, in the order of
// their names. It says no where one stands twice.
func (p *plainer) sort(out []byte, members []plainMember, start int) ([]byte, bool) {
	inOrder := true
	for i := 1; i < len(members) && inOrder; i++ {
		inOrder = bytes.Compare(p.name(members[i-1]), p.name(members[i])) < 0
	}
	if inOrder {
		return out, true
	}
	slices.SortFunc(members, func(a, b plainMember) int { return bytes.Compare(p.name(a), p.name(b)) })
	end := len(out) // behind which they are written in their order first
	for i, m := range members {
		if i > 0 {
			if bytes.Equal(p.name(members[i-1]), p.name(m)) {
				return out, false
			}
			out = append(out, ',')
		}
		out = append(out, out[m.from:m.to]...)
	}
	return append(out[:start], out[end:]...), true
}
