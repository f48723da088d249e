package engine

import (
	"context"
	"errors"
	"fmt"
	"sort"

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
	k := &check{e: e, ctx: ctx, Report: Report{Counts: map[string]int{}, Findings: []string{}},
		due: map[string]bool{}, refs: map[string]string{}, recent: map[string]bool{}, wants: map[string]bool{}, back: map[string]bool{}, stages: newStageCheck(), orders: newOrderCheck(), money: map[string]*sums{}, queue: map[string]bool{}, progress: progress}
	err := e.Store.View(ctx, func(tx store.Tx) error {
		k.stubs = archive.Stubs(tx)
		return k.run(lasting{tx, ctx})
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

type check struct {
	Report
	e        *Engine
	ctx      context.Context
	stubs    store.Tx          // the same snapshot, with stubs as they are
	due      map[string]bool   // rows that records ask for
	refs     map[string]string // merchant's own ids that records ask for
	recent   map[string]bool   // rows of customers' lists that records ask for
	wants    map[string]bool   // rows of those that want a person
	money    map[string]*sums  // by deposit account, summed over payouts
	queue    map[string]bool   // rows of queues that records ask for
	back     map[string]bool   // rows of what was brought back that records ask for
	stages   *stageCheck
	orders   *orderCheck
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
			if r, err := loadRequest(tx, s, d.Request); err != nil || !isTold(r.Told, d.Type, d.Endpoint, "") {
				k.found("delivery %s tells of a request that does not know of it", id)
			}
		}
		if d.Payment != "" {
			if err := paymentTold(tx, s, d); err != nil {
				k.found("delivery %s tells of %v", id, err)
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
