package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/locker"
	"penstock/store"
)

// Report is what a check found. No finding means that every invariant holds.
type Report struct {
	Counts   map[string]int `json:"counts"`   // records seen, by kind
	Findings []string       `json:"findings"` // what does not hold, at most maxFindings
	More     int            `json:"more"`     // findings beyond
}

const maxFindings = 1000

func (r *Report) found(format string, args ...any) {
	if len(r.Findings) >= maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
}

// Check verifies every invariant over one snapshot: indexes against records,
// due rows, money held and paid, history without gaps, webhook ids, the audit
// chain, sealed records, no orphan. progress may be nil.
func (e *Engine) Check(ctx context.Context, progress func(done int)) (*Report, error) {
	k := &check{e: e, ctx: ctx, Report: Report{Counts: map[string]int{}, Findings: []string{}},
		due: map[string]bool{}, refs: map[string]string{}, recent: map[string]bool{}, wants: map[string]bool{}, back: map[string]bool{}, money: map[string]*sums{}, queue: map[string]bool{}, progress: progress}
	if err := e.Store.View(ctx, func(tx store.Tx) error { return k.run(lasting{tx, ctx}) }); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if !e.Locker.Status().Sealed {
		if err := e.Locker.Verify(ctx); err != nil {
			k.found("keyring: %v", err)
		}
	}
	return &k.Report, nil
}

type check struct {
	Report
	e        *Engine
	ctx      context.Context
	due      map[string]bool   // rows that records ask for
	refs     map[string]string // merchant's own ids that records ask for
	recent   map[string]bool   // rows of customers' lists that records ask for
	wants    map[string]bool   // rows of those that want a person
	money    map[string]*sums  // by deposit account, summed over payouts
	queue    map[string]bool   // rows of queues that records ask for
	back     map[string]bool   // rows of what was brought back that records ask for
	progress func(int)
	done     int
}

// lasting is a transaction that reads no further once ctx has ended, so that
// no walk over a large bucket outlives who asked for it.
type lasting struct {
	store.Tx
	ctx context.Context
}

func (l lasting) Scan(bucket string, from, to []byte, limit int, desc bool) ([]store.Pair, error) {
	if err := l.ctx.Err(); err != nil {
		return nil, err
	}
	return l.Tx.Scan(bucket, from, to, limit, desc)
}

func (k *check) run(tx store.Tx) error {
	for _, part := range []func(store.Tx) error{k.customers, k.methods, k.requests, k.deliveries, k.indexes, k.queues, k.deposits, k.onces, k.accounts, k.people, k.auditLog} {
		err := part(tx)
		if ended := k.ctx.Err(); ended != nil { // what was found then is not to be trusted
			return ended
		}
		if err != nil {
			if !errors.Is(err, store.ErrCorrupt) {
				return err
			}
			k.found("%v", err)
		}
	}
	return nil
}

// scoped walks a scoped bucket; a record that does not decode is a finding.
func scoped[T any](k *check, tx store.Tx, bucket string, fn func(Scope, string, *T) error) error {
	return each(tx, bucket, nil, func(p store.Pair) error {
		if err := k.ctx.Err(); err != nil {
			return err
		}
		k.Counts[bucket]++
		if k.done++; k.progress != nil && k.done%1000 == 0 {
			k.progress(k.done)
		}
		s, id, err := cutScope(p.Key)
		if err != nil {
			k.found("%s: %v", bucket, err)
			return nil
		}
		v, err := decode[T](bucket, p.Value)
		if err != nil {
			k.found("%s %s: %v", bucket, id, err)
			return nil
		}
		return fn(s, string(id), v)
	})
}

func (k *check) sealedValue(what string, open func() error) {
	if !k.e.Locker.Status().Sealed {
		k.Counts["sealed"]++
		if err := open(); err != nil {
			k.found("%s does not open: %v", what, err)
		}
	}
}

// opens says whether sealed bytes open, or their key was erased.
func (k *check) opens(o locker.Owner, at locker.Place, sealed []byte) error {
	_, err := k.e.Locker.Open(k.ctx, o, at, sealed)
	if errors.Is(err, locker.ErrErased) {
		return nil
	}
	return err
}

func (k *check) customers(tx store.Tx) error {
	return scoped(k, tx, bucketCustomer, func(s Scope, id string, c *Customer) error {
		if c.ID != id {
			k.found("customer %s stands under %s", c.ID, id)
		}
		if c.DefaultMethod != "" {
			if m, err := loadMethod(tx, s, c.DefaultMethod); err != nil || m.Customer != id {
				k.found("customer %s has a default method that is not theirs", id)
			}
		}
		k.sealedValue("customer "+id, func() error { return k.e.openPerson(k.ctx, s, c) })
		return nil
	})
}

func (k *check) methods(tx store.Tx) error {
	return scoped(k, tx, bucketMethod, func(s Scope, id string, m *Method) error {
		if c, err := loadCustomer(tx, s, m.Customer); err != nil || c.Redacted {
			k.found("method %s belongs to nobody", id)
			return nil
		}
		if _, err := tx.Get(bucketOwned, s.key(m.Customer, id)); err != nil {
			k.found("method %s is not in its customer's list", id)
		}
		if m.Shut != nil {
			k.sealedValue("the label of method "+id, func() error { return k.opens(customerOwner(s, m.Customer), labelPlace(id), m.Shut) })
		}
		if m.Waiting {
			return nil
		}
		if at, err := tx.Get(bucketPrint, printKey(s, m)); err != nil || string(at) != id {
			k.found("method %s is not found by its fingerprint", id)
		}
		k.sealedValue("method "+id, func() error { _, err := k.e.openMethod(k.ctx, s, m); return err })
		return nil
	})
}

func (k *check) requests(tx store.Tx) error {
	return scoped(k, tx, bucketRequest, func(s Scope, id string, r *Request) error {
		if r.ID != id {
			k.found("request %s stands under %s", r.ID, id)
			return nil
		}
		if r.Ref != "" {
			k.refs[string(s.key(r.Ref))] = id
		}
		if r.Customer != "" {
			k.recent[string(s.key(r.Customer, id))] = true
		}
		if r.WantsPerson() {
			k.wants[string(s.key(id))] = true
		}
		if r.Forgotten {
			k.back[string(backKey(s, id))] = true
		}
		if at := r.expiry(); !at.IsZero() {
			k.due[string(dueKey(at, dueRequest, s, id))] = true
		}
		if at := r.stepDue(); !at.IsZero() {
			k.due[string(dueKey(at, dueStep, s, id))] = true
		}
		if r.forgotten() {
			k.found("request %s is %s, nobody is called, and nothing of it is ever due: it would be forgotten", id, r.Stage)
		}
		if r.inQueue() {
			k.queue[string(s.key(r.Service, id))] = true
		}
		for i := range r.Payouts {
			k.payout(s, r, i)
		}
		if err := k.history(tx, s, r); err != nil {
			return err
		}
		for _, t := range r.Told {
			if _, err := tx.Get(bucketDelivery, s.key(t.Delivery)); err != nil {
				k.found("request %s was to be told of by delivery %s, which is gone", id, t.Delivery)
			}
		}
		k.pieces(r)
		k.stage(s, r)
		return nil
	})
}

func (k *check) payout(s Scope, r *Request, i int) {
	k.Counts["payout"]++
	p := r.Payouts[i]
	if p.N != i+1 || p.ID != r.payoutID(p.N) {
		k.found("payout %s is out of place in request %s", p.ID, r.ID)
	}
	if at := r.payoutDue(i); !at.IsZero() {
		k.due[string(dueKey(at, duePayout, s, p.ID[len(PrefixPayout):]))] = true
	} else if !p.Status.Ended() && r.Moderation == "" {
		k.found("payout %s has not ended and is never due", p.ID)
	}
	if p.Status.Ended() && !p.Due.IsZero() {
		k.found("payout %s has ended and is due", p.ID)
	}
	if p.Status == payout.PartlyPaid && (p.Moved.Minor() <= 0 || p.Moved.Minor() >= p.Amount.Minor()) {
		k.found("payout %s is partly paid with %s of %s", p.ID, p.Moved, p.Amount)
	}
	k.money[string(s.key(p.Deposit))] = k.money[string(s.key(p.Deposit))].with(p)
}

// pieces holds that no more than the amount asked for is on its way or paid,
// each piece by one payout alone. Of what was brought back, which has no route,
// nobody knows which piece it is until all have ended, nor of how much of the
// request it was converted.
func (k *check) pieces(r *Request) {
	var out int64
	standing, open, lost := map[int]int{}, false, r.Forgotten
	for _, p := range r.Payouts {
		open, lost = open || !p.Status.Ended(), lost || p.Route == ""
	}
	if open && lost {
		return
	}
	for _, p := range r.Payouts {
		brought := p.Route == ""
		switch {
		case r.Forgotten || brought && p.Share.IsSet() || p.Status == payout.Failed || p.Status == payout.Cancelled: // of these a person may have found that they were paid after all
			continue
		case p.Status.Ended():
			out += p.Covers().Minor()
		default:
			out += p.Asks().Minor()
		}
		if p.Status != payout.Returned && !brought {
			standing[p.Piece]++
		}
	}
	if out > r.Amount.Minor() {
		k.found("request %s has %d out of %s", r.ID, out, r.Amount)
	}
	for piece, n := range standing {
		if n > 1 {
			k.found("piece %d of request %s is paid by %d payouts at a time", piece, r.ID, n)
		}
	}
}

func (k *check) history(tx store.Tx, s Scope, r *Request) error {
	lines, err := historyOf(tx, s, r)
	if err != nil {
		return err
	}
	for i, l := range lines {
		if l.Seq != i+1 {
			k.found("request %s: line %d of its history stands where %d belongs", r.ID, l.Seq, i+1)
			return nil
		}
	}
	if r.Seq != len(lines) || r.Seq == 0 {
		k.found("request %s counts %d lines of history and has %d", r.ID, r.Seq, len(lines))
	}
	return nil
}

// stage holds the request's stage against its payouts.
func (k *check) stage(s Scope, r *Request) {
	if r.Stage.Ended() && r.Sealed != nil {
		k.found("request %s has ended and still keeps details", r.ID)
	}
	if r.Shut != nil {
		k.sealedValue("what request "+r.ID+" echoes", func() error { return k.e.openEcho(k.ctx, s, r) })
	}
	if !r.Stage.Ended() && r.Sealed != nil {
		k.sealedValue("request "+r.ID, func() error { _, err := k.e.openRequest(k.ctx, s, r); return err })
	}
	if len(r.Payouts) == 0 {
		if r.Stage != payout.Draft && r.Stage != payout.Ready && r.Stage != payout.Expired && r.Stage != payout.Withdrawn && (r.Stage != payout.NonePaid || r.Resolution == "") {
			k.found("request %s is %s without a payout", r.ID, r.Stage)
		}
		return
	}
	if want := payout.Outcome(r.Amount, r.Payouts, r.More); want != r.Stage && !r.endedAs(want) {
		k.found("request %s is %s while its payouts make it %s", r.ID, r.Stage, want)
	}
}

// endedAs says whether a request's end is explained by what its payouts were
// when it ended: a part that came back later, or that a person found paid after
// all, rewrites no end.
func (r *Request) endedAs(now payout.Stage) bool {
	if !r.Stage.Ended() || now == payout.GivenBack {
		return false
	}
	then := slices.Clone(r.Payouts)
	for i, p := range then {
		switch {
		case p.Status == payout.Returned && p.Moved == p.Amount:
			then[i].Status = payout.Paid
		case p.Status == payout.Returned && p.Moved.IsPositive():
			then[i].Status = payout.PartlyPaid
		case (p.Status == payout.Failed || p.Status == payout.Cancelled) && p.Out():
			then[i].Moved = money.Amount{}
		}
	}
	return payout.Outcome(r.Amount, then, r.More) == r.Stage
}

func (k *check) deliveries(tx store.Tx) error {
	seen := map[string]string{} // message and endpoint -> delivery
	return scoped(k, tx, bucketDelivery, func(s Scope, id string, d *Delivery) error {
		if !d.Due.IsZero() {
			k.due[string(dueKey(d.Due, dueDelivery, s, id))] = true
		}
		if (d.State == Waiting) == d.Due.IsZero() {
			k.found("delivery %s is %s and due %v", id, d.State, d.Due)
		}
		at := d.Message + "|" + d.Endpoint
		if other, ok := seen[at]; ok {
			k.found("deliveries %s and %s bear one message id to one endpoint", other, id)
		}
		seen[at] = id
		k.sealedValue("delivery "+id, func() error { return k.opens(d.owner(s), d.place(), d.Sealed) })
		if d.Request != "" {
			if r, err := loadRequest(tx, s, d.Request); err != nil || !r.told(d.Type, d.Endpoint) {
				k.found("delivery %s tells of a request that does not know of it", id)
			}
		}
		return nil
	})
}

// indexes looks at each index from its own side: every row that stands is
// asked for, every row asked for stands.
func (k *check) indexes(tx store.Tx) error {
	err := each(tx, bucketDue, nil, func(p store.Pair) error {
		k.Counts[bucketDue]++
		row, err := parseDue(p.Key)
		if err != nil {
			k.found("due: %v", err)
			return nil
		}
		if !k.due[string(p.Key)] && row.kind != dueErase {
			k.found("a due row of kind %c for %s has no record that asks for it", row.kind, row.id)
		}
		delete(k.due, string(p.Key))
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range sorted(k.due) {
		row, _ := parseDue([]byte(key))
		k.found("%c %s is due and has no row: it would be forgotten", row.kind, row.id)
	}
	err = each(tx, bucketRef, nil, func(p store.Pair) error {
		if k.refs[string(p.Key)] != string(p.Value) {
			k.found("an id of a merchant's own leads to %s, which does not bear it", p.Value)
		}
		delete(k.refs, string(p.Key))
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range k.refs {
		k.found("request %s is not found by its merchant's id", id)
	}
	err = each(tx, bucketRecent, nil, func(p store.Pair) error {
		if !k.recent[string(p.Key)] {
			k.found("a customer's list names a request that is not theirs")
		}
		delete(k.recent, string(p.Key))
		return nil
	})
	if err != nil {
		return err
	}
	err = each(tx, bucketWants, nil, func(p store.Pair) error {
		if !k.wants[string(p.Key)] {
			k.found("a request is in the list of those that want a person, and wants none")
		}
		delete(k.wants, string(p.Key))
		return nil
	})
	if len(k.wants) > 0 {
		k.found("%d requests want a person and are not in the list of those", len(k.wants))
	}
	if len(k.recent) > 0 {
		k.found("%d requests are missing from their customers' lists", len(k.recent))
	}
	if err != nil {
		return err
	}
	err = each(tx, bucketBack, nil, func(p store.Pair) error {
		if !k.back[string(p.Key)] {
			k.found("a row of what was brought back leads to no request that was")
		}
		delete(k.back, string(p.Key))
		return nil
	})
	if len(k.back) > 0 {
		k.found("%d requests that were brought back would not be known again", len(k.back))
	}
	return err
}

func sorted(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for s := range m {
		keys = append(keys, s)
	}
	sort.Strings(keys)
	return keys
}

func (k *check) onces(tx store.Tx) error {
	return scoped(k, tx, bucketOnce, func(s Scope, id string, o *onceRecord) error {
		if o.Answer != nil {
			at := locker.Place{Bucket: bucketOnce, Token: string(append(s.prefix(), id...))}
			k.sealedValue("an answer about "+o.Subject, func() error { return k.opens(echoOwner(s, o.Holder, o.At), at, o.Answer) })
		}
		if _, isRequest := isID("", o.Subject); isRequest {
			if _, err := loadRequest(tx, s, o.Subject); err != nil {
				k.found("a once-record answers for request %s, which does not exist", o.Subject)
			}
		}
		return nil
	})
}

func (k *check) accounts(tx store.Tx) error {
	if sealed, err := tx.Get(bucketMeta, []byte("tags")); err == nil {
		k.sealedValue("the key of tags", func() error { _, err := k.e.Locker.OpenSecret(k.ctx, tagPlace, sealed); return err })
	} else if !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read the key of tags: %w", err)
	}
	err := scoped(k, tx, bucketAccount, func(s Scope, id string, a *ProviderAccount) error {
		if a.Sealed != nil {
			k.sealedValue("account "+id, func() error {
				return func() error {
					_, err := k.e.Locker.Open(k.ctx, accountOwner(s), locker.Place{Bucket: bucketAccount, Token: id}, a.Sealed)
					return err
				}()
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return scoped(k, tx, bucketEndpoint, func(s Scope, id string, p *Endpoint) error {
		k.sealedValue("endpoint "+id, func() error { _, err := k.e.endpointSecrets(k.ctx, s, p, ""); return err })
		return nil
	})
}

func (k *check) auditLog(tx store.Tx) error {
	n, err := verifyAudit(tx)
	k.Counts[bucketAudit] = int(n)
	if err != nil {
		k.found("audit: %v", err)
	}
	return nil
}
