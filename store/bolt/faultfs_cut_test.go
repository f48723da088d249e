package bolt

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"penstock/store/faulty/faultfs"
)

// cutRounds run 64 writers on the disk again and again, and cut its power at a
// random operation of each. They return what was acknowledged and what of it
// is lost in the end.
func cutRounds(t *testing.T, opt faultfs.Options, rounds int) (acked, lost int) {
	d := faultfs.New(opt)
	storeOn(t, d)
	m := faultfs.Need(t, d)
	chance := rand.New(rand.NewPCG(opt.Seed, 2))
	all := map[string]bool{}
	for round := range rounds {
		d.CutAfter(20 + chance.IntN(1200))
		said, err := victimOn(t, writersVictim, filepath.Join(m.Path, "store.db"), func(key string) { all[key] = true })
		select {
		case <-d.Gone():
		default:
			t.Fatalf("round %d: the process ended with %v, though its disk has power\n%s", round, err, said)
		}
		if err == nil || strings.Contains(said, "the process did not") {
			t.Errorf("round %d: the process ended with %v, want that the store ends it\n%s", round, err, said)
		}
		if err := m.PowerOn(); err != nil {
			t.Fatal(err)
		}
		there := left(t, d)
		for key := range all {
			if !there[key] {
				lost++
				delete(all, key)
			}
			acked++
		}
	}
	return acked, lost
}

// TestCutLosesNothingAcknowledged: what an Update acknowledged is there after
// a power cut, whether the disk loses all that was not synced or some of it.
func TestCutLosesNothingAcknowledged(t *testing.T) { bothKinds(t, "20000", cutLosesNothing) }

func cutLosesNothing(t *testing.T) {
	for _, survive := range []int{0, 30, 80} {
		t.Run(fmt.Sprintf("%d%% of what was not synced survives", survive), func(t *testing.T) {
			rounds := amount(2, 3, 7)
			acked, lost := cutRounds(t, faultfs.Options{Survive: survive, Seed: uint64(survive)}, rounds)
			if lost != 0 || acked == 0 {
				t.Errorf("%d of %d acknowledged pairs are lost, want none of many", lost, acked)
			}
			t.Logf("%d cuts, %d acknowledged pairs looked up", rounds, acked)
		})
	}
}

// TestLossIsSeen is the control of the test above: on a disk that only says it
// has synced, the same rounds have to find loss.
func TestLossIsSeen(t *testing.T) {
	acked, lost := cutRounds(t, faultfs.Options{LieAboutSync: true}, 2)
	if lost == 0 {
		t.Errorf("a disk that never synced lost none of %d acknowledged pairs: the test can't see loss", acked)
	}
	t.Logf("%d of %d acknowledged pairs are lost", lost, acked)
}
