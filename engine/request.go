package engine

import (
	"errors"
	"fmt"
	"time"

	"penstock/engine/connector"
	"penstock/engine/fx"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/engine/routing"
	"penstock/engine/service"
	"penstock/locker"
	"penstock/store"
)

//go:generate go tool msgp -io=false -tests=false -file request.go
//msgp:tag json
//msgp:timezone utc
//msgp:newtime
//msgp:limit arrays:1048576 maps:1048576
//msgp:shim payout.Stage as:string using:string/payout.Stage
//msgp:shim payout.Resolution as:string using:string/payout.Resolution
//msgp:shim service.Kind as:string using:string/service.Kind
//msgp:shim connector.Verdict as:string using:string/connector.Verdict
//msgp:shim fx.Quote as:string using:inJSON/ofJSON[fx.Quote] mode:convert
//msgp:shim routing.Tree as:string using:inJSON/ofJSON[routing.Tree] mode:convert
//msgp:shim Exit as:string using:inJSON/ofJSON[Exit] mode:convert
//msgp:shim Repairs as:string using:inJSON/ofJSON[Repairs] mode:convert

// Request is the one record of a payout request: what was asked for, its
// payouts, its history. It is packed and time-ordered, so that a create writes
// one page that the next create writes too.
type Request struct {
	ID      string       `json:"id"`            // 26 characters; each dialect shows it under its own prefix
	Ref     string       `json:"ref,omitempty"` // the merchant's own id, unique per scope
	Dialect string       `json:"dialect"`       // in whose words its webhooks are told
	Stage   payout.Stage `json:"stage"`
	Amount  money.Amount `json:"amount"`
	Point   string       `json:"point,omitempty"`   // payout point, without prefix
	Service string       `json:"service,omitempty"` // payout service, once the details are known

	// What lists may ask for of what the dialect keeps: see Sought. Asked is the
	// kind that the caller named of details that aren't there yet.
	Entity string       `json:"entity,omitempty"`
	Asked  service.Kind `json:"asked,omitempty"`

	// What may be done for it: see payout.Wish. Later says that its payouts are
	// made by the worker, and that it fails by itself where there is no route;
	// else they are made at once, and the caller is refused.
	AttemptsLimit int  `json:"attempts_limit,omitempty"`
	Split         bool `json:"split,omitempty"`
	Parallel      bool `json:"parallel,omitempty"`
	Whole         bool `json:"whole,omitempty"`
	Later         bool `json:"later,omitempty"`
	Bounded       bool `json:"bounded,omitempty"` // its service was asked for by name, so the service's own limits count

	CallbackURL string    `json:"callback_url,omitempty"`
	Link        string    `json:"link,omitempty"`  // id of the payout link to it
	Token       string    `json:"token,omitempty"` // id of the bearer token that signs its callbacks
	Lock        *fx.Quote `json:"lock,omitempty"`  // a rate that was promised

	Confirmed   bool `json:"confirmed,omitempty"`
	AutoFulfill bool `json:"auto_fulfill,omitempty"`
	Recurring   bool `json:"recurring,omitempty"` // save the method after success, and after nothing else

	Customer string       `json:"customer,omitempty"`
	Method   string       `json:"method,omitempty"` // the saved method that it pays to, or that it saved
	Kind     service.Kind `json:"kind,omitempty"`
	Form     string       `json:"form,omitempty"`
	Sealed   []byte       `json:"sealed,omitempty"` // details, until the request ends
	Day      time.Time    `json:"day,omitzero"`     // whose key sealed them when there is no customer

	Echo  `json:"-"` // what is only shown again, opened
	Shut  []byte     `json:"echo,omitempty"` // and sealed
	shown Echo       // what Shut was sealed from, or opened to
	order reorder    // what becomes of its row by order

	Providers []string        `json:"providers,omitempty"` // an eligibility filter by provider name; empty: any
	Exits     []Exit          `json:"exits,omitempty"`     // where it may leave, the best first; empty: anywhere
	Tree      *routing.Tree   `json:"tree,omitempty"`      // by which it finds its way, in place of its point's; nil: Exits, or that of the point
	Account   string          `json:"account,omitempty"`   // the provider account chosen
	Provider  string          `json:"provider,omitempty"`  // its provider's name
	Payouts   []payout.Payout `json:"payouts,omitempty"`
	Chose     []stored        `json:"chose,omitempty"`  // the latest keepChoices explanations
	Chosen    int             `json:"chosen,omitempty"` // how many there are

	// Next is when its next step is due; zero: when a payout has moved, or
	// never. More says that the end of its payouts is not its own end. Queued
	// says that it waits for money.
	Next       time.Time         `json:"next,omitzero"`
	More       bool              `json:"more,omitempty"`
	Queued     bool              `json:"queued,omitempty"`
	Resolution payout.Resolution `json:"resolution,omitempty"` // why it stands so, where no payout says
	Repairs    *Repairs          `json:"repairs,omitempty"`    // of its details by whoever is paid; nil: none may be made

	// Moderation says why no machine may go on; automatic work stops until a
	// person has decided. Attention calls a person while work goes on.
	Moderation string `json:"moderation,omitempty"`
	About      int    `json:"about,omitempty"`     // number of the payout whose end ends Moderation; zero: a person does
	ByPerson   bool   `json:"by_person,omitempty"` // it was a person who stopped it, so only a person lets it go on
	Attention  bool   `json:"attention,omitempty"`
	Disputed   []int  `json:"disputed,omitempty"` // payouts of which something contradicts what is known

	// Forgotten says that it was brought back from a provider's list and that
	// nobody has asked for it again: what its caller said of it is lost.
	Forgotten bool `json:"forgotten,omitempty"`

	Told    []Told    `json:"told,omitempty"` // webhooks already written
	Seq     int       `json:"seq"`            // the newest line's number
	History []Line    `json:"history"`
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
	Expires time.Time `json:"expires,omitzero"` // ends a request that was never confirmed
}

// Line is one line of a request's history: what happened, in order, without
// gaps. The same thing said again in a row is counted and not repeated.
type Line struct {
	Seq  int       `json:"n"`
	At   time.Time `json:"at"`
	What string    `json:"what"`
	By   string    `json:"by,omitempty"` // who said or did it
	On   int       `json:"on,omitempty"` // number of the payout concerned
	To   string    `json:"to,omitempty"` // status or stage afterwards
	Text string    `json:"text,omitempty"`
	Said Said      `json:"said,omitzero"`  // a statement's own words
	More int       `json:"more,omitempty"` // times it was said again, Last being the latest
	Last time.Time `json:"last,omitzero"`
	// Calls are the exchanges behind it, of the latest time, at most 4.
	Calls []connector.Call `json:"calls,omitempty"`
}

// Said is a statement about a payout in its own words, as a line of the
// history keeps it.
type Said struct {
	Verdict    connector.Verdict `json:"v"`
	Resolution string            `json:"r,omitempty"`
	Code       string            `json:"c,omitempty"`   // the provider's own, safe to show
	Ref        string            `json:"ref,omitempty"` // the provider's name of the transfer
	Message    string            `json:"m,omitempty"`   // safe to show
	By         string            `json:"by,omitempty"`  // of a person's word: whose
}

// IsZero says that nobody said anything.
func (s Said) IsZero() bool { return s == Said{} }

// Told is one webhook that was written for a request: an event type is told
// to an endpoint once.
type Told struct {
	Type     string `json:"t"`
	Endpoint string `json:"e"`
	Delivery string `json:"d"`
	Of       string `json:"o,omitempty"` // the refund that it tells of; empty: what it is told for
}

// keepLines is how much of its history a record carries; older lines lie in a
// bucket of their own.
const keepLines = 96

// mostLines are those of most histories to their end: room for so many spares a
// transaction that adds some from moving all of them.
const mostLines = 8

// tell adds a line, or counts one more of the last.
func (r *Request) tell(l Line) {
	if n := len(r.History); n > 0 {
		last := &r.History[n-1]
		if last.What == l.What && last.By == l.By && last.On == l.On && last.To == l.To && last.Text == l.Text && last.Said == l.Said {
			last.More++
			last.Last = l.At
			last.Calls = l.Calls
			return
		}
	}
	r.Seq++
	l.Seq = r.Seq
	if n := len(r.History); n == cap(r.History) { // lines are large, and one transaction adds few
		r.History = append(make([]Line, 0, n+4), r.History...)
	}
	r.History = append(r.History, l)
	r.Changed = l.At
}

func requestPlace(id string) locker.Place { return locker.Place{Bucket: bucketRequest, Token: id} }

// payoutID is the id of the n-th payout of the request.
func (r *Request) payoutID(n int) string { return PrefixPayout + nthID(r.ID, n) }

// WantsPerson says that somebody has to look at the request: no machine may go
// on, it takes too long, or something contradicts what is known.
func (r *Request) WantsPerson() bool {
	return r.Moderation != "" || len(r.Disputed) > 0 || r.Attention && !r.Stage.Ended()
}

// moveWant keeps the list of those that want a person.
func moveWant(tx store.Tx, s Scope, r *Request, was bool) error {
	switch {
	case r.WantsPerson():
		if err := tx.Put(bucketWants, s.key(r.ID), nil); err != nil {
			return fmt.Errorf("write a want: %w", err)
		}
	case was:
		if err := tx.Delete(bucketWants, s.key(r.ID)); err != nil {
			return fmt.Errorf("clear a want: %w", err)
		}
	}
	return nil
}

// dues are the due times of the record as they stand in the index, its stage
// there, and whether it stands in the list of those that want a person.
type dues struct {
	stage   payout.Stage
	wants   bool
	expiry  time.Time
	step    time.Time
	queue   bool // it has a row in the queue of those that wait for money
	payouts []time.Time
}

func (r *Request) dues() dues {
	d := dues{stage: r.Stage, wants: r.WantsPerson(), expiry: r.expiry(), step: r.stepDue(), queue: r.inQueue(), payouts: make([]time.Time, len(r.Payouts))}
	for i := range r.Payouts {
		d.payouts[i] = r.payoutDue(i)
	}
	return d
}

// payoutDue is when a payout needs work; never while a person has to decide.
func (r *Request) payoutDue(i int) time.Time {
	if r.Moderation != "" {
		return time.Time{}
	}
	return r.Payouts[i].Due
}

// forgotten says that nothing will ever happen to a request that has not
// ended: a machine's turn without a time for it.
func (r *Request) forgotten() bool {
	waits := r.Stage == payout.Draft || r.Stage == payout.Ready && (!r.AutoFulfill || !r.Later)
	if waits || r.Stage.Ended() || r.Moderation != "" || !r.Next.IsZero() {
		return false
	}
	return !r.underWay()
}

// stepDue is when the request's own next step is due; never while a person
// has to decide.
func (r *Request) stepDue() time.Time {
	if r.Moderation != "" || r.Stage.Ended() {
		return time.Time{}
	}
	return r.Next
}

// inQueue says whether it waits for money in its place, before which no later
// one is paid. One that waits for a person keeps nobody waiting.
func (r *Request) inQueue() bool {
	return r.Queued && r.Moderation == "" && !r.Stage.Ended()
}

func (r *Request) expiry() time.Time {
	if r.Stage != payout.Draft && r.Stage != payout.Ready {
		return time.Time{}
	}
	return r.Expires
}

// saveRequest stores the record and moves its due rows and its place in the
// queue with it, in one breath.
func saveRequest(tx store.Tx, s Scope, r *Request, was dues) error {
	if !r.Echo.equal(r.shown) {
		return errUnsealed
	}
	if err := spill(tx, s, r); err != nil {
		return err
	}
	if err := keep(tx, bucketRequest, s.key(r.ID), r); err != nil {
		return err
	}
	if err := moveWant(tx, s, r, was.wants); err != nil {
		return err
	}
	if err := moveStage(tx, s, r, was.stage); err != nil {
		return err
	}
	if err := moveOrder(tx, s, r); err != nil {
		return err
	}
	if err := moveDue(tx, dueRequest, s, r.ID, was.expiry, r.expiry()); err != nil {
		return err
	}
	if err := moveDue(tx, dueStep, s, r.ID, was.step, r.stepDue()); err != nil {
		return err
	}
	if err := r.moveQueue(tx, s, was.queue); err != nil {
		return err
	}
	for i, p := range r.Payouts {
		var from time.Time
		if i < len(was.payouts) {
			from = was.payouts[i]
		}
		if err := moveDue(tx, duePayout, s, p.ID[len(PrefixPayout):], from, r.payoutDue(i)); err != nil {
			return err
		}
	}
	return nil
}

// moveQueue keeps the queue to the record.
func (r *Request) moveQueue(tx store.Tx, s Scope, was bool) error {
	err, is := error(nil), r.inQueue()
	switch {
	case is && !was:
		err = tx.Put(bucketQueue, s.key(r.Service, r.ID), nil)
	case was && !is:
		err = tx.Delete(bucketQueue, s.key(r.Service, r.ID))
	}
	if err != nil {
		return fmt.Errorf("write the queue: %w", err)
	}
	return nil
}

// spill moves the older half of a long history out of the record.
func spill(tx store.Tx, s Scope, r *Request) error {
	if len(r.History) <= keepLines {
		return nil
	}
	old := r.History[:keepLines/2]
	if err := keep(tx, bucketHistory, s.key(r.ID, fmt.Sprintf("%08d", old[0].Seq)), old); err != nil {
		return err
	}
	r.History = append([]Line(nil), r.History[keepLines/2:]...)
	return nil
}

func loadRequest(tx store.Tx, s Scope, id string) (*Request, error) {
	r, err := load[Request](tx, bucketRequest, s.key(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(ObjPayout, id)
	}
	return r, err
}

// loadPayout finds the request of a payout by the payout's id without its
// prefix: the request's id is the same number or one just below, see nthID.
func loadPayout(tx store.Tx, s Scope, id string) (*Request, int, error) {
	record, err := recordBelow(tx, s, id)
	if err != nil {
		return nil, 0, err
	}
	if record == nil {
		return nil, 0, notFound(ObjPayout, PrefixPayout+id)
	}
	r, err := decode[Request](bucketRequest, record)
	if err != nil {
		return nil, 0, err
	}
	for i := range r.Payouts {
		if r.Payouts[i].ID == PrefixPayout+id {
			return r, i, nil
		}
	}
	return nil, 0, notFound(ObjPayout, PrefixPayout+id)
}

// recordBelow is the record of the request with that id or, if there is none, the
// last one before it; nil: none. A first payout has its request's own id, and
// most are first ones, so that is looked at before anything is walked through.
func recordBelow(tx store.Tx, s Scope, id string) ([]byte, error) {
	record, err := tx.Get(bucketRequest, s.key(id))
	if err == nil {
		return record, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("read request of payout: %w", err)
	}
	page, err := tx.Scan(bucketRequest, s.prefix(), s.key(id), 1, true)
	if err != nil {
		return nil, fmt.Errorf("find request of payout: %w", err)
	}
	if len(page) == 0 {
		return nil, nil
	}
	return page[0].Value, nil
}

// findRequest finds a request by what a caller calls it: ours under the
// dialect's prefix or, where the dialect has it so (rest), the merchant's own
// id, and then by that alone.
func findRequest(tx store.Tx, s Scope, prefix, name string) (*Request, error) {
	if prefix != PrefixRequest {
		id, ok := isID(prefix, name)
		if !ok {
			return nil, notFound(ObjPayout, name)
		}
		return loadRequest(tx, s, id)
	}
	if !ChosenID(name) {
		return nil, notFound(ObjPayout, name)
	}
	id, err := tx.Get(bucketRef, s.key(name))
	if err == nil {
		return loadRequest(tx, s, string(id))
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("read ref: %w", err)
	}
	own, ok := isID(prefix, name)
	if !ok {
		return nil, notFound(ObjPayout, name)
	}
	r, err := load[Request](tx, bucketRequest, s.key(own))
	if errors.Is(err, store.ErrNotFound) || (err == nil && r.Ref != "") {
		return nil, notFound(ObjPayout, name) // one with an id of the merchant's own answers to that alone
	}
	return r, err
}

// advance takes a step of the request and writes it down.
func (r *Request) advance(step payout.Step, now time.Time, by, text string) error {
	to, err := payout.Advance(r.Stage, step, r.Amount, r.Payouts, r.More)
	if err != nil {
		return err
	}
	if to == r.Stage && step == payout.Moved {
		return nil
	}
	r.Stage = to
	r.tell(Line{At: now, What: string(step), By: by, To: string(to), Text: text})
	return nil
}
