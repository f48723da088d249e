package hosted

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
)

func TestEveryRefusalHasAnAnswer(t *testing.T) {
	for _, c := range engine.Codes() {
		if r, ok := rows[c]; !ok || r.status < 400 || r.code == "" || r.title == "" {
			t.Errorf("code %s has no whole row: %+v", c, r)
		}
	}
}

func TestEveryStageHasAStatus(t *testing.T) {
	want := map[payout.Stage]string{payout.AllPaid: succeeded, payout.SomePaid: succeeded, payout.GivenBack: succeeded, payout.NonePaid: failed, payout.Expired: failed, payout.Withdrawn: failed}
	for _, s := range payout.Stages() {
		r := &engine.Request{Stage: s}
		if got := statusOf(r, false); got != cmpOr(want[s], pending) {
			t.Errorf("%s is %s", s, got)
		}
		if stateOf(r) == "" {
			t.Errorf("%s has no words on the page", s)
		}
	}
	if statusOf(&engine.Request{Stage: payout.GivenBack}, true) != failed {
		t.Error("money that came back is not failed where that is set")
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// TestEveryLanguageSaysEverything: the same keys, none empty, the same words
// to be filled in, and nothing left in English by mistake.
func TestEveryLanguageSaysEverything(t *testing.T) {
	all, err := readCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	english := all["en"]
	for lang, c := range all {
		same := 0
		for key, text := range english {
			got, ok := c[key]
			if !ok || strings.TrimSpace(got) == "" {
				t.Errorf("%s has no %q", lang, key)
				continue
			}
			a, b := placeholder.FindAllString(text, -1), placeholder.FindAllString(got, -1)
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(a, b) {
				t.Errorf("%s: %q fills in %q, English %q", lang, key, b, a)
			}
			if got == text && len(text) > 20 {
				same++
			}
		}
		if lang != "en" && same > 0 {
			t.Errorf("%s says %d long texts in English", lang, same)
		}
		for key := range c {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has a key %q that English has not", lang, key)
			}
		}
	}
}

var spoken = regexp.MustCompile(`\.T "([a-z0-9._]+)"`)

// TestEveryTextOfThePageIsInTheCatalogue looks at the templates, at what is
// said about fields, and at the keys that are put together.
func TestEveryTextOfThePageIsInTheCatalogue(t *testing.T) {
	all, err := readCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	raw, err := fs.ReadFile(files, "templates/page.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range spoken.FindAllStringSubmatch(string(raw), -1) {
		want[m[1]] = true
	}
	for _, s := range payout.Stages() {
		state := stateOf(&engine.Request{Stage: s})
		want["done."+state+".title"], want["done."+state+".text"] = true, true
	}
	for _, key := range []string{"link", "gone", "form", "often", "later", "internal"} {
		want["message."+key+".title"], want["message."+key+".text"] = true, true
	}
	for sv := range service.Builtin().Services() {
		want["family."+family(sv)] = true
		for _, f := range asked(sv) {
			if sv.Kind == service.Passthrough || sv.Method == "apple_pay" || sv.Method == "google_pay" {
				continue
			}
			want["field."+f.Target().Key] = true
			if c := string(f.Target().Check); c != "any" && c != "printable" && c != "token" && c != "word" && c != "phrase" && c != "percent" {
				want["error."+map[bool]string{true: "iban", false: c}[strings.HasPrefix(c, "iban")]] = true
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if all["en"][key] == "" {
			t.Errorf("there is no text %q", key)
		}
	}
}

func TestAmountsAreWrittenAsTheLanguageDoes(t *testing.T) {
	for _, row := range []struct {
		lang, currency string
		minor          int64
		want           string
	}{
		{"en", "EUR", 123456789, "€1,234,567.89"}, {"fr", "EUR", 123456789, "1\u202f234\u202f567,89\u00a0€"}, {"de", "EUR", 123456, "1.234,56\u00a0€"}, {"es", "EUR", 123456, "1234,56\u00a0€"}, {"es", "EUR", 1234567, "12.345,67\u00a0€"},
		{"sw", "KES", 100000, "KES\u00a01,000.00"}, {"ar", "EUR", 123450, "\u200f١٬٢٣٤٫٥٠\u00a0€"}, {"en", "JPY", 1000, "JP¥1,000"}, {"en", "KWD", 1234, "KWD\u00a01.234"}, {"de", "CHF", 5, "0,05\u00a0CHF"},
	} {
		if got := amountIn(row.lang, money.New(row.minor, money.MustCurrency(row.currency))); got != row.want {
			t.Errorf("%s %s: %q, want %q", row.lang, row.currency, got, row.want)
		}
	}
}

func TestTheLanguageIsChosenInOrder(t *testing.T) {
	for _, row := range []struct{ asked, locale, accept, want string }{
		{"fr", "de", "es", "fr"}, {"xx", "de-AT", "es", "de"}, {"", "", "xx, es;q=0.5, ar;q=0.9", "ar"}, {"", "", "", "en"}, {"", "pt_BR", "sw-KE,sw;q=0.9,en;q=0.8", "sw"}, {"", "", "fr;q=0, de;q=0.1", "de"}, {"", "", ";;q=,,=", "en"},
	} {
		if got := speak(row.asked, row.locale, row.accept); got != row.want {
			t.Errorf("%+v: %s", row, got)
		}
	}
}

// TestWhatIsKeptOfACreateComesBack: the extra is read as it was written.
func TestWhatIsKeptOfACreateComesBack(t *testing.T) {
	id := "e"
	raw, err := json.Marshal(extra{ExternalID: &id, Amount: "10.0", Metadata: json.RawMessage(`{"b":1,"a":2}`)})
	if err != nil {
		t.Fatal(err)
	}
	r := &engine.Request{Dialect: "hosted", Amount: money.New(1000, money.MustCurrency("EUR"))}
	r.Extra = raw
	if x := extraOf(r); x.Amount != "10.0" || *x.ExternalID != "e" || string(x.Metadata) != `{"b":1,"a":2}` {
		t.Errorf("it comes back as %+v", x)
	}
}
