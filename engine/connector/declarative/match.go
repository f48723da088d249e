package declarative

import (
	"fmt"
	"strings"

	"penstock/engine/connector"
)

// matcher is what must stand in an answer, all of it.
type matcher []condition

type condition struct {
	at    pointer
	equal any    // text, number, bool or nil
	part  string // a text that holds this, in small letters
	head  string // a text that begins with this
	there bool   // anything but nothing
}

func (c *checker) matcher(key string, m match) matcher {
	var out matcher
	for at, want := range m {
		p, err := readPointer(at)
		if err != nil {
			c.bad(key, "%v", err)
		}
		cond := condition{at: p, equal: want.v}
		if text, ok := want.v.(string); ok {
			switch {
			case text == "*":
				cond.there = true
			case len(text) > 1 && text[0] == '~':
				cond.part = strings.ToLower(text[1:])
			case len(text) > 1 && strings.HasSuffix(text, "*"):
				cond.head = text[:len(text)-1]
			}
		} else if _, number := want.v.(connector.Number); !number && want.v != nil {
			if _, yes := want.v.(bool); !yes {
				c.bad(key+"."+at, "must be a text, a number, true or false")
			}
		}
		out = append(out, cond)
	}
	if len(out) == 0 {
		c.bad(key, "a status alone is no clear word: proxies say it too")
	}
	return out
}

func (m matcher) holds(tree any) bool {
	for _, c := range m {
		got, ok := c.at.in(tree)
		text, isText := got.(string)
		switch {
		case !ok:
			return false
		case c.there:
			if got == nil || isText && text == "" {
				return false
			}
		case c.part != "":
			if !isText || !strings.Contains(strings.ToLower(text), c.part) {
				return false
			}
		case c.head != "":
			if !isText || !strings.HasPrefix(text, c.head) {
				return false
			}
		default:
			if !same(got, c.equal) {
				return false
			}
		}
	}
	return true
}

func (c condition) String() string { return fmt.Sprintf("%s %v", c.at, c.equal) }
