package engine

import (
	"context"
	"fmt"
	"time"

	"penstock/engine/payout"
	"penstock/store"
)

// restorePage is how many requests one transaction of Distrust changes.
const restorePage = 200

// Distrust is for a store that was restored from a backup: between the backup
// and now, each payout that the store has as waiting to be sent may have been
// sent. Each is marked as an attempt whose end is not known, so that it is
// looked up, or moderated, before money can move (rules 4 to 6). It returns how
// many. Payouts that were made after the backup are not in the store, and
// nothing here can know of them.
//
// It may be killed and run again; a payout is marked once.
func (e *Engine) Distrust(ctx context.Context) (marked int, err error) {
	var from []byte
	for more := true; more; {
		var n int
		var next []byte
		err := e.update(ctx, func(tx store.Tx, now time.Time) error {
			n = 0
			page, err := tx.Scan(bucketRequest, from, nil, restorePage, false)
			if err != nil {
				return fmt.Errorf("scan requests: %w", err)
			}
			for _, p := range page {
				changed, err := e.distrust(tx, now, p)
				if err != nil {
					return err
				}
				n += changed
				next = append(p.Key, 0)
			}
			more = len(page) == restorePage
			if !more {
				return audit(tx, now, Act{Actor: "penstock", Action: "store.restored", Note: fmt.Sprintf("%d payouts are looked up before they are sent", marked+n)})
			}
			return nil
		})
		if err != nil {
			return marked, err
		}
		marked, from = marked+n, next
	}
	return marked, nil
}

func (e *Engine) distrust(tx store.Tx, now time.Time, pair store.Pair) (changed int, err error) {
	s, _, err := cutScope(pair.Key)
	if err != nil {
		return 0, err
	}
	r, err := decode[Request](bucketRequest, pair.Value)
	if err != nil {
		return 0, err
	}
	was := r.dues()
	_, mark := e.pulse.now()
	for i, p := range r.Payouts {
		if p.Status != payout.Queued {
			continue
		}
		if p.First.IsZero() {
			p.First = p.Created // the provider's window may have begun to run then
		}
		for _, ev := range []payout.Event{{Kind: payout.Claimed, At: now, Due: now, Deadline: mark}, {Kind: payout.Lapsed, At: now, Due: now}} {
			if p, _, err = payout.Apply(p, ev); err != nil {
				return 0, err
			}
			r.tell(Line{At: now, What: string(ev.Kind), By: "restore", On: p.N, To: string(p.Status), Text: "it may have been sent after the backup"})
		}
		r.Payouts[i] = p
		changed++
	}
	if changed == 0 {
		return 0, nil
	}
	return changed, saveRequest(tx, s, r, was)
}
