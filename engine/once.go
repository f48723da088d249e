package engine

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"penstock/engine/dense"
	"penstock/locker"
	"penstock/store"
)

// Once makes a command harmless to repeat. A command that was carried out
// before returns no result, and the answer is in the Once. The dialect fills Op, Key,
// Fingerprint and Render; the engine fills the rest. A nil Once, or an empty
// Key, promises nothing.
//
// The record is written in the transaction of the effect and kept as long as
// that. The same key with the same body gets the first answer, byte for byte;
// with another body it is refused.
type Once struct {
	Op          string   // the operation, e.g. "POST /payouts/create"
	Key         string   // the caller's idempotency key
	Field       string   // what the caller calls the key; empty: Idempotency-Key
	Also        *Once    // a further key for the same effect, which may have more; its answer is the first's. nil: none
	Fingerprint [32]byte // of the normalised body
	// Render makes the answer from the command's result, inside the
	// transaction. A nil Render, or a nil answer, leaves it open: the caller
	// must fix it by FixAnswer, as it does when it waits for a first word.
	Render func(result any) ([]byte, error)
	Within time.Duration // how long after the command the key counts; zero: for ever
	Mute   bool          // the key is stored with the effect, and not looked for
	// Taken makes the refusal of another body under the key, from what the first
	// call made; nil: CodeKeyReused.
	Taken func(subject string) error
	// Tag is what a create without an own id is known by after its record was
	// lost (see adopt.go); empty: Key.
	Tag string

	Answer   []byte // what to answer; nil while it is open
	Replayed bool   // this command had been carried out before
	Subject  string // id of what the first call made or touched

	row, print []byte // of the record, once keyed
	ahead      *ahead // nil: the transaction renders the answer
	sealed     []byte // of the answer that was made ahead, for this key
	by         *Engine
}

// answerPlace is where a record's answer is sealed for.
func (o *Once) answerPlace() locker.Place {
	return locker.Place{Bucket: bucketOnce, Token: string(o.row)}
}

// keyed makes what is stored of the key and of the body's fingerprint. Both are
// made under a key of the locker: a body may hold a card number, of which a
// stolen store shows so much beside it that a plain hash would tell the rest
// (PCI DSS 3.5.1.1). So may a caller's key.
func (e *Engine) keyed(s Scope, o *Once) error {
	if o.row != nil {
		return nil
	}
	row, err := e.Locker.MAC("once", []byte(o.Op), []byte(o.Key))
	if err == nil {
		o.print, err = e.Locker.MAC("once body", o.Fingerprint[:])
	}
	if err != nil {
		return sealError("name the once-record", err)
	}
	o.row, o.by = append(s.key(o.Op, ""), row...), e
	return nil
}

// keyedAll is keyed for every key of o that says anything.
func (e *Engine) keyedAll(s Scope, o *Once) error {
	for ; o != nil; o = o.Also {
		if o.Key == "" {
			continue
		}
		if err := e.keyed(s, o); err != nil {
			return err
		}
	}
	return nil
}

// replay looks whether the command was carried out before. It fills the Once
// and returns true if so; another body under the key is CodeKeyReused.
func (e *Engine) replay(tx store.Tx, s Scope, o *Once) (bool, error) {
	if o == nil {
		return false, nil
	}
	for key := o; key != nil; key = key.Also {
		done, err := e.replayOne(tx, s, key)
		if err != nil {
			return false, err
		}
		if done {
			o.Answer, o.Subject, o.Replayed = key.Answer, key.Subject, true
			return true, nil
		}
	}
	return false, nil
}

func (e *Engine) replayOne(tx store.Tx, s Scope, o *Once) (bool, error) {
	if o.Key == "" {
		return false, nil
	}
	if err := e.keyed(s, o); err != nil || o.Mute {
		return false, err
	}
	rec, err := load[onceRecord](tx, bucketOnce, o.row)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if o.Within > 0 {
		if now, _ := e.pulse.now(); now.Sub(rec.At) >= o.Within {
			return false, nil
		}
	}
	if e.Rules.Same(!hmac.Equal(rec.Fingerprint, o.print)) {
		if o.Taken != nil {
			return false, o.Taken(rec.Subject)
		}
		field := "Idempotency-Key"
		if o.Field != "" {
			field = o.Field
		}
		return false, &Error{Code: CodeKeyReused, Field: field, Message: "this idempotency key was used with another body", Hint: "use a new key for a new request"}
	}
	if rec.Answer != nil {
		if rec.Answer, err = e.answerIn(rec, s, o); err != nil {
			return false, err
		}
	}
	o.Answer, o.Subject, o.Replayed = rec.Answer, rec.Subject, true
	return true, nil
}

// replayed is replay before any work is done. The look inside the transaction
// is the one that counts.
func (e *Engine) replayed(ctx context.Context, s Scope, o *Once) (done bool, err error) {
	if !o.binds() {
		return false, nil
	}
	err = e.viewing(ctx, func(tx store.Tx) error {
		done, err = e.replay(tx, s, o)
		return err
	})
	return done, err
}

// orReplayed is for a refusal by a look before the transaction: if the same
// command was carried out meanwhile, its answer counts and the refusal, which
// may come from its own effect, does not.
func (e *Engine) orReplayed(ctx context.Context, s Scope, o *Once, refused error) error {
	if refused == nil {
		return nil
	}
	if done, err := e.replayed(ctx, s, o); done && err == nil {
		return nil
	}
	return refused
}

// answerAhead renders and seals, before the transaction of a command, what it
// will answer: for one whose result is known before. A transaction runs alone,
// and what it needn't do others needn't wait for. at is when the command counts
// as carried out.
func (e *Engine) answerAhead(ctx context.Context, s Scope, o *Once, result any, at time.Time) (err error) {
	if !o.binds() || o.Render == nil {
		return nil
	}
	a := &ahead{at: at}
	if a.answer, err = o.Render(result); err != nil {
		return fmt.Errorf("render the answer: %w", err)
	}
	var room [768]byte
	for key := o; key != nil && a.answer != nil; key = key.Also {
		if key.Key == "" {
			continue
		}
		if key.sealed, err = e.Locker.Seal(ctx, echoOwner(s, holderOf(result), at), key.answerPlace(), dense.PackIn(room[:0], a.answer)); err != nil {
			return sealError("seal the answer", err)
		}
	}
	o.ahead = a
	return nil
}

// ahead is an answer that was made before its transaction.
type ahead struct {
	at     time.Time
	answer []byte // nil: it stays open
}

// anew drops what was made ahead by an attempt that came to nothing.
func (o *Once) anew() {
	if o != nil {
		o.ahead = nil
	}
}

// record writes down what was done, with the answer if it can be told already.
func (o *Once) record(tx store.Tx, s Scope, now time.Time, subject string, result any) error {
	if !o.binds() {
		return nil
	}
	o.Subject, o.Answer, o.Replayed = subject, nil, false
	if o.ahead != nil {
		now, o.Answer = o.ahead.at, o.ahead.answer
	} else if o.Render != nil {
		var err error
		if o.Answer, err = o.Render(result); err != nil {
			return fmt.Errorf("render the answer: %w", err)
		}
	}
	for key := o; key != nil; key = key.Also {
		if key.Key == "" {
			continue
		}
		if key.row == nil {
			return errors.New("engine: a once-record is written without a look for it")
		}
		rec := onceRecord{key.print, nil, subject, holderOf(result), now}
		if o.ahead != nil {
			rec.Answer = key.sealed
		} else if err := key.by.shut(&rec, s, key, o.Answer); err != nil {
			return err
		}
		if err := keep(tx, bucketOnce, key.row, rec); err != nil {
			return err
		}
	}
	return nil
}

// shut seals the answer into its record; one that is still open stays so.
func (e *Engine) shut(rec *onceRecord, s Scope, o *Once, answer []byte) (err error) {
	if answer != nil {
		var room [768]byte
		rec.Answer, err = e.sealWithin(echoOwner(s, rec.Holder, rec.At), o.answerPlace(), dense.PackIn(room[:0], answer))
	}
	return err
}

// answerIn opens the answer that shut has sealed into a record.
func (e *Engine) answerIn(rec *onceRecord, s Scope, o *Once) ([]byte, error) {
	answer, err := e.openWithin(echoOwner(s, rec.Holder, rec.At), o.answerPlace(), rec.Answer)
	if err != nil {
		return nil, err
	}
	if answer, err = dense.Unpack(answer); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return answer, nil
}

// binds says whether any key makes the command harmless to repeat.
func (o *Once) binds() bool {
	for ; o != nil; o = o.Also {
		if o.Key != "" {
			return true
		}
	}
	return false
}

// FixAnswer settles what an open Once answers. The first to fix it wins, and
// everybody returns what it said, so concurrent repeats answer alike.
func (e *Engine) FixAnswer(ctx context.Context, s Scope, o *Once, answer []byte) ([]byte, error) {
	if o == nil || o.Key == "" {
		return answer, nil
	}
	if err := e.keyed(s, o); err != nil {
		return nil, err
	}
	fixed := answer
	err := e.update(ctx, func(tx store.Tx, _ time.Time) error {
		rec, err := load[onceRecord](tx, bucketOnce, o.row)
		if err != nil {
			return fmt.Errorf("find the once-record to fix: %w", err)
		}
		if rec.Answer != nil {
			fixed, err = e.answerIn(rec, s, o)
			return err
		}
		fixed = answer
		if err := e.shut(rec, s, o, answer); err != nil {
			return err
		}
		return keep(tx, bucketOnce, o.row, rec)
	})
	if err != nil {
		return nil, err
	}
	o.Answer = fixed
	return fixed, nil
}
