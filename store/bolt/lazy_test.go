package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"penstock/store"
)

// bbolt shows a transaction once its meta page is written, before that is
// fsynced. What a View tells must not be lost with the power a moment later.
func TestViewReturnsWhenWhatItSawIsDurable(t *testing.T) {
	for _, ends := range []string{"durable", "unknown"} {
		t.Run(ends, func(t *testing.T) {
			s, _ := fatal(t)
			written, synced := make(chan struct{}), make(chan struct{})
			s.commit = func(tx *bbolt.Tx) error {
				err := tx.Commit()
				close(written)
				<-synced
				if ends == "unknown" {
					err = errors.Join(err, syscall.EIO)
				}
				return err
			}
			update, view := make(chan error, 1), make(chan error, 1)
			go func() { update <- s.Update(t.Context(), putting("k", "v")) }()
			<-written
			seen := make(chan string, 1)
			go func() {
				view <- s.View(t.Context(), func(tx store.Tx) error {
					v, err := tx.Get("b", []byte("k"))
					seen <- string(v)
					return err
				})
			}()
			if got := <-seen; got != "v" {
				t.Fatalf("the View sees %q: this test has lost its ground", got)
			}
			select {
			case err := <-view:
				t.Fatalf("the View returned %v before what it saw was durable", err)
			case <-update:
				t.Fatal("the Update returned before it was durable")
			default:
			}
			close(synced)
			if err := <-view; (err == nil) != (ends == "durable") {
				t.Errorf("the View returned %v", err)
			}
			if err := <-update; (err == nil) != (ends == "durable") {
				t.Errorf("the Update returned %v", err)
			}
		})
	}
}

// formatOf is the number in a closed store's file.
func formatOf(t *testing.T, path string) (number string) {
	t.Helper()
	rewrite(t, path, func(tx *bbolt.Tx) error {
		number = string(tx.Bucket([]byte(metaBucket)).Get(formatKey))
		return nil
	})
	return number
}

// An older penstock knows format 1 alone, and must not open a file whose log
// it can't read. Files without lazy buckets stay as they were.
func TestLazyBucketsChangeTheFormat(t *testing.T) {
	path := newPath(t)
	made(t, path)
	if got := formatOf(t, path); got != "1" {
		t.Errorf("a store without lazy buckets has format %s, want 1", got)
	}
	s := open(t, lazyAt(path))
	if got, want := len(all(t, s)), 30*(5000+len("00= "))-10; got != want {
		t.Errorf("an older file holds %d bytes, want %d", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := formatOf(t, path); got != "2" {
		t.Errorf("a store with lazy buckets has format %s, want 2", got)
	}
}

func TestLazyBucketStaysLazy(t *testing.T) {
	path := newPath(t)
	fill := func(s *Store, value string) {
		t.Helper()
		for i := range 50 {
			if err := s.Update(t.Context(), putting(fmt.Sprintf("%02d", i), value)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fill(open(t, lazyAt(path)), "lazy")
	fill(open(t, Options{Path: path}), "not named")
	s := open(t, lazyAt(path))
	if got := all(t, s); strings.Count(got, "not named") != 50 || strings.Contains(got, "lazy") {
		t.Errorf("after a time without being named it holds %q", got)
	}
}

// filled is a closed store with a log and runs, and how many rows
// there are of each.
func filled(t *testing.T) (path string, rows map[string]int) {
	t.Helper()
	path = newPath(t)
	s := open(t, lazyAt(path))
	for i := range 41 {
		if err := s.Update(t.Context(), putting(fmt.Sprintf("%x", i*i*7919), "a value")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	rows = map[string]int{}
	rewrite(t, path, func(tx *bbolt.Tx) error {
		for _, prefix := range []string{logPrefix, blocksPrefix, hashesPrefix} {
			for _, tail := range under(tx, prefix) {
				rows[prefix] += tx.Bucket([]byte(prefix + tail)).Stats().KeyN
			}
			if rows[prefix] == 0 {
				t.Fatalf("there is nothing below %s: this test has lost its ground", prefix)
			}
		}
		return nil
	})
	return path, rows
}

// firstRow is the first row below a prefix of buckets.
func firstRow(tx *bbolt.Tx, prefix string) (b *bbolt.Bucket, key, value []byte) {
	b = tx.Bucket([]byte(prefix + under(tx, prefix)[0]))
	key, value = b.Cursor().First()
	return b, bytes.Clone(key), bytes.Clone(value)
}

// wantFound says that opening or checking a file finds its damage.
func wantFound(t *testing.T, path, what string) {
	t.Helper()
	s, err := Open(lazyAt(path))
	if err == nil {
		err = errors.Join(s.Check(t.Context()), s.Close())
	}
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("%s: %v, want %v", what, err, store.ErrCorrupt)
	}
	if err != nil && strings.Contains(err.Error(), "a value") {
		t.Errorf("%s: the error tells a value: %v", what, err)
	}
}

func TestDamageOfLazyBucketsIsFound(t *testing.T) {
	t.Parallel()
	path, _ := filled(t)
	sound := newPath(t)
	copyFile(t, path, sound)
	for _, prefix := range []string{logPrefix, blocksPrefix, hashesPrefix, metaBucket} {
		damage := func(what string, change func(b *bbolt.Bucket, key, value []byte) error) {
			t.Helper()
			copyFile(t, sound, path)
			rewrite(t, path, func(tx *bbolt.Tx) error {
				if prefix == metaBucket {
					b := tx.Bucket([]byte(metaBucket))
					return change(b, lazyKey, bytes.Clone(b.Get(lazyKey)))
				}
				return change(firstRow(tx, prefix))
			})
			wantFound(t, path, what+" below "+prefix)
		}
		_, size := sizeOfFirst(t, sound, prefix)
		for i := 0; i < size; i += 1 + size/60 {
			damage(fmt.Sprintf("byte %d flipped", i), func(b *bbolt.Bucket, key, value []byte) error {
				value[i] ^= 0x10
				return b.Put(key, value)
			})
		}
		damage("a row cut short", func(b *bbolt.Bucket, key, value []byte) error { return b.Put(key, value[:len(value)-1]) })
		if prefix == metaBucket {
			continue
		}
		damage("a row under another key", func(b *bbolt.Bucket, key, value []byte) error {
			return errors.Join(b.Delete(key), b.Put(append(key, 1), value))
		})
		damage("a lost row", func(b *bbolt.Bucket, key, _ []byte) error { return b.Delete(key) })
	}
}

func sizeOfFirst(t *testing.T, path, prefix string) (key, value int) {
	t.Helper()
	rewrite(t, path, func(tx *bbolt.Tx) error {
		if prefix == metaBucket {
			key, value = len(lazyKey), len(tx.Bucket([]byte(metaBucket)).Get(lazyKey))
			return nil
		}
		_, k, v := firstRow(tx, prefix)
		key, value = len(k), len(v)
		return nil
	})
	return key, value
}

// The last rows of a log are the ones that a careless replay loses.
func TestLostEndOfTheLogIsFound(t *testing.T) {
	path, _ := filled(t)
	rewrite(t, path, func(tx *bbolt.Tx) error {
		logs := under(tx, logPrefix)
		b := tx.Bucket([]byte(logPrefix + logs[len(logs)-1]))
		last, _ := b.Cursor().Last()
		return b.Delete(last)
	})
	wantFound(t, path, "the log without its last row")
}

// merging says whether the transaction that is being committed moves entries,
// rather than adding some.
func merging(s *Store) bool { return !slices.Equal(s.versions.next.runs, s.versions.current.runs) }

// Without room to write tables out, memory stays bounded: lazy buckets refuse
// first, ordinary ones go on, and so do both when room comes back.
func TestLazyMemoryIsBounded(t *testing.T) {
	s := open(t, lazyAt(newPath(t)))
	full := true
	s.commit = func(tx *bbolt.Tx) error {
		if full && merging(s) {
			_ = tx.Rollback() // nothing was written yet
			return bolterrors.ErrMaxSizeReached
		}
		return tx.Commit()
	}
	put := func(bucket string, i int) error {
		return s.Update(t.Context(), func(tx store.Tx) error { return tx.Put(bucket, fmt.Appendf(nil, "%d", i), make([]byte, 50)) })
	}
	n := 0
	for ; ; n++ {
		if err := put("b", n); errors.Is(err, store.ErrFull) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if n > 1000 {
			t.Fatal("the store takes all that it is given")
		}
	}
	if err := put("bc", 1); err != nil {
		t.Errorf("an ordinary bucket refuses too: %v", err)
	}
	s = harness.Reopen(t, s).(*Store)
	for i := range 3 {
		if err := put("b", n+i); err != nil {
			t.Errorf("after there was room: %v", err)
		}
	}
	err := s.View(t.Context(), func(tx store.Tx) error {
		pairs, err := tx.Scan("b", nil, nil, store.MaxScan, false)
		if len(pairs) != n+3 {
			t.Errorf("there are %d keys, %d were acknowledged", len(pairs), n+3)
		}
		return err
	})
	if err != nil || s.Stats().Merges == 0 {
		t.Errorf("%v, %d merges", err, s.Stats().Merges)
	}
}

// A merge is nobody's Update, but if it may or may not have happened, that is
// as bad.
func TestUnknownCommitOfAMergeEndsTheStore(t *testing.T) {
	calls := []error{}
	opt := lazyAt(newPath(t))
	opt.OnFatal = func(err error) { calls = append(calls, err) }
	s := open(t, opt)
	s.commit = func(tx *bbolt.Tx) error {
		if merging(s) {
			return errors.Join(tx.Commit(), syscall.EIO)
		}
		return tx.Commit()
	}
	n := 0
	for ; n < 1000; n++ {
		if err := s.Update(t.Context(), putting(fmt.Sprintf("%03d", n), "v")); errors.Is(err, store.ErrClosed) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	wantDead(t, s, calls)
	opt.OnFatal = nil
	if got := strings.Count(all(t, open(t, opt)), "=v"); got != n {
		t.Errorf("%d keys are there, %d were acknowledged", got, n)
	}
}

// A damaged run is told to whom it concerns; the others go on, and tables are
// written out.
func TestDamagedRunStopsMergesAlone(t *testing.T) {
	path, _ := filled(t)
	rewrite(t, path, func(tx *bbolt.Tx) error {
		for _, tail := range under(tx, blocksPrefix) {
			b := tx.Bucket([]byte(blocksPrefix + tail))
			key, value := b.Cursor().First()
			value = bytes.Clone(value)
			value[len(value)/2] ^= 1
			if err := b.Put(bytes.Clone(key), value); err != nil {
				return err
			}
		}
		return nil
	})
	s := open(t, lazyAt(path))
	for i := range 200 {
		if err := s.Update(t.Context(), putting(fmt.Sprintf("new %d", i), "v")); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 200 {
		err := s.View(t.Context(), func(tx store.Tx) error {
			_, err := tx.Get("b", fmt.Appendf(nil, "new %d", i))
			return err
		})
		if err != nil {
			t.Errorf("new %d: %v", i, err)
		}
	}
	if err := s.Check(t.Context()); !errors.Is(err, store.ErrCorrupt) || !s.Stats().Damaged {
		t.Errorf("Check says %v, the figures say damaged: %v", err, s.Stats().Damaged)
	}
	if bytes := newest(s).tables[0].bytes; bytes > 4*s.opt.limits.table {
		t.Errorf("memory holds %d bytes", bytes)
	}
}

func TestFilterForgetsNoKey(t *testing.T) {
	var hashes []keyHash
	for i := range 5000 {
		hashes = append(hashes, hashOf(fmt.Appendf(nil, "%d", i)))
	}
	f, grown := newFilter(len(hashes)), newFilter(len(hashes))
	for _, h := range hashes {
		f.fill(h)
		grown.add(h)
	}
	for i, h := range hashes {
		if !f.has(h) || !grown.has(h) {
			t.Fatalf("key %d is forgotten", i)
		}
	}
	passed := 0
	for i := range 10_000 {
		h := hashOf(fmt.Appendf(nil, "another %d", i))
		if f.has(h) {
			passed++
		}
		if grown.has(h) {
			passed++
		}
	}
	if passed > 120 { // one in four hundred is what such a filter promises
		t.Errorf("of 20000 other keys %d pass", passed)
	}
}

func TestBlocksHoldAnyEntries(t *testing.T) {
	want := []entry{{key: []byte("\x01")}, {key: []byte("\x01a"), stored: make([]byte, 4)}, {key: []byte("\x01ab"), stored: make([]byte, 1<<20)},
		{key: []byte("\x01b\x00")}, {key: append([]byte("\x01b\x00"), make([]byte, store.MaxKey)...), stored: []byte("four")}}
	var text, last []byte
	for _, e := range want {
		text = appendEntry(text, last, e)
		last = e.key
	}
	b := blockReader{rest: text}
	for _, w := range want {
		e, ok, err := b.next()
		if !ok || err != nil || !bytes.Equal(e.key, w.key) || !bytes.Equal(e.stored, w.stored) || (e.stored == nil) != (w.stored == nil) {
			t.Errorf("read a key of %d bytes, %v, %v, want one of %d", len(e.key), ok, err, len(w.key))
		}
		if got, found, err := inBlock(text, w.key); !found || err != nil || len(got.stored) != len(w.stored) {
			t.Errorf("a key of %d bytes is not found: %v", len(w.key), err)
		}
	}
	if _, ok, err := b.next(); ok || err != nil {
		t.Errorf("behind the last: %v, %v", ok, err)
	}
}

// FuzzBlock reads what nobody wrote.
func FuzzBlock(f *testing.F) {
	f.Add([]byte{0, 1, 4, 'k', 1, 2, 3, 4}, []byte("k"))
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, []byte("k"))
	f.Fuzz(func(t *testing.T, text, key []byte) {
		if _, found, err := inBlock(slices.Clone(text), key); found && err != nil {
			t.Error("found, with an error")
		}
	})
}

// TestAlikeIsWhatAllKeysBeginWith tries all small spans and keys.
func TestAlikeIsWhatAllKeysBeginWith(t *testing.T) {
	var keys [][]byte
	for n := range 3 * 3 * 3 * 3 {
		key := []byte{1, byte(n % 3), byte(n / 3 % 3), byte(n / 9 % 3), byte(n / 27)}
		keys = append(keys, key[:1], key[:2], key[:3], key[:4], key)
	}
	slices.SortFunc(keys, bytes.Compare)
	keys = slices.CompactFunc(keys, bytes.Equal)
	some := 0
	for _, from := range keys {
		for _, to := range append(keys, []byte{2}) {
			alike := span{from: from, to: to}.alike()
			if alike == nil {
				continue
			}
			some++
			for _, key := range keys {
				if bytes.Compare(key, from) >= 0 && bytes.Compare(key, to) < 0 && !bytes.HasPrefix(key, alike) {
					t.Fatalf("between %x and %x all are said to begin with %x, and %x does not", from, to, alike, key)
				}
			}
		}
	}
	if some < 1000 {
		t.Errorf("only %d spans have a beginning in common", some)
	}
}
