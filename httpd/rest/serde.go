package rest

import (
	"bytes"
	"fmt"
	"strings"

	"penstock/httpd/wire"
)

// serdeText words what is wrong with a body as the original's reader does,
// whose texts clients look for, without ever repeating a value.
func serdeText(e *wire.DecodeError, body []byte) string {
	return serdeRule(e) + position(body, e.Offset)
}

func serdeRule(e *wire.DecodeError) string {
	member := lastMember(e.Path)
	switch e.Kind {
	case wire.KindEmpty:
		return "EOF while parsing a value"
	case wire.KindUnknown:
		return "unknown field `" + member + "`"
	case wire.KindDuplicate:
		return "duplicate field `" + member + "`"
	case wire.KindEnum:
		if e.Got == "" {
			return "unknown variant, expected one of " + quoted(e.Allowed)
		}
		return "unknown variant `" + e.Got + "`, expected one of " + quoted(e.Allowed)
	case wire.KindType:
		return at(member) + "invalid type: " + either(e.Got, "value") + ", expected " + strings.TrimPrefix(e.Rule, "must be ")
	case wire.KindNumber:
		return at(member) + "invalid number, expected " + strings.TrimPrefix(e.Rule, "must be ")
	case wire.KindRule:
		if strings.HasPrefix(e.Rule, "missing field") || strings.HasPrefix(e.Rule, "data did not match") {
			return e.Rule
		}
		return at(member) + e.Rule
	}
	return at(member) + e.Rule
}

func at(member string) string {
	if member == "" {
		return ""
	}
	return member + ": "
}

// lastMember is the name at the end of a JSON pointer. No member of ours has
// many digits in its name; one that has may hold an account's number, with more
// digits around it.
func lastMember(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	digits := 0
	for _, c := range name {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if digits > 6 {
		return "..."
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
}

func quoted(list []string) string {
	return "`" + strings.Join(list, "`, `") + "`"
}

// position is " at line 1 column 9", counted as the original counts.
func position(body []byte, offset int64) string {
	if len(body) == 0 || offset <= 0 {
		return ""
	}
	before := body[:min(int(offset), len(body))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - (bytes.LastIndexByte(before, '\n') + 1)
	return fmt.Sprintf(" at line %d column %d", line, column)
}
