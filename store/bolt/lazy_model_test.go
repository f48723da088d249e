package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"penstock/store"
)

// lazyStory plays random operations on a store and on plain maps, and compares
// all that can be read: in Updates, in Views that last while the store goes on,
// after the death of the process, after restoring a snapshot. It returns the
// first difference as an error, so that a test can expect one.
type lazyStory struct {
	t      *testing.T
	fault  Fault
	s      *Store
	chance *rand.Rand
	// model is bucket -> key -> value.
	model map[string]map[string]string
	views []*longView
	// refuse makes one commit in so many fail for want of room; zero: none.
	refuse int
	merges uint64
	levels byte
}

// storyBuckets are two lazy ones, one of them with keys before it became so,
// and an ordinary one.
var storyBuckets = []string{"a lazy", "b plain", "c lazy"}

func storyOptions(path string) Options {
	return Options{Path: path, MinFree: 1, Lazy: []string{"c lazy", "a lazy"}, limits: limits{table: 3000, step: 900, runs: 3}}
}

func newLazyStory(t *testing.T, seed uint64, fault Fault) *lazyStory {
	t.Helper()
	story := &lazyStory{t: t, fault: fault, chance: rand.New(rand.NewPCG(seed, 5)), model: map[string]map[string]string{}}
	for _, b := range storyBuckets {
		story.model[b] = map[string]string{}
	}
	path := newPath(t)
	if seed%2 == 0 {
		story.before(path)
	}
	story.open(path)
	t.Cleanup(func() {
		for len(story.views) > 0 {
			_ = story.endView() // the story told an earlier difference
		}
		_ = story.s.Close() // it may be open or not
	})
	return story
}

// before makes the file by a penstock without lazy buckets.
func (y *lazyStory) before(path string) {
	s, err := Open(Options{Path: path, MinFree: 1})
	if err != nil {
		y.t.Fatal(err)
	}
	err = s.Update(y.t.Context(), func(tx store.Tx) error {
		for i := range 40 {
			key, value := y.key(), fmt.Sprintf("old %d", i)
			y.model["c lazy"][key] = value
			if err := tx.Put("c lazy", []byte(key), []byte(value)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		y.t.Fatal(err)
	}
}

func (y *lazyStory) open(path string) {
	if y.s != nil {
		y.merges += y.s.Stats().Merges
	}
	s, err := OpenFaulty(storyOptions(path), y.fault)
	if err != nil {
		y.t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(y.chance.Uint64(), 8)) // the writer's own
	s.commit = func(tx *bbolt.Tx) error {
		if y.refuse > 0 && chance.IntN(y.refuse) == 0 {
			_ = tx.Rollback() // nothing was written yet
			return bolterrors.ErrMaxSizeReached
		}
		return tx.Commit()
	}
	y.s = s
}

// key draws one of a few hundred, so that they come again.
func (y *lazyStory) key() string {
	return storyKey(y.chance.IntN(300))
}

// storyKey is one of 300 keys. Many have zero bytes, and beginnings in common.
func storyKey(n int) string {
	return fmt.Sprintf("k%d%s", n%17, bytes.Repeat([]byte{byte(n), byte(n % 3)}, n%9))
}

// play does n operations.
func (y *lazyStory) play(n int) error {
	for i := range n {
		if err := y.act(); err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
		for _, r := range newest(y.s).runs {
			y.levels = max(y.levels, r.level)
		}
	}
	for len(y.views) > 0 {
		if err := y.endView(); err != nil {
			return err
		}
	}
	if err := y.s.Check(y.t.Context()); err != nil {
		return err
	}
	y.merges += y.s.Stats().Merges
	if y.s.Stats().Damaged {
		return errors.New("a merge met damage")
	}
	return y.s.Close()
}

// newest is the version that a View would see now.
func newest(s *Store) *version {
	s.versions.mu.RLock()
	defer s.versions.mu.RUnlock()
	return s.versions.current
}

func (y *lazyStory) act() error {
	switch n := y.chance.IntN(100); {
	case n < 70:
		return y.update()
	case n < 80:
		return y.s.View(y.t.Context(), func(tx store.Tx) error { return y.compare(tx, y.model) })
	case n < 86 && len(y.views) < 4:
		return y.beginView()
	case n < 92 && len(y.views) > 0:
		return y.endView()
	case n < 95:
		return y.die()
	case n < 97:
		return y.restore()
	case n < 99:
		return y.s.Check(y.t.Context())
	}
	return nil
}

// update writes a few keys, compares in between, and sometimes fails.
func (y *lazyStory) update() error {
	next := map[string]map[string]string{}
	for b, pairs := range y.model {
		next[b] = maps.Clone(pairs)
	}
	seed := y.chance.Uint64()
	fails := y.chance.IntN(8) == 0
	err := y.s.Update(y.t.Context(), func(tx store.Tx) error {
		for b, pairs := range y.model { // fn may run again
			next[b] = maps.Clone(pairs)
		}
		if err := y.write(tx, next, rand.New(rand.NewPCG(seed, 6))); err != nil {
			return err
		}
		if fails {
			return errPurpose
		}
		return nil
	})
	switch {
	case err == nil:
		y.model = next
	case fails && errors.Is(err, errPurpose), y.refuse > 0 && errors.Is(err, store.ErrFull):
	default:
		return err
	}
	return nil
}

func (y *lazyStory) write(tx store.Tx, model map[string]map[string]string, chance *rand.Rand) error {
	for range 1 + chance.IntN(12) {
		bucket := storyBuckets[chance.IntN(len(storyBuckets))]
		key := storyKey(chance.IntN(300))
		if chance.IntN(3) == 0 {
			delete(model[bucket], key)
			if err := tx.Delete(bucket, []byte(key)); err != nil {
				return err
			}
			continue
		}
		value := fmt.Sprintf("%x", chance.Uint64())[:chance.IntN(9)]
		if chance.IntN(40) == 0 {
			value += string(make([]byte, 5000))
		}
		model[bucket][key] = value
		if err := tx.Put(bucket, []byte(key), []byte(value)); err != nil {
			return err
		}
	}
	if chance.IntN(5) == 0 {
		return y.compareWith(tx, model, chance)
	}
	return nil
}

// compare holds what a transaction reads against maps.
func (y *lazyStory) compare(tx store.Tx, model map[string]map[string]string) error {
	return y.compareWith(tx, model, y.chance)
}

func (y *lazyStory) compareWith(tx store.Tx, model map[string]map[string]string, chance *rand.Rand) error {
	for _, bucket := range storyBuckets {
		keys := slices.Sorted(maps.Keys(model[bucket]))
		for n := range 300 {
			key := storyKey(n)
			got, err := tx.Get(bucket, []byte(key))
			want, there := model[bucket][key]
			if there && (err != nil || string(got) != want) || !there && !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("%s %q is %q, %v, want %q, %v", bucket, key, got, err, want, there)
			}
		}
		for range 6 {
			var from, to []byte
			if len(keys) > 0 && chance.IntN(3) > 0 {
				from = []byte(keys[chance.IntN(len(keys))])
			}
			if len(keys) > 0 && chance.IntN(3) > 0 {
				to = []byte(keys[chance.IntN(len(keys))] + "x"[:chance.IntN(2)])
			}
			if i := bytes.IndexByte(from, 0); i > 0 && chance.IntN(2) == 0 { // all that begins alike, or a part of it
				to = append(bytes.Clone(from[:i]), 1)
				if chance.IntN(2) == 0 {
					from = from[:i+1]
				}
				if chance.IntN(3) == 0 { // and of what comes behind it
					to = append(to, 2)
				}
			}
			limit, desc := 1+chance.IntN(1+chance.IntN(400)), chance.IntN(2) == 0
			got, err := tx.Scan(bucket, from, to, limit, desc)
			if err != nil {
				return err
			}
			if err := sameScan(got, model[bucket], keys, from, to, limit, desc); err != nil {
				return fmt.Errorf("%s from %q to %q, limit %d, desc %v: %w", bucket, from, to, limit, desc, err)
			}
		}
	}
	return nil
}

func sameScan(got []store.Pair, model map[string]string, keys []string, from, to []byte, limit int, desc bool) error {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k < string(from) || to != nil && k >= string(to) })
	if desc {
		slices.Reverse(keys)
	}
	keys = keys[:min(limit, len(keys))]
	if len(got) != len(keys) {
		return fmt.Errorf("%d pairs, want %d", len(got), len(keys))
	}
	for i, p := range got {
		if string(p.Key) != keys[i] || string(p.Value) != model[keys[i]] {
			return fmt.Errorf("pair %d is %q %q, want %q %q", i, p.Key, p.Value, keys[i], model[keys[i]])
		}
	}
	return nil
}

// longView is a View that lasts.
type longView struct {
	model map[string]map[string]string
	end   chan struct{}
	err   error
	done  sync.WaitGroup
}

func (y *lazyStory) beginView() error {
	v := &longView{model: maps.Clone(y.model), end: make(chan struct{})} // an Update makes other maps
	begun := make(chan struct{})
	seed := y.chance.Uint64()
	s := y.s
	v.done.Go(func() {
		v.err = s.View(context.Background(), func(tx store.Tx) error {
			close(begun)
			<-v.end
			return y.compareWith(tx, v.model, rand.New(rand.NewPCG(seed, 7)))
		})
	})
	<-begun
	y.views = append(y.views, v)
	return nil
}

func (y *lazyStory) endView() error {
	i := y.chance.IntN(len(y.views))
	v := y.views[i]
	y.views = slices.Delete(y.views, i, i+1)
	close(v.end)
	if v.done.Wait(); v.err != nil {
		return fmt.Errorf("a View that lasted: %w", v.err)
	}
	return nil
}

// die opens what the file holds in the middle of everything.
func (y *lazyStory) die() error {
	path := newPath(y.t)
	copyBetweenCommits(y.t, y.s, path)
	for len(y.views) > 0 {
		if err := y.endView(); err != nil {
			return err
		}
	}
	if err := y.s.Close(); err != nil {
		return err
	}
	y.open(path)
	return y.s.View(y.t.Context(), func(tx store.Tx) error { return y.compare(tx, y.model) })
}

// restore opens a snapshot beside the store, and compares.
func (y *lazyStory) restore() error {
	path := newPath(y.t)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(y.s.Snapshot(y.t.Context(), f), f.Close()); err != nil {
		return err
	}
	s, err := Open(storyOptions(path))
	if err != nil {
		return err
	}
	err = s.View(y.t.Context(), func(tx store.Tx) error { return y.compare(tx, y.model) })
	return errors.Join(err, s.Check(y.t.Context()), s.Close())
}

// TestLazyBucketsAreBuckets: whatever happens, lazy buckets hold what ordinary
// ones would.
func TestLazyBucketsAreBuckets(t *testing.T) {
	t.Parallel()
	seeds, operations := uint64(amount(3, 3, 4)), amount(400, 400, 500)
	var merges uint64
	var levels byte
	for seed := range seeds {
		y := newLazyStory(t, seed, NoFault)
		if seed%3 == 0 {
			y.refuse = 10
		}
		if err := y.play(operations); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		merges, levels = merges+y.merges, max(levels, y.levels)
	}
	if t.Logf("%d merges, up to level %d", merges, levels); merges < 300 || levels < 3 {
		t.Errorf("%d merges up to level %d are too few to show anything", merges, levels)
	}
}

// TestLazyFaultsAreFound: the story above finds each defect that can be
// planted.
func TestLazyFaultsAreFound(t *testing.T) {
	for name, fault := range map[string]Fault{"LoseLogTail": LoseLogTail, "HalveMerge": HalveMerge, "StaleLook": StaleLook} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed < 8; seed++ {
				if err := newLazyStory(t, seed, fault).play(600); err != nil {
					t.Logf("seed %d: %v", seed, err)
					return
				}
			}
			t.Error("seven stories didn't find it")
		})
	}
}
