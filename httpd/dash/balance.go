package dash

import (
	"context"
	"time"

	"penstock/engine"
	"penstock/engine/ledger"
	"penstock/httpd/ui"
)

// balanceDays is how far back the balance of a deposit account is drawn.
const balanceDays = 30

// balanceChart draws what was available at the end of each day, and is now.
func (d *Dash) balanceChart(ctx context.Context, v *visit, a *engine.DepositView) (*ui.Chart, error) {
	if v.Query("before") != "" {
		return nil, nil // an older page of the ledger is about its entries
	}
	now := d.Now().UTC()
	today := now.Truncate(24 * time.Hour)
	c := &ui.Chart{Title: "Available, last 30 days", Line: true, Series: []ui.Series{{Name: "Available, " + a.Currency.Code(), Tone: ui.Move}}}
	add := func(label, mark string, b ledger.Balance) {
		sum := b.Of(ledger.Available)
		c.Steps = append(c.Steps, ui.Step{Label: label, Mark: mark, Values: []int64{sum.Minor()}, Texts: []string{grouped(sum.Decimal())}})
	}
	for i := balanceDays - 1; i >= 0; i-- {
		day := today.AddDate(0, 0, -i)
		if day.Before(a.Created.UTC().Truncate(24 * time.Hour)) {
			continue
		}
		b, err := d.Engine.BalanceAt(ctx, v.scope, a.ID, day.Add(-time.Microsecond))
		if err != nil {
			return nil, err
		}
		mark := ""
		if i%7 == 1 {
			mark = day.Format("2 Jan")
		}
		add("Beginning of "+day.Format("2 Jan 2006"), mark, b)
	}
	add("Now", "now", a.Balance)
	if len(c.Steps) < 2 {
		return nil, nil
	}
	first, last := c.Steps[0].Texts[0], c.Steps[len(c.Steps)-1].Texts[0]
	c.Lead = "From " + first + " to " + last + " " + a.Currency.Code() + "; the numbers follow."
	c.Top = "now " + last + " " + a.Currency.Code()
	return c, nil
}
