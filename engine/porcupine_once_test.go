package engine_test

import (
	"context"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"penstock/engine"
	"penstock/store"
)

// The once-record as a register that is written once: creates under the same
// key with the same and with other bodies, other keys, another merchant, reads
// of the answer, FixAnswer, restarts and power cuts in between.

// asked is an act under one idempotency key of one merchant.
type asked struct {
	merchant, key string
	body          string
	verb          string // create, read, fix
	mine          string // fix: the answer proposed
	open          bool   // create: the answer is left open
}

// told is what the caller got.
type told struct {
	maybe    bool
	fresh    bool // carried out now
	replayed bool
	reused   bool // refused: the key came with another body
	answer   string
	subject  string
}

// record is the whole life of a key: absent, then one body with one subject,
// and an answer that is open at first or fixed for ever.
type record struct {
	body, subject, answer string
}

func (r record) next(a asked, is told) (bool, record) {
	switch {
	case a.verb == "fix":
		return r.fixed(a, is)
	case is.fresh:
		return r.body == "" && (is.answer == "") == a.open, record{a.body, is.subject, is.answer}
	case is.reused:
		return r.body != "" && r.body != a.body, r
	case is.replayed:
		return r.body == a.body && r.subject == is.subject && r.answer == is.answer, r
	}
	return a.verb == "read" && r.body == "", r // a read that finds nothing
}

func (r record) fixed(a asked, is told) (bool, record) {
	if r.body == "" {
		return false, r
	}
	if r.answer == "" {
		r.answer = a.mine
	}
	return r.answer == is.answer, r
}

// onceModel allows for a create that was cut off by the power: it took place
// and nobody knows its answer, or it didn't. Its answer is what the engine
// renders, the request's id, so both are unknown together.
func onceModel() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Partition: byKey(func(in any) string { return in.(asked).merchant + "|" + in.(asked).key }),
		Init:      func() []any { return []any{record{}} },
		Step: func(state, input, output any) []any {
			r, a, is := state.(record), input.(asked), output.(told)
			if is.maybe {
				return r.cut(a)
			}
			r = r.reveal(a, is)
			if ok, next := r.next(a, is); ok {
				return []any{next}
			}
			return nil
		},
	}
	return m.ToModel()
}

// cut is what may have become of an act that was cut off.
func (r record) cut(a asked) []any {
	out := []any{r}
	switch {
	case a.verb == "create" && r.body == "":
		out = append(out, record{a.body, unseen, map[bool]string{false: unseen}[a.open]})
	case a.verb == "fix" && r.body != "" && r.answer == "":
		out = append(out, record{r.body, r.subject, a.mine})
	}
	return out
}

// unseen is a subject or an answer that exists and that nobody has seen yet.
const unseen = "?"

// reveal lets the first who sees it say what was unseen.
func (r record) reveal(a asked, is told) record {
	if r.body == "" || (!is.replayed && a.verb != "fix") {
		return r
	}
	if r.subject == unseen && is.replayed {
		r.subject = is.subject
	}
	if r.answer == unseen && is.answer != "" {
		r.answer = is.answer
	}
	return r
}

// repeating is a ring whose callers repeat themselves.
type repeating struct {
	*ring
	merchants []engine.Caller
	keys      int // in use at one time
	at        time.Time
}

// key is one of a few, and all of them move on with time.
func (p *repeating) key(draw *mrand.Rand) string {
	return fmt.Sprintf("key-%d", int(time.Since(p.at)/time.Second)+draw.IntN(p.keys))
}

func (p *repeating) act(caller int, draw *mrand.Rand) {
	me := p.merchants[draw.IntN(len(p.merchants))]
	a := asked{merchant: me.Merchant, key: p.key(draw), body: oneOf(draw, "a body", "a body", "another body"), open: draw.IntN(2) == 0}
	e := p.engine.Load()
	if draw.IntN(4) == 0 {
		a.verb = "read"
		p.do(caller, a, func() any { return p.read(e, me, a) })
		return
	}
	a.verb = "create"
	var open *engine.Once
	p.do(caller, a, func() any {
		o := onceOf(a)
		_, err := e.Create(p.t.Context(), me, engine.NewRequest{Dialect: "rest", Amount: eur(100), Confirm: true, AutoFulfill: true, Customer: "ada", Beneficiary: card("4111111111111111")}, o)
		if err == nil && o.Answer == nil {
			open = o
		}
		return p.saw(o, err)
	})
	if open == nil {
		return
	}
	time.Sleep(time.Duration(draw.IntN(1500)) * time.Millisecond) // as one who waits for a first word
	a.verb, a.mine = "fix", fmt.Sprintf("said by %d at %d", caller, p.now.Load())
	p.do(caller, a, func() any {
		answer, err := e.FixAnswer(p.t.Context(), me.Scope, open, []byte(a.mine))
		if cutOff(err) {
			return told{maybe: true}
		}
		if err != nil {
			p.wonder("FixAnswer: %v", err)
			return nil
		}
		return told{answer: string(answer)}
	})
}

func onceOf(a asked) *engine.Once {
	o := once(a.key, a.body)
	if a.open {
		o.Render = nil
	}
	return o
}

func (p *repeating) read(e *engine.Engine, me engine.Caller, a asked) any {
	o := onceOf(a)
	done, err := e.Replayed(p.t.Context(), me.Scope, o)
	if err == nil && !done {
		return told{}
	}
	return p.saw(o, err)
}

func (p *repeating) saw(o *engine.Once, err error) any {
	var refused *engine.Error
	switch {
	case cutOff(err):
		return told{maybe: true}
	case errors.As(err, &refused) && refused.Code == engine.CodeKeyReused:
		return told{reused: true}
	case err != nil:
		p.wonder("%v", err)
		return nil
	}
	return told{fresh: !o.Replayed, replayed: o.Replayed, answer: string(o.Answer), subject: o.Subject}
}

// subjects holds the requests that exist against the keys that made them: one
// for each, and none besides.
func (p *repeating) subjects() {
	made := map[string]bool{}
	for _, op := range p.ops {
		if is := op.Output.(told); is.subject != "" {
			made[is.subject] = true
		}
	}
	exist := 0
	for _, me := range p.merchants {
		list, total, err := p.engine.Load().List(p.t.Context(), me, engine.Filter{}, 0, 10_000)
		must(p.t, err)
		exist += total
		for _, v := range list {
			if !made[v.ID] && p.cuts.Load() == 0 {
				p.wonder("request %s exists and nobody was told of it", v.ID)
			}
			delete(made, v.ID)
		}
	}
	for id := range made {
		p.wonder("request %s was acknowledged and does not exist (%d do)", id, exist)
	}
}

func repeatAll(t *testing.T, seed uint64, callers, acts int, set func(*ring)) (out report) {
	bubble(t, func(t *testing.T) {
		r := &ring{t: t, delay: 3 * time.Second}
		if set != nil {
			set(r)
		}
		r.open(troubled)
		p := &repeating{ring: r, merchants: []engine.Caller{r.merchant("shop"), r.merchant("other")}, keys: 3, at: time.Now()}
		synctest.Wait()
		r.race(seed, callers, acts, p.act, func(draw *mrand.Rand, _ int) {
			switch {
			case draw.IntN(3) == 0 && r.solid == nil:
				r.crash()
			case draw.IntN(3) == 0:
				r.restart()
			}
		})
		r.halt()
		r.ops = only[asked](r.ops)
		p.subjects()
		out = r.check(onceModel())
	})
	return out
}

// only keeps the operations of one model.
func only[T any](all []porcupine.Operation) (out []porcupine.Operation) {
	for _, op := range all {
		if _, ok := op.Input.(T); ok {
			out = append(out, op)
		}
	}
	return out
}

// TestAKeyHasOneBodyAndOneAnswer: scenario 10 of repeats, other bodies, other
// merchants and restarts.
func TestAKeyHasOneBodyAndOneAnswer(t *testing.T) {
	seen, all := map[string]int{}, 0
	for seed := uint64(1); seed <= histories(12); seed++ {
		out := repeatAll(t, seed, 16, 60, nil)
		out.clean(t, seed)
		for _, op := range out.history {
			seen[outcome(op)]++
		}
		all += len(out.history)
	}
	t.Logf("%d operations in %d histories: %v", all, histories(12), seen)
	for _, what := range []string{"fresh", "fresh and open", "replayed", "replayed and open", "reused", "cut off", "fixed", "fixed by another", "absent"} {
		if seen[what] == 0 {
			t.Errorf("no history had %q in it", what)
		}
	}
}

// outcome says what kind of operation this was.
func outcome(op porcupine.Operation) string {
	a, is := op.Input.(asked), op.Output.(told)
	open := map[bool]string{true: " and open"}[is.answer == ""]
	switch {
	case is.maybe:
		return "cut off"
	case a.verb == "fix" && is.answer != a.mine:
		return "fixed by another"
	case a.verb == "fix":
		return "fixed"
	case is.fresh:
		return "fresh" + open
	case is.replayed:
		return "replayed" + open
	case is.reused:
		return "reused"
	}
	return "absent"
}

func TestAKeyHasOneBodyAndOneAnswerOnDisk(t *testing.T) {
	for seed := uint64(1); seed <= histories(2); seed++ {
		repeatAll(t, seed, 8, 30, onDisk).clean(t, seed)
	}
}

// TestTheOnceModelSees: each planted defect must be told from the product.
func TestTheOnceModelSees(t *testing.T) {
	for name, plant := range map[string]func(*ring){
		"any body is answered":              func(r *ring) { r.rules = engine.Rules{Same: func(bool) bool { return false }} },
		"changes are lost between two acts": func(r *ring) { r.tamper = func(s store.Store) store.Store { return racy{s} } },
		"a key is sometimes forgotten":      func(r *ring) { r.tamper = forgetful },
		"merchants share their keys":        func(r *ring) { r.tamper = func(s store.Store) store.Store { return shared{s} } },
	} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 20; seed++ {
				if out := repeatAll(t, seed, 16, 40, plant); out.result == porcupine.Illegal {
					t.Logf("seen at seed %d among %d operations", seed, len(out.history))
					return
				}
			}
			t.Error("20 histories with a planted defect were taken for linearizable")
		})
	}
}

// rekeyed passes a store's transactions through fn.
type rekeyed struct {
	store.Store
	fn func(store.Tx) store.Tx
}

func (s rekeyed) View(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.View(ctx, func(tx store.Tx) error { return fn(s.fn(tx)) })
}

func (s rekeyed) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.Update(ctx, func(tx store.Tx) error { return fn(s.fn(tx)) })
}

// forgetful does not find one once-record in eight.
func forgetful(s store.Store) store.Store {
	var mu sync.Mutex
	n := 0
	return rekeyed{s, func(tx store.Tx) store.Tx {
		return onceTx{tx, func(key []byte) ([]byte, bool) {
			mu.Lock()
			defer mu.Unlock()
			n++
			return key, n%8 != 0
		}}
	}}
}

// onceTx looks up once-records by another key, or not at all.
type onceTx struct {
	store.Tx
	by func([]byte) (key []byte, found bool)
}

func (t onceTx) Get(bucket string, key []byte) ([]byte, error) {
	if bucket != "once" {
		return t.Tx.Get(bucket, key)
	}
	by, found := t.by(key)
	if !found {
		return nil, store.ErrNotFound
	}
	return t.Tx.Get(bucket, by)
}

func (t onceTx) Put(bucket string, key, value []byte) error {
	if bucket == "once" {
		key, _ = t.by(key)
	}
	return t.Tx.Put(bucket, key, value)
}

// shared keeps the once-records of all merchants under one.
type shared struct{ store.Store }

func (s shared) one() rekeyed {
	return rekeyed{s.Store, func(tx store.Tx) store.Tx {
		return onceTx{tx, func(key []byte) ([]byte, bool) {
			for i, c := range key {
				if c == 0 {
					return append([]byte("all"), key[i:]...), true
				}
			}
			return key, true
		}}
	}}
}

func (s shared) View(ctx context.Context, fn func(store.Tx) error) error {
	return s.one().View(ctx, fn)
}

func (s shared) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.one().Update(ctx, fn)
}
