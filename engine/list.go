package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/service"
	"penstock/store"
)

// Filter narrows a list of requests. Zero fields do not narrow.
type Filter struct {
	Customer string
	Order    string    // see Sought
	Before   string    // requests created before the one of this id (26 characters)
	After    string    // requests created after it
	Through  string    // those up to the one of this id, and that one
	Since    string    // that one, and those after it
	From, To time.Time // by creation: From <= created < To
	Wants    bool      // those alone that want a person; few, and found at once
	// Each of these, unless there are none, is what a request may be of. A record
	// of something else is passed by without decoding it; see criteria.
	Stages     []payout.Stage
	Currencies []money.Currency
	Providers  []string        // names in the catalogue
	Kinds      []service.Kind  // of its details, or those that its caller named before there are any
	Points     []string        // without prefix
	Entities   []string        // see Sought; "" are those of which nobody said it
	Statuses   []payout.Status // of which it has to have a payout
	// Drafts says which drafts may be in the list; others than drafts it doesn't concern.
	Drafts Drafts
	// Keep looks at what is in a request. It costs the decoding of each one
	// that the list passes, so what the fields above can say is said by them.
	// What a request echoes it sees with Opened alone, which costs more.
	Keep   func(*Request) bool
	Opened bool
	// Brief has Keep see no more than id, stage, amount, provider, times and statuses of payouts, which
	// costs a fraction. Such a list is one that Keep takes nothing onto, and that asks for no
	// Kinds, Points or Entities.
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
	l := lister{e: e, scope: c.Scope, f: f, criteria: f.criteria(e), skip: skip, limit: limit}
	if l.order, err = e.orderRow(c.Scope, f.Order); err != nil {
		return nil, 0, err
	}
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
	criteria    []criterion
	skip, limit int
	tally       map[Stand]int // unless it is nil, what fits is counted here, and none is on a page

	bucket   string
	prefix   []byte
	order    string // the name of the rows of f.Order
	from, to []byte
	low, end string // ids from low on and below end surely lie within f.From and f.To
	out      []View
	fit      int                  // seen so far that fit
	read     int                  // seen so far
	last     string               // id of the one seen last
	people   map[string]*Customer // of those in out
}

func (l *lister) run(ctx context.Context, tx store.Tx) error {
	l.out, l.fit, l.read, l.last, l.people = nil, 0, 0, "", map[string]*Customer{}
	if l.f.Ended != nil {
		*l.f.Ended = ""
	}
	l.bound()
	switch {
	case l.bucket == bucketOrder:
		return l.byOrder(ctx, tx)
	case l.bucket == bucketRequest && len(l.f.Stages)+len(l.f.Statuses) > 0:
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

// bound chooses the narrowest index there is.
func (l *lister) bound() {
	l.bucket, l.prefix = bucketRequest, l.scope.prefix()
	switch {
	case l.f.Wants:
		l.bucket = bucketWants
	case l.f.Order != "":
		l.bucket, l.prefix = bucketOrder, l.scope.key(l.order, "")
	case l.f.Customer != "":
		l.bucket, l.prefix = bucketRecent, l.scope.key(l.f.Customer, "")
	}
	l.stretch()
}

// stretch narrows the walk by what ids tell: they bear the millisecond in which
// their request was created.
func (l *lister) stretch() {
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

// row takes the next request of the walk, and says whether to go on. It decodes
// nothing but what is on the page, and what can't be judged as it is stored.
func (l *lister) row(ctx context.Context, tx store.Tx, row store.Pair) (more bool, err error) {
	if l.read++; l.f.Look > 0 && l.read > l.f.Look {
		if l.f.Ended != nil {
			*l.f.Ended = l.last
		}
		return false, nil
	}
	l.last = string(row.Key[len(l.prefix):])
	on := l.tally == nil && l.fit >= l.skip && len(l.out) < l.limit
	sure := l.f.Keep == nil && l.within(row.Key)
	if on || !sure || len(l.criteria) > 0 || l.tally != nil {
		if fits, err := l.look(ctx, tx, row, on, sure); err != nil || !fits {
			return err == nil, err
		}
	}
	if l.tally != nil {
		return true, nil
	}
	l.fit++
	return l.fit < l.skip+l.limit || l.f.Total && l.fit < maxCount, nil
}

// look judges a request by its record, and takes it where it is to be on the
// page. sure says that nothing but the criteria speaks against it.
func (l *lister) look(ctx context.Context, tx store.Tx, row store.Pair, on, sure bool) (fits bool, err error) {
	record := row.Value
	if l.bucket != bucketRequest {
		if record, err = requestRecord(tx, l.scope, string(row.Key[len(l.prefix):])); err != nil {
			return false, err
		}
	}
	open, fits := judge(l.criteria, record)
	if !fits {
		return false, nil
	}
	if !on && sure && len(open) == 0 {
		l.count(standOf(record))
		return true, nil
	}
	r, err := l.decode(record)
	if err != nil {
		return false, err
	}
	if fits, err := l.fits(ctx, r, open); err != nil || !fits {
		return false, err
	}
	l.count(r.Stand())
	if on {
		err = l.take(tx, r)
	}
	return true, err
}

func (l *lister) count(at Stand) {
	if l.tally != nil {
		l.tally[at]++
	}
}

// fits says whether a request is within the times, of what is still open of the
// criteria, and whether Keep wants it.
func (l *lister) fits(ctx context.Context, r *Request, open []criterion) (bool, error) {
	f := l.f
	if !f.From.IsZero() && r.Created.Before(f.From) || !f.To.IsZero() && !r.Created.Before(f.To) {
		return false, nil
	}
	opened := f.Keep != nil && f.Opened
	if opened {
		if err := l.e.openEcho(ctx, l.scope, r); err != nil {
			return false, err
		}
	}
	for _, c := range open {
		if c.sought && !opened { // an older record doesn't say it
			if err := l.e.openEcho(ctx, l.scope, r); err != nil {
				return false, err
			}
			opened = true
		}
		if c.sought && r.Entity == "" {
			r.seek(l.e.soughtOf(r))
		}
		if !c.of(r) {
			return false, nil
		}
	}
	return f.Keep == nil || f.Keep(r), nil
}

// within says that the request under a key surely is of the times that are
// asked for: it is not of the milliseconds in which they begin and end.
func (l *lister) within(key []byte) bool {
	id := string(key[len(l.prefix):])
	return id >= l.low && (l.end == "" || id < l.end)
}

func (l *lister) decode(record []byte) (*Request, error) {
	if !l.f.Brief {
		return decode[Request](bucketRequest, record)
	}
	b, err := decode[brief](bucketRequest, record)
	if err != nil {
		return nil, err
	}
	return b.request(), nil
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
