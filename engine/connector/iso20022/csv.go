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
// whole file an error that names the row, since half a statement is none.
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
	for row := 1; ; row++ {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			if heading == nil && !m.NoHeading {
				return nil, fmt.Errorf("%w: it has no heading", errInbound)
			}
			return out, nil
		}
		if err != nil || len(fields) > maxColumns {
			return nil, fmt.Errorf("%w: row %d isn't CSV of as many fields as the first", errInbound, row)
		}
		if heading == nil && !m.NoHeading {
			heading = slices.Clone(fields)
			continue
		}
		l, ok, err := m.line(heading, fields)
		if err != nil {
			return nil, fmt.Errorf("%w: row %d: %w", errInbound, row, err)
		}
		if ok {
			l.Row = row
			out = append(out, l)
		}
		if len(out) > maxLines {
			return nil, fmt.Errorf("%w: it has more than %d lines", errInbound, maxLines)
		}
	}
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

func (m *CSVMap) line(heading, fields []string) (Line, bool, error) {
	get := func(name string) (string, error) {
		v, ok := column(heading, fields, name)
		if !ok {
			return "", fmt.Errorf("there is no column %q", name)
		}
		return v, nil
	}
	reference, err := get(m.Reference)
	if err != nil {
		return Line{}, false, err
	}
	if m.Status != "" {
		said, err := get(m.Status)
		if err != nil || said != m.Booked {
			return Line{}, false, err
		}
	}
	amount, left, err := m.amount(heading, fields, get)
	if err != nil {
		return Line{}, false, err
	}
	l := Line{EndToEnd: ours(reference), Amount: amount, Booked: true}
	if m.Provider != "" {
		l.Ref, _ = column(heading, fields, m.Provider)
	}
	if l.Outcome = booking("CRDT", false, nil); left {
		l.Outcome = booking("DBIT", false, nil)
	}
	if m.Date != "" {
		text, err := get(m.Date)
		if err != nil {
			return Line{}, false, err
		}
		if l.Date, err = time.Parse(m.Layout, text); err != nil {
			return Line{}, false, errors.New("the date isn't of the map's layout")
		}
	}
	return l, true, nil
}

// amount reads what was booked, and whether it left.
func (m *CSVMap) amount(heading, fields []string, get func(string) (string, error)) (money.Amount, bool, error) {
	text, err := get(m.Amount)
	if err != nil {
		return money.Amount{}, false, err
	}
	code := m.Currency
	if v, ok := column(heading, fields, m.Currency); ok {
		code = v
	}
	currency, err := money.ParseCurrency(code)
	if err != nil {
		return money.Amount{}, false, errors.New("the currency is none")
	}
	minus := strings.HasPrefix(text, "-") || strings.HasSuffix(text, "-")
	text = strings.Trim(text, "-+ ")
	thousands := ","
	if m.Decimal == "," {
		thousands = "."
	}
	whole, fraction, dotted := strings.Cut(text, m.Decimal)
	groups := strings.Split(strings.NewReplacer(" ", thousands, "'", thousands, "\u00a0", thousands).Replace(whole), thousands)
	for i, g := range groups {
		if i > 0 && len(g) != 3 || g == "" {
			return money.Amount{}, false, errors.New("the amount is none")
		}
	}
	text = strings.Join(groups, "")
	if dotted {
		text += "." + fraction
	}
	amount, err := connector.ReadDecimal(text, currency)
	if err != nil {
		return money.Amount{}, false, errors.New("the amount is none")
	}
	if m.Side == "" {
		return amount, minus, nil
	}
	side, err := get(m.Side)
	switch {
	case err != nil:
		return money.Amount{}, false, err
	case side == m.Debit && !minus || side == m.Credit && minus:
		return amount, true, nil
	case side == m.Credit && !minus || side == m.Debit && minus && m.Debit != "":
		// A minus on the side of debits is how some write money that left.
		return amount, side == m.Debit, nil
	}
	return money.Amount{}, false, errors.New("the side is neither debit nor credit")
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
