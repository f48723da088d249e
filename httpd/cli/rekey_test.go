package cli

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"penstock/engine"
	"penstock/httpd/client"
)

// peopled makes n customers in a place, each with a data key of their own.
func peopled(t *testing.T, m made, n int) {
	t.Helper()
	cfg, _, err := LoadConfig(m.Config, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := opening{env: testEnv(t), cfg: cfg, log: slog.New(slog.DiscardHandler)}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	who := engine.Caller{Scope: engine.Scope{Merchant: m.Merchant, Mode: engine.Test}, Actor: "test", Rights: engine.Rights()}
	var makers sync.WaitGroup
	for w := range 50 {
		makers.Go(func() {
			for i := w; i < n; i += 50 {
				if _, err := a.engine.CreateCustomer(t.Context(), who, fmt.Sprint("cus_", i), engine.Person{Name: "Somebody"}, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	makers.Wait()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// wantSound checks a place offline: every sealed record and every key opens.
func wantSound(t *testing.T, m made) {
	t.Helper()
	if text, code := once(t, nil, "check", "--config", m.Config, "--json"); code != ExitDone {
		t.Fatalf("check: exit code %d, want %d: %s", code, ExitDone, text)
	}
}

// TestRekeyKilledWhileServing ends the daemon with SIGKILL as soon as the
// first page of a rotation is durable. Nothing is lost, and the verb goes on
// from there, with a daemon and without.
func TestRekeyKilledWhileServing(t *testing.T) {
	t.Parallel()
	for _, online := range []bool{true, false} {
		t.Run(fmt.Sprint("online=", online), func(t *testing.T) {
			m := newPlace(t)
			peopled(t, m, 2000)
			p := start(t, nil, "serve", "--config", m.Config)
			killed := false
			_, err := operatorOf(t, m).Rekey(t.Context(), func(int) {
				if !killed {
					killed = true
					p.end(syscall.SIGKILL)
				}
			})
			if !killed {
				t.Fatalf("the rotation told nothing: %v", err)
			}
			wantSound(t, m)
			if online {
				p = start(t, nil, "serve", "--config", m.Config)
				s, err := operatorOf(t, m).Status(t.Context())
				if err != nil || s.Locker.Term != 2 {
					t.Errorf("term %d after the kill, %v; want the one that was begun", s.Locker.Term, err)
				}
				t.Logf("killed within the rotation: %v", s.Locker.Rotating)
			}
			if _, code := once(t, nil, "rekey", "--config", m.Config); code != ExitDone {
				t.Errorf("rekey after the kill: exit code %d", code)
			}
			if online {
				if s, err := operatorOf(t, m).Status(t.Context()); err != nil || s.Locker.Rotating {
					t.Errorf("after the repeat: still rotating %v, %v", s.Locker.Rotating, err)
				}
				p.end(syscall.SIGTERM)
			}
			wantSound(t, m)
		})
	}
}

// TestMasterKeyChangeKilled ends the daemon with SIGKILL while it changes its
// master key: the next start finds the key that fits, whichever it is.
func TestMasterKeyChangeKilled(t *testing.T) {
	t.Parallel()
	m := newPlace(t)
	peopled(t, m, 10)
	next := filepath.Join(filepath.Dir(m.Config), "master.key"+successorSuffix)
	for range 5 {
		p := start(t, nil, "serve", "--config", m.Config)
		ctx, stop := context.WithCancel(t.Context())
		operator := operatorOf(t, m)
		answered := make(chan error, 1)
		go func() {
			_, err := operator.RekeyMaster(ctx, client.Successor{})
			answered <- err
		}()
		late := time.After(patience)
		for open := true; open && !exists(next); { // from here on it is anywhere within the change
			select {
			case <-answered:
				open = false
			case <-late:
				t.Fatalf("the master key is not changed\n%s", p.text())
			default:
				runtime.Gosched()
			}
		}
		p.end(syscall.SIGKILL)
		stop()
		wantSound(t, m)
	}
	if _, code := once(t, nil, "rekey", "--master", "--config", m.Config); code != ExitDone || exists(next) {
		t.Errorf("a change after the kills: exit code %d, the successor still there: %v", code, exists(next))
	}
	wantSound(t, m)
}
