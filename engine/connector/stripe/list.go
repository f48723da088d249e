package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// paid is the amount of a transfer or a payout.
func (t thing) paid() (money.Amount, error) {
	n, err := strconv.ParseInt(string(t.Amount), 10, 64)
	if err != nil || n <= 0 {
		return money.Amount{}, errAnswer
	}
	return amount(n, t.Currency)
}

const (
	pageSize = 100
	maxPages = 1000
)

var errTooMany = errors.New("provider's list is longer than is read")

// Transfers lists the transfers and payouts that bear a key of ours, those that
// connected accounts pay out among them.
func (a *account) Transfers(ctx context.Context, since time.Time) ([]connector.Transfer, error) {
	books, err := a.books(ctx)
	if err != nil {
		return nil, fmt.Errorf("stripe: %w", err)
	}
	out, err := a.list(ctx, "", "transfer", since)
	if err != nil {
		return nil, fmt.Errorf("stripe: list transfers: %w", err)
	}
	for _, connected := range books {
		list, err := a.list(ctx, connected, "payout", since)
		if err != nil {
			return nil, fmt.Errorf("stripe: list payouts: %w", err)
		}
		out = append(out, list...)
	}
	return out, nil
}

// list is all of a kind, in the books of a connected account or in our own.
func (a *account) list(ctx context.Context, connected, kind string, since time.Time) ([]connector.Transfer, error) {
	var out []connector.Transfer
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if !since.IsZero() {
		query.Set("created[gte]", strconv.FormatInt(since.Unix(), 10))
	}
	for range maxPages {
		got, err := a.call(ctx, connector.Request{Method: http.MethodGet, URL: a.base + "/v1/" + kind + "s?" + query.Encode(), Header: whose(connected), Max: 4 << 20})
		if err != nil {
			return nil, err
		}
		var page struct {
			Object string  `json:"object"`
			Data   []thing `json:"data"`
			More   *bool   `json:"has_more"`
		}
		if got.Status != http.StatusOK {
			return nil, fmt.Errorf("provider answered %d", got.Status)
		}
		if err := connector.ReadJSON(got.Body, &page); err != nil {
			return nil, err
		}
		if page.Object != "list" || page.More == nil || *page.More && len(page.Data) == 0 {
			return nil, errAnswer
		}
		for _, t := range page.Data {
			if t.Object != kind || !name(t.ID, prefix[kind]) {
				return nil, errAnswer
			}
			if t.Metadata[keyName] == "" {
				continue // not ours
			}
			amount, err := t.paid()
			seconds, errTime := strconv.ParseInt(string(t.Created), 10, 64)
			if err != nil || errTime != nil {
				return nil, errAnswer
			}
			out = append(out, connector.Transfer{Key: t.Metadata[keyName], Amount: amount, At: time.Unix(seconds, 0).UTC()})
		}
		if !*page.More {
			return out, nil
		}
		query.Set("starting_after", page.Data[len(page.Data)-1].ID)
	}
	return nil, errTooMany
}

// Balances is what can be paid out now. It may be less than nothing.
func (a *account) Balances(ctx context.Context) ([]money.Amount, error) {
	got, err := a.call(ctx, connector.Request{Method: http.MethodGet, URL: a.base + "/v1/balance"})
	if err != nil {
		return nil, fmt.Errorf("stripe: balance: %w", err)
	}
	var b struct {
		Object    string `json:"object"`
		Available []struct {
			Amount   connector.Number `json:"amount"`
			Currency string           `json:"currency"`
		} `json:"available"`
	}
	if got.Status != http.StatusOK {
		return nil, fmt.Errorf("stripe: balance: provider answered %d", got.Status)
	}
	if err := connector.ReadJSON(got.Body, &b); err != nil {
		return nil, fmt.Errorf("stripe: balance: %w", err)
	}
	if b.Object != "balance" || b.Available == nil {
		return nil, fmt.Errorf("stripe: balance: %w", errAnswer)
	}
	out := make([]money.Amount, 0, len(b.Available))
	for _, f := range b.Available {
		n, err := strconv.ParseInt(string(f.Amount), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("stripe: balance: %w", errAnswer)
		}
		have, err := amount(n, f.Currency)
		if err != nil {
			return nil, fmt.Errorf("stripe: balance: %w", err)
		}
		out = append(out, have)
	}
	return out, nil
}
