package iso20022

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// CSVMap says how a bank's statement in CSV is read. It comes as JSON. Columns
// are named by their heading, or "#1", "#2", ... by their place.
type CSVMap struct {
	Separator string `json:"separator"` // one character; empty is ","
	Encoding  string `json:"encoding"`  // utf-8 (default) or latin1
	Skip      int    `json:"skip"`      // lines before the heading
	NoHeading bool   `json:"no_heading"`
	Reference string `json:"reference"`          // column whose text holds the end-to-end id
	Provider  string `json:"provider_reference"` // column with the provider's own name of the payment; may be empty, or be missing in a file
	Amount    string `json:"amount"`             // column
	Currency  string `json:"currency"`           // column, or a code such as "EUR" where there is none
	Decimal   string `json:"decimal"`            // "." (default) or ","; the other one separates thousands
	// Side tells money that left from money that came: the column, and its words.
	// Left out, a minus before the amount says that it left.
	Side   string `json:"side"`
	Debit  string `json:"debit"`
	Credit string `json:"credit"`
	// Status and Booked leave out what isn't booked.
	Status string `json:"status"`
	Booked string `json:"booked"`
	Date   string `json:"date"`   // column; may be empty
	Layout string `json:"layout"` // of a date, as "2006-01-02" (default) or "02.01.2006"
}

const (
	maxColumns = 256
	maxCSVLine = 64 << 10
)

var errMap = errors.New("csv map")

// ReadCSVMap reads and checks a map; the error names the key.
func ReadCSVMap(text string) (*CSVMap, error) {
	var m CSVMap
	if err := json.Unmarshal([]byte(text), &m, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("%w: %s", errMap, whatIsWrong(err))
	}
	set := func(to *string, otherwise string) {
		if *to == "" {
			*to = otherwise
		}
	}
	set(&m.Separator, ",")
	set(&m.Encoding, "utf-8")
	set(&m.Decimal, ".")
	set(&m.Layout, time.DateOnly)
	r, n := utf8.DecodeRuneInString(m.Separator)
	switch {
	case n != len(m.Separator) || r == '"' || r == '\n' || r == '\r' || r == utf8.RuneError:
		return nil, fmt.Errorf("%w: separator: must be one character", errMap)
	case m.Encoding != "utf-8" && m.Encoding != "latin1":
		return nil, fmt.Errorf("%w: encoding: must be utf-8 or latin1", errMap)
	case m.Skip < 0 || m.Skip > 100:
		return nil, fmt.Errorf("%w: skip: must be 0 to 100", errMap)
	case m.Reference == "" || m.Amount == "" || m.Currency == "":
		return nil, fmt.Errorf("%w: reference, amount and currency are needed", errMap)
	case m.Decimal != "." && m.Decimal != ",":
		return nil, fmt.Errorf("%w: decimal: must be \".\" or \",\"", errMap)
	case (m.Side == "") != (m.Debit == "" && m.Credit == ""), m.Side != "" && (m.Debit == "" || m.Credit == "" || m.Debit == m.Credit):
		return nil, fmt.Errorf("%w: side: comes with two words, debit and credit", errMap)
	case (m.Status == "") != (m.Booked == ""):
		return nil, fmt.Errorf("%w: status: comes with the word booked", errMap)
	}
	return &m, nil
}

// whatIsWrong says which key of a map can't be read.
func whatIsWrong(err error) string {
	var at *json.SemanticError
	if errors.As(err, &at) {
		if key := connector.Word(strings.TrimPrefix(string(at.JSONPointer), "/")); key != "" {
			return key + ": no key of a map, or not of its type; keys are separator, encoding, skip, no_heading, reference, provider_reference, amount, currency, decimal, side, debit, credit, status, booked, date, layout"
		}
	}
	return "must be one JSON object, with no key twice"
}

// Read reads a statement. Each row is a line; one that can't be read makes the
// whole file an error, since half a statement is none. It names every such line
// and field (connector.Faults).
func (m *CSVMap) Read(text []byte) ([]Line, error) {
	if len(text) > maxInbound {
		return nil, fmt.Errorf("%w: it has more than %d MiB", errInbound, maxInbound>>20)
	}
	text, err := m.decode(text)
	if err != nil {
		return nil, err
	}
	for range m.Skip {
		_, rest, ok := bytes.Cut(text, []byte("\n"))
		if !ok {
			return nil, fmt.Errorf("%w: it ends before its heading", errInbound)
		}
		text = rest
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, _ = utf8.DecodeRuneInString(m.Separator)
	r.FieldsPerRecord, r.ReuseRecord = 0, true
	var heading []string
	var out []Line
	var faults connector.Faults
	for row := 1; len(faults) < connector.MaxFaults; row++ {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			if heading == nil && !m.NoHeading {
				return nil, fmt.Errorf("%w: it has no heading", errInbound)
			}
			break
		}
		at := m.Skip + row
		var torn *csv.ParseError
		if errors.As(err, &torn) {
			at = m.Skip + torn.StartLine
		} else if err == nil {
			line, _ := r.FieldPos(0)
			at = m.Skip + line
		}
		if err != nil || len(fields) > maxColumns {
			faults = append(faults, connector.Fault{Line: at, Rule: "it isn't CSV of as many fields as the first line"})
			if heading == nil && !m.NoHeading {
				break
			}
			continue
		}
		if heading == nil && !m.NoHeading {
			if heading = slices.Clone(fields); len(m.absent(heading, at)) > 0 {
				faults = append(faults, m.absent(heading, at)...)
				break
			}
			continue
		}
		l, ok, bad := m.line(heading, fields)
		for _, f := range bad {
			f.Line = at
			faults = append(faults, f)
		}
		if ok {
			l.Row = row
			out = append(out, l)
		}
		if len(out) > maxLines {
			return nil, fmt.Errorf("%w: it has more than %d lines", errInbound, maxLines)
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("%w: %w", errInbound, faults[:min(len(faults), connector.MaxFaults)])
	}
	return out, nil
}

// absent are the columns of the map that a heading doesn't have.
func (m *CSVMap) absent(heading []string, line int) (out connector.Faults) {
	for _, want := range [][2]string{{"reference", m.Reference}, {"amount", m.Amount}, {"side", m.Side}, {"status", m.Status}, {"date", m.Date}} {
		if _, ok := column(heading, heading, want[1]); !ok && want[1] != "" {
			out = append(out, connector.Fault{Line: line, Field: want[0], Rule: fmt.Sprintf("there is no column %q", want[1])})
		}
	}
	return out
}

func (m *CSVMap) decode(text []byte) ([]byte, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if m.Encoding == "latin1" {
		runes := make([]rune, len(text))
		for i, b := range text {
			runes[i] = rune(b)
		}
		return []byte(string(runes)), nil
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%w: it isn't UTF-8", errInbound)
	}
	return text, nil
}

// column is a field of a row.
func column(heading, fields []string, name string) (string, bool) {
	i := -1
	if place, ok := strings.CutPrefix(name, "#"); ok {
		if _, err := fmt.Sscanf(place, "%d", &i); err != nil {
			return "", false
		}
		i--
	} else {
		i = slices.IndexFunc(heading, func(h string) bool { return strings.TrimSpace(h) == name })
	}
	if i < 0 || i >= len(fields) {
		return "", false
	}
	return strings.TrimSpace(fields[i]), true
}

// line reads a row; ok says that it is one that counts. What is wrong with it is
// told field by field.
func (m *CSVMap) line(heading, fields []string) (l Line, ok bool, bad connector.Faults) {
	wrong := func(field, rule string) {
		if len(bad) == 0 || bad[len(bad)-1].Field != field {
			bad = append(bad, connector.Fault{Field: field, Rule: rule})
		}
	}
	get := func(field, name string) string {
		v, ok := column(heading, fields, name)
		if !ok {
			wrong(field, fmt.Sprintf("there is no column %q", name))
		}
		return v
	}
	reference := get("reference", m.Reference)
	if m.Status != "" && get("status", m.Status) != m.Booked {
		return Line{}, false, bad
	}
	minus := false
	l = Line{EndToEnd: ours(reference), Booked: true}
	code := m.Currency
	if v, ok := column(heading, fields, m.Currency); ok {
		code = v
	}
	if currency, err := money.ParseCurrency(code); err != nil {
		wrong("currency", "the currency is none")
	} else if l.Amount, minus, err = m.amount(get("amount", m.Amount), currency); err != nil {
		wrong("amount", err.Error())
	}
	left := minus
	if m.Side != "" {
		var known bool
		if left, known = m.left(get("side", m.Side), minus); !known {
			wrong("side", fmt.Sprintf("the side is neither %q nor %q", m.Debit, m.Credit))
		}
	}
	if m.Provider != "" {
		l.Ref, _ = column(heading, fields, m.Provider)
	}
	if l.Outcome = booking("CRDT", false, nil); left {
		l.Outcome = booking("DBIT", false, nil)
	}
	if m.Date != "" {
		var err error
		if l.Date, err = time.Parse(m.Layout, get("date", m.Date)); err != nil {
			wrong("date", "the date isn't of the map's layout, such as "+m.Layout)
		}
	}
	return l, len(bad) == 0, bad
}

// amount reads what was booked, without its sign, and whether a minus stands at it.
func (m *CSVMap) amount(text string, currency money.Currency) (a money.Amount, minus bool, err error) {
	minus = strings.HasPrefix(text, "-") || strings.HasSuffix(text, "-")
	text = strings.Trim(text, "-+ ")
	thousands := ","
	if m.Decimal == "," {
		thousands = "."
	}
	whole, fraction, dotted := strings.Cut(text, m.Decimal)
	groups := strings.Split(strings.NewReplacer(" ", thousands, "'", thousands, "\u00a0", thousands).Replace(whole), thousands)
	for i, g := range groups {
		if i > 0 && len(g) != 3 || g == "" {
			return money.Amount{}, minus, errAmount
		}
	}
	text = strings.Join(groups, "")
	if dotted {
		text += "." + fraction
	}
	if a, err = connector.ReadDecimal(text, currency); err != nil {
		return money.Amount{}, minus, errAmount
	}
	return a, minus, nil
}

var errAmount = errors.New("the amount is none, or has more decimals than its currency")

// left says whether money left, by the word of its side.
func (m *CSVMap) left(side string, minus bool) (left, known bool) {
	switch {
	case side == m.Debit && !minus || side == m.Credit && minus:
		return true, true
	case side == m.Credit && !minus || side == m.Debit && minus && m.Debit != "":
		// A minus on the side of debits is how some write money that left.
		return side == m.Debit, true
	}
	return false, false
}

// ours finds an end-to-end id of ours in a text, also one that the bank has
// broken over two lines, or a payout's own id. Two different ones are none.
func ours(text string) string {
	found := ""
	text = strings.ReplaceAll(text, "_", "-")
	for _, t := range []string{text, strings.Join(strings.Fields(text), "")} {
		for rest := t; ; {
			i := strings.Index(strings.ToLower(rest), idPrefix)
			if i < 0 || len(rest)-i < idLength {
				break
			}
			id := strings.ToLower(rest[i : i+idLength])
			rest = rest[i+len(idPrefix):]
			if strings.Trim(id[len(idPrefix):], "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
				continue
			}
			if found != "" && found != id {
				return ""
			}
			found = id
		}
		if found != "" {
			return found
		}
	}
	return ""
}

// The ids that penstock gives: "po-" and 26 characters.
const (
	idPrefix = "po-"
	idLength = len(idPrefix) + 26
)
