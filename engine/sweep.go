package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/store"
)

// Sweeps are what the worker does when nothing is due, a piece at a time:
// reading every stored value so that its checksum is looked at before the
// value is needed. Nothing of a sweep is urgent and nothing of it is lost when
// the process stops: it begins again.

// scrubPage is how many pairs one piece of a scrub reads.
const scrubPage = 1000

// buckets is everything there is to read.
var buckets = [...]string{bucketMeta, bucketMerchant, bucketKey, bucketKeyID, bucketAudit, bucketDue, bucketRequest, bucketRef, bucketRecent, bucketOnce, bucketBack,
	bucketHistory, bucketCustomer, bucketMethod, bucketOwned, bucketPrint, bucketAccount, bucketDeposit, bucketBalance, bucketPosting, bucketPoint, bucketRoute,
	bucketTally, bucketScheme, bucketRevision, bucketRates, bucketSheet, bucketQuote, bucketQueue, bucketChoice, bucketEndpoint, bucketDelivery,
	bucketReported, bucketReportedAt, bucketReportedOf, bucketReportedDue, bucketReconciled, bucketBooksRun, bucketRunFound, bucketStanding, bucketPayment, bucketPayRef, bucketRefund, bucketPaying, bucketStages, bucketOrder, bucketArchived}

// scrub is how far a pass over the store has come. It belongs to one
// goroutine.
type scrub struct {
	bucket int
	from   []byte
	began  time.Duration // monotonic; of the pass
	piece  time.Duration // monotonic; of the latest piece
	idle   bool          // the pass has ended and the next has not begun
}

// step reads one piece, at most one in a second, and begins a new pass when
// the time has come. What does not match its checksum is logged and counted;
// check then tells which record it is.
func (s *scrub) step(ctx context.Context, e *Engine) error {
	now := e.Clock.Mono()
	if s.idle && now-s.began < e.Timing.Scrub || now-s.piece < time.Second && s.piece != 0 {
		return nil
	}
	if s.idle {
		*s = scrub{began: now}
	}
	s.piece = now
	var page []store.Pair
	err := e.Store.View(ctx, func(tx store.Tx) (err error) {
		page, err = tx.Scan(buckets[s.bucket], s.from, nil, scrubPage, false)
		return err
	})
	switch {
	case errors.Is(err, store.ErrCorrupt):
		e.stats.Corrupt.Add(1)
		e.Log.ErrorContext(ctx, "a stored value does not match its checksum; run check, and restore from a backup", "bucket", buckets[s.bucket], "err", err)
	case err != nil:
		return fmt.Errorf("scrub %s: %w", buckets[s.bucket], err)
	}
	e.stats.Scrubbed.Add(int64(len(page)))
	if len(page) == scrubPage {
		s.from = append(page[len(page)-1].Key, 0)
		return nil
	}
	s.bucket, s.from = s.bucket+1, nil
	if s.bucket == len(buckets) {
		s.bucket, s.idle = 0, true
		e.stats.Scrubs.Add(1)
	}
	return nil
}
