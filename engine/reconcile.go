package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"penstock/engine/ledger"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/reconcile"
	"penstock/store"
)

// Period is the days that are compared: from From on, before To.
type Period struct{ From, To time.Time }

const (
	comparedDays = 35      // that are compared where nobody says which
	pulledAgain  = 7       // days of a provider's report that are read once more
	maxCompared  = 500_000 // payouts and lines in one comparison
)

// BooksFinding is a finding with what a person needs to look into it.
type BooksFinding struct {
	reconcile.Finding
	Request   string       // of the payout; empty: it is none of ours
	Status    string       // of the payout
	Reported  []ReportLine // the lines of theirs, the oldest first
	Explained string       // a person's word about this very difference; empty: there is none
}

// Comparison is the books of one provider account held against each other.
type Comparison struct {
	Account string
	Period
	At       time.Time
	Findings []BooksFinding
	Reconciled
}

// Reconciled is the latest comparison of an account in numbers. What a person
// has explained is counted by itself.
type Reconciled struct {
	Counts     map[reconcile.Class]int `json:"counts"`
	Explained  int                     `json:"explained,omitzero"`
	StrayOut   int                     `json:"stray_out,omitzero"` // of theirs only: money that left
	ComparedAt time.Time               `json:"compared_at"`
	Pulled     time.Time               `json:"pulled,omitzero"` // when the provider was last asked for its report
}

// Reconcile compares our records, our ledger and what was reported about a
// provider account. It changes nothing. A payout is compared over all of its
// life, once anything of it falls in the period.
func (e *Engine) Reconcile(ctx context.Context, s Scope, account string, p Period) (*Comparison, error) {
	now, _ := e.pulse.now()
	p = p.filled(now)
	if !p.From.Before(p.To) {
		return nil, invalid("from", "the period must begin before it ends")
	}
	out := &Comparison{Account: account, Period: p, At: now}
	err := e.Store.View(ctx, func(tx store.Tx) error {
		if _, err := find[ProviderAccount](tx, bucketAccount, ObjAccount, s, account); err != nil {
			return err
		}
		b := books{tx: lasting{tx, ctx}, s: s, account: account, ours: map[string]*ourBook{}, lines: map[string]*ReportLine{}}
		if err := b.gather(p); err != nil {
			return err
		}
		out.Findings = b.findings()
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Reconciled = count(out.Findings, now)
	return out, nil
}

func (p Period) filled(now time.Time) Period {
	if p.To.IsZero() {
		p.To = dayStart(now).AddDate(0, 0, 2) // a bank's day may be ahead of ours
	}
	if p.From.IsZero() {
		p.From = dayStart(p.To).AddDate(0, 0, -comparedDays-2)
	}
	return Period{dayStart(p.From), dayStart(p.To)}
}

// apart says whether p has days that other hasn't, of at most a year.
func (p Period) apart(other Period) bool {
	return !p.From.IsZero() && p.To.Sub(p.From) <= 366*24*time.Hour && (p.From.Before(other.From) || p.To.After(other.To))
}

func count(found []BooksFinding, now time.Time) Reconciled {
	r := Reconciled{Counts: map[reconcile.Class]int{}, ComparedAt: now}
	for _, c := range reconcile.Classes() {
		r.Counts[c] = 0
	}
	for _, f := range found {
		if f.Explained != "" {
			r.Explained++
			continue
		}
		r.Counts[f.Class]++
		if f.Class == reconcile.TheirsOnly && f.Lines[0].Side != reconcile.Back {
			r.StrayOut++
		}
	}
	return r
}

// books gathers over one snapshot what is compared.
type books struct {
	tx      store.Tx
	s       Scope
	account string
	ours    map[string]*ourBook    // by payout id
	lines   map[string]*ReportLine // by id
}

type ourBook struct {
	payout.Payout
	request string
	known   bool // it is a payout of the account
	booked  reconcile.Sums
}

func (b *books) gather(p Period) error {
	deposits, err := b.deposits()
	if err != nil {
		return err
	}
	from, to := b.s.key(b.account, p.From.Format(time.DateOnly)), b.s.key(b.account, p.To.Format(time.DateOnly))
	if err := b.readLines(bucketReportedAt, from, to); err != nil {
		return err
	}
	for _, l := range b.lines {
		if l.Key != "" {
			b.ours[l.Key] = &ourBook{}
		}
	}
	for i := range deposits {
		if err := b.moved(&deposits[i], p); err != nil {
			return err
		}
	}
	first, err := b.payouts()
	if err != nil {
		return err
	}
	for i := range deposits {
		if err := b.sum(&deposits[i], first); err != nil {
			return err
		}
	}
	return nil
}

// deposits are those of the account.
func (b *books) deposits() ([]Deposit, error) {
	list, err := all[Deposit](b.tx, bucketDeposit, b.s)
	return slices.DeleteFunc(list, func(d Deposit) bool { return d.Account != b.account }), err
}

// readLines reads the lines that an index names in a stretch.
func (b *books) readLines(bucket string, from, to []byte) error {
	for {
		page, err := b.tx.Scan(bucket, from, to, 1000, false)
		if err != nil {
			return fmt.Errorf("scan %s: %w", bucket, err)
		}
		for _, row := range page {
			id := string(row.Key[len(row.Key)-idLen:])
			if b.lines[id] != nil {
				continue
			}
			l, err := load[ReportLine](b.tx, bucketReported, b.s.key(b.account, id))
			if err != nil {
				return fmt.Errorf("reported line %s: %w", id, err)
			}
			b.lines[id] = l
		}
		if len(b.lines) > maxCompared {
			return errTooMany()
		}
		if len(page) < 1000 {
			return nil
		}
		from = append(page[len(page)-1].Key, 0)
	}
}

func errTooMany() error {
	return invalid("from", "more than %d payouts or lines fall in the period: choose a shorter one", maxCompared)
}

// moved names the payouts whose money moved in the period, by the ledger.
func (b *books) moved(d *Deposit, p Period) error {
	return b.postings(d, p.From, func(post *ledger.Posting) (bool, error) {
		if !post.At.Before(p.To) {
			return false, nil
		}
		switch post.Kind {
		case ledger.KindSettle, ledger.KindLate, ledger.KindReturn:
			if b.ours[post.Cause.Payout] == nil {
				b.ours[post.Cause.Payout] = &ourBook{}
			}
			if len(b.ours) > maxCompared {
				return false, errTooMany()
			}
		}
		return true, nil
	})
}

// postings walks a deposit account's ledger from a time on, until fn says no.
func (b *books) postings(d *Deposit, from time.Time, fn func(*ledger.Posting) (bool, error)) error {
	head, err := loadBalance(b.tx, b.s, d.ID)
	if err != nil {
		return err
	}
	low, high := uint64(1), head.Seq+1 // the first that isn't earlier lies in [low, high]
	for low < high {
		mid := low + (high-low)/2
		p, err := load[ledger.Posting](b.tx, bucketPosting, postingKey(b.s, d.ID, mid))
		if err != nil {
			return fmt.Errorf("posting %d of deposit account %s: %w", mid, d.ID, err)
		}
		if p.At.Before(from) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	next := postingKey(b.s, d.ID, low)
	for {
		page, err := b.tx.Scan(bucketPosting, next, after(b.s.key(d.ID, "")), 1000, false)
		if err != nil {
			return fmt.Errorf("scan postings: %w", err)
		}
		for _, row := range page {
			p, err := decode[ledger.Posting](bucketPosting, row.Value)
			if err != nil {
				return err
			}
			if more, err := fn(p); err != nil || !more {
				return err
			}
		}
		if len(page) < 1000 {
			return nil
		}
		next = append(page[len(page)-1].Key, 0)
	}
}

// payouts reads the records of what is compared, and every line about them. It
// returns when the oldest was made.
func (b *books) payouts() (first time.Time, err error) {
	for _, key := range slices.Sorted(maps.Keys(b.ours)) {
		id, ok := isID(PrefixPayout, key)
		if !ok {
			continue
		}
		r, i, err := loadPayout(b.tx, b.s, id)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return first, err
		}
		if r.Payouts[i].Account != b.account {
			continue
		}
		*b.ours[key] = ourBook{Payout: r.Payouts[i], request: r.ID, known: true}
		if made := r.Payouts[i].Created; first.IsZero() || made.Before(first) {
			first = made
		}
		prefix := b.s.key(b.account, key, "")
		if err := b.readLines(bucketReportedOf, prefix, after(prefix)); err != nil {
			return first, err
		}
	}
	return first, nil
}

// sum adds up what the ledger has about each of them.
func (b *books) sum(d *Deposit, first time.Time) error {
	if first.IsZero() {
		return nil
	}
	return b.postings(d, first.Add(-time.Minute), func(p *ledger.Posting) (bool, error) {
		o := b.ours[p.Cause.Payout]
		if o == nil {
			return true, nil
		}
		to, of := &o.booked.Out, ledger.Paid
		switch p.Kind {
		case ledger.KindSettle, ledger.KindLate:
		case ledger.KindReturn:
			to, of = &o.booked.Back, ledger.Returned
		default:
			return true, nil
		}
		for _, e := range p.Entries {
			if e.Account != of {
				continue
			}
			minor := e.Minor
			if of == ledger.Returned {
				minor = -minor
			}
			sum, err := to.Add(money.New(minor, p.Currency))
			if err != nil {
				return false, fmt.Errorf("sum the postings of %s: %w", p.Cause.Payout, err)
			}
			*to = sum
		}
		return true, nil
	})
}

// recorded is the money of a payout by its record.
func (o *ourBook) recorded() reconcile.Sums {
	if !o.Moved.IsPositive() {
		return reconcile.Sums{}
	}
	out := reconcile.Sums{Out: o.Moved}
	if o.Status == payout.Returned {
		out.Back = o.Moved
	}
	return out
}

func (b *books) findings() []BooksFinding {
	var ours []reconcile.Payout
	for key, o := range b.ours {
		if o.known {
			ours = append(ours, reconcile.Payout{Key: key, Ref: refHash(b.s, b.account, o.Ref), Ordered: o.Amount, Recorded: o.recorded(), Ledger: o.booked, Open: !o.Status.Ended(), At: o.Changed})
		}
	}
	var lines []reconcile.Line
	for _, l := range b.lines {
		lines = append(lines, l.compared())
	}
	found := reconcile.Match(ours, lines)
	out := make([]BooksFinding, len(found))
	for i, f := range found {
		out[i] = BooksFinding{Finding: f}
		if f.Payout != nil {
			o := b.ours[f.Payout.Key]
			out[i].Request, out[i].Status = o.request, string(o.Status)
		}
		of := out[i].difference()
		for _, l := range f.Lines {
			line := b.lines[l.ID]
			out[i].Reported = append(out[i].Reported, *line)
			if line.Explained != "" && line.Of == of {
				out[i].Explained = line.Explained
			}
		}
	}
	return out
}

// difference names what a person explains, so that another one about the same
// payout isn't taken for explained.
func (f *BooksFinding) difference() string {
	return fmt.Sprintf("%s %s %s %s", f.Class, f.Why, f.Theirs.Out, f.Theirs.Back)
}
