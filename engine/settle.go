package engine

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"penstock/engine/connector"
	"penstock/engine/payout"
	"penstock/store"
)

// settle is the only door through which a word about a payout's fate comes
// in, whoever said it: the answer to a send or a look-up, the provider's own
// notification, or a person. Status, history, money, webhooks and the next
// due time are stored together.
func (e *Engine) settle(ctx context.Context, s Scope, id string, t connector.Traits, st payout.Statement) error {
	return e.settleBy(ctx, s, id, t, st, nil)
}

// settleJob is settle of what a job heard.
func (e *Engine) settleJob(ctx context.Context, j job, st payout.Statement) error {
	return e.settleFrom(ctx, &j, j.Scope, j.id, j.via.Traits(), st, nil)
}

// settleBy is settle for a person, whose act is audited in the same transaction,
// and for whoever has to store with it that the word was taken.
func (e *Engine) settleBy(ctx context.Context, s Scope, id string, t connector.Traits, st payout.Statement, by *Caller, also ...func(store.Tx) error) error {
	return e.settleFrom(ctx, nil, s, id, t, st, by, also...)
}

// settleFrom is settleBy for who has the request at hand, as it stood a while
// ago; nil: it is read. What is stored comes from the transaction's own reading
// either way, if only to see that it is the same.
func (e *Engine) settleFrom(ctx context.Context, had *job, s Scope, id string, t connector.Traits, st payout.Statement, by *Caller, also ...func(store.Tx) error) error {
	for range 8 { // what is shown of the request may be changed meanwhile
		if err := e.settleOnce(ctx, had, s, id, t, st, by, also...); !errors.Is(err, errChanged) {
			return err
		}
		had = nil
	}
	return &Error{Code: CodeBusy, Object: ObjPayout, ID: PrefixPayout + id, Message: "the payout is being changed by others; repeat"}
}

func (e *Engine) settleOnce(ctx context.Context, had *job, s Scope, id string, t connector.Traits, st payout.Statement, by *Caller, also ...func(store.Tx) error) error {
	got, err := e.beforeSettle(ctx, had, s, id, st)
	if err != nil {
		return err
	}
	jitter, err := e.jitter()
	if err != nil {
		return err
	}
	now, mark := e.pulse.now()
	var v *View
	err = e.withSaved(ctx, s, now, got, func(tx store.Tx, d *drawn) (err error) {
		if by != nil {
			if err := by.act(tx, now, "payout.state", PrefixPayout+id+" "+string(st.Outcome.Verdict)); err != nil {
				return err
			}
		}
		for _, store := range also {
			if err := store(tx); err != nil {
				return err
			}
		}
		with := settling{now: now, mark: mark, jitter: jitter, seen: got.view, had: had, method: d, strict: by != nil}
		if by != nil {
			with.by = by.Actor
		}
		v, err = e.settleTx(tx, s, id, t, st, with)
		return err
	})
	if err == nil {
		e.wake(v)
	}
	return err
}

// settling is what a settle brings into its transaction.
type settling struct {
	now    time.Time
	mark   payout.Mark
	jitter uint64
	seen   *View  // the request as it was before the transaction, opened
	had    *job   // what the word answers to; nil: it isn't at hand
	strict bool   // a person's word: what can't be taken is refused
	by     string // whose word it is; empty of a machine's
	method *drawn // to be saved if the request ends paid; nil: none
}

// settleTx returns the request as it stands afterwards.
func (e *Engine) settleTx(tx store.Tx, s Scope, id string, t connector.Traits, st payout.Statement, with settling) (*View, error) {
	r, i, err := loadKnown(tx, s, id, with.had)
	if err != nil {
		return nil, err
	}
	if r.Customer != with.seen.Customer {
		return nil, errChanged
	}
	if err := r.sameEcho(&with.seen.Request); err != nil {
		return nil, err
	}
	v := &View{Request: *r, Person: with.seen.Person}
	was, stage, p := v.dues(), v.Stage, v.Payouts[i]
	ev := e.Rules.Judge(p, st, t)
	if err := e.withhold(tx, s, p, st, &ev); err != nil {
		return nil, err
	}
	ev.At, ev.Due = with.now, with.now.Add(e.pause(p, t, ev.Kind, with))
	next, effect, err := e.Rules.Apply(p, ev)
	if with.strict && (err != nil || ev.Kind == payout.Unheard) {
		return nil, wrongState(ObjPayout, p.ID, string(p.Status), "stated "+string(st.Outcome.Verdict))
	}
	if err != nil {
		e.Log.Warn("a statement about a payout makes no sense and changes nothing", "payout", p.ID, "err", err)
		return v, nil
	}
	next.Panics = 0
	v.Payouts[i] = next
	v.tell(Line{At: with.now, What: string(ev.Kind), By: string(st.Source), On: p.N, To: string(next.Status), Text: textOf(ev), Said: saidBy(st, with.by), Calls: st.Calls})
	if ev.Kind == payout.Withheld && v.Moderation == "" {
		v.moderate(with.now, "penstock", p.N, "the provider refuses, and the deposit account wants a person to confirm it")
	}
	if effect == payout.Conflict {
		e.stats.Conflicts.Add(1)
		v.Attention = true
		if !slices.Contains(v.Disputed, p.N) {
			v.Disputed = append(v.Disputed, p.N)
		}
		v.tell(Line{At: with.now, What: "conflict", By: string(st.Source), On: p.N, To: string(next.Status), Text: "contradicts what was known; nothing was overwritten"})
		if next.Status.Ended() && !v.Stage.Ended() && v.Moderation == "" { // another payout may have been made in its place, or would be
			v.moderate(with.now, "penstock", 0, "what is said of a payout that has ended contradicts its end: a person has to resolve it")
		}
	}
	if v.About == p.N && !v.ByPerson && next.Status != p.Status && next.Status.Ended() {
		v.free(with.now)
	}
	if e.Rules.Booked(next) {
		if err := e.bookStep(tx, s, with.now, v.ID, string(st.Source), p, next); err != nil {
			return nil, err
		}
	}
	if err := e.goOn(tx, s, with.now, v, p, next); err != nil {
		return nil, err
	}
	if err := v.advance(payout.Moved, with.now, string(st.Source), ""); err != nil {
		return nil, err
	}
	if v.Stage != stage {
		if err := e.saveAfterSuccess(tx, s, with, v); err != nil {
			return nil, err
		}
		if err := e.ended(tx, s, with.now, v); err != nil {
			return nil, err
		}
	}
	return v, saveRequest(tx, s, &v.Request, was)
}

// withhold turns what would be a failure into one that waits for a person,
// where the deposit account says so: a refusal, or the proof that one heard
// before holds.
func (e *Engine) withhold(tx store.Tx, s Scope, p payout.Payout, st payout.Statement, ev *payout.Event) error {
	proven := ev.Kind == payout.Missing && p.Status == payout.Uncertain && p.Refused
	if ev.Kind != payout.Refusal && !proven || p.Deposit == "" || st.Source == payout.FromPerson {
		return nil
	}
	d, err := find[Deposit](tx, bucketDeposit, ObjDeposit, s, p.Deposit)
	if err != nil || !d.PreventFailure {
		return err
	}
	ev.Kind = payout.Withheld
	if proven {
		ev.Resolution, ev.Code, ev.Message = p.Resolution, p.Code, p.Message
	}
	return nil
}

// goOn says what follows for the request when one of its payouts has ended.
// Another payout is made by a step of its own: what is known about this one is
// stored whatever becomes of that.
func (e *Engine) goOn(tx store.Tx, s Scope, now time.Time, v *View, was, is payout.Payout) error {
	if !e.Rules.Over(was, is) {
		return nil
	}
	if err := e.count(tx, s, is); err != nil {
		return err
	}
	if is.Status != payout.Paid {
		if err := e.wakeQueues(tx, s, now, v.ID); err != nil {
			return err
		}
	}
	switch {
	case v.Stage.Ended(): // what comes back later begins nothing anew
		return nil
	case v.Moderation != "":
		v.More = true
		return nil
	}
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return err
	}
	m := e.next(k, v)
	if m.Turn == payout.Pay {
		v.More, v.Next = true, now
		return nil
	}
	v.Next = time.Time{}
	v.turn(m.Turn, now)
	return e.unqueue(tx, s, now, v)
}

func textOf(ev payout.Event) string {
	text := ev.Resolution
	if ev.Message != "" {
		if text != "" {
			text += ": "
		}
		text += ev.Message
	}
	return strings.ToValidUTF8(text[:min(len(text), 512)], "") // never cut inside a rune
}

// pause is how long the payout waits for its next work if the event does not
// end it.
func (e *Engine) pause(p payout.Payout, t connector.Traits, k payout.Kind, with settling) time.Duration {
	if k == payout.Missing && p.Status == payout.Uncertain && p.Attempt < 2 {
		return 0
	}
	asked := p.Asked
	switch {
	case k == payout.Missing || k == payout.Unheard && p.Status == payout.Sending && !t.Lookup:
		asked = max(0, p.Attempt-1) // what leads to another attempt slows down with the attempts
	case p.Status == payout.Sending || k == payout.Accepted && p.Status != payout.Pending:
		asked = 0
	}
	base := e.Timing.PollMax
	if asked < len(e.Timing.Polls) {
		base = e.Timing.Polls[asked]
	}
	spread := base / 5 * 2
	wait := base - base/5 + part(with.jitter, spread)
	if left := payout.SettlesIn(p, t, with.mark); t.Lookup && left > 0 && (p.Status == payout.Uncertain || p.Status == payout.Sending) {
		wait = min(wait, left)
	}
	return wait
}

// part maps a random number into [0, n) in whole steps.
func part(r uint64, n time.Duration) time.Duration {
	if n <= 0 {
		return 0
	}
	return time.Duration(r % uint64(n))
}

// gathered is what settle looks up before its transaction.
type gathered struct {
	view *View
	save *NewMethod // the method to save if this statement ends the request as paid
}

func (e *Engine) beforeSettle(ctx context.Context, had *job, s Scope, id string, st payout.Statement) (gathered, error) {
	v, err := e.viewOf(ctx, had, s, id)
	if err != nil {
		return gathered{}, err
	}
	g, r := gathered{view: v}, &v.Request
	paid := st.Outcome.Verdict == connector.Paid || st.Outcome.Verdict == connector.PartlyPaid
	if !r.Recurring || r.Method != "" || r.Customer == "" || r.Sealed == nil || !paid {
		return g, nil
	}
	details, err := e.openRequest(ctx, s, r)
	if err != nil {
		return g, err
	}
	g.save = &NewMethod{Customer: r.Customer, Kind: r.Kind, Form: r.Form, Type: r.Form, Details: details, Consent: Consent{Source: "recurring payout"}}
	return g, nil
}

// viewOf is the request of a job, or of a payout, opened.
func (e *Engine) viewOf(ctx context.Context, had *job, s Scope, id string) (*View, error) {
	if had != nil && had.opened != nil {
		return had.opened, nil
	}
	return e.view(ctx, s, func(tx store.Tx) (*Request, error) {
		if had != nil {
			return had.request, nil
		}
		r, _, err := loadPayout(tx, s, id)
		return r, err
	})
}

// withSaved runs the transaction, with a method drawn where one is to be saved.
func (e *Engine) withSaved(ctx context.Context, s Scope, now time.Time, g gathered, fn func(store.Tx, *drawn) error) error {
	if g.save == nil {
		return e.handing(ctx, &dueTx{by: dueBefore(now)}, func(tx store.Tx) error { return fn(tx, nil) })
	}
	return e.withMethod(ctx, s, *g.save, func(tx store.Tx, _ time.Time, d *drawn) error { return fn(tx, d) })
}

// saveAfterSuccess keeps the promise of a recurring request: its method is
// saved after success, and after nothing else.
func (e *Engine) saveAfterSuccess(tx store.Tx, s Scope, with settling, v *View) error {
	if with.method == nil || (v.Stage != payout.AllPaid && v.Stage != payout.SomePaid) || v.Method != "" {
		return nil
	}
	if _, err := liveCustomer(tx, s, v.Customer); err != nil {
		return err
	}
	m, err := e.putMethod(tx, s, with.now, with.method)
	if err != nil {
		return err
	}
	if m.Source == "" {
		m.Source = v.ID
	}
	m.LastUsed = with.now
	v.Method = m.ID
	v.tell(Line{At: with.now, What: "method_saved", By: "penstock", To: string(v.Stage), Text: m.ID})
	return e.keepMethod(tx, s, m)
}

// Observe takes a provider's own webhook: verified by the connector over the
// raw bytes, then settled like any other word. Duplicates and old ones are
// harmless.
func (e *Engine) Observe(ctx context.Context, merchant, account string, header http.Header, body []byte) error {
	for _, s := range []Scope{{merchant, Test}, {merchant, Live}} {
		via, err := e.connectorOf(ctx, s, account)
		var refused *Error
		if errors.As(err, &refused) && refused.Code == CodeNotFound {
			continue
		}
		if err != nil {
			return err
		}
		n, ok := via.(connector.Notifier)
		if !ok {
			return &Error{Code: CodeNotBuilt, Object: ObjAccount, ID: account, Message: "this provider sends no notifications"}
		}
		note, err := n.Notification(header, body)
		if errors.Is(err, connector.ErrSignature) {
			return &Error{Code: CodeUnauthorized, Object: ObjAccount, ID: account, Message: "the notification is not signed by the provider", Err: err}
		}
		if errors.Is(err, connector.ErrNotOurs) {
			return nil
		}
		if err != nil {
			return &Error{Code: CodeInvalid, Object: ObjAccount, ID: account, Field: "body", Message: "the notification cannot be read", Err: err}
		}
		return e.observe(ctx, s, account, via.Traits(), note, body)
	}
	return notFound(ObjAccount, account)
}

func (e *Engine) observe(ctx context.Context, s Scope, account string, t connector.Traits, note connector.Notice, body []byte) error {
	if note.Key == "" { // known to the provider by its own name alone: the next look-up hears the same
		return nil
	}
	id, ok := isID(PrefixPayout, note.Key)
	if !ok {
		return notFound(ObjPayout, "")
	}
	var from string
	err := e.Store.View(ctx, func(tx store.Tx) error {
		r, i, err := loadPayout(tx, s, id)
		if err == nil {
			from = r.Payouts[i].Account
		}
		return err
	})
	if err != nil {
		return err
	}
	if from != account { // one provider account may not speak of another's payouts
		return notFound(ObjPayout, note.Key)
	}
	now, _ := e.pulse.now()
	call := connector.Call{Kind: connector.Told, At: now.UTC(), Method: http.MethodPost, Path: "/webhooks/…", Got: len(body), Said: connector.PlainWords(body)}
	return e.settle(ctx, s, id, t, payout.Statement{Source: payout.FromNotice, Outcome: note.Outcome, Calls: []connector.Call{call}})
}
