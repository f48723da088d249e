package bolt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"penstock/store"
	"penstock/store/faulty/faultfs"
)

// Variables that make the test binary a process on a disk that fails. The
// values are the store's path.
const (
	writersVictim = "PENSTOCK_TEST_BOLT_WRITERS"
	stepsVictim   = "PENSTOCK_TEST_BOLT_STEPS"
	lookVictim    = "PENSTOCK_TEST_BOLT_LOOK"
)

// lazyVictim makes a victim's buckets lazy, with tables so small that each
// handful of Updates writes one out and merges runs. The value is the bytes of
// a table.
const lazyVictim = "PENSTOCK_TEST_BOLT_LAZY"

// victimOptions are those of a process that is going to lose its life or disk.
func victimOptions(path string) Options {
	opt := Options{Path: path, MinFree: 1, AllowAnyFS: true}
	if table, err := strconv.Atoi(os.Getenv(lazyVictim)); err == nil {
		opt.Lazy, opt.limits = []string{"b", "c"}, limits{table: table, step: table / 2, runs: 2, early: mib}
	}
	return opt
}

// bothKinds runs a test with ordinary buckets and with lazy ones.
func bothKinds(t *testing.T, table string, test func(t *testing.T)) {
	t.Run("ordinary", test)
	t.Run("lazy", func(t *testing.T) {
		t.Setenv(lazyVictim, table)
		test(t)
	})
}

// amount is how much of something a run does: a short one, an ordinary one, and
// a full one (PENSTOCK_TEST_FULL is set, as CI does).
func amount(short, ordinary, full int) int {
	switch {
	case testing.Short():
		return short
	case os.Getenv("PENSTOCK_TEST_FULL") != "":
		return full
	}
	return ordinary
}

// diskWriters write at once.
const diskWriters = 64

// diskSteps are written one after another.
const diskSteps = 6

func openOnDisk(path string) (*Store, error) {
	return Open(victimOptions(path))
}

// pairText is the value that belongs to a key.
func pairText(key string) []byte { return []byte(strings.Repeat(key+" ", 60)) }

func putPair(s *Store, key string) error {
	return s.Update(context.Background(), func(tx store.Tx) error {
		return errors.Join(tx.Put("b", []byte(key), pairText(key)), tx.Put("c", []byte(key), nil))
	})
}

// writeUntilTheEnd writes pairs for ever and prints each after it was
// acknowledged. The store ends the process.
func writeUntilTheEnd(path string) error {
	s, err := openOnDisk(path)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for w := range diskWriters {
		wg.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%d-%06d", os.Getpid(), w, i)
				if err := putPair(s, key); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Println(key)
			}
		})
	}
	wg.Wait()
	return errors.New("the writers ended and the process did not")
}

// writeSteps opens the store and writes the steps that it doesn't have yet.
// It prints "ack KEY" for each that was acknowledged and "no KEY" for one of
// which the store says that surely nothing was written.
func writeSteps(path string) error {
	s, err := openOnDisk(path)
	if err != nil {
		return err
	}
	for i := range diskSteps {
		key := fmt.Sprintf("step-%d", i)
		switch err := putPair(s, key); {
		case errors.Is(err, store.ErrFull):
			fmt.Println("no", key)
		case err != nil:
			return err
		default:
			fmt.Println("ack", key)
		}
	}
	return s.Close()
}

// look opens the store and prints "see KEY" for each pair that is there.
func look(path string) error {
	s, err := openOnDisk(path)
	if err != nil {
		return err
	}
	err = s.View(context.Background(), func(tx store.Tx) error {
		return each(tx, "b", func(p store.Pair) { fmt.Println("see", string(p.Key)) })
	})
	return errors.Join(err, s.Close())
}

// victimOn runs the test binary on a disk to its end and gives each line that
// it prints to said. The error tells how it ended.
func victimOn(t *testing.T, name, path string, said func(string)) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), name+"="+path, "GORACE=atexit_sleep_ms=0") // the race detector waits a second at each end
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said(lines.Text())
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stderr.String(), err
}

// storeOn makes a store on a disk, durably.
func storeOn(t *testing.T, d *faultfs.Disk) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(Options{Path: filepath.Join(dir, "store.db"), MinFree: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), d.Load(dir)); err != nil {
		t.Fatal(err)
	}
}

// left opens what a disk holds, in a plain directory, because the process that
// serves the disk must not map its files. It returns the keys that are there
// as a whole, and reports what is there by half.
func left(t *testing.T, d *faultfs.Disk) map[string]bool {
	t.Helper()
	dir := t.TempDir()
	if err := d.Save(dir); err != nil {
		t.Fatal(err)
	}
	s := open(t, Options{Path: filepath.Join(dir, "store.db")})
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	keys, halves := map[string]bool{}, map[string]bool{}
	err := s.View(t.Context(), func(tx store.Tx) error {
		return errors.Join(each(tx, "b", func(p store.Pair) {
			if keys[string(p.Key)] = true; string(p.Value) != string(pairText(string(p.Key))) {
				t.Errorf("%s has another value than was written", p.Key)
			}
		}), each(tx, "c", func(p store.Pair) { halves[string(p.Key)] = true }))
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if len(keys) != len(halves) {
		t.Errorf("%d keys have their first half and %d their second", len(keys), len(halves))
	}
	for key := range keys {
		if !halves[key] {
			t.Errorf("%s is there by half", key)
		}
	}
	return keys
}

// each calls fn for every pair of a bucket.
func each(tx store.Tx, bucket string, fn func(store.Pair)) error {
	for from := []byte(nil); ; {
		pairs, err := tx.Scan(bucket, from, nil, store.MaxScan, false)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			fn(p)
		}
		if len(pairs) < store.MaxScan {
			return nil
		}
		from = append(pairs[len(pairs)-1].Key, 0)
	}
}
