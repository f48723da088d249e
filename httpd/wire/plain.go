package wire

import (
	"math"
	"unicode/utf8"
)

// Plain reads JSON of which most bodies are: nothing escaped, whole numbers, and
// no more depth than a body may have. It goes through the text once. To all
// else, be that JSON or not, it says no, and so does every method where the next
// value is of another sort: whoever asked then asks [Decode], which knows
// everything and words what is wrong. What Plain does read, Decode reads alike.
type Plain struct {
	in    []byte
	at    int // what of in has been read
	depth int
	texts []string // room for Own
}

// PlainReader is a request that can be read plainly. ReadPlain says whether it
// was; if not, nothing of it was changed.
type PlainReader interface{ ReadPlain(body []byte) bool }

// ReadPlain has a whole body read by read, and says whether it was.
func ReadPlain(body []byte, read func(p *Plain) bool) bool {
	if len(body) > math.MaxInt32 || !utf8.Valid(body) {
		return false
	}
	p := Plain{in: body}
	return read(&p) && p.ended()
}

// ended says that nothing but white space follows.
func (p *Plain) ended() bool {
	p.space()
	return p.at == len(p.in)
}

func (p *Plain) space() {
	for p.at < len(p.in) && isSpace(p.in[p.at]) {
		p.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// next is the byte that the next token begins with, 0 at the end.
func (p *Plain) next() byte {
	p.space()
	if p.at == len(p.in) {
		return 0
	}
	return p.in[p.at]
}

// take passes over c where it is next.
func (p *Plain) take(c byte) bool {
	is := p.next() == c
	if is {
		p.at++
	}
	return is
}

// word passes over a word where it is next.
func (p *Plain) word(w string) bool {
	is := p.next() == w[0] && len(p.in)-p.at >= len(w) && string(p.in[p.at:p.at+len(w)]) == w
	if is {
		p.at += len(w)
	}
	return is
}

// Null passes over null where it is next.
func (p *Plain) Null() bool { return p.word("null") }

// Bool is true or false.
func (p *Plain) Bool() (b, ok bool) {
	if p.word("true") {
		return true, true
	}
	return false, p.word("false")
}

// Text is a string. It is a part of the body.
func (p *Plain) Text() (text []byte, ok bool) {
	if p.next() != '"' {
		return nil, false
	}
	for i, c := range p.in[p.at+1:] {
		switch {
		case c == '"':
			text = p.in[p.at+1 : p.at+1+i]
			p.at += i + 2
			return text, true
		case c == '\\' || c < ' ':
			return nil, false
		}
	}
	return nil, false
}

// Own is a string that is kept: a copy. Some stand in one piece of memory.
func (p *Plain) Own() (text *string, ok bool) {
	in, ok := p.Text()
	if !ok {
		return nil, false
	}
	if len(p.texts) == cap(p.texts) {
		p.texts = make([]string, 0, 8)
	}
	p.texts = append(p.texts, string(in))
	return &p.texts[len(p.texts)-1], true
}

// Whole is a whole number, as it is written.
func (p *Plain) Whole() (digits []byte, ok bool) {
	p.space()
	begin := p.at
	if p.at < len(p.in) && p.in[p.at] == '-' {
		p.at++
	}
	first := p.at
	for p.at < len(p.in) && isDigit(p.in[p.at]) {
		p.at++
	}
	switch n := p.at - first; {
	case n == 0, n > 1 && p.in[first] == '0', p.at < len(p.in) && inNumber(p.in[p.at]):
		return nil, false // no number, or one with a fraction or an exponent
	}
	return p.in[begin:p.at], true
}

// mostMembers is how many members an object has that is read plainly.
const mostMembers = 32

// Members is an object. take gets the name of each member, which is a part of
// the body, and reads the value; its no is that of Members. No name stands twice.
func (p *Plain) Members(take func(name []byte) bool) bool {
	if p.depth == MaxDepth || !p.take('{') {
		return false
	}
	if p.take('}') {
		return true
	}
	p.depth++
	var names [mostMembers]part
	for n := 0; ; n++ {
		name, ok := p.Text()
		if !ok || n == mostMembers || p.stands(names[:n], name) {
			return false
		}
		names[n] = part{int32(p.at - 1 - len(name)), int32(p.at - 1)}
		if !p.take(':') || !take(name) {
			return false
		}
		if !p.take(',') {
			p.depth--
			return p.take('}')
		}
	}
}

// part is a part of the body.
type part struct{ from, to int32 }

// stands says that a name is one of those that stood before.
func (p *Plain) stands(before []part, name []byte) bool {
	for _, b := range before {
		if string(p.in[b.from:b.to]) == string(name) {
			return true
		}
	}
	return false
}

// Items is an array, of which take reads each value; its no is that of Items.
func (p *Plain) Items(take func() bool) bool {
	if p.depth == MaxDepth || !p.take('[') {
		return false
	}
	if p.take(']') {
		return true
	}
	p.depth++
	for {
		if !take() {
			return false
		}
		if !p.take(',') {
			p.depth--
			return p.take(']')
		}
	}
}

// Value is a value of whatever sort, as it is written: a part of the body.
func (p *Plain) Value() (text []byte, ok bool) { return p.Over(p.Pass) }

// Over is what read has read, a value, as it is written.
func (p *Plain) Over(read func() bool) (text []byte, ok bool) {
	p.space()
	begin := p.at
	ok = read()
	return p.in[begin:p.at], ok
}

// Pass passes over a value of which nothing is wanted.
func (p *Plain) Pass() (ok bool) {
	switch c := p.next(); {
	case c == '"':
		_, ok = p.Text()
	case c == '{':
		return p.Members(func([]byte) bool { return p.Pass() })
	case c == '[':
		return p.Items(p.Pass)
	case c == '-' || isDigit(c):
		_, ok = p.Whole()
	default:
		_, ok = p.Bool()
		return ok || p.Null()
	}
	return ok
}

// Object is an object that is carried along: its text without white space, a
// copy. Bounds are those of the type Object, beyond which it says no; null is nil.
func (p *Plain) Object() (o Object, ok bool) {
	if p.Null() {
		return nil, true
	}
	text, ok := p.Value()
	if !ok || text[0] != '{' || tooDeep(text, MaxObjectDepth) || len(text) > MaxObjectBytes {
		return nil, false
	}
	return compactPlain(text), true
}

// compactPlain is a copy of plain JSON without white space between its tokens.
func compactPlain(text []byte) []byte {
	out, quoted := make([]byte, 0, len(text)), false
	for _, c := range text {
		if c == '"' {
			quoted = !quoted
		}
		if quoted || !isSpace(c) {
			out = append(out, c)
		}
	}
	return out
}
