package fx

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"penstock/engine/money"
)

// Namespaces of the ECB's files.
const (
	nsGesmes = "http://www.gesmes.org/xml/2002-08-01"
	nsECB    = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"
)

// Bounds of a file. The whole history since 1999 has some 7000 days and 10 MB.
const (
	maxECB      = 16 << 20
	maxDays     = 20_000
	maxDayRates = 200
	maxECBText  = 256 // of the names of subject and sender
	firstYear   = 1999
)

// ParseECB reads the reference rates as the European Central Bank publishes
// them, for one day (eurofxref-daily.xml) or several (eurofxref-hist-90d.xml,
// eurofxref-hist.xml), of which it takes the newest, wherever it stands. At is
// midnight UTC of that day; each pair is EUR/X, ask and bid alike. Codes that
// aren't currencies of ours are left out and named in Skipped. All else that
// isn't exactly that format, or exceeds its bounds, is ErrECB: document types,
// entities and unknown elements too. No reference in it is ever followed.
func ParseECB(r io.Reader) (Sheet, error) { return parseECB(r, maxECB) }

func parseECB(r io.Reader, most int64) (Sheet, error) {
	src := &source{r: io.LimitedReader{R: r, N: most + 1}}
	p := ecbParser{d: xml.NewDecoder(src), days: map[time.Time]bool{}}
	err := p.document()
	line, _ := p.d.InputPos()
	switch {
	case src.r.N == 0:
		return Sheet{}, fmt.Errorf("%w: larger than %d bytes", ErrECB, most)
	case src.err != nil:
		return Sheet{}, fmt.Errorf("%w: read it: %w", ErrECB, src.err)
	case errors.Is(err, errXML), errors.Is(err, io.EOF):
		// The decoder's own words repeat the file, at any length.
		return Sheet{}, fmt.Errorf("%w: line %d: it isn't well-formed XML in UTF-8, or it is cut short", ErrECB, line)
	case err != nil:
		return Sheet{}, fmt.Errorf("%w: line %d: %w", ErrECB, line, err)
	}
	return p.newest, nil
}

// errXML stands for whatever the XML decoder says.
var errXML = errors.New("not XML")

// source is the file up to its bound; err is why reading it failed.
type source struct {
	r   io.LimitedReader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// ecbParser reads one file; newest is the newest day so far.
type ecbParser struct {
	d      *xml.Decoder
	begun  bool // a first token was seen
	days   map[time.Time]bool
	newest Sheet
}

// token is the next token; io.EOF after the last, else errXML.
func (p *ecbParser) token() (xml.Token, error) {
	token, err := p.d.Token()
	if err != nil && err != io.EOF {
		err = errXML
	}
	return token, err
}

func (p *ecbParser) document() error {
	root, err := p.next()
	if err != nil {
		return err
	}
	if root == nil || root.Name != (xml.Name{Space: nsGesmes, Local: "Envelope"}) {
		return errors.New("the root isn't a gesmes:Envelope")
	}
	for _, a := range root.Attr {
		if a.Name.Space != "xmlns" && a.Name != (xml.Name{Local: "xmlns"}) {
			return errors.New("unknown attribute of the envelope")
		}
	}
	cubes := 0
	err = p.children(func(e *xml.StartElement) error {
		switch e.Name {
		case xml.Name{Space: nsGesmes, Local: "subject"}:
			return p.text(e)
		case xml.Name{Space: nsGesmes, Local: "Sender"}:
			return p.children(func(e *xml.StartElement) error {
				if e.Name != (xml.Name{Space: nsGesmes, Local: "name"}) {
					return unknown(e)
				}
				return p.text(e)
			})
		case xml.Name{Space: nsECB, Local: "Cube"}:
			if cubes++; cubes == 1 && len(e.Attr) == 0 {
				return p.children(p.day)
			}
		}
		return unknown(e)
	})
	if err != nil {
		return err
	}
	if len(p.days) == 0 {
		return errors.New("there is no day in it")
	}
	if extra, err := p.next(); extra != nil || !errors.Is(err, io.EOF) {
		return cmp.Or(err, errors.New("there is more after the envelope"))
	}
	return nil
}

// day reads one day's rates and keeps them when none newer was seen.
func (p *ecbParser) day(e *xml.StartElement) error {
	values, ok := attributes(e, "time")
	if !ok {
		return unknown(e)
	}
	date, err := time.Parse(time.DateOnly, values[0])
	if err != nil || date.Year() < firstYear || p.days[date] || len(p.days) >= maxDays {
		return fmt.Errorf("day %s isn't a date of the euro, is there twice, or is one too many", quote(values[0]))
	}
	p.days[date] = true
	sheet := Sheet{Resource: ResourceECB, At: date}
	seen := map[string]bool{}
	err = p.children(func(e *xml.StartElement) error { return p.rate(e, &sheet, seen) })
	if err != nil {
		return err
	}
	if len(sheet.Pairs) == 0 {
		return fmt.Errorf("day %s has no rates", values[0])
	}
	if sheet.At.After(p.newest.At) {
		slices.Sort(sheet.Skipped)
		p.newest = sheet
	}
	return nil
}

// rate reads one currency's rate of a day into sheet.
func (p *ecbParser) rate(e *xml.StartElement, sheet *Sheet, seen map[string]bool) error {
	values, ok := attributes(e, "currency", "rate")
	if !ok {
		return unknown(e)
	}
	code := values[0]
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || code == "EUR" || seen[code] || len(seen) >= maxDayRates {
		return fmt.Errorf("currency %s isn't a code, is the euro, is there twice, or is one too many", quote(code))
	}
	seen[code] = true
	rate, err := ParseRate(values[1])
	if err != nil {
		return fmt.Errorf("rate of %s: %w", code, err)
	}
	if currency, err := money.ParseCurrency(code); err == nil {
		sheet.Pairs = append(sheet.Pairs, Pair{Base: money.MustCurrency("EUR"), Quote: currency, Ask: rate, Bid: rate})
	} else {
		sheet.Skipped = append(sheet.Skipped, code)
	}
	return p.children(unknown)
}

// children calls fn for each element until the end of the one that was begun.
func (p *ecbParser) children(fn func(*xml.StartElement) error) error {
	for {
		start, err := p.next()
		if err != nil {
			return err
		}
		if start == nil {
			return nil
		}
		if err := fn(start); err != nil {
			return err
		}
	}
}

// text reads over an element that has text alone.
func (p *ecbParser) text(e *xml.StartElement) error {
	if len(e.Attr) > 0 {
		return unknown(e)
	}
	for {
		token, err := p.token()
		switch token := token.(type) {
		case xml.EndElement:
			return nil
		case xml.CharData:
			if len(token) > maxECBText {
				return errors.New("a text is too long")
			}
		default:
			return cmp.Or(err, errors.New("a text has something else in it"))
		}
	}
}

// next is the next begin of an element, nil for an end. Blanks,
// comments and one XML declaration at the start are passed over; anything else
// is refused.
func (p *ecbParser) next() (*xml.StartElement, error) {
	for {
		token, err := p.token()
		if err != nil {
			return nil, err
		}
		first := !p.begun
		p.begun = true
		switch token := token.(type) {
		case xml.StartElement:
			return &token, nil
		case xml.EndElement:
			return nil, nil
		case xml.Comment:
			continue
		case xml.CharData:
			if strings.TrimSpace(string(token)) == "" {
				continue
			}
			return nil, errors.New("there is text between the elements")
		case xml.ProcInst:
			if first && token.Target == "xml" {
				continue
			}
		}
		return nil, errors.New("document types and processing instructions are refused")
	}
}

// attributes are the values of e's attributes, if e is a Cube that has exactly
// these.
func attributes(e *xml.StartElement, names ...string) ([]string, bool) {
	if e.Name != (xml.Name{Space: nsECB, Local: "Cube"}) || len(e.Attr) != len(names) {
		return nil, false
	}
	values := make([]string, len(names))
	found := make([]bool, len(names))
	for _, a := range e.Attr {
		i := slices.Index(names, a.Name.Local)
		if i < 0 || a.Name.Space != "" || found[i] {
			return nil, false
		}
		values[i], found[i] = a.Value, true
	}
	return values, true
}

func unknown(e *xml.StartElement) error {
	return fmt.Errorf("element %s isn't expected here, or has other attributes", quote(e.Name.Local))
}
