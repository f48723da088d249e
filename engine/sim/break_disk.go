package sim

import (
	"bytes"
	"context"
	"errors"

	"penstock/engine"
	"penstock/engine/archive"
	"penstock/store"
	"penstock/store/bolt"
)

// tampered is a store whose transactions pass through fn.
type tampered struct {
	store.Store
	tx    func(store.Tx) store.Tx
	after func(error) error
}

func (t tampered) Update(ctx context.Context, fn func(store.Tx) error) error {
	err := t.Store.Update(ctx, func(tx store.Tx) error {
		if t.tx != nil {
			tx = t.tx(tx)
		}
		return fn(tx)
	})
	if t.after != nil {
		err = t.after(err)
	}
	return err
}

func (t tampered) View(ctx context.Context, fn func(store.Tx) error) error {
	return t.Store.View(ctx, func(tx store.Tx) error {
		if t.tx != nil {
			tx = t.tx(tx)
		}
		return fn(tx)
	})
}

// meddled is a transaction with some of its verbs replaced.
type meddled struct {
	store.Tx
	put func(bucket string, key, value []byte) error
	get func(bucket string, key []byte) ([]byte, error)
}

func (m meddled) Put(bucket string, key, value []byte) error {
	if m.put != nil {
		return m.put(bucket, key, value)
	}
	return m.Tx.Put(bucket, key, value)
}

func (m meddled) Get(bucket string, key []byte) ([]byte, error) {
	if m.get != nil {
		return m.get(bucket, key)
	}
	return m.Tx.Get(bucket, key)
}

// losing drops one of n Puts into a bucket.
func losing(bucket string, n int) func(*World, store.Store) store.Store {
	return func(w *World, s store.Store) store.Store {
		return tampered{Store: s, tx: func(tx store.Tx) store.Tx {
			return meddled{Tx: tx, put: func(b string, key, value []byte) error {
				if b == bucket && w.Rand.IntN(n) == 0 {
					return nil
				}
				return tx.Put(b, key, value)
			}}
		}}
	}
}

type pending struct {
	bucket     string
	key, value []byte
}

// apart writes the Puts into a bucket in a transaction of their own, the next
// one.
func apart(bucket string) func(*World, store.Store) store.Store {
	return func(w *World, s store.Store) store.Store {
		var late []pending
		return tampered{Store: s, tx: func(tx store.Tx) store.Tx {
			due := late
			late = nil
			for _, p := range due {
				if err := tx.Put(p.bucket, p.key, p.value); err != nil {
					late = due // a view: it waits for the next update
					break
				}
			}
			return meddled{Tx: tx, put: func(b string, key, value []byte) error {
				if b != bucket {
					return tx.Put(b, key, value)
				}
				late = append(late, pending{b, bytes.Clone(key), bytes.Clone(value)})
				return nil
			}}
		}}
	}
}

// forgetting answers that a key is not there, one time in n.
func forgetting(bucket string, n int) func(*World, store.Store) store.Store {
	return func(w *World, s store.Store) store.Store {
		return tampered{Store: s, tx: func(tx store.Tx) store.Tx {
			return meddled{Tx: tx, get: func(b string, key []byte) ([]byte, error) {
				if (bucket == "" || b == bucket) && w.Rand.IntN(n) == 0 {
					return nil, store.ErrNotFound
				}
				return tx.Get(b, key)
			}}
		}}
	}
}

// onStubs meddles with a store in which archived values are stubs.
func onStubs(with func(store.Tx) meddled) func(*World, store.Store) store.Store {
	return func(_ *World, s store.Store) store.Store {
		return tampered{Store: s, tx: func(tx store.Tx) store.Tx { return with(tx) }}
	}
}

// diskBreaks are wrong ways to store.
func diskBreaks() []Break {
	return []Break{
		{Name: "commit-not-synced", Does: "answers before the disk has it", Incident: "a database with fsync switched off for speed",
			Unsynced: true},
		{Name: "keyring-not-synced", Does: "seals under a key that is not on disk yet", Incident: "records that no key opens after a power cut",
			UnsyncedKeys: true},
		{Name: "commit-error-ignored", Does: "takes an error out of commit as done", Incident: "fsync errors that PostgreSQL, and others, did not see for twenty years",
			Disk: func(_ *World, s store.Store) store.Store {
				return tampered{Store: s, after: func(err error) error {
					if power(err) {
						return nil
					}
					return err
				}}
			}},
		{Name: "call-before-commit", Does: "makes the call first and stores the intent afterwards", Incident: "a crash between the bank's answer and the database's: nobody knows of the payout",
			Disk: intentLate},
		{Name: "due-row-forgotten", Does: "loses the row that says when work is due", Incident: "a queue that is not written in the transaction of the fact",
			Disk: losing("due", 12)},
		{Name: "webhook-apart", Does: "writes the webhook in a transaction of its own", Incident: "an event whose delivery was never created",
			Disk: apart("delivery")},
		{Name: "once-apart", Does: "writes the once-record in a transaction of its own", Incident: "check-then-insert: a repeat after a crash makes a second payout",
			Disk: apart("once")},
		{Name: "hold-apart", Does: "holds the money in a transaction of its own", Incident: "two payouts spend the same balance",
			Disk: apart("deposit")},
		{Name: "once-overlooked", Does: "does not always see that a key was used", Incident: "idempotency keys in a cache that evicts",
			Disk: forgetting("once", 3)},
		{Name: "timetable-not-rebased", Does: "leaves work where a clock that was wrong has put it", Incident: "a clock set back by a year; every job waits for a year",
			Rules: engine.Rules{Rebase: no}},
		{Name: "scope-forgotten", Does: "finds a payout by its id, whoever it belongs to", Incident: "a look-up by id alone, not scoped to the merchant",
			Disk: unscoped},
		{Name: "log-tail-lost", Does: "opens the store without the last row of the log of its lazy buckets", Incident: "a log cut at its first doubtful row, which was the newest that had been answered for",
			OnFile: true, Lazy: bolt.LoseLogTail},
		{Name: "merge-halved", Does: "deletes the log when a part of its table has been written out", Incident: "a compaction that removes its input before all of its output is there",
			OnFile: true, Lazy: bolt.HalveMerge},
		{Name: "look-stale", Does: "looks up keys in the runs on disk and not in the table in memory", Incident: "a read that goes past the newest writes: the key just used is not seen",
			OnFile: true, Lazy: bolt.StaleLook},
		{Name: "archive-not-synced", Does: "replaces a record by its place in the archive before the archive is on disk", Incident: "rows deleted from the table before the export was flushed",
			LazyShelf: true},
		{Name: "archive-not-left", Does: "drops what is written to a record that is archived", Incident: "a late return booked in the live table alone, where the old row no longer is",
			Disk: onStubs(func(tx store.Tx) meddled {
				return meddled{Tx: tx, put: func(b string, key, value []byte) error {
					if old, err := tx.Get(b, key); err == nil && archive.IsStub(old) {
						return nil
					}
					return tx.Put(b, key, value)
				}}
			})},
		{Name: "archive-overlooked", Does: "takes what is archived for what is not there", Incident: "a look for doubles among this year's payments alone",
			Disk: onStubs(func(tx store.Tx) meddled {
				return meddled{Tx: tx, get: func(b string, key []byte) ([]byte, error) {
					value, err := tx.Get(b, key)
					if err == nil && archive.IsStub(value) {
						return nil, store.ErrNotFound
					}
					return value, err
				}}
			})},
		{Name: "second-place-late", Does: "tells the second place how far the store is when the next work is claimed, and sends before", Incident: "a fence that is written behind: the copy that comes back looks like the newest",
			Anchor: func(a engine.Anchor) engine.Anchor { return &lateAnchor{Anchor: a} }},
		{Name: "data-key-made-twice", Does: "makes a customer's data key anew when it is not found at once", Incident: "two first uses race, and one's records can never be opened again",
			Keys: forgetting("", 40)},
	}
}

// lateAnchor is one head behind.
type lateAnchor struct {
	engine.Anchor
	head engine.Head
}

func (a *lateAnchor) Save(h engine.Head) (err error) {
	if a.head != (engine.Head{}) {
		err = a.Anchor.Save(a.head)
	}
	a.head = h
	return err
}

// intentLate lets a claim reach the disk only with the next commit.
func intentLate(w *World, s store.Store) store.Store {
	var late []pending
	return tampered{Store: s, tx: func(tx store.Tx) store.Tx {
		due := late
		late = nil
		for _, p := range due {
			if err := tx.Put(p.bucket, p.key, p.value); err != nil {
				late = due
				break
			}
		}
		return meddled{Tx: tx, put: func(b string, key, value []byte) error {
			if b == "request" && bytes.Contains(value, []byte("\xa6status\xa7sending")) {
				late = append(late, pending{b, bytes.Clone(key), bytes.Clone(value)})
				return nil
			}
			return tx.Put(b, key, value)
		}}
	}}
}

// unscoped looks at another merchant's records where its own has none.
func unscoped(_ *World, s store.Store) store.Store {
	return tampered{Store: s, tx: func(tx store.Tx) store.Tx {
		return meddled{Tx: tx, get: func(b string, key []byte) ([]byte, error) {
			v, err := tx.Get(b, key)
			if b != "request" || !errors.Is(err, store.ErrNotFound) {
				return v, err
			}
			for _, m := range []string{"shop", "other"} {
				if i := bytes.IndexByte(key, 0); i > 0 {
					if v, err := tx.Get(b, append([]byte(m), key[i:]...)); err == nil {
						return v, nil
					}
				}
			}
			return v, err
		}}
	}}
}
