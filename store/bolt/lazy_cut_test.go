package bolt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"penstock/store"
	"penstock/store/faulty/faultfs"
)

// rollingVictim is a process that puts and deletes in lazy buckets.
const rollingVictim = "PENSTOCK_TEST_BOLT_ROLLING"

const (
	rollers = 16
	// rolled is how many keys a roller leaves: with each that it puts it deletes
	// the one so many before.
	rolled = 5
)

func rollKey(writer string, i int) []byte { return fmt.Appendf(nil, "%s-%06d", writer, i) }

// roll puts and deletes for ever, and prints "WRITER NUMBER" for each put that
// was acknowledged. The store ends the process.
func roll(path string) error {
	s, err := openOnDisk(path)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for w := range rollers {
		wg.Go(func() {
			writer := fmt.Sprintf("%d.%d", os.Getpid(), w)
			for i := 0; ; i++ {
				err := s.Update(context.Background(), func(tx store.Tx) error {
					err := errors.Join(tx.Put("b", rollKey(writer, i), []byte(writer)), tx.Put("c", rollKey(writer, i), nil))
					if i >= rolled {
						err = errors.Join(err, tx.Delete("b", rollKey(writer, i-rolled)), tx.Delete("c", rollKey(writer, i-rolled)))
					}
					return err
				})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Println(writer, i)
			}
		})
	}
	wg.Wait()
	return errors.New("the writers ended and the process did not")
}

// TestCutResurrectsNothing cuts the power of a disk again and again while keys
// are put and deleted, and runs are merged, all the time. What was acknowledged
// last of each writer holds: its latest keys are there, and none that it
// deleted is.
func TestCutResurrectsNothing(t *testing.T) {
	t.Setenv(lazyVictim, "6000")
	rounds := amount(3, 5, 12)
	for _, survive := range []int{0, 50} {
		d := faultfs.New(faultfs.Options{Survive: survive, Seed: uint64(survive)})
		storeOn(t, d)
		m := faultfs.Need(t, d)
		chance := rand.New(rand.NewPCG(uint64(survive), 3))
		last := map[string]int{}
		for range rounds {
			d.CutAfter(20 + chance.IntN(2000))
			said, err := victimOn(t, rollingVictim, filepath.Join(m.Path, "store.db"), func(line string) {
				var writer string
				var i int
				if _, err := fmt.Sscan(line, &writer, &i); err != nil {
					t.Errorf("the victim says %q", line)
				}
				last[writer] = i
			})
			if err == nil || strings.Contains(said, "the process did not") {
				t.Fatalf("the process ended with %v, want that the store ends it\n%s", err, said)
			}
			if err := m.PowerOn(); err != nil {
				t.Fatal(err)
			}
			wantRolled(t, d, last)
		}
		t.Logf("%d cuts, %d writers looked up", rounds, len(last))
	}
}

// wantRolled holds a disk against what each writer said last. One more of its
// Updates may be there.
func wantRolled(t *testing.T, d *faultfs.Disk, last map[string]int) {
	t.Helper()
	dir := t.TempDir()
	if err := d.Save(dir); err != nil {
		t.Fatal(err)
	}
	s := open(t, Options{Path: filepath.Join(dir, "store.db")})
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	there := map[string]bool{}
	err := s.View(t.Context(), func(tx store.Tx) error {
		for writer, i := range last {
			_, err := tx.Get("b", rollKey(writer, i+1))
			if err == nil {
				i++
			}
			for n := max(0, i-3*rolled); n <= i+2; n++ {
				_, b := tx.Get("b", rollKey(writer, n))
				_, c := tx.Get("c", rollKey(writer, n))
				if want := n > i-rolled && n <= i; (b == nil) != want || (c == nil) != want {
					t.Errorf("writer %s put key %d last: key %d is there: %v and %v, want %v", writer, i, n, b == nil, c == nil, want)
				}
			}
		}
		return each(tx, "b", func(p store.Pair) { there[string(p.Key)] = true })
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	perWriter := map[string]int{}
	for key := range there {
		writer, _, _ := strings.Cut(key, "-")
		if perWriter[writer]++; perWriter[writer] > rolled {
			t.Errorf("writer %s has more than %d keys", writer, rolled)
		}
	}
}
