package sandbox

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// booksOf are an account's connectors over the wire and within the process.
func booksOf(t *testing.T, s *Server, base, id string) map[string]connector.Connector {
	t.Helper()
	out := map[string]connector.Connector{}
	for name, build := range map[string]connector.Builder{"http": HTTP(&http.Transport{DisableKeepAlives: true}), "inside": InProcess(s.provider)} {
		c, err := build(connector.Account{ID: id, BaseURL: base})
		if err != nil {
			t.Fatal(err)
		}
		out[name] = c
	}
	return out
}

// TestBooksAreOfOneAccount: a report has what moved and what came back, and a
// balance what is left of the play money, each of the account's own alone, in
// currencies with no decimals and with three, and after a restart.
func TestBooksAreOfOneAccount(t *testing.T) {
	dir := t.TempDir()
	s, base := serve(t, Options{Dir: dir})
	set(t, s.provider, `{"settle_ms":[0,0]}`)
	pay := func(account, key, iban string, a money.Amount) {
		o := Order{Key: key, Amount: a, Service: "sepa", Fields: connector.Details{"iban": iban}, Account: account}
		if _, err := s.provider.Receive(o); err != nil {
			t.Fatal(err)
		}
	}
	jpy, kwd := money.MustCurrency("JPY"), money.MustCurrency("KWD")
	pay("mca_a", "whole", "NL69TEST0000000001", money.New(5, jpy))
	pay("mca_a", "part", "NL63TEST0000000012", money.New(1235, kwd))
	pay("mca_a", "back", "NL36TEST0000000013", eur(700))
	pay("mca_a", "refused", "NL58TEST0000000005", eur(9900))
	pay("mca_a", "open", "NL20TEST0000000010", eur(9900))
	pay("mca_b", "other", "NL69TEST0000000001", eur(100))
	s.provider.Advance(time.Now().Add(time.Hour))
	for name, c := range booksOf(t, s, base, "mca_a") {
		list, err := c.(connector.Reporter).Reports(t.Context(), time.Time{})
		got := ""
		for _, r := range list {
			got += fmt.Sprintf("%s %s %s; ", r.Key, r.Outcome.Verdict, r.Amount)
			if !r.Booked || r.At.IsZero() || r.ID == "" || (r.Outcome.Verdict == connector.PartlyPaid) != (r.Outcome.Paid == r.Amount) {
				t.Errorf("%s: got %+v", name, r)
			}
		}
		if want := "whole paid JPY 5; part partly_paid KWD 0.617; back paid EUR 7.00; back returned EUR 7.00; "; err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, want)
		}
		have, err := c.(connector.Balancer).Balances(t.Context())
		left := map[string]int64{}
		for _, a := range have {
			left[a.Currency().Code()] = a.Minor() - Opening
		}
		if err != nil || left["JPY"] != -5 || left["KWD"] != -617 || left["EUR"] != 0 || left["USD"] != 0 || len(left) < 100 {
			t.Errorf("%s: got %v in %d currencies, %v", name, left, len(left), err)
		}
		if later, err := c.(connector.Reporter).Reports(t.Context(), time.Now().Add(48*time.Hour)); err != nil || len(later) != 0 {
			t.Errorf("%s: since a time to come: got %v, %v", name, later, err)
		}
	}
	before, err := s.provider.Bookings("mca_a", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	again := openDir(t, copyOf(t, dir), newClock())
	defer again.Close()
	if after, err := again.Bookings("mca_a", time.Time{}); err != nil || !reflect.DeepEqual(after, before) {
		t.Errorf("after a restart: got %+v, %v, want %+v", after, err, before)
	}
}

// TestAReportThatCantBeReadIsNone: books that leave a part out would be called
// equal.
func TestAReportThatCantBeReadIsNone(t *testing.T) {
	good := `{"id":"tr_1","key":"po_1","kind":"paid","amount":"1.00","currency":"EUR","at":"2026-03-01T12:00:00Z"}`
	for body, want := range map[string]int{
		`{"lines":[` + good + `]}`:    1,
		`{"lines":[]}`:                0,
		`{}`:                          -1,
		`{"lines":[` + good + `,{}]}`: -1,
		`{"lines":[` + good + `]`:     -1,
		`{"lines":[` + strings.Replace(good, "paid", "sold", 1) + `]}`:  -1,
		`{"lines":[` + strings.Replace(good, "1.00", "1.001", 1) + `]}`: -1,
		`{"lines":[` + strings.Replace(good, "1.00", "-1.00", 1) + `]}`: -1,
		`{"lines":[` + strings.Replace(good, "2026", "then", 1) + `]}`:  -1,
		`{"lines":[` + strings.Replace(good, "po_1", "", 1) + `]}`:      -1,
	} {
		list, err := readReport(strings.NewReader(body))
		if (err != nil) != (want < 0) || err == nil && len(list) != want || err != nil && strings.Contains(err.Error(), "po_1") {
			t.Errorf("%s: got %v, %v", body, list, err)
		}
	}
}
