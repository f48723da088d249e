package iso20022

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/engine/connector"
)

// maxReported bounds what one comparison reads.
const maxReported = 1_000_000

// Reports reads the bank's files again, all of them, and gives each line that
// was booked on or after a day; lines that bear no day are given always. A file
// that can't be read makes it an error: books that leave a file out would be
// called equal.
func (a *account) Reports(ctx context.Context, since time.Time) ([]connector.Report, error) {
	out, err := a.reports(ctx, since)
	if err != nil {
		return nil, fmt.Errorf("iso20022: %w", err)
	}
	return out, nil
}

func (a *account) reports(ctx context.Context, since time.Time) ([]connector.Report, error) {
	release, err := a.hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if _, err := a.state.open(a.host.Now()); err != nil {
		return nil, err
	}
	p, err := a.meet(ctx)
	if err != nil {
		return nil, err
	}
	defer p.close()
	files, err := p.list(ctx)
	if err != nil {
		return nil, err
	}
	day := since.UTC().Truncate(24 * time.Hour)
	var out []connector.Report
	for _, f := range files {
		text, err := p.read(ctx, f.name)
		if err != nil {
			return nil, err
		}
		_, lines, err := a.lines(f.name, text)
		if errors.Is(err, ErrOther) || errors.Is(err, errForeign) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%w: file %q: %w", connector.ErrStatement, f.name, err)
		}
		for _, l := range lines {
			if !l.Date.IsZero() && l.Date.Before(day) {
				continue
			}
			r, err := a.reported(l)
			if err != nil {
				return nil, err
			}
			for i := range r {
				r[i].Source = f.name
			}
			if out = append(out, r...); len(out) > maxReported {
				return nil, fmt.Errorf("the bank has reported more than %d lines", maxReported)
			}
		}
	}
	return out, nil
}

// reported is what a line says: of one order of ours, of each of a block, or of
// nobody that is known.
func (a *account) reported(l Line) ([]connector.Report, error) {
	r := l.report()
	if l.EndToEnd != "" {
		known, found, err := a.state.order(keyOf(l.EndToEnd))
		if found {
			r.Key, r.Outcome.Ref = known.Key, known.Message
		}
		return []connector.Report{r}, err
	}
	keys, err := a.blockOf(l)
	if err != nil || len(keys) == 0 {
		return []connector.Report{r}, err
	}
	var out []connector.Report
	for _, key := range keys {
		known, found, err := a.state.order(key)
		if err != nil {
			return nil, err
		}
		if found {
			one := l.report()
			one.Key, one.Amount = key, known.Amount
			out = append(out, one)
		}
	}
	return out, nil
}
