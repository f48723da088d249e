package engine

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendTexts appends the JSON object of texts, in the order of their names: what
// an encoder writes of such a map by reflection, in a third of the time. Every
// payout has two, its details and how they are shown.
func AppendTexts(dst []byte, texts map[string]string) ([]byte, error) {
	var space [16]string
	names := slices.AppendSeq(space[:0], maps.Keys(texts))
	slices.Sort(names)
	dst = append(dst, '{')
	var err error
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = jsontext.AppendQuote(dst, name); err == nil {
			dst, err = jsontext.AppendQuote(append(dst, ':'), texts[name])
		}
		if err != nil {
			return nil, fmt.Errorf("a text that is none: %w", err)
		}
	}
	return append(dst, '}'), nil
}

// PlainJSON says of JSON that there is nothing about it which an encoder would
// write in another way: no white space between its tokens, nothing escaped. Of
// what isn't JSON it may say either.
func PlainJSON(text []byte) bool {
	quoted := false
	for _, c := range text {
		switch {
		case c == '\\':
			return false
		case c == '"':
			quoted = !quoted
		case c <= ' ' && !quoted:
			return false
		}
	}
	return len(text) > 0
}
