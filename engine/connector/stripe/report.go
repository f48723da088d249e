package stripe

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/connector"
)

// entry is one balance transaction: what Stripe booked on the account.
type entry struct {
	ID       string           `json:"id"`
	Object   string           `json:"object"`
	Amount   connector.Number `json:"amount"` // below zero: it left
	Currency string           `json:"currency"`
	Created  connector.Number `json:"created"`
	Type     string           `json:"type"`
	Source   jsontext.Value   `json:"source"` // what it was booked for
}

// source is a payout, a transfer, or the reversal of one.
type source struct {
	thing
	Automatic *bool  `json:"automatic"` // of a payout: by Stripe's own schedule
	Transfer  string `json:"transfer"`  // of a reversal: of which transfer
}

// entryTypes are the kinds of balance transactions that pay out, or take back
// what was paid out (docs.stripe.com/reports/balance-transaction-types).
var entryTypes = map[string]bool{
	"payout": true, "payout_cancel": true, "payout_failure": true,
	"transfer": true, "transfer_cancel": true, "transfer_failure": true, "transfer_refund": true,
}

// Reports reads the account's balance transactions that pay out. What a
// merchant's customers pay in isn't among them, nor what Stripe pays to the
// merchant by its own schedule. Of what connected accounts pay out, which Stripe
// books there, it is what bears a key of ours: the rest is their business.
func (a *account) Reports(ctx context.Context, since time.Time) ([]connector.Report, error) {
	books, err := a.books(ctx)
	if err != nil {
		return nil, fmt.Errorf("stripe: %w", err)
	}
	var out []connector.Report
	for _, connected := range books {
		list, err := a.reports(ctx, connected, since)
		if err != nil {
			return nil, fmt.Errorf("stripe: balance transactions: %w", err)
		}
		out = append(out, list...)
	}
	return out, nil
}

func (a *account) reports(ctx context.Context, connected string, since time.Time) ([]connector.Report, error) {
	var out []connector.Report
	query := url.Values{"limit": {strconv.Itoa(pageSize)}, "expand[]": {"data.source"}}
	if !since.IsZero() {
		query.Set("created[gte]", strconv.FormatInt(since.Unix(), 10))
	}
	for range maxPages {
		got, err := a.call(ctx, connector.Request{Method: http.MethodGet, URL: a.base + "/v1/balance_transactions?" + query.Encode(), Header: whose(connected), Max: 8 << 20})
		if err != nil {
			return nil, err
		}
		if got.Status != http.StatusOK {
			return nil, fmt.Errorf("provider answered %d", got.Status)
		}
		list, last, more, err := readEntries(connected, got.Body, a.host.Now())
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
		if !more {
			return out, nil
		}
		query.Set("starting_after", last)
	}
	return nil, errTooMany
}

// readEntries reads one page of a connected account's, or of our own.
func readEntries(connected string, body []byte, now time.Time) (out []connector.Report, last string, more bool, err error) {
	var page struct {
		Object string  `json:"object"`
		Data   []entry `json:"data"`
		More   *bool   `json:"has_more"`
	}
	if err := connector.ReadJSON(body, &page); err != nil {
		return nil, "", false, err
	}
	if page.Object != "list" || page.More == nil || *page.More && len(page.Data) == 0 {
		return nil, "", false, errAnswer
	}
	for _, e := range page.Data {
		if e.Object != "balance_transaction" || !name(e.ID, "txn_") {
			return nil, "", false, errAnswer
		}
		last = e.ID
		if !entryTypes[e.Type] {
			continue
		}
		r, ours, err := e.report(connected, now)
		if err != nil {
			return nil, "", false, err
		}
		if ours {
			out = append(out, r)
		}
	}
	return out, last, *page.More, nil
}

// report is a transaction as the engine hears of it; false for one by Stripe's
// own schedule, and for one of a connected account that isn't ours. What left is booked once Stripe says how it ended, since until
// then our books have nothing to hold it against.
func (e entry) report(connected string, now time.Time) (r connector.Report, ours bool, err error) {
	var of source
	if err := connector.ReadJSON(e.Source, &of); err != nil {
		return r, false, err
	}
	minor, err := strconv.ParseInt(string(e.Amount), 10, 64)
	seconds, errTime := strconv.ParseInt(string(e.Created), 10, 64)
	if err != nil || errTime != nil || minor == 0 || minor == math.MinInt64 {
		return r, false, errAnswer
	}
	left := minor < 0
	if left {
		minor = -minor
	}
	r = connector.Report{At: time.Unix(seconds, 0).UTC(), ID: e.ID, Source: "balance transactions", Booked: true}
	if r.Amount, err = amount(minor, e.Currency); err != nil {
		return r, false, err
	}
	back := connector.Outcome{Verdict: connector.Returned, Resolution: connector.ReturnedByBank, Code: connector.Word(e.Type)}
	if of.Object == "transfer_reversal" {
		r.Outcome = back
		r.Outcome.Ref = connector.Ref(of.Transfer)
		return r, !left && connected == "", nil
	}
	if of.Automatic != nil && *of.Automatic || connected != "" && of.Metadata[keyName] == "" {
		return r, false, nil
	}
	said, err := of.outcome(connected, now)
	if err != nil {
		return r, false, err
	}
	r.Key, r.Outcome = of.Metadata[keyName], said
	switch {
	case !left:
		r.Outcome = back
		r.Outcome.Ref = said.Ref
	case said.Verdict == connector.Accepted:
		r.Booked = false
	case said.Verdict == connector.Returned: // it had been paid before
		r.Outcome = connector.Outcome{Verdict: connector.Paid, Ref: said.Ref, Code: connector.Word(e.Type)}
	}
	return r, true, nil
}
