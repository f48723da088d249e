package engine_test

import (
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/payout"
	"penstock/store"
	"penstock/store/bolt"
)

// The payout as a register: poller, provider, operator, merchant and restarts
// write it at the same time, everybody reads it. The model knows a payout's
// life as it is told to people, written here a second time by hand, and
// nothing of the engine's tables.

// word is an act on one payout: what somebody says about it, a cancel, or a
// look. By person, a refusal is a person's.
type word struct {
	key    string
	says   connector.Verdict // empty: a cancel or a look
	person bool
	cancel bool
}

// answer is what the caller saw.
type answer struct {
	maybe   bool   // the power went: it may have happened
	status  string // of a look
	seq     int    // of a look
	refused string // of a cancel: "with provider" or "ended"; of a person's word: "impossible"
}

// life says for each status what each word makes of it. A list means that it
// depends on what else is known (whether an earlier attempt's end is unknown,
// whether a look-up came late enough), "-" that nothing changes at all.
var life = map[string]map[connector.Verdict]string{
	"queued": {"accepted": "pending", "paid": "paid", "partly_paid": "partly_paid", "returned": "returned",
		"rejected": "- queued", "refused": "-", "unknown": "queued", "absent": "queued"},
	"sending": {"accepted": "pending", "paid": "paid", "partly_paid": "partly_paid", "returned": "returned",
		"rejected": "failed uncertain sending", "refused": "failed", "unknown": "uncertain", "absent": "sending"},
	"uncertain": {"accepted": "pending", "paid": "paid", "partly_paid": "partly_paid", "returned": "returned",
		"rejected": "failed uncertain", "refused": "failed", "unknown": "uncertain", "absent": "uncertain queued failed"},
	"pending": {"accepted": "pending", "paid": "paid", "partly_paid": "partly_paid", "returned": "returned",
		"rejected": "failed pending", "refused": "failed", "unknown": "pending", "absent": "pending"},
	"paid":        {"returned": "returned"}, // an end hears every other word and stays
	"partly_paid": {"returned": "returned"},
	"failed":      {},
	"cancelled":   {},
	"returned":    {},
}

var statuses = []string{"queued", "sending", "uncertain", "pending", "paid", "partly_paid", "failed", "cancelled", "returned"}

func ended(status string) bool { return len(life[status]) < 2 }

// register is what a payout may be: for each status the least number of
// events that it can have behind it there, or none. A lesser number allows
// whatever a greater one does, so no more has to be kept.
type register [9]int

const none = -1

func nowhere() (r register) {
	for i := range r {
		r[i] = none
	}
	return r
}

func (r *register) allow(status string, seq int) {
	for i, s := range statuses {
		if s == status && (r[i] == none || seq < r[i]) {
			r[i] = seq
		}
	}
}

func (r register) possible() bool { return r != nowhere() }

// alone adds what happens without anybody's word: an attempt is claimed, a
// lease runs out.
func (r register) alone() register {
	if r[0] != none {
		r.allow("sending", r[0]+1)
	}
	if r[1] != none {
		r.allow("uncertain", r[1]+1)
	}
	return r
}

// verdict is the word as life has it.
func (w word) verdict() connector.Verdict {
	if w.person && w.says == connector.Rejected {
		return "refused"
	}
	return w.says
}

// impossible is where a person's word cannot be taken and is refused.
func (r register) impossible(w word) register {
	for i, status := range statuses {
		if !w.person || life[status][w.verdict()] != "-" {
			r[i] = none
		}
	}
	return r
}

func (r register) hears(w word) register {
	out := nowhere()
	for i, status := range statuses {
		if r[i] == none {
			continue
		}
		to := life[status][w.verdict()]
		if to == "" { // an end
			to = status
		}
		for _, next := range strings.Fields(to) {
			if next == "-" {
				if !w.person { // who is told
					out.allow(status, r[i])
				}
			} else {
				out.allow(next, r[i]+1)
			}
		}
	}
	return out
}

func (r register) cancelled(refused string, maybe bool) register {
	out := nowhere()
	for i, status := range statuses {
		switch {
		case r[i] == none:
		case maybe:
			out.allow(status, r[i])
		case refused == "ended" && ended(status), refused == "with provider" && !ended(status) && status != "queued":
			out.allow(status, r[i])
		}
	}
	if refused == "" && r[0] != none {
		out.allow("cancelled", r[0]+1)
	}
	return out
}

func (r register) shows(status string, seq int) register {
	out := nowhere()
	for i, s := range statuses {
		if s == status && r[i] != none && r[i] <= seq {
			out.allow(s, seq)
		}
	}
	return out
}

func (r register) either(o register) register {
	for i, s := range statuses {
		if o[i] != none {
			r.allow(s, o[i])
		}
	}
	return r
}

func registerModel() porcupine.Model {
	return porcupine.Model{
		Partition: byKey(func(in any) string { return in.(word).key }),
		Init: func() any {
			r := nowhere()
			r.allow("queued", 0)
			return r
		},
		Step: func(state, input, output any) (bool, any) {
			r, w, a := state.(register).alone(), input.(word), output.(answer)
			next := r
			switch {
			case w.cancel:
				next = r.cancelled(a.refused, a.maybe)
			case w.says == "":
				next = r.shows(a.status, a.seq)
			case a.refused != "":
				next = r.impossible(w)
			default:
				next = r.hears(w)
				if a.maybe {
					next = next.either(r)
				}
			}
			return next.possible(), next
		},
	}
}

// paying is a ring whose callers race on its youngest payouts.
type paying struct {
	*ring
	me engine.Caller

	mu    sync.Mutex
	young []string
}

// age is how many payouts are fought over at one time.
const age = 3

func (p *paying) create() {
	v, err := p.engine.Load().Create(p.t.Context(), p.me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Beneficiary: card("4111111111111111")}, nil)
	if cutOff(err) {
		return
	}
	must(p.t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.young = append(p.young, v.ID)
	if len(p.young) > age {
		p.young = p.young[1:]
	}
}

func (p *paying) pick(draw *mrand.Rand) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.young[draw.IntN(len(p.young))]
}

// act is one thing that a caller does to one of the young payouts.
func (p *paying) act(caller int, draw *mrand.Rand) {
	id, e := p.pick(draw), p.engine.Load()
	key := engine.PrefixPayout + id
	n := draw.IntN(100)
	if id[len(id)-1] < 'd' && n < 90 {
		n = 0 // of some, only the worker hears anything: everybody looks
	}
	switch {
	case n < 50:
		p.do(caller, word{key: key}, func() any { return p.look(e, id) })
	case n < 58:
		p.do(caller, word{key: key, cancel: true}, func() any { return p.cancel(e, id) })
	case n < 68:
		w := word{key: key, person: true, says: oneOf(draw, connector.Paid, connector.PartlyPaid, connector.Rejected, connector.Returned)}
		p.do(caller, w, func() any {
			o := connector.Outcome{Verdict: w.says}
			if w.says == connector.PartlyPaid {
				o.Paid = eur(1)
			}
			return p.taken(e.State(p.t.Context(), p.me, key, o))
		})
	case n < 90:
		w := word{key: key, says: oneOf(draw, connector.Accepted, connector.Accepted, connector.Accepted, connector.Rejected, connector.Paid, connector.PartlyPaid, connector.Returned)}
		p.do(caller, w, func() any { return p.notify(e, id, w) })
	case n < 93:
		p.create()
	default:
		pass(2 * time.Second)
	}
}

func oneOf[T any](draw *mrand.Rand, list ...T) T { return list[draw.IntN(len(list))] }

func (p *paying) look(e *engine.Engine, id string) any {
	v, err := e.Get(p.t.Context(), p.me, prefix, prefix+id)
	if cutOff(err) {
		return nil
	}
	if err != nil {
		p.wonder("%v", err)
		return nil
	}
	is := v.Payouts[0]
	stage := map[payout.Status]payout.Stage{payout.Queued: payout.Dispatching, payout.Sending: payout.Dispatching, payout.Uncertain: payout.Dispatching, payout.Pending: payout.InHand,
		payout.Paid: payout.AllPaid, payout.PartlyPaid: payout.SomePaid, payout.Failed: payout.NonePaid, payout.Cancelled: payout.Withdrawn, payout.Returned: payout.GivenBack}[is.Status]
	if v.Stage != stage {
		p.wonder("payout %s is %s while its request is %s", is.ID, is.Status, v.Stage)
	}
	return answer{status: string(is.Status), seq: is.Seq}
}

func (p *paying) cancel(e *engine.Engine, id string) any {
	_, err := e.Cancel(p.t.Context(), p.me, prefix, prefix+id, nil)
	var refused *engine.Error
	switch {
	case err == nil:
		return answer{}
	case cutOff(err):
		return answer{maybe: true}
	case errors.As(err, &refused) && refused.Code == engine.CodeNotBuilt:
		return answer{refused: "with provider"}
	case errors.As(err, &refused) && refused.Code == engine.CodeState:
		return answer{refused: "ended"}
	}
	p.wonder("%v", err)
	return nil
}

// notify posts what the provider would post, signed by it.
func (p *paying) notify(e *engine.Engine, id string, w word) any {
	v, err := e.Get(p.t.Context(), p.me, prefix, prefix+id)
	if cutOff(err) {
		return nil
	}
	must(p.t, err)
	paid := map[connector.Verdict]string{connector.Paid: "1.00", connector.PartlyPaid: "0.01", connector.Returned: "1.00"}[w.says]
	if paid == "" {
		paid = "0.00"
	}
	body := fmt.Appendf(nil, `{"id":"tr_1","key":%q,"amount":"1.00","currency":"EUR","service":"card_eur","status":%q,"resolution":"","paid_amount":%q,"at":"2026-01-05T08:00:00Z"}`, w.key, w.says, paid)
	return p.taken(e.Observe(p.t.Context(), p.me.Merchant, v.Account, sandbox.Posting{Body: body}.Header(noticeSecret, time.Now()), body))
}

func (p *paying) taken(err error) any {
	if cutOff(err) {
		return answer{maybe: true}
	}
	var refused *engine.Error
	if errors.As(err, &refused) && refused.Code == engine.CodeState {
		return answer{refused: "impossible"}
	}
	if err != nil {
		p.wonder("%v", err)
		return nil
	}
	return answer{}
}

// troubled is a provider that answers in every way there is.
const troubled = `{"drop_request":0.2,"drop_reply":0.2,"error_500":0.2,"late_ms":[0,20000],"pending":0.6,"reject":0.2,"settle_ms":[0,20000]}`

// fight is one history of the register.
func fight(t *testing.T, seed uint64, callers, acts int, set func(*ring)) (out report) {
	bubble(t, func(t *testing.T) {
		r := &ring{t: t, delay: 3 * time.Second}
		if set != nil {
			set(r)
		}
		r.open(troubled)
		p := &paying{ring: r, me: r.merchant("shop")}
		p.create()
		r.race(seed, callers, acts, p.act, func(draw *mrand.Rand, n int) {
			switch {
			case draw.IntN(3) == 0 && r.solid == nil:
				r.crash()
			case draw.IntN(3) == 0:
				r.restart()
			}
			p.create()
		})
		r.halt()
		out = r.check(registerModel())
	})
	return out
}

// sort says what kind of operation this was, so that a history can be seen to
// have had all of them.
func sort(op porcupine.Operation) string {
	w, a := op.Input.(word), op.Output.(answer)
	switch {
	case a.maybe:
		return "cut off"
	case w.cancel && a.refused != "":
		return "cancel refused"
	case w.cancel:
		return "cancel"
	case w.says == "":
		return a.status
	case w.person:
		return "said by a person"
	}
	return "said by the provider"
}

// TestThePayoutRegisterIsLinearizable: scenario 9 of poller, webhook, operator,
// cancel and restart on one payout.
func TestThePayoutRegisterIsLinearizable(t *testing.T) {
	seen, all, tried := map[string]int{}, 0, uint64(0)
	wanted := append(statuses, "cancel", "cancel refused", "cut off", "said by a person", "said by the provider")
	lacking := func() []string {
		return slices.DeleteFunc(slices.Clone(wanted), func(what string) bool { return seen[what] > 0 })
	}
	// Who is first is chance in a bubble too, and a cancel that is in time comes
	// about in every fourth history: there are more until all has been seen.
	for tried < histories(12) || tried < 10*histories(12) && len(lacking()) > 0 {
		tried++
		out := fight(t, tried, 8, 150, nil)
		out.clean(t, tried)
		for _, op := range out.history {
			seen[sort(op)]++
		}
		all += len(out.history)
	}
	t.Logf("%d operations in %d histories: %v", all, tried, seen)
	for _, what := range lacking() {
		t.Errorf("no history had %q in it", what)
	}
}

func TestThePayoutRegisterIsLinearizableOnDisk(t *testing.T) {
	for seed := uint64(1); seed <= histories(2); seed++ {
		fight(t, seed, 6, 40, onDisk).clean(t, seed)
	}
}

// onDisk lays the ring over a real file.
func onDisk(r *ring) {
	s, err := bolt.Open(bolt.Options{Path: r.t.TempDir() + "/penstock.db", Ordered: engine.Ordered(), Lazy: engine.Lazy(), LazyMemory: 64 << 10, AllowAnyFS: true})
	must(r.t, err)
	r.solid = s
	r.t.Cleanup(func() { must(r.t, s.Close()) })
}

// TestTheRegisterModelSees: each planted defect must be told from the product.
func TestTheRegisterModelSees(t *testing.T) {
	overwrite := func(from payout.Status, on payout.Kind, to payout.Status) func(*ring) {
		return func(r *ring) {
			r.rules = engine.Rules{Apply: func(p payout.Payout, e payout.Event) (payout.Payout, payout.Effect, error) {
				if p.Status == from && e.Kind == on {
					p.Status, p.Seq, p.Moved, p.Due = to, p.Seq+1, p.Amount, time.Time{}
					return p, payout.None, nil
				}
				return payout.Apply(p, e)
			}}
		}
	}
	for name, plant := range map[string]func(*ring){
		"a paid end goes back to pending":   overwrite(payout.Paid, payout.Accepted, payout.Pending),
		"a failed end becomes paid":         overwrite(payout.Failed, payout.Whole, payout.Paid),
		"a cancel stops what is pending":    overwrite(payout.Pending, payout.Cancel, payout.Cancelled),
		"changes are lost between two acts": func(r *ring) { r.tamper = func(s store.Store) store.Store { return racy{s} } },
		"looks see what was before": func(r *ring) {
			r.tamper = func(s store.Store) store.Store { return stale{s, new(sync.Map)} }
		},
		"what a look-up found is dropped": func(r *ring) {
			r.rules = engine.Rules{Judge: func(p payout.Payout, st payout.Statement, traits connector.Traits) payout.Event {
				if st.Source == payout.FromLookup {
					st.Outcome = connector.Outcome{Verdict: connector.Unknown}
				}
				return payout.Judge(p, st, traits)
			}}
		},
		"an event is applied and not counted": func(r *ring) {
			r.rules = engine.Rules{Apply: func(p payout.Payout, e payout.Event) (payout.Payout, payout.Effect, error) {
				next, effect, err := payout.Apply(p, e)
				if e.Kind == payout.Accepted {
					next.Seq = p.Seq
				}
				return next, effect, err
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			// Of the defect that shows most rarely every fifth history tells.
			for seed := uint64(1); seed <= 100; seed++ {
				if out := fight(t, seed, 8, 80, plant); out.result == porcupine.Illegal {
					t.Logf("seen at seed %d among %d operations", seed, len(out.history))
					return
				}
			}
			t.Error("100 histories with a planted defect were taken for linearizable")
		})
	}
}
