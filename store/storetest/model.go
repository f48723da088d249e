package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"penstock/store"
)

// world is the plain Go model: bucket, key, value.
type world map[string]map[string]string

func (w world) clone() world {
	c := world{}
	for bucket, pairs := range w {
		c[bucket] = maps.Clone(pairs)
	}
	return c
}

// errDrawn is the failure that the model plans.
var errDrawn = errors.New("storetest: drawn to fail")

// player makes random transactions on a store and on a world of its own.
type player struct {
	*rand.Rand
	world  world
	prefix string // of all its keys, so that several can share the buckets
}

func newPlayer(seed uint64, prefix string) *player {
	return &player{Rand: rand.New(rand.NewPCG(seed, 7)), world: world{}, prefix: prefix}
}

func (p *player) bucket() string { return buckets[p.IntN(len(buckets))] }

// key draws from few keys, so that they meet.
func (p *player) key() string { return fmt.Sprintf("%s%c%x", p.prefix, p.IntN(4)*85, p.IntN(40)) }

func (p *player) value() string {
	switch p.IntN(20) {
	case 0:
		return ""
	case 1:
		return string(make([]byte, p.IntN(40_000))) // past a page
	}
	return fmt.Sprintf("%0*d", 1+p.IntN(200), p.Uint32())
}

// bounds draws a range within the player's own keys.
func (p *player) bounds() (from, to []byte) {
	from, to = []byte(p.prefix), append([]byte(p.prefix), 0xff, 0xff, 0xff)
	if p.IntN(3) > 0 {
		from = []byte(p.key())
	}
	if p.IntN(3) > 0 {
		to = []byte(p.key())
	}
	return from, to
}

// fn draws one transaction: its steps are fixed beforehand, so that running it
// twice does the same, and w is changed only when it is known to have
// committed.
func (p *player) fn(steps int, w world) func(store.Tx) error {
	var acts []func(store.Tx) error
	for range steps {
		bucket, key, value := p.bucket(), p.key(), p.value()
		switch p.IntN(8) {
		case 0, 1, 2:
			set(w, bucket, key, value)
			acts = append(acts, func(tx store.Tx) error { return tx.Put(bucket, []byte(key), []byte(value)) })
		case 3, 4:
			delete(w[bucket], key)
			acts = append(acts, func(tx store.Tx) error { return tx.Delete(bucket, []byte(key)) })
		case 5:
			want, ok := w[bucket][key]
			if !ok {
				want = none
			}
			acts = append(acts, func(tx store.Tx) error {
				got, err := read(tx, bucket, key)
				if err != nil || got != want {
					return fmt.Errorf("get %q %q: %.40q, want %.40q, %w", bucket, key, got, want, err)
				}
				return nil
			})
		default:
			acts = append(acts, p.scan(bucket, w))
		}
	}
	return func(tx store.Tx) error {
		for _, act := range acts {
			if err := act(tx); err != nil {
				return err
			}
		}
		return nil
	}
}

func (p *player) scan(bucket string, w world) func(store.Tx) error {
	from, to := p.bounds()
	limit, desc := 1+p.IntN(30), p.IntN(2) == 0
	want := scanModel(w[bucket], from, to, limit, desc)
	return func(tx store.Tx) error {
		got, err := tx.Scan(bucket, from, to, limit, desc)
		if err != nil {
			return err
		}
		if show(got) != show(want) {
			return fmt.Errorf("scan %q from %q to %q, limit %d, desc %v:\n got %.400s\nwant %.400s", bucket, from, to, limit, desc, show(got), show(want))
		}
		return nil
	}
}

func set(w world, bucket, key, value string) {
	if w[bucket] == nil {
		w[bucket] = map[string]string{}
	}
	w[bucket][key] = value
}

// play makes one transaction and says what is wrong.
func (p *player) play(s store.Store) (err error) {
	w := p.world.clone()
	fn := p.fn(1+p.IntN(12), w)
	switch p.IntN(10) {
	case 0, 1: // reads only
		return s.View(context.Background(), p.scan(p.bucket(), p.world))
	case 2:
		got := s.Update(context.Background(), func(tx store.Tx) error {
			if err := fn(tx); err != nil {
				return err
			}
			return errDrawn
		})
		if !errors.Is(got, errDrawn) {
			return fmt.Errorf("update drawn to fail: %w", got)
		}
		return nil
	case 3:
		defer func() {
			if got := recover(); got != any(errDrawn) {
				err = fmt.Errorf("update drawn to panic: recovered %v, %w", got, err)
			}
		}()
		return s.Update(context.Background(), func(tx store.Tx) error {
			if err := fn(tx); err != nil {
				return err
			}
			panic(errDrawn)
		})
	}
	if err := s.Update(context.Background(), fn); err != nil {
		return err
	}
	p.world = w
	return nil
}

// compare finds any difference between the store and the world.
func (p *player) compare(s store.Store) error {
	return s.View(context.Background(), func(tx store.Tx) error {
		for _, bucket := range buckets {
			from, to := []byte(p.prefix), append([]byte(p.prefix), 0xff, 0xff, 0xff)
			got, err := tx.Scan(bucket, from, to, store.MaxScan, false)
			if err != nil {
				return err
			}
			if want := scanModel(p.world[bucket], from, to, store.MaxScan, false); show(got) != show(want) {
				return fmt.Errorf("bucket %q holds\n     %.400s\nwant %.400s", bucket, show(got), show(want))
			}
		}
		return nil
	})
}

func testModel(s *suite) {
	for seed := range uint64(4) {
		p := newPlayer(seed, fmt.Sprintf("seed %d ", seed))
		for step := range 150 {
			err := p.play(s.store)
			if restart := draw(p, s.h.Reopen, s.h.PowerCut); restart != nil && err == nil {
				s.store = restart(s, s.store)
				err = p.compare(s.store)
			}
			if err != nil {
				s.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
		if err := p.compare(s.store); err != nil {
			s.Fatalf("seed %d, in the end: %v", seed, err)
		}
	}
}

// draw picks a restart now and then; nil is none.
func draw(p *player, restarts ...func(testing.TB, store.Store) store.Store) func(testing.TB, store.Store) store.Store {
	if n := p.IntN(30 * len(restarts)); n < len(restarts) {
		return restarts[n]
	}
	return nil
}

func testConcurrentModel(s *suite) {
	const workers, steps = 8, 80
	together(workers, func(i int) {
		p := newPlayer(uint64(i), fmt.Sprintf("worker %d ", i))
		for step := range steps {
			if err := p.play(s.store); err != nil {
				s.Errorf("worker %d, step %d: %v", i, step, err)
				return
			}
		}
		if err := p.compare(s.store); err != nil {
			s.Errorf("worker %d, in the end: %v", i, err)
		}
	})
}
