package engine_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/stripe"
	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/engine/sim"
)

// answering answers every question with one text.
type answering string

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if a == "" {
		return nil, errors.New("nobody answers")
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: r}, nil
}

// TestWhatAProviderSaysIsHeldAgainstTheLedger: the difference is what neither
// available nor held explains, in currencies of 0, 2 and 3 decimals, and
// nothing is booked.
func TestWhatAProviderSaysIsHeldAgainstTheLedger(t *testing.T) {
	said := answering("")
	dial := func(r *http.Request) (*http.Response, error) { return said.RoundTrip(r) }
	build := stripe.New(connector.Host{Transport: roundTrip(dial), Now: func() time.Time { return time.Time{} }})
	w, err := sim.New(sim.Config{Seed: 1, Connect: map[string]connector.Builder{"stripe": build}})
	must(t, err)
	me := engine.Caller{Scope: engine.Scope{Merchant: "shop", Mode: engine.Test}, Actor: "apik_test", Rights: engine.Rights()}
	_, err = w.Engine.CreateMerchant(w.Ctx, me, "shop", "Shop")
	must(t, err)
	in := []money.Currency{money.MustCurrency("EUR"), money.MustCurrency("JPY"), money.MustCurrency("KWD")}
	a, err := w.Engine.ConnectAccount(w.Ctx, me, engine.NewAccount{Provider: "stripe", Label: "stripe", Credentials: map[string]string{"api_key": "sk_test_0123456789abcdef"}, Currencies: in}, nil)
	must(t, err)
	before := balances(t, w, me, a.ID)
	have := before["EUR"].Available
	said = answering(fmt.Sprintf(`{"object":"balance","available":[{"amount":%d,"currency":"eur"},{"amount":%d,"currency":"jpy"},{"amount":%d,"currency":"kwd"},{"amount":7,"currency":"usd"}]}`, have, have+5, have-10))
	got, err := w.Engine.PullBalances(w.Ctx, me, a.ID)
	must(t, err)
	want := map[string]string{"EUR": "EUR 0.00", "JPY": "JPY 5", "KWD": "KWD -0.010"}
	for _, s := range got {
		if code := s.Theirs.Currency().Code(); s.Difference.String() != want[code] {
			t.Errorf("%s: difference %s, want %s", code, s.Difference, want[code])
		}
	}
	if len(got) != 3 {
		t.Errorf("got %d, want one for each deposit account", len(got))
	}
	if after := balances(t, w, me, a.ID); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the ledger was changed: %v, was %v", after, before)
	}
	books, err := w.Engine.BooksNow(w.Ctx)
	must(t, err)
	if len(books.Standing) != 3 {
		t.Errorf("kept %v", books.Standing)
	}
	for _, bad := range []answering{"", "{}", `{"object":"balance","available":[{"amount":1.5,"currency":"eur"}]}`} {
		said = bad
		var refused *engine.Error
		if _, err := w.Engine.PullBalances(w.Ctx, me, a.ID); !errors.As(err, &refused) || refused.Code != engine.CodeBusy {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	if kept, err := w.Engine.Standings(w.Ctx, me.Scope); err != nil || len(kept) != 3 || kept[0].At.IsZero() {
		t.Errorf("what was known is lost: %v, %v", kept, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func balances(t *testing.T, w *sim.World, me engine.Caller, account string) map[string]ledger.Balance {
	t.Helper()
	all, err := w.Engine.Deposits(w.Ctx, me.Scope)
	must(t, err)
	out := map[string]ledger.Balance{}
	for _, d := range all {
		if d.Account == account {
			out[d.Currency.Code()] = d.Balance
		}
	}
	return out
}
