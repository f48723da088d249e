package sim

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/payout"
)

// rollback is the part of a story in which people bring an older store back.
// It draws from a stream of its own, so that a story without it is the same
// story.
type rollback struct {
	draw   *rand.Rand
	copyAt int // the act before which the store is copied; -1: never
	backAt int // the act before which the copy comes back
	copy   []byte
	begun  map[string]bool // payouts that it knows to be on their way, or at their end
	sends  map[string]int  // World.sends of then
	after  []string        // keys that were asked for after the copy, and are repeated
}

func newRollback(seed uint64) rollback {
	r := rollback{draw: rand.New(rand.NewPCG(seed, 2)), copyAt: -1}
	if r.draw.IntN(3) == 0 {
		r.copyAt = 5 + r.draw.IntN(acts-25)
		r.backAt = r.copyAt + 1 + r.draw.IntN(20)
	}
	return r
}

// rewind copies the store, or brings the copy back, when the time has come.
func (s *story) rewind(n int) error {
	r := &s.back
	switch n {
	case r.copyAt:
		return s.keepCopy()
	case r.backAt:
		if r.copy != nil {
			return s.forget()
		}
	}
	return nil
}

// keepCopy copies the store, and notes what the copy knows.
func (s *story) keepCopy() (err error) {
	r := &s.back
	if r.copy, err = s.w.Backup(); err != nil {
		return err
	}
	all, err := s.w.payouts()
	r.begun, r.sends = map[string]bool{}, maps.Clone(s.w.sends)
	for key, p := range all {
		r.begun[key] = p.Status != payout.Queued
	}
	return err
}

// unknown is how many payouts were sent since, by the first provider's line, of
// which the copy doesn't know that they were to be. What it knows is doubted and
// asked about like after any crash.
func (r *rollback) unknown(sends map[string]int) (n int) {
	for key, times := range sends {
		if times > r.sends[key] && !r.begun[key] {
			n++
		}
	}
	return n
}

// forget is a store that comes back as it once was, and all that follows:
// merchants who ask again, on hold and after the release. What was said to
// them since the copy holds no more, but that nothing is paid twice (I13).
func (s *story) forget() error {
	s.fault("older store brought back")
	r := &s.back
	for key, a := range s.asked {
		if len(a.ids) > 0 {
			r.after = append(r.after, key)
		}
		a.answer = nil
	}
	slices.Sort(r.after)
	clear(s.ended)
	if err := s.landed(); err != nil {
		return err
	}
	s.w.Receiver.Got, s.seenHooks = nil, 0
	bare := r.draw.IntN(3) == 0
	if bare { // by restore, which needs no anchor
		s.w.Anchor = &memoryAnchor{}
	}
	unknown := r.unknown(s.w.sends)
	if err := s.w.Restore(r.copy); err != nil {
		return err
	}
	r.copy = nil
	if unknown > 0 && !bare && s.w.Engine.Held() == "" {
		return s.found("I13 a store that has forgotten what it sent is not on hold: %d sent since the copy", unknown)
	}
	if s.w.Engine.Held() == "" {
		if _, err := s.w.Engine.HoldSends(s.w.Ctx, engine.Caller{Actor: "operator"}, "restored"); err != nil {
			return err
		}
	}
	if s.gate != nil {
		if err := s.gate.back(); err != nil {
			return err
		}
	}
	if s.pays != nil {
		s.pays.back()
		if err := s.pays.askAgain(); err != nil {
			return err
		}
	}
	if err := s.askAgain(3); err != nil {
		return err
	}
	if err := s.releaseSoon(); err != nil {
		return err
	}
	if s.pays != nil {
		if err := s.pays.askAgain(); err != nil {
			return err
		}
	}
	if s.gate != nil {
		for range 4 {
			if err := s.gate.repeat(); err != nil {
				return err
			}
		}
	}
	return s.askAgain(6)
}

// askAgain repeats some of what the store may have forgotten.
func (s *story) askAgain(n int) error {
	for range min(n, len(s.back.after)) {
		key := s.back.after[s.back.draw.IntN(len(s.back.after))]
		a := s.asked[key]
		if err := s.ask(key, a, a.body); err != nil {
			return err
		}
	}
	return nil
}

// releaseSoon is a person who has looked.
func (s *story) releaseSoon() error {
	for s.w.Engine.Held() != "" {
		err := s.w.Engine.Release(s.w.Ctx, engine.Caller{Actor: "operator"}, false)
		var early *engine.Error
		switch {
		case err == nil:
		case errors.As(err, &early) && early.Code == engine.CodeBusy:
			if err := s.w.Run(max(early.After, time.Second)); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

// judgeRepeats: whatever became of the store, one key has moved money once
// (I13).
func (s *story) judgeRepeats() (bad []string, err error) {
	book, err := s.w.book()
	if err != nil {
		return nil, err
	}
	moved := map[string]bool{}
	for _, l := range book {
		if l.Movements > 0 {
			moved[strings.TrimPrefix(l.Key, engine.PrefixPayout)] = true
		}
	}
	for key, a := range s.asked {
		paid := slices.DeleteFunc(slices.Clone(a.ids), func(id string) bool { return !moved[id] })
		if len(paid) > 1 {
			bad = append(bad, fmt.Sprintf("I13 %s has paid as %s", key, strings.Join(paid, " and as ")))
		}
	}
	return bad, nil
}

// landed keeps what receivers have acknowledged of ends so far.
func (s *story) landed() error {
	for _, m := range s.w.Receiver.Got {
		body, err := readTold(m.Body)
		if err != nil {
			return err
		}
		if m.Status == 200 {
			s.told[body.Request+body.Stage] = true
		}
	}
	return nil
}
