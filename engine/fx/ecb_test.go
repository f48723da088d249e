package fx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"penstock/engine/money"
)

func ecbFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestECBDailyFile(t *testing.T) {
	s, err := ParseECB(strings.NewReader(ecbFile(t, "daily.xml")))
	if err != nil {
		t.Fatal(err)
	}
	if s.Resource != ResourceECB || s.Commercial || !s.At.Equal(day) || len(s.Pairs) != 29 || len(s.Skipped) != 0 || s.Validate() != nil {
		t.Errorf("got %+v", s)
	}
	b := book(t, s)
	for pair, want := range map[[2]string]string{
		{"EUR", "USD"}: "1.1612", {"EUR", "SEK"}: "10.682", {"EUR", "IDR"}: "19644.25", {"ZAR", "EUR"}: "10000/192871", {"USD", "JPY"}: "457350/2903",
	} {
		from, to := money.MustCurrency(pair[0]), money.MustCurrency(pair[1])
		if got, err := Find(System(), b, from, to); err != nil || got.Rate != rate(t, want) {
			t.Errorf("%v: got %+v, %v, want %s", pair, got, err, want)
		}
	}
}

func TestECBHistoryGivesItsNewestDay(t *testing.T) {
	s, err := ParseECB(strings.NewReader(ecbFile(t, "days.xml")))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC); !s.At.Equal(want) {
		t.Errorf("got the day %v, want %v", s.At, want)
	}
	if got := fmt.Sprint(s.Pairs, s.Skipped); got != "[{EUR USD 1.1701 1.1701} {EUR JPY 183.21 183.21}] [QQA QQZ]" {
		t.Errorf("got %s", got)
	}
}

// envelope wraps days as the ECB does.
func envelope(days string) string {
	return `<gesmes:Envelope xmlns:gesmes="` + nsGesmes + `" xmlns="` + nsECB + `"><gesmes:subject>Reference rates</gesmes:subject><Cube>` + days + `</Cube></gesmes:Envelope>`
}

func TestECBPrefixesAreTheFilesOwn(t *testing.T) {
	text := `<?xml version="1.0"?><e:Envelope xmlns:e="` + nsGesmes + `" xmlns:x="` + nsECB + `"><x:Cube><x:Cube time="2026-03-06"><x:Cube rate="2" currency="USD"></x:Cube></x:Cube></x:Cube></e:Envelope>` + "\n<!-- end -->\n"
	if s, err := ParseECB(strings.NewReader(text)); err != nil || len(s.Pairs) != 1 || s.Pairs[0].Ask != MustRate("2") {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestECBRefusesAllElse(t *testing.T) {
	oneDay := func(rates string) string { return envelope(`<Cube time="2026-03-06">` + rates + `</Cube>`) }
	const usdRate = `<Cube currency="USD" rate="1.16"/>`
	good := oneDay(usdRate)
	if _, err := ParseECB(strings.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	var many strings.Builder
	for i := range maxDayRates + 1 {
		fmt.Fprintf(&many, `<Cube currency="%c%c%c" rate="1"/>`, 'A'+i/26, 'A'+i%26, 'Q')
	}
	for name, text := range map[string]string{
		"nothing":                  "",
		"blank":                    "  \n",
		"no XML":                   "EUR,USD\n1,1.16",
		"HTML":                     "<!DOCTYPE html><html><body>busy</body></html>",
		"cut short":                good[:len(good)-20],
		"cut in a tag":             good[:len(good)-1],
		"two envelopes":            good + good,
		"text after":               good + "x",
		"text between":             envelope(`x<Cube time="2026-03-06">` + usdRate + `</Cube>`),
		"text in a rate":           oneDay(`<Cube currency="USD" rate="1.16">1.17</Cube>`),
		"no day":                   envelope(""),
		"no cube":                  strings.ReplaceAll(strings.ReplaceAll(envelope(""), "<Cube>", ""), "</Cube>", ""),
		"a day without rates":      oneDay(""),
		"only unknown codes":       oneDay(`<Cube currency="QQQ" rate="1"/>`),
		"a day twice":              envelope(strings.Repeat(`<Cube time="2026-03-06">`+usdRate+`</Cube>`, 2)),
		"a currency twice":         oneDay(usdRate + usdRate),
		"an unknown one twice":     oneDay(usdRate + strings.Repeat(`<Cube currency="QQQ" rate="1"/>`, 2)),
		"the euro itself":          oneDay(`<Cube currency="EUR" rate="1"/>`),
		"too many currencies":      oneDay(many.String()),
		"a small code":             oneDay(`<Cube currency="usd" rate="1"/>`),
		"a long code":              oneDay(`<Cube currency="USDX" rate="1"/>`),
		"no code":                  oneDay(`<Cube currency="" rate="1"/>`),
		"a rate of zero":           oneDay(`<Cube currency="USD" rate="0"/>`),
		"a negative rate":          oneDay(`<Cube currency="USD" rate="-1.16"/>`),
		"a rate with a comma":      oneDay(`<Cube currency="USD" rate="1,16"/>`),
		"a power of ten":           oneDay(`<Cube currency="USD" rate="1e3"/>`),
		"no rate":                  oneDay(`<Cube currency="USD" rate="N/A"/>`),
		"a blank in a rate":        oneDay(`<Cube currency="USD" rate=" 1.16"/>`),
		"a wrong rate of none":     oneDay(usdRate + `<Cube currency="QQQ" rate="x"/>`),
		"rate missing":             oneDay(`<Cube currency="USD"/>`),
		"rate twice":               oneDay(`<Cube rate="1" rate="2"/>`),
		"one attribute more":       oneDay(`<Cube currency="USD" rate="1.16" buy="1"/>`),
		"an attribute of gesmes":   oneDay(`<Cube currency="USD" gesmes:rate="1.16"/>`),
		"a rate in a rate":         oneDay(`<Cube currency="USD" rate="1.16">` + usdRate + `</Cube>`),
		"a rate without a day":     envelope(usdRate),
		"a day in a day":           oneDay(`<Cube time="2026-03-05">` + usdRate + `</Cube>`),
		"another element":          oneDay(usdRate + `<Rate currency="JPY" rate="1"/>`),
		"another namespace":        strings.ReplaceAll(good, nsECB, "urn:x"),
		"another envelope":         strings.ReplaceAll(good, nsGesmes, "urn:x"),
		"no namespaces":            `<Envelope><Cube><Cube time="2026-03-06">` + usdRate + `</Cube></Cube></Envelope>`,
		"two cubes":                strings.Replace(good, "</gesmes:Envelope>", "<Cube></Cube></gesmes:Envelope>", 1),
		"an unknown neighbour":     strings.Replace(good, "<gesmes:subject>", "<gesmes:object>x</gesmes:object><gesmes:subject>", 1),
		"an envelope's switch":     strings.Replace(good, "<gesmes:Envelope ", "<gesmes:Envelope mode='x' ", 1),
		"a long subject":           strings.Replace(good, "Reference rates", strings.Repeat("x", 300), 1),
		"markup in the subject":    strings.Replace(good, "Reference rates", "<b>x</b>", 1),
		"no date":                  strings.Replace(good, "2026-03-06", "today", 1),
		"a date that isn't":        strings.Replace(good, "2026-03-06", "2026-02-30", 1),
		"before the euro":          strings.Replace(good, "2026-03-06", "0001-01-01", 1),
		"a long wrong name":        strings.Replace(good, "<Cube>", "<"+strings.Repeat("x", 10_000)+">", 1),
		"a long wrong charset":     `<?xml version="1.0" encoding="` + strings.Repeat("x", 10_000) + `"?>` + good,
		"a time of day":            strings.Replace(good, "2026-03-06", "2026-03-06T12:00:00Z", 1),
		"a document type":          `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "1.16">]>` + good,
		"an external entity":       `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + strings.Replace(good, "1.16", "&a;", 1),
		"an unknown entity":        strings.Replace(good, "1.16", "&rate;", 1),
		"a processing instruction": `<?xml version="1.0"?><?xml-stylesheet href="x"?>` + good,
		"a late declaration":       "<!-- x --><?xml version=\"1.0\"?>" + good,
		"a second declaration":     strings.Replace(good, "<Cube>", `<Cube><?xml version="1.0"?>`, 1),
		"version 1.1":              `<?xml version="1.1"?>` + good,
		"latin-1":                  `<?xml version="1.0" encoding="ISO-8859-1"?>` + good,
		"UTF-16":                   "\xfe\xff\x00<\x00x",
		"broken UTF-8":             strings.Replace(good, "Reference", "Ref\xffrence", 1),
		"a zero byte":              strings.Replace(good, "Reference", "Ref\x00rence", 1),
		"deep":                     strings.Repeat("<Cube>", 100_000),
	} {
		if s, err := ParseECB(strings.NewReader(text)); !errors.Is(err, ErrECB) || s.Resource != "" || s.Pairs != nil || len(err.Error()) > 400 {
			t.Errorf("%s: got %+v, %v", name, s, err)
		}
	}
}

// endless is a file that never stops: an attribute, a comment or blanks.
type endless struct {
	head io.Reader
	fill byte
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	if n, _ := e.head.Read(p); n > 0 {
		return n, nil
	}
	for i := range p {
		p[i] = e.fill
	}
	e.read += len(p)
	return len(p), nil
}

func TestECBFileIsBounded(t *testing.T) {
	for name, e := range map[string]*endless{
		"blanks":    {head: strings.NewReader(envelope("")[:60]), fill: ' '},
		"attribute": {head: strings.NewReader(`<gesmes:Envelope xmlns:gesmes="`), fill: 'x'},
		"comment":   {head: strings.NewReader("<!--"), fill: 'x'},
	} {
		const most = 1 << 16
		if _, err := parseECB(e, most); !errors.Is(err, ErrECB) || !strings.Contains(err.Error(), "larger than") || e.read > 2*most {
			t.Errorf("%s: got %v after %d bytes", name, err, e.read)
		}
	}
	exact := envelope(`<Cube time="2026-03-06"><Cube currency="USD" rate="1.16"/></Cube>`)
	if _, err := parseECB(strings.NewReader(exact), int64(len(exact))); err != nil {
		t.Errorf("a file of just the bound: %v", err)
	}
	if _, err := parseECB(strings.NewReader(exact), int64(len(exact))-1); !errors.Is(err, ErrECB) {
		t.Errorf("a file of a byte more: %v", err)
	}
	broken := io.MultiReader(strings.NewReader(envelope("")[:60]), errorReader{})
	if _, err := ParseECB(broken); !errors.Is(err, ErrECB) || !errors.Is(err, errRead) {
		t.Errorf("a reader that fails: got %v", err)
	}
}

var errRead = errors.New("connection reset")

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errRead }

func FuzzECB(f *testing.F) {
	f.Add(ecbFile(f, "daily.xml"))
	f.Add(ecbFile(f, "days.xml"))
	f.Add(envelope(`<Cube time="2026-03-06"><Cube currency="USD" rate="1.16"/></Cube>`))
	f.Add(envelope(`<Cube time="0000-01-01"><Cube currency="USD" rate="1.16"/></Cube>`))
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseECB(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, ErrECB) {
				t.Fatal(err)
			}
			return
		}
		if err := s.Validate(); err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		for _, p := range s.Pairs {
			if p.Base.Code() != "EUR" || !strings.Contains(text, p.Quote.Code()) {
				t.Fatalf("%+v from nowhere", p)
			}
		}
	})
}

func BenchmarkParseECB(b *testing.B) {
	text := ecbFile(b, "daily.xml")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := ParseECB(strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
