package locker

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock/store"
	"penstock/store/mem"
)

// The vectors under testdata were made by another implementation, in another
// language, from DESIGN.md. Each file is one record: header lines that say what
// must happen and, for a refusal, at which stage; a line "---"; the sealed
// bytes in hex. A "row" or "master" line of a vector replaces that of
// keyring.txt.

// vector is a file of testdata. Lines may repeat.
type vector struct {
	name  string
	lines map[string][]string
	body  []byte
}

func readVector(t testing.TB, path string) vector {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(text), "---\n")
	v := vector{name: strings.TrimSuffix(filepath.Base(path), ".txt"), lines: map[string][]string{}}
	for line := range strings.Lines(head) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		field, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if !ok && !strings.HasSuffix(field, ":") {
			t.Fatalf("%s: no field in %q", path, line)
		}
		field = strings.TrimSuffix(field, ":")
		v.lines[field] = append(v.lines[field], value)
	}
	v.body = unhex(t, strings.ReplaceAll(body, "\n", ""))
	return v
}

func (v vector) one(t testing.TB, field string) string {
	t.Helper()
	if len(v.lines[field]) != 1 {
		t.Fatalf("%s: %d lines %q, want one", v.name, len(v.lines[field]), field)
	}
	return v.lines[field][0]
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	if s == "-" {
		return nil
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// vectorKeyring returns keyring.txt as a store and its master key, with what
// over replaces.
func vectorKeyring(t testing.TB, over vector) (store.Store, MasterKey) {
	t.Helper()
	base := readVector(t, "testdata/keyring.txt")
	keys := mem.New(mem.Options{})
	for _, row := range append(base.lines["row"], over.lines["row"]...) {
		var bucket, key, value string
		if _, err := fmt.Sscan(row, &bucket, &key, &value); err != nil {
			t.Fatalf("row %q: %v", row, err)
		}
		err := keys.Update(ctx, func(tx store.Tx) error { return tx.Put(bucket, unhex(t, key), unhex(t, value)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	text := base.one(t, "master")
	if len(over.lines["master"]) > 0 {
		text = over.one(t, "master")
	}
	master, err := ParseMaster([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return keys, master
}

func vectorLocker(t testing.TB) *Locker {
	t.Helper()
	keys, master := vectorKeyring(t, vector{})
	return openLocker(t, keys, master)
}

var vectorErrors = map[string]error{
	"ErrTampered": ErrTampered, "ErrErased": ErrErased, "ErrNoKey": ErrNoKey, "ErrWrongMaster": ErrWrongMaster,
}

func TestVectors(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) < 50 {
		t.Fatalf("%d vectors, %v", len(paths), err)
	}
	for _, path := range paths {
		v := readVector(t, path)
		if v.name == "keyring" || v.name == "derived" {
			continue
		}
		t.Run(v.name, func(t *testing.T) { v.run(t) })
	}
}

func (v vector) run(t *testing.T) {
	keys, master := vectorKeyring(t, v)
	owner := Owner{Merchant: v.one(t, "merchant"), Mode: v.one(t, "mode"), Subject: v.one(t, "subject")}
	place := Place{Bucket: v.one(t, "bucket"), Token: v.one(t, "token")}
	var got []byte
	l, err := Open(ctx, Config{Keys: keys, Master: master})
	if err == nil {
		defer l.Close()
		got, err = l.Open(ctx, owner, place, v.body)
	}
	expect := v.one(t, "expect")
	if expect == "opens" {
		if want := unhex(t, v.one(t, "plaintext")); err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %x, %v, want %x", got, err, want)
		}
		return
	}
	want, ok := vectorErrors[expect]
	if !ok {
		t.Fatalf("expect %q", expect)
	}
	if got != nil || !errors.Is(err, want) {
		t.Errorf("got %d bytes, error %v, want %v", len(got), err, want)
	}
	if want != ErrTampered {
		return
	}
	var r *refusal
	if errors.As(err, &r); r == nil || string(r.stage) != v.one(t, "stage") {
		t.Errorf("refused by %v, want at stage %q", err, v.one(t, "stage"))
	}
}

func TestVectorKeyring(t *testing.T) {
	l := vectorLocker(t)
	if err := l.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	if s := l.Status(); s.Term != 2 || s.Terms != 2 || !s.Rotating {
		t.Errorf("status = %+v, want in mid-rotation to term 2", s)
	}
	if err := l.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	wantOnlyTerm(t, l, 2)
	v := readVector(t, "testdata/opens_old_term.txt")
	l.cache.clear()
	owner := Owner{Merchant: "acme", Mode: "live", Subject: v.one(t, "subject")}
	wantOpen(t, l, owner, card, v.body, string(unhex(t, v.one(t, "plaintext"))))
}

func TestVectorDerived(t *testing.T) {
	_, master := vectorKeyring(t, vector{})
	l := vectorLocker(t)
	v := readVector(t, "testdata/derived.txt")
	if got, want := master.ID(), v.one(t, "master-id"); got != want {
		t.Errorf("master key's ID = %s, want %s", got, want)
	}
	for _, line := range v.lines["fingerprint"] {
		f := strings.Fields(line)
		got, err := l.Fingerprint(ctx, f[0], f[1], f[2])
		if err != nil || string(got) != f[3] {
			t.Errorf("fingerprint of %v = %v, %v", f, got, err)
		}
	}
	for _, line := range v.lines["mac"] {
		f := strings.Fields(line)
		var parts [][]byte
		for _, p := range f[2:] {
			parts = append(parts, unhex(t, p))
		}
		got, err := l.MAC(f[0], parts...)
		if err != nil || hex.EncodeToString(got) != f[1] {
			t.Errorf("mac of %v = %x, %v", f, got, err)
		}
	}
	f := strings.Fields(v.one(t, "secret"))
	got, err := l.OpenSecret(ctx, Place{"secrets", "mca_1"}, unhex(t, f[0]))
	if err != nil || !bytes.Equal(got, unhex(t, f[1])) {
		t.Errorf("secret = %x, %v", got, err)
	}
}

// FuzzOpen gives Open what an attacker with the store may write: nothing
// opens but what was sealed, byte for byte.
func FuzzOpen(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	known := map[string]bool{}
	for _, path := range paths {
		v := readVector(f, path)
		if len(v.body) > 0 {
			f.Add(v.body)
			known[string(v.body)] = true
		}
	}
	l := vectorLocker(f)
	owner := Owner{Merchant: "acme", Mode: "live", Subject: "customer:cus_1"}
	f.Fuzz(func(t *testing.T, sealed []byte) {
		got, err := l.Open(ctx, owner, card, sealed)
		if err == nil && !known[string(sealed)] {
			t.Errorf("noise opened to %x", got)
		}
		if err != nil && !errors.Is(err, ErrTampered) {
			t.Errorf("open: %v, want ErrTampered", err)
		}
	})
}

// FuzzKeyring puts noise into the row of a data key.
func FuzzKeyring(f *testing.F) {
	base := readVector(f, "testdata/keyring.txt")
	known := map[string]bool{}
	for _, row := range base.lines["row"] {
		value := unhex(f, strings.Fields(row)[2])
		f.Add(value)
		known[string(value)] = true
	}
	keys, master := vectorKeyring(f, vector{})
	l, err := Open(ctx, Config{Keys: keys, Master: master})
	if err != nil {
		f.Fatal(err)
	}
	owner := Owner{Merchant: "acme", Mode: "live", Subject: "customer:cus_1"}
	f.Fuzz(func(t *testing.T, value []byte) {
		err := keys.Update(ctx, func(tx store.Tx) error { return tx.Put(bucketKeys, owner.rowKey(), value) })
		if err != nil {
			t.Skip(err)
		}
		l.cache.clear()
		_, err = l.Seal(ctx, owner, card, nil)
		if err == nil && !known[string(value)] {
			t.Error("noise was taken for a data key")
		}
		if err != nil && !errors.Is(err, ErrTampered) {
			t.Errorf("seal: %v, want ErrTampered", err)
		}
	})
}

func FuzzParseMaster(f *testing.F) {
	f.Add([]byte("# x\n" + strings.Repeat("ab", 32) + "\n"))
	f.Add([]byte(strings.Repeat("A", 43) + "="))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ParseMaster(text)
		if (err == nil) != (m.m != nil) || err != nil && !errors.Is(err, ErrMasterSource) {
			t.Errorf("ParseMaster(%q) = %v, %v", text, m, err)
		}
	})
}
