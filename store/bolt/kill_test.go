package bolt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"penstock/store"
)

const victim = "PENSTOCK_BOLT_VICTIM"

// TestMain lets the test binary be the process that TestKill kills, and those
// that lose their disk.
func TestMain(m *testing.M) {
	for name, be := range map[string]func(string) error{victim: beKilled, writersVictim: writeUntilTheEnd, stepsVictim: writeSteps, lookVictim: look, rollingVictim: roll} {
		if path := os.Getenv(name); path != "" {
			if err := be(path); err != nil {
				fmt.Fprintln(os.Stderr, "victim:", err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// beKilled writes pairs for ever and prints each after it was acknowledged.
func beKilled(path string) error {
	s, err := Open(victimOptions(path))
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				pair := fmt.Sprintf("%d-%06d", w, i)
				err := s.Update(context.Background(), func(tx store.Tx) error {
					return errors.Join(tx.Put("b", []byte(pair), []byte(strings.Repeat(pair, 20))), tx.Put("c", []byte(pair), nil))
				})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Println(pair)
			}
		})
	}
	wg.Wait()
	return errors.New("nobody killed me")
}

// TestKillLosesNothingAcknowledged kills -9 a process in the middle of its
// commits, again and again on the same file.
func TestKillLosesNothingAcknowledged(t *testing.T) { bothKinds(t, "20000", killRounds) }

func killRounds(t *testing.T) {
	path := newPath(t)
	acked := map[string]bool{}
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victim+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acked[lines.Text()] = true
			if n == 200+100*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the victim ended by itself: %v", err)
		}
		survivors(t, path, acked)
	}
}

// survivors opens what is left and compares.
func survivors(t *testing.T, path string, acked map[string]bool) {
	t.Helper()
	s := open(t, Options{Path: path})
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	err := s.View(t.Context(), func(tx store.Tx) error {
		for pair := range acked {
			v, err := tx.Get("b", []byte(pair))
			if err != nil || string(v) != strings.Repeat(pair, 20) {
				t.Errorf("%s was acknowledged and is %q, %v", pair, v, err)
			}
			if _, err := tx.Get("c", []byte(pair)); err != nil {
				t.Errorf("%s is there by half: %v", pair, err)
			}
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if pid, err := os.ReadFile(s.opt.LockPath); err != nil || string(pid) != strconv.Itoa(os.Getpid()) {
		t.Errorf("the lock names pid %q (%v), want this one", pid, err)
	}
}
