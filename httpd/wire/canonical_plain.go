package wire

import (
	"bytes"
	"math"
	"slices"
	"unicode/utf8"
)

// canonicalPlain is canonical for what most bodies are: JSON with nothing
// escaped, names of ASCII and no more depth than a request may have. It goes
// through the body once, where the general way takes three passes, and says no to
// whatever it doesn't know, be that JSON or not.
func canonicalPlain(body []byte) ([]byte, bool) {
	if len(body) > math.MaxInt32 || !utf8.Valid(body) {
		return nil, false
	}
	p := plainer{in: body}
	out, ok := p.value(make([]byte, 0, 2*len(body)), 0) // twice: see sort
	p.space()
	return out, ok && p.at == len(body)
}

// plainer reads in; what it writes is appended to what each method is given.
type plainer struct {
	in []byte
	at int // what of in has been read
}

func (p *plainer) space() {
	for p.at < len(p.in) && isSpace(p.in[p.at]) {
		p.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// next is the byte that the next token begins with, 0 at the end.
func (p *plainer) next() byte {
	p.space()
	if p.at == len(p.in) {
		return 0
	}
	return p.in[p.at]
}

// take passes over c where it is next.
func (p *plainer) take(c byte) bool {
	is := p.next() == c
	if is {
		p.at++
	}
	return is
}

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
	for _, word := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(p.in[p.at:], []byte(word)) {
			p.at += len(word)
			return append(out, word...), true
		}
	}
	return out, false
}

func (p *plainer) text(out []byte) ([]byte, bool) {
	for i, c := range p.in[p.at+1:] {
		switch {
		case c == '"':
			end := p.at + i + 2
			out = append(out, p.in[p.at:end]...)
			p.at = end
			return out, true
		case c == '\\' || c < ' ':
			return out, false
		}
	}
	return out, false
}

func (p *plainer) number(out []byte) ([]byte, bool) {
	end := p.at
	for end < len(p.in) && inNumber(p.in[end]) {
		end++
	}
	digits := bytes.TrimPrefix(p.in[p.at:end], []byte("-"))
	if !digitsOnly(string(digits)) || digits[0] == '0' && len(digits) > 1 {
		return out, false // a fraction, an exponent, or no number
	}
	out = appendNumber(out, string(p.in[p.at:end]))
	p.at = end
	return out, true
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
