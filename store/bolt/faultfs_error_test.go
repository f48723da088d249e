package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"penstock/store/faulty/faultfs"
)

// fault is one operation that fails.
type fault struct {
	op    faultfs.Op
	n     int
	errno syscall.Errno
	done  bool // it took effect all the same
	look  bool // a process that sees the failed one's page cache comes before the cut
}

func (f fault) String() string {
	return fmt.Sprintf("%s %d fails with %q, done %v, looked at before the cut %v", f.op, f.n, f.errno, f.done, f.look)
}

// steps is a run of the steps on an empty disk.
type steps struct {
	disk  *faultfs.Disk
	mount *faultfs.Mount
	path  string
	heard map[string][]string // "ack", "no", "see" -> keys
	said  string              // on standard error
}

func newSteps(t *testing.T) *steps {
	t.Helper()
	s := &steps{disk: faultfs.New(faultfs.Options{}), heard: map[string][]string{}}
	s.mount = faultfs.Need(t, s.disk)
	s.path = filepath.Join(s.mount.Path, "store.db")
	return s
}

func (s *steps) run(t *testing.T, name string) error {
	t.Helper()
	said, err := victimOn(t, name, s.path, func(line string) {
		word, key, _ := strings.Cut(line, " ")
		s.heard[word] = append(s.heard[word], key)
	})
	s.said += said
	return err
}

// left is what the disk holds; nothing while there is no store.
func (s *steps) left(t *testing.T) map[string]bool {
	t.Helper()
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return left(t, s.disk)
}

// suffer runs the steps under one fault, ends with a cut of the power, and
// holds what is left against what was said.
func suffer(t *testing.T, f fault) {
	s := newSteps(t)
	s.disk.Fail(f.op, f.n, f.errno, f.done)
	ended := s.run(t, stepsVictim)
	ack, no := s.heard["ack"], s.heard["no"]
	if ended == nil && len(ack)+len(no) != diskSteps {
		t.Errorf("%v: the process ended well, with %q acknowledged and %q refused", f, ack, no)
	}
	if f.look {
		// One that finds no store makes it; it sees nothing then.
		if err := s.run(t, lookVictim); err != nil {
			t.Errorf("%v: the next process ends with %v\n%s", f, err, s.said)
		}
	}
	s.disk.Cut()
	if err := s.mount.PowerOn(); err != nil {
		t.Fatal(err)
	}
	there := s.left(t)
	known := map[string]bool{}
	for _, key := range slices.Concat(ack, s.heard["see"]) {
		if known[key] = true; !there[key] {
			t.Errorf("%v: %s was acknowledged or seen, and is lost", f, key)
		}
	}
	maps.DeleteFunc(there, func(key string, _ bool) bool { return known[key] })
	for _, key := range no {
		if there[key] {
			t.Errorf("%v: %s was refused for want of room, and is there", f, key)
		}
	}
	if len(there) > 1 || ended == nil && len(there) > 0 {
		t.Errorf("%v: %q are there, of which nobody was told; one may be, of a process that ended at it (%v)", f, slices.Collect(maps.Keys(there)), ended)
	}
	if err := s.run(t, stepsVictim); err != nil {
		t.Errorf("%v: on the mended disk a process ends with %v\n%s", f, err, s.said)
	}
	if got := len(s.left(t)); got != diskSteps {
		t.Errorf("%v: on the mended disk there are %d steps, want %d", f, got, diskSteps)
	}
}

// TestAnyFailedOperationLosesNothing makes each single operation of a small
// run fail once, from the first lock file to the last close.
func TestAnyFailedOperationLosesNothing(t *testing.T) { bothKinds(t, "900", failEach) }

func failEach(t *testing.T) {
	s := newSteps(t)
	if err := s.run(t, stepsVictim); err != nil || len(s.heard["ack"]) != diskSteps {
		t.Fatalf("without a fault: %v, acknowledged %q\n%s", err, s.heard["ack"], s.said)
	}
	for op := range faultfs.Ops() {
		n := s.disk.Count(op)
		if n == 0 {
			t.Errorf("the run asks for no %s", op)
		}
		t.Logf("%s: %d", op, n)
		for i := 0; i < n; i += amount(5, 3, 1) {
			for _, f := range faultsAt(op, i+1) {
				suffer(t, f)
			}
		}
	}
}

// faultsAt are the ways in which the n-th operation fails.
func faultsAt(op faultfs.Op, n int) []fault {
	all := []fault{{op: op, n: n, errno: syscall.EIO}}
	switch op {
	case faultfs.Sync:
		all = append(all, fault{op: op, n: n, errno: syscall.EIO, done: true}, fault{op: op, n: n, errno: syscall.EIO, look: true},
			fault{op: op, n: n, errno: syscall.ENOSPC})
	case faultfs.Write:
		all = append(all, fault{op: op, n: n, errno: syscall.ENOSPC}, fault{op: op, n: n, errno: syscall.EIO, done: true})
	}
	return all
}
