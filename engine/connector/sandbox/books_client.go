package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/connector"
	"penstock/engine/money"
)

var (
	_ connector.Reporter = (*client)(nil)
	_ connector.Balancer = (*client)(nil)
	_ connector.Reporter = (*inProcess)(nil)
	_ connector.Balancer = (*inProcess)(nil)
)

// Reports are the account's movements since a time.
func (c *client) Reports(ctx context.Context, since time.Time) (out []connector.Report, err error) {
	query := url.Values{"account": {c.account}}
	if !since.IsZero() {
		query.Set("since", since.UTC().Format(time.RFC3339))
	}
	err = c.read(ctx, "/v1/report?"+query.Encode(), func(body io.Reader) (err error) {
		out, err = readReport(body)
		return err
	})
	return out, err
}

// Balances are what the account has left.
func (c *client) Balances(ctx context.Context) (out []money.Amount, err error) {
	err = c.read(ctx, "/v1/balances?account="+url.QueryEscape(c.account), func(body io.Reader) (err error) {
		out, err = readBalances(body)
		return err
	})
	return out, err
}

// read asks a question whose answer may be long.
func (c *client) read(ctx context.Context, path string, how func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return errors.New("sandbox: can't make the request")
	}
	resp, err := c.trip(req)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("sandbox: provider answered %d", resp.StatusCode)
	}
	body := &bounded{from: resp.Body, left: maxLedger}
	err = how(body)
	switch {
	case errors.Is(body.err, errTooLong):
		err = errTooLong
	case body.err != nil:
		err = connector.Quiet(ctx, body.err)
	}
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
}

// readReport reads a report strictly: one of which a line can't be read is none.
func readReport(from io.Reader) (out []connector.Report, err error) {
	err = readList(from, "lines", func(raw jsontext.Value) error {
		var w wireBooking
		if json.Unmarshal(raw, &w) != nil {
			return errors.New("line can't be read")
		}
		b, err := w.booking()
		if err == nil {
			out = append(out, b.report())
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("provider's report: %w", err)
	}
	return out, nil
}

// booking is a line in our words.
func (w wireBooking) booking() (Booking, error) {
	kind, at := Status(w.Kind), time.Time{}
	amount, err := amountOf(w.Amount, w.Currency)
	if err == nil && w.At != "" {
		at, err = time.Parse(time.RFC3339, w.At)
	}
	switch {
	case err != nil || !amount.IsPositive():
		return Booking{}, errors.New("amount or time can't be read")
	case kind != Paid && kind != PartlyPaid && kind != Returned:
		return Booking{}, errors.New("unknown kind")
	case !printable(w.ID) || len(w.ID) > maxKey || !printable(w.Key) || len(w.Key) > maxKey:
		return Booking{}, errors.New("no id or no key")
	}
	return Booking{w.ID, w.Key, kind, amount, at.UTC()}, nil
}

func readBalances(from io.Reader) ([]money.Amount, error) {
	unreadable := errors.New("provider's balances can't be read")
	body, err := io.ReadAll(io.LimitReader(from, maxBody+1))
	if err != nil {
		return nil, unreadable
	}
	var w wireBalances
	if err := readStrictly(body, &w); err != nil || w.Balances == nil {
		return nil, unreadable
	}
	out := make([]money.Amount, 0, len(w.Balances))
	for _, code := range slices.Sorted(maps.Keys(w.Balances)) {
		a, err := amountOf(w.Balances[code], code)
		if err != nil {
			return nil, unreadable
		}
		out = append(out, a)
	}
	return out, nil
}

func amountOf(decimal, code string) (money.Amount, error) {
	currency, err := money.ParseCurrency(code)
	if err != nil {
		return money.Amount{}, err
	}
	return money.Parse(decimal, currency)
}

// Reports is the client's.
func (c *inProcess) Reports(ctx context.Context, since time.Time) ([]connector.Report, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	list, err := c.provider.Bookings(c.account, since)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	out := make([]connector.Report, len(list))
	for i, b := range list {
		out[i] = b.report()
	}
	return out, nil
}

// Balances is the client's.
func (c *inProcess) Balances(ctx context.Context) ([]money.Amount, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	out, err := c.provider.Balances(c.account)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return out, nil
}
