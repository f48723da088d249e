package routing

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object is a JSON object whose members were each there once. The other kinds
// of value are []any, string, json.Number, bool and nil.
type object map[string]any

// maxNesting is how deep JSON may go: maxDepth conditions, each two levels,
// with maxGroups groups, each two levels, at the bottom.
const maxNesting = 2*(maxDepth+maxGroups) + 8

// readJSON reads one JSON text with nothing after it. encoding/json would take
// the last of repeated members, and put a replacement in the place of what is
// no UTF-8: both are refused.
func readJSON(data []byte) (any, *Fault) {
	if len(data) > maxBytes {
		return nil, &Fault{"", "must be at most " + strconv.Itoa(maxBytes) + " bytes"}
	}
	if !utf8.Valid(data) {
		return nil, &Fault{"", "must be UTF-8"}
	}
	if !json.Valid(data) {
		return nil, &Fault{"", "must be JSON"}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, fault := readValue(dec, "", 0)
	if fault != nil {
		return nil, fault
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, &Fault{"", "must be one JSON value"}
	}
	return v, nil
}

func readValue(dec *json.Decoder, at string, depth int) (any, *Fault) {
	token, err := dec.Token()
	if err != nil {
		return nil, &Fault{at, "must be JSON"}
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth >= maxNesting {
		return nil, &Fault{at, "is nested too deep"}
	}
	if delim == '[' {
		list := []any{}
		for dec.More() {
			v, fault := readValue(dec, at+"/"+strconv.Itoa(len(list)), depth+1)
			if fault != nil {
				return nil, fault
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, broken(err, at)
	}
	members := object{}
	for dec.More() {
		token, err := dec.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return nil, &Fault{at, "must be JSON"}
		}
		if _, twice := members[key]; twice {
			return nil, &Fault{at, "has the member " + quote(key) + " twice"}
		}
		v, fault := readValue(dec, at+"/"+escape(key), depth+1)
		if fault != nil {
			return nil, fault
		}
		members[key] = v
	}
	_, err = dec.Token()
	return members, broken(err, at)
}

func broken(err error, at string) *Fault {
	if err != nil {
		return &Fault{at, "must be JSON"}
	}
	return nil
}

// escape makes a member's name a part of a pointer; a name that isn't one of
// ours is only told by its length, since it may be anything.
func escape(key string) string {
	if len(key) > 12 || !plain(key) {
		return strconv.Itoa(len(key)) + " bytes"
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// quote shows a short text of a tree. A long one is only counted: it may be an
// account number in the wrong place.
func quote(s string) string {
	if len(s) > 12 {
		return "of " + strconv.Itoa(len(s)) + " bytes"
	}
	return strconv.QuoteToASCII(s)
}
