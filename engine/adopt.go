package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"penstock/engine/payout"
	"penstock/locker"
	"penstock/store"
)

// A create that is repeated after its record was lost, with a store that was
// brought back from an earlier state, must not pay again. Its once-record and
// its own id were lost with it; but the id of what it made was formed with a
// tag of them (see newID), went to the provider as the payout's key, and came
// back with the provider's list. So the repeat finds the payout that it had
// made, gives it the words that were lost, and answers for it.

// tagOf is what the id of a request bears of its caller's own name for it: the
// merchant's own id if it has one, or else the idempotency key. nil where a
// repeat can't be told from another request. A tag is a keyed hash and tells
// nothing.
func (e *Engine) tagOf(ctx context.Context, s Scope, ref string, once *Once) ([]byte, error) {
	kind, name := "own id", ref
	if ref == "" {
		kind, name = once.tag()
	}
	if name == "" {
		return nil, nil
	}
	sum, err := e.tagSum(ctx, s, kind, name)
	return sum[:tagLen], err
}

// tagSum is the keyed hash of what somebody has named in a scope; the parts say
// what, and how.
func (e *Engine) tagSum(ctx context.Context, s Scope, parts ...string) ([sha256.Size]byte, error) {
	key, err := e.tagKey(ctx)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	var space [256]byte
	text := netstring(netstring(space[:0], s.Merchant), string(s.Mode))
	for _, part := range parts {
		text = netstring(text, part)
	}
	return locker.HMAC(key, text), nil
}

// netstring appends a part after its length, so that parts never run together.
func netstring(dst []byte, part string) []byte {
	return append(append(strconv.AppendInt(dst, int64(len(part)), 10), ':'), part...)
}

// tag is the name that every repeat of a create bears, whatever else it leaves
// out: what the body says of itself, or else the first key that counts for
// ever. A key that counts for a while is none: the same words may be meant anew.
func (o *Once) tag() (kind, name string) {
	if o != nil && o.Tag != "" {
		return "tag", o.Tag
	}
	for ; o != nil; o = o.Also {
		if o.Key != "" && o.Within == 0 {
			return "key of " + o.Op, o.Key
		}
	}
	return "", ""
}

// tagKey is the key of all tags. It is drawn once in the life of a store and
// lies in it sealed, so every copy of the store has it.
func (e *Engine) tagKey(ctx context.Context) (*[32]byte, error) {
	if k := e.tags.Load(); k != nil {
		return k, nil
	}
	fresh := make([]byte, 32)
	if _, err := io.ReadFull(e.Rand, fresh); err != nil {
		return nil, fmt.Errorf("draw the key of tags: %w", err)
	}
	sealed, err := e.Locker.SealSecret(ctx, tagPlace, fresh)
	if err != nil {
		return nil, sealError("seal the key of tags", err)
	}
	kept := sealed
	err = e.Store.Update(ctx, func(tx store.Tx) error {
		there, err := tx.Get(bucketMeta, []byte("tags"))
		if errors.Is(err, store.ErrNotFound) {
			kept = sealed
			return tx.Put(bucketMeta, []byte("tags"), sealed)
		}
		kept = bytes.Clone(there)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("keep the key of tags: %w", err)
	}
	opened, err := e.Locker.OpenSecret(ctx, tagPlace, kept)
	if err != nil {
		return nil, sealError("open the key of tags", err)
	}
	if len(opened) != len(fresh) {
		return nil, errors.New("engine: the key of tags is of another length")
	}
	key := [32]byte(opened)
	e.tags.Store(&key)
	return &key, nil
}

var tagPlace = locker.Place{Bucket: bucketMeta, Token: "tags"}

// backKey is where what was brought back is found by its tag.
func backKey(s Scope, id string) []byte { return append(backPrefix(s, tagIn(id)), id...) }

func backPrefix(s Scope, tag []byte) []byte { return append(s.prefix(), tag...) }

// broughtBack is the request that bears the tag, was brought back from a
// provider's list, and was not asked for again; nil where there is none.
func (e *Engine) broughtBack(tx store.Tx, s Scope, tag []byte) (*Request, error) {
	if tag == nil || !e.back.Load() || e.Rules.Forgets(true) {
		return nil, nil
	}
	prefix := backPrefix(s, tag)
	page, err := tx.Scan(bucketBack, prefix, after(prefix), 2, false)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	r, err := loadRequest(tx, s, string(page[0].Key[len(prefix):]))
	if err == nil && len(page) > 1 {
		return nil, errScattered(r)
	}
	return r, err
}

// errScattered refuses a repeat of a request of which only parts are known: it
// was made, and that is all that can be said of it by a machine.
func errScattered(r *Request) *Error {
	return &Error{Code: CodeExists, Object: ObjPayout, ID: PrefixRequest + r.ID, Message: "this request was made before, and this server was brought back to a time before it; its payouts were found at the provider, but not what makes one request of them",
		Hint: "compare what was brought back, " + PrefixRequest + r.ID + "; ask for the rest, if any is missing, under a new key"}
}

// adopts says whether a request may take over what was brought back: one
// payout of just its amount, with others before it that failed. Converted or
// split amounts don't tell whether they are all of it.
func (n NewRequest) adopts(r *Request) error {
	last := r.Payouts[len(r.Payouts)-1].Amount
	for _, p := range r.Payouts {
		if p.Amount != last {
			return errScattered(r)
		}
	}
	switch {
	case last == n.Amount && r.standing() <= 1:
		return nil
	case last.Currency() == n.Amount.Currency() && len(r.Payouts) == 1 && !n.Split:
		return &Error{Code: CodeKeyReused, Field: "Idempotency-Key", Message: "this key, or id, was used with another amount", Hint: "use a new one for a new request"}
	}
	return errScattered(r)
}

// standing is how many payouts of a request have not failed.
func (r *Request) standing() (n int) {
	for _, p := range r.Payouts {
		if p.Status != payout.Failed && p.Status != payout.Cancelled {
			n++
		}
	}
	return n
}

// noticed says whether a person was called for another reason than that the
// request was brought back.
func (r *Request) noticed() bool {
	return slices.ContainsFunc(r.History, func(l Line) bool { return l.What == "conflict" || l.What == "attention" })
}

// adopt is the transaction of a create that was carried out before it was
// forgotten: the request that was brought back becomes the one asked for, and
// nothing is paid.
func (e *Engine) adopt(tx store.Tx, c Caller, now time.Time, n NewRequest, p *prepared, once *Once) error {
	if done, err := e.replay(tx, c.Scope, once); done || err != nil {
		return err
	}
	r, err := loadRequest(tx, c.Scope, p.request.ID)
	if err != nil {
		return err
	}
	if !r.Forgotten {
		return errChanged // somebody else has asked for it again
	}
	if err := n.adopts(r); err != nil {
		return err
	}
	was, v := r.dues(), p.view
	v.Stage, v.Payouts, v.Account, v.Provider = r.Stage, r.Payouts, r.Account, r.Provider
	if err := e.service(&v.Request); v.Form != "" && (err != nil || r.Payouts[0].Service != "" && v.Service != r.Payouts[0].Service) {
		return &Error{Code: CodeKeyReused, Field: "Idempotency-Key", Message: "this key, or id, was used with another payout service", Hint: "use a new one for a new request"}
	}
	v.Service = cmp.Or(v.Service, r.Payouts[0].Service)
	v.Moderation, v.About, v.ByPerson, v.Disputed, v.Attention = r.Moderation, r.About, r.ByPerson, r.Disputed, r.Attention && r.noticed()
	if v.About > 0 && v.Payouts[v.About-1].Due.IsZero() && v.Sealed != nil { // it may be that nothing but the details was missing
		v.Payouts[v.About-1].Due = now
		v.free(now)
	}
	v.Told, v.History, v.Seq, v.Confirmed = r.Told, r.History, r.Seq, true
	v.Created, v.Day, v.Changed, v.Expires = r.Created, r.Day, now, time.Time{}
	if err := claimRef(tx, c.Scope, &v.Request); err != nil {
		return err
	}
	if err := own(tx, c, now, v.Customer, v.ID, p.customer, nil); err != nil {
		return err
	}
	if err := tx.Delete(bucketBack, backKey(c.Scope, v.ID)); err != nil {
		return fmt.Errorf("take over what was brought back: %w", err)
	}
	v.tell(Line{At: now, What: "asked_again", By: c.Actor, To: string(v.Stage), Text: "this is what was brought back; nothing is paid for it again"})
	if err := e.ended(tx, c.Scope, now, v); err != nil {
		return err
	}
	if err := saveRequest(tx, c.Scope, &v.Request, was); err != nil {
		return err
	}
	if err := c.act(tx, now, "payout.adopt", v.ID); err != nil {
		return err
	}
	return once.record(tx, c.Scope, now, v.ID, v)
}

// unlessBack is create's look for what was brought back since it looked.
func (e *Engine) unlessBack(tx store.Tx, s Scope, tag []byte) error {
	r, err := e.broughtBack(tx, s, tag)
	var scattered *Error
	if err == nil && r != nil || errors.As(err, &scattered) {
		return errChanged
	}
	return err
}
