package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock/engine"
)

func newAnchor(t testing.TB) *anchorFile {
	return &anchorFile{path: filepath.Join(t.TempDir(), "penstock.anchor")}
}

func headAt(epoch, journal uint64) engine.Head {
	return engine.Head{Ring: "a1", Epoch: epoch, Journal: journal}
}

// saved saves heads and returns what the file then is.
func saved(t testing.TB, a *anchorFile, heads ...engine.Head) []byte {
	t.Helper()
	for _, h := range heads {
		if err := a.Save(h); err != nil {
			t.Fatalf("save %+v: %v", h, err)
		}
	}
	text, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t testing.TB, a *anchorFile, text []byte) {
	t.Helper()
	if err := os.WriteFile(a.path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// places are bytes of a file: each where a slot has its text, some among the
// blanks behind it.
func places(size int) (out []int) {
	for i := range size {
		if i%anchorSlot < 256 || i%97 == 0 || i%anchorSlot == anchorSlot-1 {
			out = append(out, i)
		}
	}
	return out
}

func TestAnchorTellsTheNewestHead(t *testing.T) {
	a := newAnchor(t)
	if got, err := a.Load(); got != (engine.Head{}) || err != nil {
		t.Errorf("without a file: %+v, %v, want the zero head", got, err)
	}
	for n := range uint64(5) {
		saved(t, a, headAt(n+1, n*n))
		if got, err := a.Load(); got != headAt(n+1, n*n) || err != nil {
			t.Errorf("after %d saves: %+v, %v", n+1, got, err)
		}
	}
	if info, err := os.Stat(a.path); err != nil || info.Mode() != 0o600 {
		t.Errorf("its mode is %v, %v, want 0600", info.Mode(), err)
	}
}

// TestTornAnchorTellsTheHeadBefore cuts the power at each byte of an
// overwriting write: what was there before, or what was being written, is told.
func TestTornAnchorTellsTheHeadBefore(t *testing.T) {
	a := newAnchor(t)
	old := saved(t, a, headAt(1, 1), headAt(1, 2), headAt(1, 3))
	next := saved(t, a, headAt(1, 4))
	for _, n := range places(len(next)) {
		write(t, a, append(bytes.Clone(next[:n]), old[n:]...))
		if got, err := a.Load(); err != nil || got != headAt(1, 3) && got != headAt(1, 4) {
			t.Fatalf("cut at byte %d: %+v, %v, want journal 3 or 4", n, got, err)
		}
		write(t, a, append(bytes.Clone(next[:n]), make([]byte, min(512, len(next)-n))...))
		if _, err := a.Load(); n > anchorSlot && err != nil {
			t.Fatalf("shortened at byte %d: %v", n, err)
		}
	}
	if got := saved(t, a, headAt(1, 5)); len(got) != 2*anchorSlot {
		t.Errorf("the file grew to %d bytes", len(got))
	}
}

// TestDamagedAnchorIsNotTakenForNone: without a head nothing would be held.
func TestDamagedAnchorIsNotTakenForNone(t *testing.T) {
	a := newAnchor(t)
	whole := saved(t, a, headAt(7, 70))
	for _, i := range places(anchorSlot) {
		text := bytes.Clone(whole)
		text[i] ^= 1
		text[anchorSlot+i] ^= 1
		write(t, a, text)
		if got, err := a.Load(); err == nil || got != (engine.Head{}) {
			t.Fatalf("byte %d of both slots changed: %+v, %v, want an error", i, got, err)
		}
	}
	for name, text := range map[string][]byte{"empty": nil, "zeros": make([]byte, 2*anchorSlot), "cut": whole[:anchorSlot-1]} {
		write(t, a, text)
		_, err := a.Load()
		var next *nextError
		if !errors.As(err, &next) || !strings.Contains(next.next, "restore a backup") {
			t.Errorf("%s: %v, want an error that tells what to do", name, err)
		}
		if a.Save(headAt(8, 80)) == nil {
			t.Errorf("%s: it was written over", name)
		}
	}
}

// TestAnchorNeverGoesBack: neither by an older copy of the store that runs
// beside, nor by another appliance.
func TestAnchorNeverGoesBack(t *testing.T) {
	a := newAnchor(t)
	text := saved(t, a, headAt(5, 50))
	for _, h := range []engine.Head{headAt(4, 60), headAt(6, 49), {Ring: "b2", Epoch: 9, Journal: 90}} {
		if err := a.Save(h); err == nil {
			t.Errorf("%+v was kept after epoch 5, journal 50", h)
		}
	}
	if err := a.Save(engine.Head{Epoch: 9, Journal: 90}); err != nil { // of a sealed appliance
		t.Error(err)
	}
	if got := saved(t, a, headAt(5, 50)); !bytes.Equal(got, text) {
		t.Error("the file has changed")
	}
}

// TestAnchorSeesAnotherWriter: what this process remembers of the file never
// stands for the file.
func TestAnchorSeesAnotherWriter(t *testing.T) {
	a := newAnchor(t)
	b := &anchorFile{path: a.path}
	saved(t, a, headAt(1, 1), headAt(1, 2))
	saved(t, b, headAt(1, 3), headAt(1, 4))
	if err := a.Save(headAt(1, 3)); err == nil {
		t.Error("a head behind another process's was kept")
	}
	saved(t, a, headAt(1, 5))
	if got, err := b.Load(); got != headAt(1, 5) || err != nil {
		t.Errorf("after both have written: %+v, %v", got, err)
	}
}

// TestAnchorSurvivesACutCreation: a crash while the file is made leaves none.
func TestAnchorSurvivesACutCreation(t *testing.T) {
	a := newAnchor(t)
	if err := os.WriteFile(a.path+".new", []byte("pen"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Load(); got != (engine.Head{}) || err != nil {
		t.Errorf("after a cut creation: %+v, %v", got, err)
	}
	saved(t, a, headAt(1, 0))
	if got, err := a.Load(); got != headAt(1, 0) || err != nil {
		t.Errorf("created again: %+v, %v", got, err)
	}
}

func BenchmarkAnchor(b *testing.B) {
	dir, err := os.MkdirTemp(".", "anchor") // on the disk of the tree: TempDir may be memory
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	a := &anchorFile{path: filepath.Join(dir, "a")}
	n := uint64(0)
	for b.Loop() {
		n++
		if err := a.Save(headAt(1, n)); err != nil {
			b.Fatal(err)
		}
	}
}
