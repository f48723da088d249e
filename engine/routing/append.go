package routing

import (
	"encoding/json"
	"strconv"

	"penstock/engine/money"
)

// An explanation is written with each payout, and by reflection that costs
// more than the decision. So it is appended by hand; a test holds this file
// against what encoding/json makes of the same fields.

// MarshalJSON is AppendJSON.
func (d Decision) MarshalJSON() ([]byte, error) {
	return d.AppendJSON(make([]byte, 0, 1024)), nil
}

// AppendJSON appends the form in which decisions are stored: that of the
// struct's own tags.
func (d Decision) AppendJSON(dst []byte) []byte {
	o := members{append(dst, '{')}
	if c := d.Choice; c != nil {
		o.key("choice")
		in := members{append(o.out, '{')}
		in.key("route")
		in.text(c.Route)
		in.optional("service", c.Service)
		in.optional("provider", c.Provider)
		in.optional("account", c.Account)
		in.optional("deposit", c.Deposit)
		in.amount("part", c.Part)
		in.amount("amount", c.Amount)
		o.out = append(in.out, '}')
	}
	o.key("resolution")
	o.text(string(d.Resolution))
	o.flag("short", d.Short)
	o.flag("blocked", d.Blocked)
	o.optional("reason", d.Reason)
	o.amount("asked", d.Asked)
	o.count("parts", int64(d.Parts))
	appendEach(&o, "path", d.Path, (*Step).append)
	o.key("leaf")
	o.text(d.Leaf)
	appendEach(&o, "rounds", d.Rounds, (*Round).append)
	return append(o.out, '}')
}

// members is an object, or the inside of one, in the making.
type members struct{ out []byte }

// key begins a member.
func (m *members) key(name string) {
	if last := m.out[len(m.out)-1]; last != '{' {
		m.out = append(m.out, ',')
	}
	m.out = append(append(append(m.out, '"'), name...), '"', ':')
}

func (m *members) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always can be
			m.out = append(m.out, quoted...)
			return
		}
	}
	m.out = append(append(append(m.out, '"'), s...), '"')
}

func (m *members) optional(name, s string) {
	if s != "" {
		m.key(name)
		m.text(s)
	}
}

func (m *members) flag(name string, is bool) {
	if is {
		m.key(name)
		m.out = append(m.out, "true"...)
	}
}

func (m *members) number(name string, n int64) {
	m.key(name)
	m.out = strconv.AppendInt(m.out, n, 10)
}

func (m *members) count(name string, n int64) {
	if n != 0 {
		m.number(name, n)
	}
}

func (m *members) amount(name string, a money.Amount) {
	m.key(name)
	m.out = a.AppendJSON(m.out)
}

func (m *members) figure(name string, f Figure) {
	if f.IsSet() {
		m.amount(name, f.Amount)
	}
}

// appendEach appends a list, if there is anything in it.
func appendEach[T any](m *members, name string, list []T, one func(*T, []byte) []byte) {
	if len(list) > 0 {
		appendAll(m, name, list, one)
	}
}

func appendAll[T any](m *members, name string, list []T, one func(*T, []byte) []byte) {
	m.key(name)
	if list == nil {
		m.out = append(m.out, "null"...)
		return
	}
	m.out = append(m.out, '[')
	for i := range list {
		if i > 0 {
			m.out = append(m.out, ',')
		}
		m.out = one(&list[i], m.out)
	}
	m.out = append(m.out, ']')
}

func (s *Step) append(dst []byte) []byte {
	m := members{append(dst, '{')}
	m.key("at")
	m.text(s.At)
	m.optional("name", s.Name)
	m.key("if")
	return append(s.If.append(m.out), '}')
}

func (o *Outcome) append(dst []byte) []byte {
	m := members{append(dst, '{')}
	m.key("is")
	m.out = strconv.AppendBool(m.out, o.Is)
	appendEach(&m, "all", o.All, (*Outcome).append)
	appendEach(&m, "any", o.Any, (*Outcome).append)
	m.optional("attribute", o.Attribute)
	m.optional("operator", string(o.Operator))
	if o.Value != nil {
		m.key("value")
		value, err := json.Marshal(o.Value)
		if err != nil {
			value = []byte("null") // of a tree that nobody validated
		}
		m.out = append(m.out, value...)
	}
	m.optional("actual", o.Actual)
	appendEach(&m, "against", o.Against, func(s *string, dst []byte) []byte {
		in := members{dst}
		in.text(*s)
		return in.out
	})
	m.flag("absent", o.Absent)
	m.flag("masked", o.Masked)
	return append(m.out, '}')
}

func (r *Round) append(dst []byte) []byte {
	m := members{append(dst, '{')}
	m.key("kind")
	m.text(string(r.Kind))
	appendAll(&m, "routes", r.Routes, (*Verdict).append)
	appendAll(&m, "tries", r.Tries, (*Try).append)
	return append(m.out, '}')
}

func (v *Verdict) append(dst []byte) []byte {
	m := members{append(dst, '{')}
	m.key("route")
	m.text(v.Route)
	m.optional("provider", v.Provider)
	m.optional("reason", string(v.Reason))
	m.optional("detail", v.Detail)
	m.figure("need", v.Need)
	m.figure("limit", v.Limit)
	if s := v.Slot; s != nil {
		m.key("slot")
		in := members{append(m.out, '{')}
		in.number("from", s.From)
		in.number("to", s.To)
		in.number("cap", s.Cap)
		in.count("group", int64(s.Group))
		in.count("part", s.Part)
		m.out = append(in.out, '}')
	}
	return append(m.out, '}')
}

func (t *Try) append(dst []byte) []byte {
	m := members{append(dst, '{')}
	m.number("strategy", int64(t.Strategy))
	m.key("type")
	m.text(string(t.Type))
	if t.Draw != 0 {
		m.key("draw")
		m.out = append(strconv.AppendUint(append(m.out, '"'), t.Draw, 10), '"')
	}
	appendEach(&m, "field", t.Field, (*Contender).append)
	return append(m.out, '}')
}

func (c *Contender) append(dst []byte) []byte {
	m := members{append(dst, '{')}
	m.number("route", int64(c.Route))
	m.count("weight", c.Weight)
	m.figure("balance", c.Balance)
	m.flag("unlimited", c.Unlimited)
	m.figure("fee", c.Fee)
	m.count("paid", c.Paid)
	m.count("failed", c.Failed)
	return append(m.out, '}')
}
