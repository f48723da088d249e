package iso20022

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"penstock/engine/connector/spectest"
	"penstock/engine/money"
)

func amountOf(minor int64, code string) money.Amount {
	return money.New(minor, money.MustCurrency(code))
}

func message(v Version, of ...Payment) Message {
	return Message{Version: v, ID: "PS-20260302-000001-abcdefgh", Created: time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC), Date: time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC),
		Debtor: Debtor{Name: "The Shop GmbH", IBAN: "DE89370400440532013000", BIC: "COBADEFFXXX"}, Payments: of}
}

func sepaPayment(minor int64) Payment {
	return Payment{Kind: SEPA, EndToEnd: "po-01m7yd36spsb257v8awpzx2d01", Amount: amountOf(minor, "EUR"), Name: "Ada Example", IBAN: "NL46TEST0136169112", Remittance: "Invoice 77"}
}

// valid asks xmllint whether files are as ISO's schema has it.
func valid(t testing.TB, v Version, files map[string][]byte) error {
	t.Helper()
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("skipped: xmllint (Debian: libxml2-utils) is not here")
	}
	schema := spectest.Path(t, "pain.001.001."+string(v)+".xsd")
	dir := t.(interface{ TempDir() string }).TempDir()
	args := []string{"--noout", "--nonet", "--schema", schema}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, err := exec.Command(lint, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func TestFilesAreAsTheSchemaHasThem(t *testing.T) {
	full := Payment{Kind: Other, EndToEnd: "po-2", Amount: amountOf(12345, "KWD"), Name: "Ben Other", Account: "0012345678", BIC: "NBOKKWKW", Country: "KW", Address: strings.Repeat("Street 1, ", 12), Remittance: strings.Repeat("x", 140)}
	yen := Payment{Kind: Other, EndToEnd: "po-3", Amount: amountOf(1250, "JPY"), Name: "Chie", IBAN: "DE89370400440532013000", BIC: "BOTKJPJT", Country: "JP", Address: "Chiyoda"}
	instant := sepaPayment(1)
	instant.Kind, instant.EndToEnd, instant.BIC, instant.Remittance = Instant, "po-4", "ABNANL2A", ""
	for _, v := range []Version{Version09, Version03} {
		files := map[string][]byte{}
		for name, of := range map[string][]Payment{"one.xml": {sepaPayment(1250)}, "all.xml": {sepaPayment(99_999_999_999_999), full, yen, instant}} {
			m := message(v, of...)
			m.Debtor.Single = name == "one.xml"
			text, err := m.Write()
			if err != nil {
				t.Fatalf("%s %s: %v", v, name, err)
			}
			files[name] = text
		}
		if err := valid(t, v, files); err != nil {
			t.Errorf("version %s: %v", v, err)
		}
	}
}

// TestTheSchemaJudges: it refuses what isn't as it says.
func TestTheSchemaJudges(t *testing.T) {
	for _, v := range []Version{Version09, Version03} {
		text, err := message(v, sepaPayment(1250)).Write()
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string][2]string{
			"amount": {`<InstdAmt Ccy="EUR">12.50`, `<InstdAmt Ccy="EUR">12O50`}, "iban": {"NL46TEST", "N146TEST"}, "currency": {`Ccy="EUR"`, `Ccy="EURO"`}, "no id": {"<MsgId>PS-20260302-000001-abcdefgh</MsgId>", ""},
			"date": {"2026-03-03", "2026-13-03"}, "method": {"TRF", "XYZ"}, "end to end": {"po-01m7yd36spsb257v8awpzx2d01", strings.Repeat("x", 36)}, "element": {"<RmtInf>", "<RmtInf><Odd/>"},
		} {
			bad := bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
			if bytes.Equal(bad, text) {
				t.Fatalf("%s: nothing to spoil", name)
			}
			if err := valid(t, v, map[string][]byte{"bad.xml": bad}); err == nil {
				t.Errorf("version %s: %s passes", v, name)
			}
		}
	}
}

func TestSumsAndCountsAreThoseOfThePayments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "payments")
		var of []Payment
		want := new(big.Rat)
		for i := range n {
			code := rapid.SampledFrom([]string{"EUR", "JPY", "KWD"}).Draw(t, "currency")
			p := Payment{Kind: Other, EndToEnd: fmt.Sprintf("po-%d", i), Amount: amountOf(rapid.Int64Range(1, 99_999_999_999).Draw(t, "minor"), code), Name: "Ada", Account: "1"}
			if code == "EUR" && rapid.Bool().Draw(t, "sepa") {
				p.Kind, p.IBAN, p.Account = SEPA, "NL46TEST0136169112", ""
			}
			of = append(of, p)
			r, _ := new(big.Rat).SetString(p.Amount.Decimal())
			want.Add(want, r)
		}
		text, err := message(Version09, of...).Write()
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			Head struct {
				Count string `xml:"NbOfTxs"`
				Sum   string `xml:"CtrlSum"`
			} `xml:"CstmrCdtTrfInitn>GrpHdr"`
			Blocks []struct {
				Count  int    `xml:"NbOfTxs"`
				Sum    string `xml:"CtrlSum"`
				Orders []struct {
					Amount string `xml:"Amt>InstdAmt"`
				} `xml:"CdtTrfTxInf"`
			} `xml:"CstmrCdtTrfInitn>PmtInf"`
		}
		if err := xml.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		all, count := new(big.Rat), 0
		for _, b := range back.Blocks {
			sum := new(big.Rat)
			for _, o := range b.Orders {
				r, _ := new(big.Rat).SetString(o.Amount)
				sum.Add(sum, r)
			}
			if said, _ := new(big.Rat).SetString(b.Sum); said.Cmp(sum) != 0 || b.Count != len(b.Orders) {
				t.Fatalf("a block says %d and %s of %d and %s", b.Count, b.Sum, len(b.Orders), sum.FloatString(3))
			}
			all.Add(all, sum)
			count += len(b.Orders)
		}
		if said, _ := new(big.Rat).SetString(back.Head.Sum); said.Cmp(want) != 0 || all.Cmp(want) != 0 || back.Head.Count != fmt.Sprint(n) || count != n {
			t.Fatalf("the head says %s and %s of %d and %s", back.Head.Count, back.Head.Sum, n, want.FloatString(3))
		}
	})
}

func TestWhatCantBeWrittenMakesNoFile(t *testing.T) {
	for name, change := range map[string]func(*Message){
		"no payment": func(m *Message) { m.Payments = nil }, "no id": func(m *Message) { m.ID = "" }, "long id": func(m *Message) { m.ID = strings.Repeat("x", 36) }, "id without room": func(m *Message) { m.ID = strings.Repeat("x", 34) },
		"version": func(m *Message) { m.Version = "10" }, "kind": func(m *Message) { m.Payments[0].Kind = "x" }, "nothing": func(m *Message) { m.Payments[0].Amount = amountOf(0, "EUR") },
		"dollars by SEPA": func(m *Message) { m.Payments[0].Amount = amountOf(1, "USD") }, "no IBAN": func(m *Message) { m.Payments[0].IBAN = "" }, "name": func(m *Message) { m.Payments[0].Name = "Ädä" },
		"bitcoin": func(m *Message) { m.Payments[0].Kind, m.Payments[0].Amount = Other, amountOf(1, "BTC") }, "too many digits": func(m *Message) { m.Payments[0].Amount = amountOf(1_000_000_000_000_000_000, "EUR") },
		"end to end": func(m *Message) { m.Payments[0].EndToEnd = "po_1" }, "remittance": func(m *Message) { m.Payments[0].Remittance = strings.Repeat("x", 141) }, "BIC": func(m *Message) { m.Debtor.BIC = "XX" },
		"too large a sum": func(m *Message) {
			for range 20 {
				m.Payments = append(m.Payments, sepaPayment(99_999_999_999_999_999))
			}
		},
	} {
		m := message(Version09, sepaPayment(1250))
		change(&m)
		if text, err := m.Write(); err == nil {
			t.Errorf("%s: got %s", name, text)
		}
	}
}

func TestNamesAreWrittenInTheCharacterSet(t *testing.T) {
	for from, want := range map[string]string{
		"Ada Example": "Ada Example", "Jürgen Groß": "Jurgen Gross", "Zoë  Ångström": "Zoe Angstrom", "Łukasz Żółć": "Lukasz Zolc", "Søren Ærø": "Soren Aero", "Νίκος Παπάς": "Nikos Papas", "Иван Шишков": "Ivan Shishkov",
		"José María O’Neill & Sons": "Jose Maria O'Neill + Sons", "e\u0301": "e", "//a//b//": "a/b", "王小明": "", "Ada\x00": "", "\xff": "", "Ada 😀": "",
	} {
		got, ok := plain(from, 70)
		if got != want || ok != (want != "") || !inSet(got) {
			t.Errorf("%q: got %q, %v, want %q", from, got, ok, want)
		}
	}
	if got := loosely("Rechnung № 7 / 王", 140); got != "Rechnung . 7 / ." {
		t.Errorf("got %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		if got := loosely(s, 20); !inSet(got) || len(got) > 20 || strings.Contains(got, "//") || strings.HasPrefix(got, "/") {
			t.Fatalf("%q: got %q", s, got)
		}
	})
}

func TestCheckDigits(t *testing.T) {
	for s, ok := range map[string]bool{
		"DE89370400440532013000": true, "DE89 3704 0044 0532 0130 00": true, "de89370400440532013000": true, "NL46TEST0136169112": true, "GB82WEST12345698765432": true, "DE88370400440532013000": false, "DE8937040044053201300": false, "": false,
		"DE89-3704-0044-0532-0130-00": false, "D189370400440532013000": false, "DE89370400440532013000DE89370400440532013000": false,
	} {
		if _, got := iban(s); got != ok {
			t.Errorf("%q: got %v", s, got)
		}
	}
	for s, ok := range map[string]bool{"COBADEFF": true, "cobadeffxxx": true, "COBADEFFXX": false, "COBA1EFF": false, "": false, "COBADEF-": false} {
		if _, got := bic(s); got != ok {
			t.Errorf("BIC %q: got %v", s, got)
		}
	}
}

func TestBusinessDays(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c := clock{zone: zone, cutOff: 15 * time.Hour, target: true}
	for _, row := range []struct{ now, date, next string }{
		{"2026-03-02T10:00:00Z", "2026-03-02", "2026-03-02T15:00:00+01:00"}, // Monday
		{"2026-03-02T14:00:00Z", "2026-03-03", "2026-03-03T15:00:00+01:00"}, // 15:00 in Berlin
		{"2026-03-06T14:30:00Z", "2026-03-09", "2026-03-09T15:00:00+01:00"}, // Friday, past it
		{"2026-03-07T08:00:00Z", "2026-03-09", "2026-03-09T15:00:00+01:00"}, // Saturday
		{"2026-04-02T13:30:00Z", "2026-04-07", "2026-04-07T15:00:00+02:00"}, // before Easter, past it
		{"2026-04-02T10:00:00Z", "2026-04-02", "2026-04-02T15:00:00+02:00"},
		{"2026-12-24T20:00:00Z", "2026-12-28", "2026-12-28T15:00:00+01:00"},
		{"2026-12-31T20:00:00Z", "2027-01-04", "2027-01-04T15:00:00+01:00"},
		{"2026-03-27T15:00:00Z", "2026-03-30", "2026-03-30T15:00:00+02:00"}, // the clock is changed in between
		{"2026-03-01T23:30:00Z", "2026-03-02", "2026-03-02T15:00:00+01:00"}, // it is Monday in Berlin
	} {
		now, err := time.Parse(time.RFC3339, row.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.executionDate(now).Format(time.DateOnly); got != row.date {
			t.Errorf("%s: carried out on %s, want %s", row.now, got, row.date)
		}
		if got := c.nextCutOff(now).Format(time.RFC3339); got != row.next {
			t.Errorf("%s: next cut-off %s, want %s", row.now, got, row.next)
		}
	}
	for year, want := range map[int]string{2024: "03-31", 2025: "04-20", 2026: "04-05", 2027: "03-28", 2038: "04-25", 2000: "04-23"} {
		if got := easter(year).Format("01-02"); got != want {
			t.Errorf("Easter of %d: got %s, want %s", year, got, want)
		}
	}
}
