package engine

import (
	"context"
	"errors"
	"fmt"

	"penstock/engine/archive"
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
	k := e.newCheck(ctx, newMatching(), progress)
	err := e.Store.View(ctx, func(tx store.Tx) error {
		if err := k.run(tx); err != nil {
			return err
		}
		again := k.rows.again(matchingKept)
		if again == nil {
			return nil
		}
		k = e.newCheck(ctx, again, progress)
		if again.left > 0 {
			k.found("indexes and records differ in so much that it isn't all named: besides what is, at least %d rows do", again.left)
		}
		return k.run(tx)
	})
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if !e.Locker.Status().Sealed {
		if err := e.Locker.Verify(ctx); err != nil {
			k.found("keyring: %v", err)
		}
	}
	return &k.Report, nil
}

// check is one look at everything. Nothing in it grows with the number of
// payouts: rows are matched without being kept, and what maps there are have an
// entry for each scope, account or deposit account.
type check struct {
	Report
	e        *Engine
	ctx      context.Context
	stubs    store.Tx // the same snapshot, with stubs as they are
	rows     *matching
	money    map[string]*sums // by deposit account, summed over payouts
	stages   *stageCheck
	orders   *orderCheck
	told     *tellings
	progress func(int)
	done     int
}

func (e *Engine) newCheck(ctx context.Context, rows *matching, progress func(int)) *check {
	return &check{e: e, ctx: ctx, Report: Report{Counts: map[string]int{}, Findings: []string{}},
		rows: rows, money: map[string]*sums{}, stages: newStageCheck(), orders: newOrderCheck(), told: newTellings(), progress: progress}
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
	k.stubs, tx = archive.Stubs(tx), lasting{tx, k.ctx}
	for _, part := range []func(store.Tx) error{k.customers, k.methods, k.requests, k.payments, k.deliveries, k.indexes, k.byStage, k.byOrder, k.queues, k.deposits, k.reported, k.runs, k.onces, k.accounts, k.people, k.auditLog, k.archived} {
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
		for _, a := range m.Mandates {
			k.sealedValue("a mandate of method "+id, func() error { return k.opens(customerOwner(s, m.Customer), mandatePlace(id, a.Account), a.Sealed) })
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
		if row.kind != dueErase && !k.rows.stands(bucketDue, p.Key, "") { // no record asks for an erasure
			k.found("a due row of kind %c for %s has no record that asks for it", row.kind, row.id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range k.rows.missing(bucketDue) {
		row, _ := parseDue(p.Key)
		k.found("%c %s is due and has no row: it would be forgotten", row.kind, row.id)
	}
	err = each(tx, bucketRef, nil, func(p store.Pair) error {
		if !k.rows.stands(bucketRef, p.Key, string(p.Value)) {
			k.found("an id of a merchant's own leads to %s, which does not bear it", p.Value)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range k.rows.missing(bucketRef) {
		k.found("request %s is not found by its merchant's id", p.Value)
	}
	for _, x := range []struct{ bucket, more, fewer string }{
		{bucketRecent, "a customer's list names a request that is not theirs", "%d requests are missing from their customers' lists"},
		{bucketWants, "a request is in the list of those that want a person, and wants none", "%d requests want a person and are not in the list of those"},
		{bucketBack, "a row of what was brought back leads to no request that was", "%d requests that were brought back would not be known again"},
	} {
		if err := k.index(tx, x.bucket, x.more, x.fewer); err != nil {
			return err
		}
	}
	return nil
}

// index holds the rows of an index that bear nothing against what records ask
// for: more is found of each row too many, fewer of how many are missing.
func (k *check) index(tx store.Tx, bucket, more, fewer string) error {
	err := each(tx, bucket, nil, func(p store.Pair) error {
		if !k.rows.stands(bucket, p.Key, "") {
			k.found("%s", more)
		}
		return nil
	})
	if n := len(k.rows.missing(bucket)); n > 0 {
		k.found(fewer, n)
	}
	return err
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
