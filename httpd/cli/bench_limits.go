package cli

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"penstock/locker"
	"penstock/store"
	"penstock/store/bolt"
	"penstock/store/mem"
)

// benchLimits is what this machine and this disk can do, each measured alone.
type benchLimits struct {
	Fsync float64 `json:"fsync_per_s"`         // 4 KiB appended and synced to disk, one after another
	Bbolt float64 `json:"bbolt_commits_per_s"` // transactions of one 32-byte key, one after another
	HTTP  float64 `json:"http_per_s"`          // 0.65 kB posted, decoded and answered over loopback, nothing stored; client included
	Seal  float64 `json:"seal_per_s"`          // secretbox seals of 512 bytes on all processors
	Bound float64 `json:"bound_per_s"`         // durable creates that the others imply

	batch time.Duration // to commit as many packed records as there are workers
}

// Each limit is the median of a few slices: a neighbour's burst falls into
// one or two of them.
const (
	benchSlices = 5
	benchSlice  = 300 * time.Millisecond
	// benchRecordSize is a payout packed with its history and its webhook.
	benchRecordSize = 2048
	benchSealSize   = 512
)

// benchBound is what cannot be passed: a cycle in which c requests are read,
// sealed and answered, and then committed together in one batch, costs its
// parts at the least. batch is the time of such a commit.
func benchBound(c int, batch time.Duration, httpPerSecond, sealPerSecond float64) float64 {
	n := float64(c)
	return n / (batch.Seconds() + n*(1/httpPerSecond+1/sealPerSecond))
}

// measureLimits measures in a new directory below dir, which it removes. said
// is told what is being measured.
func measureLimits(ctx context.Context, dir string, workers int, said func(string)) (l *benchLimits, err error) {
	work, err := os.MkdirTemp(dir, "penstock-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory to measure in: %w", err)
	}
	defer func() {
		if gone := os.RemoveAll(work); err == nil && gone != nil {
			l, err = nil, fmt.Errorf("remove what was measured with: %w", gone)
		}
	}()
	l = &benchLimits{}
	var batches float64
	steps := []struct {
		name string
		into *float64
		run  func(context.Context, string) (float64, error)
	}{
		{"fsynced appends", &l.Fsync, measureFsync},
		{"bbolt commits", &l.Bbolt, measureCommits},
		{"batches of packed records", &batches, func(ctx context.Context, dir string) (float64, error) { return measureBatches(ctx, dir, workers) }},
		{"seals", &l.Seal, func(ctx context.Context, _ string) (float64, error) { return measureSeals(ctx) }},
		{"HTTP without storage", &l.HTTP, func(ctx context.Context, _ string) (float64, error) { return measureHTTP(ctx, workers) }},
	}
	for _, s := range steps {
		said(s.name)
		if *s.into, err = s.run(ctx, work); err != nil {
			return nil, fmt.Errorf("measure %s: %w", s.name, err)
		}
	}
	l.batch = time.Duration(float64(time.Second) / batches)
	l.Bound = benchBound(workers, l.batch, l.HTTP, l.Seal)
	return l, nil
}

// perSecond repeats act and returns its rate: the median of the slices.
func perSecond(ctx context.Context, act func() error) (float64, error) {
	var rates []float64
	for range benchSlices {
		begin, n := time.Now(), 0
		for time.Since(begin) < benchSlice {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if err := act(); err != nil {
				return 0, err
			}
			n++
		}
		rates = append(rates, float64(n)/time.Since(begin).Seconds())
	}
	return median(rates), nil
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

func measureFsync(ctx context.Context, dir string) (rate float64, err error) {
	f, err := os.Create(filepath.Join(dir, "appends"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	block := make([]byte, 4<<10)
	for i := range block {
		block[i] = byte(i)
	}
	return perSecond(ctx, func() error {
		if _, err := f.Write(block); err != nil {
			return err
		}
		return syncData(f)
	})
}

// benchBucket is filled in rising order, as the payouts of the store are.
const benchBucket = "bench"

// openScratch opens a new store that a full disk or an unknown commit doesn't
// end the process with: nothing in it matters.
func openScratch(dir, name string) (*bolt.Store, error) {
	return bolt.Open(bolt.Options{Path: filepath.Join(dir, name), Ordered: []string{benchBucket}, OnFatal: func(error) {}})
}

func measureCommits(ctx context.Context, dir string) (rate float64, err error) {
	db, err := openScratch(dir, "commits.db")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var key [32]byte
	return perSecond(ctx, func() error {
		binary.BigEndian.PutUint64(key[:], binary.BigEndian.Uint64(key[:])+1)
		return db.Update(ctx, func(tx store.Tx) error { return tx.Put(benchBucket, key[:], nil) })
	})
}

// measureBatches commits n packed records in one transaction, over and over.
func measureBatches(ctx context.Context, dir string, n int) (rate float64, err error) {
	db, err := openScratch(dir, "batches.db")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	record := make([]byte, benchRecordSize)
	var key [16]byte
	return perSecond(ctx, func() error {
		return db.Update(ctx, func(tx store.Tx) error {
			for range n {
				binary.BigEndian.PutUint64(key[:], binary.BigEndian.Uint64(key[:])+1)
				if err := tx.Put(benchBucket, key[:], record); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// measureSeals seals on all processors at once, through the locker.
func measureSeals(ctx context.Context) (rate float64, err error) {
	keys := mem.New(mem.Options{})
	defer func() { err = errors.Join(err, keys.Close()) }()
	l, err := locker.Open(ctx, locker.Config{Keys: keys, Master: locker.NewMaster()})
	if err != nil {
		return 0, err
	}
	defer l.Close()
	owner := locker.OwnerOfCustomer("bench", "test", "bench")
	place := locker.Place{Bucket: benchBucket, Token: "bench"}
	rates := make([]float64, runtime.GOMAXPROCS(0))
	failures := make([]error, len(rates))
	var workers sync.WaitGroup
	for i := range rates {
		workers.Go(func() {
			plain := make([]byte, benchSealSize)
			rates[i], failures[i] = perSecond(ctx, func() error {
				_, err := l.Seal(ctx, owner, place, plain)
				return err
			})
		})
	}
	workers.Wait()
	for _, r := range rates {
		rate += r
	}
	return rate, errors.Join(failures...)
}
