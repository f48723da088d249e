package archive_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"penstock/engine/archive"
	"penstock/store"
	"penstock/store/mem"
	"penstock/store/storetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plain opens what was never sealed.
func plain(_ context.Context, _ string, _, sealed []byte) ([]byte, error) { return sealed, nil }

// TestAStoreWithAnArchiveIsAStore holds it to what every store promises.
func TestAStoreWithAnArchiveIsAStore(t *testing.T) {
	storetest.Test(t, storetest.Harness{Open: func(testing.TB) store.Store {
		s := archive.Over(mem.New(mem.Options{}), archive.NewMemory(), plain, "b", "c")
		s.Use()
		return s
	}})
}

func TestAStubIsReadAsItWasWritten(t *testing.T) {
	for _, p := range []archive.Place{
		{Segment: archive.NewID(1, 0)}, {Segment: archive.NewID(1<<31, 1<<31), Offset: archive.MaxSegment, Length: archive.MaxEntry, Sum: archive.SumOf([]byte("x"))},
	} {
		stub := p.Stub()
		if got, err := archive.ParseStub(stub); err != nil || got != p || !archive.IsStub(stub) {
			t.Errorf("%+v reads as %+v, %v", p, got, err)
		}
		for cut := range stub {
			if _, err := archive.ParseStub(stub[:cut]); err == nil {
				t.Errorf("the first %d of %d bytes are taken for a stub", cut, len(stub))
			}
		}
		if _, err := archive.ParseStub(append(stub, 0)); err == nil {
			t.Error("a stub with a byte too many is taken for one")
		}
	}
}

func FuzzParseStub(f *testing.F) {
	f.Add(archive.Place{Segment: archive.NewID(7, 9), Offset: 300, Length: 200}.Stub())
	f.Add([]byte("\xa5arc\x01"))
	f.Fuzz(func(t *testing.T, value []byte) {
		if p, err := archive.ParseStub(value); err == nil && (p.Offset < 0 || p.Length < 0 || p.Length > archive.MaxEntry) {
			t.Errorf("%x reads as %+v", value, p)
		}
	})
}

func TestASegmentsNameIsReadAsItWasWritten(t *testing.T) {
	id := archive.NewID(12, 0xab)
	if got, ok := archive.ParseID(id.String()); !ok || got != id {
		t.Errorf("%s reads as %v, %v", id, got, ok)
	}
	for _, name := range []string{"", "../000001-000000ab.arc", "000001-000000ab.arc.part", "1-ab.arc", "000000-000000ab.arc", "000001-000000AB.arc", "4294967296-000000ab.arc"} {
		if id, ok := archive.ParseID(name); ok {
			t.Errorf("%q is taken for %v", name, id)
		}
	}
}

// archived is a store in which the value of k lies on the shelf.
func archived(t *testing.T, shelf archive.Shelf, value string) (*archive.Store, archive.Place) {
	t.Helper()
	s := archive.Over(mem.New(mem.Options{}), shelf, plain, "b")
	s.Use()
	p := archive.Place{Segment: archive.NewID(1, 5), Length: len(value), Sum: archive.SumOf([]byte(value))}
	var err error
	p.Offset, err = shelf.Append(p.Segment, []byte(value))
	must(t, err)
	must(t, s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(archive.Stubs(tx).Put("b", []byte("k"), p.Stub()), tx.Put("b", []byte("l"), []byte("in the store")), tx.Put("other", []byte("k"), p.Stub()))
	}))
	return s, p
}

func get(t *testing.T, s store.Store, bucket, key string) (value []byte, err error) {
	t.Helper()
	err = s.View(t.Context(), func(tx store.Tx) error {
		v, err := tx.Get(bucket, []byte(key))
		value = bytes.Clone(v)
		return err
	})
	return value, err
}

func TestAStubIsReadAsItsValueAndAWriteEndsIt(t *testing.T) {
	s, p := archived(t, archive.NewMemory(), "whole")
	if v, err := get(t, s, "b", "k"); err != nil || string(v) != "whole" {
		t.Errorf("%q, %v", v, err)
	}
	if v, err := get(t, s, "other", "k"); err != nil || !bytes.Equal(v, p.Stub()) {
		t.Errorf("a bucket that is not archived from gives %q, %v", v, err)
	}
	must(t, s.Update(t.Context(), func(tx store.Tx) error {
		page, err := tx.Scan("b", nil, nil, 10, true)
		if err != nil || len(page) != 2 || string(page[0].Value) != "in the store" || string(page[1].Value) != "whole" {
			t.Errorf("%q, %v", page, err)
		}
		if err := tx.Put("b", []byte("k"), []byte("new")); err != nil {
			return err
		}
		if v, err := tx.Get("b", []byte("k")); err != nil || string(v) != "new" {
			t.Errorf("what was written reads as %q, %v", v, err)
		}
		return nil
	}))
	if v, err := get(t, s, "b", "k"); err != nil || string(v) != "new" {
		t.Errorf("%q, %v", v, err)
	}
}

func TestWhatIsLostIsNeverMissing(t *testing.T) {
	for name, lose := range map[string]func(*archive.Memory, archive.Place){
		"the segment is gone": func(m *archive.Memory, p archive.Place) { m.Remove(p.Segment) },
		"a bit has turned":    func(m *archive.Memory, p archive.Place) { m.Spoil(p.Segment, p.Offset) },
		"it is cut short": func(m *archive.Memory, p archive.Place) {
			m.Remove(p.Segment)
			m.Tear(p.Segment, []byte("whole"), 4)
		},
		"an older entry": func(m *archive.Memory, p archive.Place) {
			m.Remove(p.Segment)
			m.Tear(p.Segment, []byte("older"), 5)
		},
	} {
		t.Run(name, func(t *testing.T) {
			shelf := archive.NewMemory()
			s, p := archived(t, shelf, "whole")
			lose(shelf, p)
			v, err := get(t, s, "b", "k")
			wantLost(t, v, err)
			err = s.View(t.Context(), func(tx store.Tx) error {
				page, err := tx.Scan("b", nil, nil, 10, false)
				if len(page) > 0 {
					t.Errorf("a scan gives %q", page)
				}
				return err
			})
			wantLost(t, nil, err)
		})
	}
	s := archive.Over(mem.New(mem.Options{}), nil, plain, "b")
	s.Use()
	must(t, s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("b", []byte("k"), archive.Place{Segment: 1 << 32}.Stub()) }))
	v, err := get(t, s, "b", "k")
	wantLost(t, v, err)
}

func wantLost(t *testing.T, v []byte, err error) {
	t.Helper()
	var lost *archive.Lost
	if v != nil || !errors.As(err, &lost) || !errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrNotFound) {
		t.Errorf("%q, %v: want that it is lost", v, err)
	}
}

func TestADirectoryKeepsWhatWasAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	d := archive.NewDir(path)
	if list, err := d.List(); err != nil || len(list) != 0 {
		t.Fatalf("%v, %v before there is one", list, err)
	}
	id := archive.NewID(1, 7)
	for i, part := range []string{"one", "", "three"} {
		at, err := d.Append(id, []byte(part))
		if want := []int64{0, 3, 3}[i]; err != nil || at != want {
			t.Fatalf("%q lies at %d, %v; want %d", part, at, err, want)
		}
	}
	must(t, d.Close())
	must(t, os.WriteFile(filepath.Join(path, "note.txt"), []byte("not ours"), 0o600))
	d = archive.NewDir(path)
	defer func() { must(t, d.Close()) }()
	if list, err := d.List(); err != nil || len(list) != 1 || list[0] != (archive.Segment{ID: id, Bytes: 8}) {
		t.Errorf("%v, %v", list, err)
	}
	got := make([]byte, 5)
	if err := d.ReadAt(id, got, 3); err != nil || string(got) != "three" {
		t.Errorf("%q, %v", got, err)
	}
	if err := d.ReadAt(id, got, 4); !errors.Is(err, archive.ErrMissing) {
		t.Errorf("%v past the end", err)
	}
	if err := d.ReadAt(archive.NewID(2, 7), got, 0); !errors.Is(err, archive.ErrMissing) {
		t.Errorf("%v of a segment that is not there", err)
	}
	if _, err := d.Append(id, []byte("by another process")); err == nil {
		t.Error("a segment that another process made was added to")
	}
	for n := range uint32(200) { // more than are kept open
		next := archive.NewID(n+2, 1)
		_, err := d.Append(next, []byte{byte(n)})
		must(t, err)
		one := []byte{0}
		if must(t, d.ReadAt(next, one, 0)); one[0] != byte(n) {
			t.Fatalf("segment %s holds %d", next, one[0])
		}
	}
	info, err := os.Stat(filepath.Join(path, id.String()))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("a segment has mode %v", info.Mode())
	}
}
