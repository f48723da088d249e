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
	if !utf8.Valid(body) {
		return nil, false
	}
	if len(body) > math.MaxInt32 {
		return nil, false
	}
	p := plainer{in: body, out: make([]byte, 0, 2*len(body)), members: make([]plainMember, 0, 32)} // twice: see sort
	if !p.value(0) {
		return nil, false
	}
	p.space()
	return p.out, p.at == len(body)
}

type plainer struct {
	in      []byte
	at      int // what of in has been read
	out     []byte
	members []plainMember // of the objects that are open, the outermost first
}

// plainMember is a member that has been written: where in out it begins and ends,
// and where its name stands in in.
type plainMember struct{ from, to, name, end int32 }

func (p *plainer) name(m plainMember) []byte { return p.in[m.name:m.end] }

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

// take writes c where it is next.
func (p *plainer) take(c byte) bool {
	if p.next() != c {
		return false
	}
	p.at++
	p.out = append(p.out, c)
	return true
}

func (p *plainer) value(depth int) bool {
	switch c := p.next(); {
	case c == '"':
		return p.text()
	case c == '{':
		return depth < MaxDepth && p.object(depth+1)
	case c == '[':
		return depth < MaxDepth && p.array(depth+1)
	case c == '-' || isDigit(c):
		return p.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(p.in[p.at:], []byte(word)) {
			p.at += len(word)
			p.out = append(p.out, word...)
			return true
		}
	}
	return false
}

// text writes a string.
func (p *plainer) text() bool {
	for i, c := range p.in[p.at+1:] {
		switch {
		case c == '"':
			end := p.at + i + 2
			p.out = append(p.out, p.in[p.at:end]...)
			p.at = end
			return true
		case c == '\\' || c < ' ':
			return false
		}
	}
	return false
}

func (p *plainer) number() bool {
	end := p.at
	for end < len(p.in) && inNumber(p.in[end]) {
		end++
	}
	digits := bytes.TrimPrefix(p.in[p.at:end], []byte("-"))
	if !digitsOnly(string(digits)) || digits[0] == '0' && len(digits) > 1 {
		return false // a fraction, an exponent, or no number
	}
	p.out = appendNumber(p.out, string(p.in[p.at:end]))
	p.at = end
	return true
}

func (p *plainer) array(depth int) bool {
	p.take('[')
	if p.take(']') {
		return true
	}
	for {
		if !p.value(depth) {
			return false
		}
		if !p.take(',') {
			return p.take(']')
		}
	}
}

func (p *plainer) object(depth int) bool {
	p.take('{')
	if p.take('}') {
		return true
	}
	first, start := len(p.members), len(p.out)
	for {
		from := len(p.out)
		if p.next() != '"' {
			return false
		}
		name := p.at + 1
		if !p.text() {
			return false
		}
		end := p.at - 1
		if !isASCII(p.in[name:end]) || !p.take(':') || !p.value(depth) {
			return false
		}
		p.members = append(p.members, plainMember{int32(from), int32(len(p.out)), int32(name), int32(end)})
		if !p.take(',') {
			break
		}
	}
	ok := p.sort(p.members[first:], start)
	p.members = p.members[:first]
	return ok && p.take('}')
}

func isASCII(name []byte) bool {
	return !slices.ContainsFunc(name, func(c byte) bool { return c >= utf8.RuneSelf })
}

// sort puts members, which are what is written from start on, in the order of
// their names. It says no where one stands twice.
func (p *plainer) sort(members []plainMember, start int) bool {
	inOrder := true
	for i := 1; i < len(members) && inOrder; i++ {
		inOrder = bytes.Compare(p.name(members[i-1]), p.name(members[i])) < 0
	}
	if inOrder {
		return true
	}
	slices.SortFunc(members, func(a, b plainMember) int { return bytes.Compare(p.name(a), p.name(b)) })
	end := len(p.out) // behind which they are written in their order first
	for i, m := range members {
		if i > 0 {
			if bytes.Equal(p.name(members[i-1]), p.name(m)) {
				return false
			}
			p.out = append(p.out, ',')
		}
		p.out = append(p.out, p.out[m.from:m.to]...)
	}
	p.out = append(p.out[:start], p.out[end:]...)
	return true
}
