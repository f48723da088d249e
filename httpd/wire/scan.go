package wire

import (
	"bytes"
	"iter"

	"github.com/go-json-experiment/json/jsontext"
)

// MembersOf yields the members of a JSON object in their order: names as they
// read, values as they are written. The object has been read as JSON before, as
// what a type's own UnmarshalJSON is given has: no name stands twice, and nothing
// is looked at again. What it yields of other bytes means nothing.
func MembersOf(object []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		rest := bytes.TrimLeft(object, "{ \t\r\n")
		for len(rest) > 0 && rest[0] == '"' {
			end := textEnd(rest)
			name := rest[:end]
			value := bytes.TrimLeft(rest[end:], ": \t\r\n")
			if end = valueEnd(value); end == 0 {
				return
			}
			if !yield(TextOf(name), value[:end]) {
				return
			}
			rest = bytes.TrimLeft(value[end:], ", \t\r\n")
		}
	}
}

// TextOf is what a JSON string says, which has been read as JSON before.
func TextOf(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 && len(quoted) >= 2 {
		return string(quoted[1 : len(quoted)-1])
	}
	text, _ := jsontext.AppendUnquote(nil, quoted)
	return string(text)
}

// textEnd is the length of the JSON string that b begins with.
func textEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// valueEnd is the length of the JSON value that b begins with.
func valueEnd(b []byte) int {
	if len(b) == 0 || b[0] != '"' && b[0] != '{' && b[0] != '[' { // a number or a word
		if end := bytes.IndexAny(b, ",}] \t\r\n"); end >= 0 {
			return end
		}
		return len(b)
	}
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i += textEnd(b[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth <= 0 {
			return i + 1
		}
	}
	return len(b)
}
