package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"penstock/store"
)

// queueAgain is how often a request that waits for money looks for it by
// itself. Money that arrives wakes it at once.
const queueAgain = 15 * time.Minute

// queue lets a request wait for money, in its place.
func (e *Engine) queue(tx store.Tx, s Scope, now time.Time, v *View, err error) error {
	if err != nil {
		return err
	}
	v.Next, v.More = now.Add(queueAgain), true
	if v.Queued {
		return nil
	}
	v.Queued = true // and has its row when it is saved
	v.tell(Line{At: now, What: "waits_for_money", By: "penstock", To: string(v.Stage)})
	return nil
}

// queueBehind says whether others wait for the same money and came first.
func (e *Engine) queueBehind(tx store.Tx, s Scope, v *View) (bool, error) {
	if !v.Later {
		return false, nil
	}
	k, err := e.catalogOf(tx, s)
	if err != nil {
		return false, err
	}
	if p := k.points[v.Point]; p == nil || !p.Queue {
		return false, nil
	}
	first, err := tx.Scan(bucketQueue, s.key(v.Service, ""), s.key(v.Service, v.ID), 1, false)
	if err != nil {
		return false, fmt.Errorf("scan the queue: %w", err)
	}
	return len(first) > 0, nil
}

// unqueue takes a request out of the queue and wakes the one behind it.
func (e *Engine) unqueue(tx store.Tx, s Scope, now time.Time, v *View) error {
	if !v.Queued {
		return nil
	}
	v.Queued = false
	return e.wakeQueue(tx, s, now, v.Service, v.ID)
}

// wakeQueues lets the first of each queue of a scope try again: money has come.
// but is a request that the caller has in hand; empty: none.
func (e *Engine) wakeQueues(tx store.Tx, s Scope, now time.Time, but string) error {
	from := s.prefix()
	for {
		page, err := tx.Scan(bucketQueue, from, after(s.prefix()), 1, false)
		if err != nil {
			return fmt.Errorf("scan the queues: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		code, _, ok := cutPart(page[0].Key[len(s.prefix()):])
		if !ok {
			return errors.New("a row of the queue bears no request")
		}
		if err := e.wakeQueue(tx, s, now, code, but); err != nil {
			return err
		}
		from = after(s.key(code, ""))
	}
}

func cutPart(key []byte) (part, rest string, ok bool) {
	for i, b := range key {
		if b == 0 {
			return string(key[:i]), string(key[i+1:]), true
		}
	}
	return "", "", false
}

func (e *Engine) wakeQueue(tx store.Tx, s Scope, now time.Time, code, but string) error {
	page, err := tx.Scan(bucketQueue, s.key(code, ""), after(s.key(code, "")), 2, false)
	if err != nil {
		return fmt.Errorf("scan the queue: %w", err)
	}
	prefix := len(s.key(code, ""))
	if page = slices.DeleteFunc(page, func(p store.Pair) bool { return string(p.Key[prefix:]) == but }); len(page) == 0 {
		return nil
	}
	r, err := loadRequest(tx, s, string(page[0].Key[prefix:]))
	if err != nil {
		return fmt.Errorf("first of the queue: %w", err)
	}
	if r.Next.IsZero() || !r.Next.After(now) {
		return nil
	}
	was := r.dues()
	r.Next = now
	return saveRequest(tx, s, r, was)
}
