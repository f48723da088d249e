package engine

import (
	"bytes"
	"iter"

	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/service"
)

// noSecurityCode refuses JSON that has a member named like a card security
// code, at any depth: what merchants add to a record is stored, and such codes
// never are (PCI DSS 3.3.1). Text that is no JSON is the decoder's business.
func noSecurityCode(texts ...[]byte) error {
	for _, text := range texts {
		for name := range memberNames(text) {
			if service.SecurityCode(name) {
				return invalid(string(name), "card security codes are never stored and must not be sent for a payout")
			}
		}
	}
	return nil
}

// memberNames yields the name of every member of every object in a JSON text,
// which are the strings that a colon follows: every payout is looked through,
// and for this no text has to be taken apart further.
func memberNames(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			begin := bytes.IndexByte(text, '"')
			if begin < 0 {
				return
			}
			text = text[begin:]
			end := stringEnd(text)
			if end < 0 {
				return
			}
			name := text[1 : end-1]
			text = text[end:]
			for len(text) > 0 && (text[0] == ' ' || text[0] == '\t' || text[0] == '\r' || text[0] == '\n') {
				text = text[1:]
			}
			if len(text) == 0 || text[0] != ':' {
				continue
			}
			if bytes.IndexByte(name, '\\') >= 0 {
				name, _ = jsontext.AppendUnquote(nil, append(append([]byte{'"'}, name...), '"')) // what can't be read keeps what could
			}
			if !yield(name) {
				return
			}
		}
	}
}

// stringEnd is the length of the JSON string that text begins with, quotes and
// all; -1 where it has no end.
func stringEnd(text []byte) int {
	if n := bytes.IndexByte(text[1:], '"'); n >= 0 && bytes.IndexByte(text[1:1+n], '\\') < 0 {
		return n + 2 // as of nearly every text
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}
