package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/engine/connector"
)

func openDir(t testing.TB, dir string, c *clock) *Provider {
	t.Helper()
	p, err := Open(Settings{Now: c.Now, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// copyOf is a directory with what a killed provider's file holds.
func copyOf(t testing.TB, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := os.WriteFile(filepath.Join(to, fileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// The file is read without the provider having been closed: what was answered
// is in it, and so is what was still to come.
func TestKilledProviderForgetsNothing(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	p := openDir(t, dir, c)
	defer p.Close()
	set(t, p, `{"seed":9,"settle_ms":[1000,2000],"notify":1,"late_ms":[1000,1000]}`)
	for i := range 20 {
		o := bank(fmt.Sprintf("bank%d", i))
		o.NotifyURL = "http://merchant.test/"
		receive(t, p, o)
	}
	receive(t, p, order("back", connector.Details{"card_number": "4000000000010134"}))
	set(t, p, `{"drop_request":1}`)
	for i := range 20 {
		receive(t, p, card(fmt.Sprintf("late%d", i)))
	}

	again := openDir(t, copyOf(t, dir), c)
	defer again.Close()
	compare(t, again, p)
	for range 10 {
		c.move(time.Second)
		compare(t, again, p)
	}
	if got := find(t, again, "back").Status; got != Returned {
		t.Errorf("return that was planned before the kill: got %s, want returned", got)
	}
	lines, _ := again.Ledger()
	if late := len(lines) - 21; late < 4 {
		t.Errorf("late arrivals after the kill: got %d of 20, want about half", late)
	}
	if len(again.outbox) == 0 {
		t.Error("notifications after the kill: got none")
	}
	third := openDir(t, copyOf(t, filepath.Dir(again.journal.file.Name())), c)
	defer third.Close()
	for _, e := range third.waiting {
		if e.Kind != notice {
			t.Errorf("planned again after the second kill: %+v: what was done must not be done again", e)
		}
	}
	compare(t, third, again)
	if a, b := receive(t, p, card("new")), receive(t, again, card("new")); !reflect.DeepEqual(a, b) {
		t.Errorf("the draws after the kill: got %+v, want %+v", b, a)
	}
}

func compare(t *testing.T, got, want *Provider) {
	t.Helper()
	a, errA := got.Ledger()
	b, errB := want.Ledger()
	if errA != nil || errB != nil || !reflect.DeepEqual(a, b) || got.Faults() != want.Faults() {
		t.Fatalf("after the kill: got %+v %v, want %+v %v", a, errA, b, errB)
	}
	gotAt, gotNext := got.Next()
	wantAt, wantNext := want.Next()
	if !gotAt.Equal(wantAt) || gotNext != wantNext {
		t.Fatalf("next after the kill: got %s, want %s", gotAt, wantAt)
	}
}

func TestTornLastLineIsCut(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	p := openDir(t, dir, c)
	receive(t, p, card("one"))
	receive(t, p, card("two"))
	p.Close()
	path := filepath.Join(dir, fileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lastLine := strings.LastIndex(strings.TrimSuffix(string(whole), "\n"), "\n") + 1
	for cut := lastLine; cut < len(whole); cut += 9 {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		p := openDir(t, dir, c)
		if got := movements(t, p, "one"); got != 1 {
			t.Fatalf("cut at %d: first order has %d movements, want 1", cut, got)
		}
		if _, found, _ := p.Find("two"); found {
			t.Fatalf("cut at %d: found the torn order", cut)
		}
		receive(t, p, card("three"))
		p.Close()
		p = openDir(t, dir, c)
		if got := movements(t, p, "three"); got != 1 {
			t.Fatalf("cut at %d: order after it has %d movements, want 1", cut, got)
		}
		p.Close()
	}
}

// A torn line may be longer than what is written in its place.
func TestNothingOfATornLineIsLeft(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	openDir(t, dir, c).Close()
	path := filepath.Join(dir, fileName)
	if err := os.WriteFile(path, []byte(strings.Repeat("torn", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := openDir(t, dir, c)
	receive(t, p, card("one"))
	p.Close()
	p = openDir(t, dir, c)
	defer p.Close()
	if got := movements(t, p, "one"); got != 1 {
		t.Errorf("movements: got %d, want 1", got)
	}
}

func TestDamageBeforeTheLastLineIsRefused(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	p := openDir(t, dir, c)
	receive(t, p, card("one"))
	receive(t, p, card("two"))
	p.Close()
	path := filepath.Join(dir, fileName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[40] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Settings{Now: c.Now, Dir: dir}); err == nil || !strings.Contains(err.Error(), "line 1 is damaged") {
		t.Errorf("got %v, want line 1 is damaged", err)
	}
	if after, _ := os.ReadFile(path); len(after) != len(data) {
		t.Errorf("file has %d bytes, want %d: a damaged file must be left alone", len(after), len(data))
	}
}

func TestSecondProviderOnTheFileIsRefused(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	p := openDir(t, dir, c)
	if _, err := Open(Settings{Now: c.Now, Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v, want in use", err)
	}
	p.Close()
	openDir(t, dir, c).Close()
}

func TestFileHoldsNoAccountNumber(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	p := openDir(t, dir, c)
	defer p.Close()
	set(t, p, `{"late_ms":[9,9],"drop_request":0.5,"notify":1}`)
	for i := range 16 {
		o := order(fmt.Sprintf("k%d", i), connector.Details{"card_number": "4000000000010092", "iban": "NL46TEST0136169112"})
		o.NotifyURL = "http://merchant.test/"
		receive(t, p, o)
	}
	data, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil || len(data) == 0 {
		t.Fatal(err)
	}
	for _, secret := range []string{"4000000000010092", "NL46TEST0136169112"} {
		if strings.Contains(string(data), secret) {
			t.Errorf("file holds %s", secret)
		}
	}
}

// TestALineThatIsWholeIsNeverCut: of a currency that isn't known here, say,
// since to forget it would be to pay twice.
func TestALineThatIsWholeIsNeverCut(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	p := openDir(t, dir, c)
	receive(t, p, card("one"))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, fileName)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(strings.TrimSuffix(string(data[9:]), "\n"), "EUR", "QQQ")
	odd := fmt.Appendf(nil, "%08x %s\n", crc32.Checksum([]byte(text), castagnoli), text)
	if err := os.WriteFile(name, odd, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Settings{Now: c.Now, Dir: dir}); !errors.Is(err, errForeign) {
		t.Errorf("got %v, want a refusal", err)
	}
	if after, err := os.ReadFile(name); err != nil || !bytes.Equal(after, odd) {
		t.Errorf("the file was changed to %q, %v", after, err)
	}
}

func TestNothingIsAnsweredOnceTheFileFails(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	p := openDir(t, dir, c)
	receive(t, p, card("one"))
	p.journal.file.Close()
	if _, err := p.Receive(card("two")); err == nil {
		t.Error("order after the file failed: got no error")
	}
	if _, _, err := p.Find("one"); err == nil {
		t.Error("look-up after the file failed: got no error")
	}
}

func TestManyAtOnceAreAllInTheFile(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	p := openDir(t, dir, c)
	var group sync.WaitGroup
	for w := range 16 {
		group.Go(func() {
			for i := range 50 {
				if _, err := p.Receive(card(fmt.Sprintf("w%d-%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	again := openDir(t, copyOf(t, dir), c)
	defer again.Close()
	defer p.Close()
	compare(t, again, p)
	if lines, _ := again.Ledger(); len(lines) != 800 {
		t.Errorf("got %d transfers, want 800", len(lines))
	}
}

func BenchmarkReceiveDurable(b *testing.B) {
	p := openDir(b, b.TempDir(), newClock())
	defer p.Close()
	var n int64
	var mu sync.Mutex
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			n++
			key := fmt.Sprintf("k%d", n)
			mu.Unlock()
			if _, err := p.Receive(bank(key)); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transfers/s")
}
