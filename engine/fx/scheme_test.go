package fx

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine/money"

	"pgregory.net/rapid"
)

var day = time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)

// pair is a line "BASE/QUOTE bid" or "BASE/QUOTE bid ask".
func pair(line string) Pair {
	words := strings.Fields(line)
	base, quote, _ := strings.Cut(words[0], "/")
	p := Pair{Base: money.MustCurrency(base), Quote: money.MustCurrency(quote), Bid: MustRate(words[1])}
	p.Ask = MustRate(words[len(words)-1])
	return p
}

func sheet(resource string, commercial bool, lines ...string) Sheet {
	s := Sheet{Resource: resource, Commercial: commercial, At: day}
	for _, line := range lines {
		s.Pairs = append(s.Pairs, pair(line))
	}
	return s
}

func book(t *testing.T, sheets ...Sheet) *Book {
	t.Helper()
	b, err := NewBook(sheets...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// market is a book with each kind of source.
func market(t *testing.T) *Book {
	t.Helper()
	return book(t,
		sheet("fixed", false, "USD/UAH 41.5", "UAH/USD 0.024"),
		sheet("ecb", false, "EUR/USD 1.16", "EUR/GBP 0.87", "EUR/JPY 183"),
		sheet("coinbase", true, "BTC/USD 98000 98500", "BTC/EUR 84000 84600", "USD/KWD 0.3 0.31", "EUR/USD 1.15 1.17"),
		sheet("house_rates", false, "USD/CLF 0.02"),
	)
}

func rule(base, quote money.Currency, resource string, kind Kind) Rule {
	return Rule{ID: "r1", Base: base, Quote: quote, Resource: resource, Kind: kind}
}

func TestSystemSchemeHasEveryPairWithoutFees(t *testing.T) {
	b := market(t)
	for _, row := range []struct {
		from, to       money.Currency
		rate, resource string
		via            string
		inverse        bool
	}{
		{eur, usd, "1.16", "ecb", "", false},
		{usd, eur, "25/29", "ecb", "", true}, // 1/1.16
		{gbp, jpy, "6100/29", "ecb", "EUR", false},
		{jpy, gbp, "29/6100", "ecb", "EUR", false},
		{usd, uah, "41.5", "fixed", "", false}, // the operator's own word comes first
		{uah, usd, "0.024", "fixed", "", false},
		{btc, usd, "98000", "coinbase", "", false},    // sold at the bid
		{usd, btc, "1/98500", "coinbase", "", true},   // bought at the ask
		{btc, kwd, "29400", "coinbase", "USD", false}, // 98000 x 0.3
		{kwd, btc, "1/30535", "coinbase", "USD", false},
		{usd, clf, "0.02", "house_rates", "", false},
	} {
		got, err := Find(System(), b, row.from, row.to)
		want := Found{Rate: rate(t, row.rate), Source: rate(t, row.rate), Resource: row.resource, SheetAt: day, Inverse: row.inverse, System: true}
		if row.via != "" {
			want.Via = money.MustCurrency(row.via)
		}
		if err != nil || got != want {
			t.Errorf("%s to %s: got %+v, %v, want %+v", row.from, row.to, got, err, want)
		}
	}
}

func TestQuotedPairComesBeforeACross(t *testing.T) {
	b := book(t, sheet("fixed", false, "GBP/USD 1.3", "GBP/EUR 1.1"), sheet("ecb", false, "EUR/USD 1.16"))
	if got, err := Find(System(), b, eur, usd); err != nil || got.Resource != "ecb" || !got.Via.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNoRateSaysWhy(t *testing.T) {
	b := market(t)
	scheme := func(fallback bool, rules ...Rule) Scheme { return Scheme{Name: "s", Fallback: fallback, Rules: rules} }
	minus := rule(eur, usd, "ecb", Fixed)
	minus.FeeFix = MustDecimal("-1.16")
	inverse := rule(usd, btc, "coinbase", Bid)
	for _, row := range []struct {
		name     string
		scheme   Scheme
		book     *Book
		from, to money.Currency
		says     string
	}{
		{"no source", System(), b, usd, usdt, "no source has it"},
		{"sources apart", System(), b, uah, clf, "no source has it"},
		{"no book", System(), nil, usd, eur, "no source has it"},
		{"no currency", System(), b, usd, money.Currency{}, "both sides need a currency"},
		{"no rule", scheme(false), b, usd, eur, "has no rule for it and doesn't fall back"},
		{"a rule for the other way alone", scheme(false, rule(eur, usd, "ecb", Fixed)), b, usd, eur, "has no rule for it"},
		{"a rule without its source, not replaced", scheme(true, rule(eur, usd, "cbr", Fixed)), b, eur, usd, "there are no rates of cbr"},
		{"a rule for a pair that its source lacks", scheme(true, rule(eur, uah, "ecb", Fixed)), b, eur, uah, "ecb has no rate for it"},
		{"a rule of a result of zero", scheme(true, minus), b, eur, usd, "its fees leave no rate above zero"},
		{"a commercial pair the other way round", scheme(true, inverse), b, usd, btc, "coinbase quotes BTC/USD and not USD/BTC"},
		{"a commercial pair that isn't quoted", scheme(true, rule(btc, jpy, "coinbase", Ask)), b, btc, jpy, "coinbase doesn't quote BTC/JPY"},
		{"neither ask nor bid", scheme(true, rule(btc, usd, "coinbase", Fixed)), b, btc, usd, "it chooses neither"},
	} {
		got, err := Find(row.scheme, row.book, row.from, row.to)
		if !errors.Is(err, ErrNoRate) || got != (Found{}) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %+v, %v, want ErrNoRate: %s", row.name, got, err, row.says)
		}
	}
}

func TestCurrencyToItselfIsOneWithoutFees(t *testing.T) {
	for _, s := range []Scheme{{Name: "empty"}, System()} {
		if got, err := Find(s, nil, usd, usd); err != nil || got != (Found{Rate: One(), Source: One()}) {
			t.Errorf("%s: got %+v, %v", s.Name, got, err)
		}
	}
}

func TestRuleTakesItsSource(t *testing.T) {
	b := market(t)
	with := func(r Rule, change func(*Rule)) Rule { change(&r); return r }
	for _, row := range []struct {
		name         string
		rule         Rule
		source, rate string
		inverse      bool
		via          money.Currency
	}{
		{"direct", rule(eur, usd, "ecb", Fixed), "1.16", "1.16", false, money.Currency{}},
		{"direct with fees", with(rule(eur, usd, "ecb", Fixed), func(r *Rule) { r.FeeRate, r.FeeFix = MustDecimal("0.5"), MustDecimal("0.001") }), "1.16", "1.1668", false, money.Currency{}},
		{"inverse", with(rule(usd, eur, "ecb", Fixed), func(r *Rule) { r.Inverse = true }), "25/29", "25/29", true, money.Currency{}},
		{"inverse though not said, where there is one rate", rule(usd, eur, "ecb", Fixed), "25/29", "25/29", true, money.Currency{}},
		{"direct though inverse was said, where there is one rate", with(rule(eur, usd, "ecb", Fixed), func(r *Rule) { r.Inverse = true }), "1.16", "1.16", false, money.Currency{}},
		{"direct of a source with both", rule(uah, usd, "fixed", Fixed), "0.024", "0.024", false, money.Currency{}},
		{"inverse of a source with both", with(rule(uah, usd, "fixed", Fixed), func(r *Rule) { r.Inverse = true }), "2/83", "2/83", true, money.Currency{}},
		{"cross", rule(gbp, jpy, "ecb", Fixed), "6100/29", "6100/29", false, eur},
		{"ask", rule(btc, usd, "coinbase", Ask), "98500", "98500", false, money.Currency{}},
		{"bid", rule(btc, usd, "coinbase", Bid), "98000", "98000", false, money.Currency{}},
		{"ask turned over", with(rule(usd, btc, "coinbase", Ask), func(r *Rule) { r.Inverse = true }), "1/98500", "1/98500", true, money.Currency{}},
		{"bid turned over", with(rule(usd, btc, "coinbase", Bid), func(r *Rule) { r.Inverse = true }), "1/98000", "1/98000", true, money.Currency{}},
		{"a source of the operator's", rule(usd, clf, "house_rates", Fixed), "0.02", "0.02", false, money.Currency{}},
	} {
		got, err := Find(Scheme{Name: "s", Rules: []Rule{row.rule}}, b, row.rule.Base, row.rule.Quote)
		want := Found{Rate: rate(t, row.rate), Source: rate(t, row.source), Resource: row.rule.Resource, Rule: "r1", SheetAt: day, Via: row.via, Inverse: row.inverse}
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", row.name, got, err, want)
		}
	}
}

func TestRuleWithARateOfItsOwnNeedsNoSheet(t *testing.T) {
	r := rule(usd, uah, "fixed", Fixed)
	r.Fixed, r.FeeRate = MustRate("40"), MustDecimal("1")
	if got, err := r.Find(nil); err != nil || got != (Found{Rate: MustRate("40.4"), Source: MustRate("40"), Resource: "fixed", Rule: "r1"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	r.Inverse = true
	if got, err := r.Find(nil); err != nil || got != (Found{Rate: MustRate("0.02525"), Source: MustRate("0.025"), Resource: "fixed", Rule: "r1", Inverse: true}) {
		t.Errorf("turned over: got %+v, %v", got, err)
	}
}

func TestFallbackIsForPairsWithoutARule(t *testing.T) {
	own := rule(eur, usd, "ecb", Fixed)
	own.FeeFix = MustDecimal("0.04")
	s := Scheme{Name: "s", Fallback: true, Rules: []Rule{own}}
	b := market(t)
	if got, err := Find(s, b, eur, usd); err != nil || got.Rate != MustRate("1.2") || got.System {
		t.Errorf("with a rule: got %+v, %v", got, err)
	}
	if got, err := Find(s, b, eur, gbp); err != nil || got.Rate != MustRate("0.87") || !got.System || got.Rule != "" {
		t.Errorf("without: got %+v, %v", got, err)
	}
}

func TestInvalidSchemeNamesTheField(t *testing.T) {
	good := func() Scheme {
		return Scheme{Name: "Fees", Rules: []Rule{rule(eur, usd, "ecb", Fixed), rule(usd, eur, "coinbase", Bid)}}
	}
	if err := func() error { s := good(); s.Rules[1].ID = "r2"; return s.Validate() }(); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		field, rule string
		harm        func(*Scheme)
	}{
		{"name", "1 to 100", func(s *Scheme) { s.Name = "" }},
		{"name", "1 to 100", func(s *Scheme) { s.Name = strings.Repeat("ü", 101) }},
		{"name", "printable", func(s *Scheme) { s.Name = "a\tb" }},
		{"name", "printable", func(s *Scheme) { s.Name = "a\xff" }},
		{"description", "1000", func(s *Scheme) { s.Description = strings.Repeat("x", 1001) }},
		{"rules", "System scheme", func(s *Scheme) { s.System = true }},
		{"rules", "System scheme", func(s *Scheme) { s.System, s.Fallback, s.Rules = true, true, nil }},
		{"rules", "at most 1000", func(s *Scheme) { s.Rules = make([]Rule, 1001) }},
		{"rules[1].base", "second", func(s *Scheme) { s.Rules[1].Base, s.Rules[1].Quote = eur, usd }},
		{"rules[1].id", "another rule's", func(s *Scheme) { s.Rules[1].ID = "r1" }},
		{"rules[0].id", "at most 64", func(s *Scheme) { s.Rules[0].ID = strings.Repeat("x", 65) }},
		{"rules[0].base", "currency", func(s *Scheme) { s.Rules[0].Base = money.Currency{} }},
		{"rules[0].quote", "currency", func(s *Scheme) { s.Rules[0].Quote = money.Currency{} }},
		{"rules[0].quote", "another currency", func(s *Scheme) { s.Rules[0].Quote = eur }},
		{"rules[0].resource", "lower-case", func(s *Scheme) { s.Rules[0].Resource = "ECB" }},
		{"rules[0].resource", "lower-case", func(s *Scheme) { s.Rules[0].Resource = "" }},
		{"rules[0].kind", "fixed, ask or bid", func(s *Scheme) { s.Rules[0].Kind = "" }},
		{"rules[0].kind", "ecb has one rate", func(s *Scheme) { s.Rules[0].Kind = Ask }},
		{"rules[1].kind", "coinbase quotes both", func(s *Scheme) { s.Rules[1].Kind = Fixed }},
		{"rules[0].fixed", "resource fixed alone", func(s *Scheme) { s.Rules[0].Fixed = One() }},
		{"rules[0].fee_rate", "above zero", func(s *Scheme) { s.Rules[0].FeeRate = MustDecimal("-100") }},
		{"rules[0].fee_fix", "above zero", func(s *Scheme) {
			s.Rules[0].Resource, s.Rules[0].Fixed, s.Rules[0].FeeFix = "fixed", MustRate("0.5"), MustDecimal("-0.5")
		}},
	} {
		s := good()
		s.Rules[1].ID = "r2"
		row.harm(&s)
		var field *FieldError
		if err := s.Validate(); !errors.As(err, &field) || field.Field != row.field || !strings.Contains(field.Rule, row.rule) {
			t.Errorf("%s %s: got %v", row.field, row.rule, err)
		}
	}
	var all Invalid
	if err := (Scheme{Rules: []Rule{{}}}).Validate(); !errors.As(err, &all) || len(all) != 4 {
		t.Errorf("all that is wrong with nothing: got %v", err)
	}
	if err := (Rule{}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "base must") {
		t.Errorf("a rule alone: got %v", err)
	}
}

func TestCheckAsksTheSheets(t *testing.T) {
	b := market(t)
	fine := Scheme{Name: "s", Rules: []Rule{rule(eur, usd, "ecb", Fixed)}}
	if err := errors.Join(fine.Check(b), System().Check(b)); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Rule){
		"rules[0].resource must have a rate for EUR to USD: there are no rates of cbr":               func(r *Rule) { r.Resource = "cbr" },
		"rules[0].resource must have a rate for EUR to KWD: ecb has no rate for it":                  func(r *Rule) { r.Quote = kwd },
		"rules[0].fee_fix " + ruleResult:                                                             func(r *Rule) { r.FeeFix = MustDecimal("-1.16") },
		"rules[0].kind must be fixed: ecb has one rate for both ways":                                func(r *Rule) { r.Kind = Bid },
		"rules[0].resource must have a rate for EUR to BTC: coinbase quotes BTC/EUR and not EUR/BTC": func(r *Rule) { r.Quote, r.Resource, r.Kind = btc, "coinbase", Bid },
	} {
		s := Scheme{Name: "s", Rules: []Rule{rule(eur, usd, "ecb", Fixed)}}
		change(&s.Rules[0])
		var invalid Invalid
		if err := s.Check(b); !errors.As(err, &invalid) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestInvalidSheetNamesTheField(t *testing.T) {
	if err := sheet("coinbase", true, "BTC/USD 98000 98500").Validate(); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		field, rule string
		sheet       Sheet
	}{
		{"resource", "lower-case", sheet("", false, "EUR/USD 1")},
		{"resource", "lower-case", sheet("a b", false, "EUR/USD 1")},
		{"resource", "lower-case", sheet(strings.Repeat("a", 33), false, "EUR/USD 1")},
		{"resource", "lower-case", sheet("1a", false, "EUR/USD 1")},
		{"commercial", "false for ecb", sheet("ecb", true, "EUR/USD 1")},
		{"commercial", "true for hkab", sheet("hkab", false, "EUR/USD 1")},
		{"at", "date", Sheet{Resource: "ecb", Pairs: []Pair{pair("EUR/USD 1")}}},
		{"pairs", "at least one", sheet("ecb", false)},
		{"pairs", "at most 5000", Sheet{Resource: "ecb", At: day, Pairs: make([]Pair, 5001)}},
		{"pairs[1]", "twice", sheet("ecb", false, "EUR/USD 1", "EUR/USD 2")},
		{"pairs[0].base", "currency", Sheet{Resource: "ecb", At: day, Pairs: []Pair{{}}}},
		{"pairs[0].quote", "currency", Sheet{Resource: "ecb", At: day, Pairs: []Pair{{Base: eur}}}},
		{"pairs[0].quote", "another", sheet("ecb", false, "EUR/EUR 1")},
		{"pairs[0].ask", "above zero", Sheet{Resource: "ecb", At: day, Pairs: []Pair{{Base: eur, Quote: usd, Bid: One()}}}},
		{"pairs[0].bid", "above zero", Sheet{Resource: "ecb", At: day, Pairs: []Pair{{Base: eur, Quote: usd, Ask: One()}}}},
		{"pairs[0].ask", "equal bid", sheet("ecb", false, "EUR/USD 1 2")},
		{"pairs[0].ask", "below bid", sheet("coinbase", true, "EUR/USD 2 1")},
	} {
		var field *FieldError
		if err := row.sheet.Validate(); !errors.As(err, &field) || field.Field != row.field || !strings.Contains(field.Rule, row.rule) {
			t.Errorf("%s %s: got %v", row.field, row.rule, err)
		}
		if _, err := NewBook(row.sheet); !errors.As(err, &field) {
			t.Errorf("a book of it: got %v", err)
		}
	}
	if _, err := NewBook(sheet("ecb", false, "EUR/USD 1"), sheet("ecb", false, "EUR/USD 2")); err == nil || !strings.Contains(err.Error(), "has a sheet already") {
		t.Errorf("two of one source: got %v", err)
	}
}

func TestBookGivesItsSheets(t *testing.T) {
	b := market(t)
	var codes []string
	for _, s := range b.Sheets() {
		codes = append(codes, s.Resource)
	}
	if got := fmt.Sprint(codes); got != "[fixed ecb coinbase house_rates]" {
		t.Errorf("got %s", got)
	}
	if s, ok := b.Sheet("ecb"); !ok || len(s.Pairs) != 3 || s.Age(day.Add(36*time.Hour)) != 36*time.Hour || s.Age(day.Add(-time.Hour)) != -time.Hour {
		t.Errorf("got %+v, %v", s, ok)
	}
	if _, ok := b.Sheet("cbr"); ok {
		t.Error("a sheet that isn't there")
	}
	var none *Book
	if _, ok := none.Sheet("ecb"); ok || none.Sheets() != nil {
		t.Error("no book has sheets")
	}
}

// TestSystemRatesNeverGainThereAndBack holds for sheets that name each pair
// one way, whatever the spread: by a pair, its inverse and a cross.
func TestSystemRatesNeverGainThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := []money.Currency{eur, usd, jpy, kwd, btc}
		commercial := rapid.Bool().Draw(t, "commercial")
		s := Sheet{Resource: "house", Commercial: commercial, At: day}
		for i, base := range all {
			for _, quote := range all[i+1:] {
				if rapid.Bool().Draw(t, "quoted") {
					p := Pair{Base: base, Quote: quote, Bid: drawRate(t, "bid")}
					p.Ask = p.Bid
					if spread := rapid.SampledFrom([]string{"1", "1.01", "2"}).Draw(t, "spread"); commercial {
						p.Ask, _ = p.Bid.Mul(MustRate(spread))
					}
					s.Pairs = append(s.Pairs, p)
				}
			}
		}
		if len(s.Pairs) == 0 {
			t.Skip("no pairs")
		}
		b, err := NewBook(s)
		if err != nil {
			t.Skip(err)
		}
		from, to := rapid.SampledFrom(all).Draw(t, "from"), rapid.SampledFrom(all).Draw(t, "to")
		there, err := Find(System(), b, from, to)
		back, errBack := Find(System(), b, to, from)
		if (err == nil) != (errBack == nil) {
			t.Fatalf("there %v, back %v", err, errBack)
		}
		if err != nil {
			return
		}
		both, err := there.Rate.Mul(back.Rate)
		if err != nil {
			t.Skip(err)
		}
		if both.Cmp(One()) > 0 || !commercial && both != One() {
			t.Fatalf("%+v and %+v make %s", there, back, both)
		}
	})
}

func TestResourcesAreThoseOfTheContract(t *testing.T) {
	var codes []string
	for r := range Resources() {
		codes = append(codes, r.Code)
		if found, ok := FindResource(r.Code); !ok || found != r || r.Name == "" || !CodeOK(r.Code) || r.BuiltIn != (r.Code == ResourceFixed || r.Code == ResourceECB) {
			t.Errorf("%+v", r)
		}
	}
	want := "bcb cbar cbr cbu coinbase coingate cryptocompare currencylayer ecb eximbank fixed fixer floatrates hkab nbkr nbkz"
	if got := strings.Join(codes, " "); got != want || !slices.IsSorted(codes) {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, ok := FindResource("ECB"); ok {
		t.Error("codes are lower case")
	}
	for range Resources() {
		break // must stop
	}
}

func TestRecordsReadBack(t *testing.T) {
	r := rule(eur, usd, "fixed", Fixed)
	r.Fixed, r.FeeRate, r.FeeFix, r.Inverse = rate(t, "1/3"), MustDecimal("-0.5"), MustDecimal("0.0125"), true
	want := Scheme{Name: "Fees", Fallback: true, Rules: []Rule{r, rule(usd, eur, "ecb", Fixed)}}
	text, err := json.Marshal(want)
	const form = `{"name":"Fees","fallback":true,"rules":[` +
		`{"id":"r1","base":"EUR","quote":"USD","resource":"fixed","kind":"fixed","inverse":true,"fee_rate":"-0.5","fee_fix":"0.0125","fixed":"1/3"},` +
		`{"id":"r1","base":"USD","quote":"EUR","resource":"ecb","kind":"fixed"}]}`
	var got Scheme
	if err != nil || string(text) != form || json.Unmarshal(text, &got) != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %s, %v, %+v", text, err, got)
	}
	found, err := Find(System(), market(t), gbp, jpy)
	if err != nil {
		t.Fatal(err)
	}
	text, _ = json.Marshal(found)
	const foundForm = `{"rate":"6100/29","source":"6100/29","resource":"ecb","sheet_at":"2026-03-06T00:00:00Z","via":"EUR","system":true}`
	var read Found
	if string(text) != foundForm || json.Unmarshal(text, &read) != nil || read != found {
		t.Errorf("got %s, %+v", text, read)
	}
}

func TestQuoteLocksARateForItsLife(t *testing.T) {
	q := Quote{ID: "q1", From: eur, To: usd, Rate: MustRate("1.16"), Created: day, Expires: day.Add(time.Minute)}
	if err := q.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Time{day, day.Add(time.Minute - 1)} {
		if got, err := q.Use(eur, usd, now); err != nil || got != q.Rate {
			t.Errorf("at %v: got %s, %v", now, got, err)
		}
	}
	for name, use := range map[string]func() (Rate, error){
		"at its end":       func() (Rate, error) { return q.Use(eur, usd, q.Expires) },
		"after it":         func() (Rate, error) { return q.Use(eur, usd, q.Expires.Add(time.Hour)) },
		"before it began":  func() (Rate, error) { return q.Use(eur, usd, day.Add(-1)) },
		"the other way":    func() (Rate, error) { return q.Use(usd, eur, day) },
		"another currency": func() (Rate, error) { return q.Use(eur, gbp, day) },
		"no quote":         func() (Rate, error) { return Quote{}.Use(money.Currency{}, money.Currency{}, day) },
	} {
		if got, err := use(); !errors.Is(err, ErrQuote) || !got.IsZero() {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	for _, row := range []struct {
		field string
		harm  func(*Quote)
	}{
		{"id", func(q *Quote) { q.ID = "" }},
		{"from", func(q *Quote) { q.From = money.Currency{} }},
		{"to", func(q *Quote) { q.To = money.Currency{} }},
		{"rate", func(q *Quote) { q.Rate = Rate{} }},
		{"rate", func(q *Quote) { q.To = eur }},
		{"created", func(q *Quote) { q.Created = time.Time{} }},
		{"expires", func(q *Quote) { q.Expires = q.Created }},
		{"expires", func(q *Quote) { q.Expires = q.Created.Add(MaxLifetime + 1) }},
	} {
		q := q
		row.harm(&q)
		var field *FieldError
		if err := q.Validate(); !errors.As(err, &field) || field.Field != row.field {
			t.Errorf("%s: got %v", row.field, err)
		}
	}
}
