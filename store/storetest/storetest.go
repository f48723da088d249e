// Package storetest defines in executable form what every store.Store
// promises. An implementation is one when Test passes for it, and so is a
// decorator with its powers switched off.
//
// Each test ends by checking every invariant that the suite knows of, so that
// each is also a test of the store's integrity.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"penstock/store"
)

// Harness tells the suite how to make and unmake a store.
type Harness struct {
	// Open returns an empty store. The suite closes it.
	Open func(t testing.TB) store.Store
	// Reopen closes s and opens again what it wrote. Nil skips those tests.
	Reopen func(t testing.TB, s store.Store) store.Store
	// PowerCut ends s without closing it, as a power cut (or at least kill -9)
	// does, and opens what is left. Nil skips those tests.
	PowerCut func(t testing.TB, s store.Store) store.Store
	// OpenCopy opens what Snapshot wrote. Nil skips that test.
	OpenCopy func(t testing.TB, snapshot io.Reader) store.Store
	// Check verifies what only the implementation knows, at the end of each
	// test and before the store is closed. Nil checks nothing.
	Check func(t testing.TB, s store.Store)
}

// Test runs the whole suite, each promise as a subtest of its name.
func Test(t *testing.T, h Harness) {
	for _, c := range []struct {
		promise string
		test    func(*suite)
	}{
		{"KeysAreInByteOrder", testByteOrder},
		{"BucketsAreApart", testBucketsApart},
		{"ScanTakesBoundsAndLimit", testScanBounds},
		{"ScanReturnsAtMostMaxScan", testMaxScan},
		{"ScanReturnsOwnedCopies", testOwnedCopies},
		{"BuffersMayBeChangedAfterPut", testBuffersReused},
		{"OwnWritesAreSeen", testOwnWrites},
		{"ScanMergesOwnWrites", testScanMerges},
		{"WritingWhileWalkingAScan", testWriteWhileWalking},
		{"PagesSurviveInsertsAndDeletes", testPaging},
		{"EmptyValueIsAValue", testEmptyValue},
		{"AbsentBucketIsEmpty", testAbsentBucket},
		{"LimitsAreTypedRefusals", testLimits},
		{"RefusedCallChangesNothing", testRefusalChangesNothing},
		{"ViewCannotWrite", testReadOnly},
		{"TxEndsWithItsFn", testTxDone},
		{"ErrorRollsBackAndComesBackAsItIs", testErrorRollsBack},
		{"PanicRollsBackAndGoesOn", testPanicRollsBack},
		{"GoexitRollsBackAndGoesOn", testGoexitRollsBack},
		{"ViewPassesErrorAndPanic", testViewErrorAndPanic},
		{"CancelledContextStartsNothing", testContext},
		{"ViewIsASnapshot", testSnapshotReads},
		{"NoLostUpdate", testLostUpdate},
		{"NoWriteSkew", testWriteSkew},
		{"ViewsSeeWholeUpdates", testWholeUpdates},
		{"FailureAmongManyTouchesNobody", testFailureAmongMany},
		{"CommittedSurvivesReopen", func(s *suite) { testSurvives(s, h.Reopen) }},
		{"CommittedSurvivesPowerCut", func(s *suite) { testSurvives(s, h.PowerCut) }},
		{"ClosingTwiceIsHarmless", testClose},
		{"CloseWaitsForWhatRuns", testCloseWaits},
		{"SnapshotIsAConsistentCopy", testSnapshotCopy},
		{"RandomOperationsMatchAModel", testModel},
		{"ConcurrentOperationsMatchAModel", testConcurrentModel},
	} {
		t.Run(c.promise, func(t *testing.T) {
			s := &suite{T: t, h: h, store: h.Open(t)}
			defer s.end()
			c.test(s)
		})
	}
}

// suite is one test with its store.
type suite struct {
	*testing.T
	h     Harness
	store store.Store
}

// buckets are all that the suite uses, so that end can walk them.
var buckets = [...]string{"b", "bc", "b\x00", "\x00", "\xff\xff", "c"}

// end checks all invariants and closes the store.
func (s *suite) end() {
	s.Helper()
	defer func() {
		if err := s.store.Close(); err != nil {
			s.Errorf("close: %v", err)
		}
	}()
	if s.Failed() {
		return
	}
	err := s.store.View(context.Background(), func(tx store.Tx) error {
		for _, bucket := range buckets {
			if err := checkOrder(tx, bucket); err != nil {
				return fmt.Errorf("bucket %q: %w", bucket, err)
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrClosed) {
		return
	}
	if err != nil {
		s.Errorf("invariants: %v", err)
	}
	if s.h.Check != nil {
		s.h.Check(s, s.store)
	}
}

// checkOrder says whether a bucket's two walks and its Gets agree.
func checkOrder(tx store.Tx, bucket string) error {
	up, err := tx.Scan(bucket, nil, nil, store.MaxScan, false)
	if err != nil {
		return err
	}
	if len(up) == store.MaxScan {
		return nil // the two walks need not meet
	}
	down, err := tx.Scan(bucket, nil, nil, store.MaxScan, true)
	if err != nil {
		return err
	}
	if len(up) != len(down) {
		return fmt.Errorf("%d pairs ascending, %d descending", len(up), len(down))
	}
	for i, p := range up {
		if i > 0 && bytes.Compare(up[i-1].Key, p.Key) >= 0 {
			return fmt.Errorf("key %x before %x", up[i-1].Key, p.Key)
		}
		if d := down[len(down)-1-i]; !bytes.Equal(d.Key, p.Key) || !bytes.Equal(d.Value, p.Value) {
			return fmt.Errorf("key %x ascending is %x descending", p.Key, d.Key)
		}
		if v, err := tx.Get(bucket, p.Key); err != nil || !bytes.Equal(v, p.Value) {
			return fmt.Errorf("get of the scanned key %x: %x, %w", p.Key, v, err)
		}
	}
	return nil
}

// update commits fn or ends the test.
func (s *suite) update(fn func(tx store.Tx) error) {
	s.Helper()
	if err := s.store.Update(context.Background(), fn); err != nil {
		s.Fatalf("update: %v", err)
	}
}

// view runs fn or ends the test.
func (s *suite) view(fn func(tx store.Tx) error) {
	s.Helper()
	if err := s.store.View(context.Background(), fn); err != nil {
		s.Fatalf("view: %v", err)
	}
}

// put commits one pair.
func (s *suite) put(bucket, key, value string) {
	s.Helper()
	s.update(func(tx store.Tx) error { return tx.Put(bucket, []byte(key), []byte(value)) })
}

// none is what get says of a key that is not there.
const none = "(none)"

// get reads one committed value.
func (s *suite) get(bucket, key string) string {
	s.Helper()
	var got string
	s.view(func(tx store.Tx) error {
		var err error
		got, err = read(tx, bucket, key)
		return err
	})
	return got
}

func read(tx store.Tx, bucket, key string) (string, error) {
	v, err := tx.Get(bucket, []byte(key))
	if errors.Is(err, store.ErrNotFound) {
		return none, nil
	}
	return string(v), err
}

// wantPairs compares a Scan with the keys and values expected, in turn.
func wantPairs(t testing.TB, what string, got []store.Pair, want ...string) {
	t.Helper()
	if g, w := show(got), fmt.Sprintf("%q", want); g != w {
		t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func show(pairs []store.Pair) string {
	flat := make([]string, 0, 2*len(pairs))
	for _, p := range pairs {
		flat = append(flat, string(p.Key), string(p.Value))
	}
	return fmt.Sprintf("%q", flat)
}
