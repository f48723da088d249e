package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/store"
)

// Filter narrows a list of requests. Zero fields do not narrow.
type Filter struct {
	Customer string
	Before   string    // requests created before the one of this id (26 characters)
	After    string    // requests created after it
	Through  string    // those up to the one of this id, and that one
	Since    string    // that one, and those after it
	From, To time.Time // by creation: From <= created < To
	Wants    bool      // those alone that want a person; few, and found at once
	// Stages, unless there are none, are those that a request may be in. A record
	// of another one is passed by without decoding it.
	Stages []payout.Stage
	// Currencies, Providers and Kinds, unless there are none, are those that a
	// request may have; one whose kind isn't known yet may be of any. Records of
	// others are passed by in the same way.
	Currencies []money.Currency
	Providers  []string // names in the catalogue
	Kinds      []service.Kind
	// Statuses, unless there are none, are those of which a request has to have a
	// payout. Those of other requests are passed by.
	Statuses []payout.Status
	// Keep looks at what is in a request. It costs the decoding of each one
	// that the list passes, so what the fields above can say is said by them.
	// What a request echoes it sees with Opened alone, which costs more.
	Keep   func(*Request) bool
	Opened bool
	// Brief has Keep see no more than id, stage, amount, provider, times and statuses of payouts, which
	// costs a fraction. Such a list is one that Keep takes nothing onto.
	Brief bool
	// Look, unless it is zero, is how many requests are read at most; what lies
	// beyond is as if it were not there. Ended, unless it is nil, is then given the
	// id of the last one read, and "" where Look did not end the list.
	Look  int
	Ended *string
	// Bare leaves the customers' persons and what requests echo out, so that
	// nothing is opened.
	Bare bool
	// Total has those that fit counted beyond the page.
	Total bool
	// Oldest has the list begin with the oldest.
	Oldest bool
}

// maxCount is how far a list counts.
const maxCount = 10_000

// List returns requests, newest first unless f says otherwise: skip of those that fit are left out, at
// most limit returned. It reads no further than the page, unless f.Total asks
// how many fit; then total counts them, up to maxCount, and it is zero
// otherwise. A list that reads for longer than ctx lasts ends with its error.
func (e *Engine) List(ctx context.Context, c Caller, f Filter, skip, limit int) (out []View, total int, err error) {
	l := lister{e: e, scope: c.Scope, f: f, skip: skip, limit: limit}
	if err := e.Store.View(ctx, func(tx store.Tx) error { return l.run(ctx, tx) }); err != nil {
		return nil, 0, err
	}
	people := make(map[string]*Person, len(l.people)) // each is opened once
	for id, cust := range l.people {
		if people[id], err = e.personOf(ctx, c.Scope, cust); err != nil {
			return nil, 0, err
		}
	}
	for i := range l.out {
		if f.Bare {
			break // nothing is opened
		}
		l.out[i].Person = people[l.out[i].Customer]
		if err := e.openEcho(ctx, c.Scope, &l.out[i].Request); err != nil {
			return nil, 0, err
		}
	}
	if f.Total {
		total = l.fit
	}
	return l.out, total, nil
}

// lister is one walk over an index of requests: the requests themselves, or a
// customer's list, whose rows bear no record.
type lister struct {
	e           *Engine
	scope       Scope
	f           Filter
	skip, limit int

	bucket   string
	prefix   []byte
	from, to []byte
	low, end string // ids from low on and below end surely lie within f.From and f.To
	out      []View
	fit      int                  // seen so far that fit
	read     int                  // seen so far
	last     []byte               // key of the one seen last
	people   map[string]*Customer // of those in out
}

func (l *lister) run(ctx context.Context, tx store.Tx) error {
	l.out, l.fit, l.read, l.last, l.people = nil, 0, 0, nil, map[string]*Customer{}
	if l.f.Ended != nil {
		*l.f.Ended = ""
	}
	l.bound()
	if l.bucket == bucketRequest && len(l.f.Stages)+len(l.f.Statuses) > 0 {
		return l.byStage(ctx, tx)
	}
	_, err := l.walk(ctx, tx)
	return err
}

// walk goes from one end of the keys to the other, and says whether to go on
// behind it.
func (l *lister) walk(ctx context.Context, tx store.Tx) (more bool, err error) {
	page := min(max(l.skip+l.limit, 1), 200)
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		rows, err := tx.Scan(l.bucket, l.from, l.to, page, !l.f.Oldest)
		if err != nil {
			return false, fmt.Errorf("scan requests: %w", err)
		}
		for _, row := range rows {
			if more, err := l.row(ctx, tx, row); err != nil || !more {
				return false, err
			}
		}
		if len(rows) < page {
			return true, nil
		}
		last := rows[len(rows)-1].Key
		if l.f.Oldest {
			l.from = append(last, 0)
		} else {
			l.to = last
		}
		page = 200
	}
}

// bound narrows the walk by what ids tell: they bear the millisecond in which
// their request was created.
func (l *lister) bound() {
	l.bucket, l.prefix = bucketRequest, l.scope.prefix()
	switch {
	case l.f.Wants:
		l.bucket = bucketWants
	case l.f.Customer != "":
		l.bucket, l.prefix = bucketRecent, l.scope.key(l.f.Customer, "")
	}
	l.from, l.to = l.at(""), after(l.prefix)
	if l.f.After != "" {
		l.from = append(l.at(l.f.After), 0)
	}
	if l.f.Before != "" {
		l.to = l.at(l.f.Before)
	}
	if l.f.Since != "" {
		l.from = l.at(l.f.Since)
	}
	if l.f.Through != "" {
		l.to = append(l.at(l.f.Through), 0)
	}
	if !l.f.From.IsZero() {
		l.low = firstID(l.f.From.Add(time.Millisecond))
		if first := l.at(firstID(l.f.From)); bytes.Compare(first, l.from) > 0 {
			l.from = first
		}
	}
	if !l.f.To.IsZero() {
		l.end = firstID(l.f.To)
		if past := l.at(firstID(l.f.To.Add(time.Millisecond))); bytes.Compare(past, l.to) < 0 {
			l.to = past
		}
	}
}

func (l *lister) at(id string) []byte { return append(append([]byte(nil), l.prefix...), id...) }

// firstID is the smallest id of a moment's millisecond.
func firstID(at time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(max(at.UnixMilli(), 0))<<16)
	return encodeID(b)
}

// row takes the next request of the walk, and says whether to go on. Past the
// page it decodes nothing that its key alone can tell to fit.
func (l *lister) row(ctx context.Context, tx store.Tx, row store.Pair) (more bool, err error) {
	if l.read++; l.f.Look > 0 && l.read > l.f.Look {
		if l.f.Ended != nil {
			*l.f.Ended = string(l.last[len(l.prefix):])
		}
		return false, nil
	}
	l.last = row.Key
	if l.bucket == bucketRequest && !l.f.mayFit(row.Value) {
		return true, nil
	}
	on := l.fit >= l.skip && len(l.out) < l.limit
	if on || !l.certain(row.Key) {
		r, err := l.request(tx, row)
		if err != nil {
			return false, err
		}
		if l.f.Keep != nil && l.f.Opened {
			if err := l.e.openEcho(ctx, l.scope, r); err != nil {
				return false, err
			}
		}
		if !l.f.fits(r) {
			return true, nil
		}
		if on {
			if err := l.take(tx, r); err != nil {
				return false, err
			}
		}
	}
	l.fit++
	return l.fit < l.skip+l.limit || l.f.Total && l.fit < maxCount, nil
}

// certain says that the request under a key surely fits: nothing looks into
// it but mayFit, which knows stages and currencies, and it is not of the milliseconds in which the times asked for lie.
func (l *lister) certain(key []byte) bool {
	if l.f.Keep != nil || len(l.f.Statuses)+len(l.f.Providers)+len(l.f.Kinds) > 0 || len(l.f.Stages)+len(l.f.Currencies) > 0 && l.bucket != bucketRequest || l.f.Wants && l.f.Customer != "" {
		return false
	}
	id := string(key[len(l.prefix):])
	return id >= l.low && (l.end == "" || id < l.end)
}

func (l *lister) request(tx store.Tx, row store.Pair) (*Request, error) {
	if l.bucket == bucketRequest {
		if l.f.Brief {
			b, err := decode[brief](bucketRequest, row.Value)
			if err != nil {
				return nil, err
			}
			return b.request(), nil
		}
		return decode[Request](bucketRequest, row.Value)
	}
	return loadRequest(tx, l.scope, string(row.Key[len(l.prefix):]))
}

// brief is what of a request counts are made of; the names are Request's.
type brief struct {
	ID       string       `json:"id"`
	Stage    payout.Stage `json:"stage"`
	Amount   money.Amount `json:"amount"`
	Provider string       `json:"provider"`
	Created  time.Time    `json:"created"`
	Changed  time.Time    `json:"changed"`
	Payouts  []struct {
		Status payout.Status `json:"status"`
	} `json:"payouts"`
}

func (b *brief) request() *Request {
	r := &Request{ID: b.ID, Stage: b.Stage, Amount: b.Amount, Provider: b.Provider, Created: b.Created, Changed: b.Changed}
	for _, p := range b.Payouts {
		r.Payouts = append(r.Payouts, payout.Payout{Status: p.Status})
	}
	return r
}

// take puts a request on the page, and its customer aside to be opened.
func (l *lister) take(tx store.Tx, r *Request) error {
	l.out = append(l.out, View{Request: *r})
	if _, there := l.people[r.Customer]; there || l.f.Bare {
		return nil
	}
	cust, err := customerOf(tx, l.scope, r.Customer)
	if err == nil && cust != nil {
		l.people[r.Customer] = cust
	}
	return err
}

// mayFit says of a record as it is stored whether it can be one of those that
// the fields of f ask for.
func (f Filter) mayFit(record []byte) bool {
	if len(f.Stages)+len(f.Statuses) > 0 {
		stage := stageOf(record)
		if len(f.Stages) > 0 && !slices.Contains(f.Stages, stage) || len(f.Statuses) > 0 && !issued(stage) {
			return false
		}
	}
	if len(f.Currencies) > 0 {
		code := string(memberOf(record, "currency"))
		if !slices.ContainsFunc(f.Currencies, func(c money.Currency) bool { return c.Code() == code }) {
			return false
		}
	}
	if len(f.Providers) > 0 && !slices.ContainsFunc(f.Providers, func(name string) bool { return bytes.Contains(record, []byte(`"provider":"`+name+`"`)) }) {
		return false
	}
	if len(f.Kinds) == 0 {
		return true
	}
	kind, known := storedKind(record)
	return !known || slices.Contains(f.Kinds, kind)
}

// storedKind is the kind in a record as it is stored, which stands before the form;
// false where there is none yet.
func storedKind(record []byte) (k service.Kind, known bool) {
	const name, next = `"kind":"`, `","form":"`
	end := bytes.Index(record, []byte(next))
	at := bytes.LastIndex(record[:max(end, 0)], []byte(name))
	if at < 0 || bytes.IndexByte(record[at+len(name):end], '"') >= 0 {
		return "", false
	}
	return service.Kind(record[at+len(name) : end]), true
}

// stageOf is the stage in a record as it is stored.
func stageOf(record []byte) payout.Stage { return payout.Stage(memberOf(record, "stage")) }

// memberOf is a member of a record as it is stored, which holds text: the stage,
// or the currency of the amount. What stands before them has no text inside that
// looks like one: quotes are escaped.
func memberOf(record []byte, name string) []byte {
	name = `"` + name + `":"`
	at := bytes.Index(record, []byte(name))
	if at < 0 {
		return nil
	}
	value := record[at+len(name):]
	return value[:max(bytes.IndexByte(value, '"'), 0)]
}

func (f Filter) fits(r *Request) bool {
	has := func(p payout.Payout) bool { return slices.Contains(f.Statuses, p.Status) }
	return (len(f.Stages) == 0 || slices.Contains(f.Stages, r.Stage)) && (len(f.Statuses) == 0 || slices.ContainsFunc(r.Payouts, has)) && (len(f.Currencies) == 0 || slices.Contains(f.Currencies, r.Amount.Currency())) &&
		(len(f.Providers) == 0 || slices.Contains(f.Providers, r.Provider)) && (len(f.Kinds) == 0 || r.Kind == "" || slices.Contains(f.Kinds, r.Kind)) && (!f.Wants || f.Customer == "" || r.Customer == f.Customer) && (f.From.IsZero() || !r.Created.Before(f.From)) && (f.To.IsZero() || r.Created.Before(f.To)) &&
		(f.Keep == nil || f.Keep(r))
}
