package engine

import (
	"context"
	"time"

	"penstock/engine/ledger"
	"penstock/store"
)

// nameByRef gives lines that bear only the provider's own name of a payment the
// key of the payout that has it, where exactly one of those made in the weeks
// before has.
func (e *Engine) nameByRef(ctx context.Context, s Scope, account string, lines []ReportLine) error {
	var first time.Time
	for _, l := range lines {
		if l.Key == "" && l.Ref != "" && (first.IsZero() || l.Day.Before(first)) {
			first = l.Day
		}
	}
	if first.IsZero() {
		return nil
	}
	byRef := map[string]string{} // key; empty: of several
	err := e.Store.View(ctx, func(tx store.Tx) error {
		b := books{tx: lasting{tx, ctx}, s: s, account: account, ours: map[string]*ourBook{}}
		deposits, err := b.deposits()
		if err != nil {
			return err
		}
		for i := range deposits {
			err := b.postings(&deposits[i], first.AddDate(0, 0, -comparedDays), func(p *ledger.Posting) (bool, error) {
				if p.Kind == ledger.KindHold {
					b.ours[p.Cause.Payout] = &ourBook{}
				}
				return len(b.ours) < maxCompared, nil
			})
			if err != nil {
				return err
			}
		}
		for key := range b.ours {
			id, ok := isID(PrefixPayout, key)
			if !ok {
				continue
			}
			r, i, err := loadPayout(tx, s, id)
			if isNotFound(err) || err == nil && r.Payouts[i].Ref == "" {
				continue
			}
			if err != nil {
				return err
			}
			ref := refHash(s, account, r.Payouts[i].Ref)
			if _, twice := byRef[ref]; twice {
				key = ""
			}
			byRef[ref] = key
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range lines {
		if l := &lines[i]; l.Key == "" && l.Ref != "" {
			l.Key = byRef[l.Ref]
		}
	}
	return nil
}
