package locker

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"penstock/store"
	"penstock/store/mem"
)

func TestMasterFileIsReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	m, err := NewMasterFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	got, err := MasterFromFile(path)
	if err != nil || *got.m.key != *m.m.key {
		t.Errorf("MasterFromFile = %v, %v, want what was written", got.ID(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(text, []byte("# ")) || !bytes.Contains(text, []byte(m.ID())) {
		t.Errorf("the file has no comment with the key's ID, %v", err)
	}
	if _, err := NewMasterFile(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("NewMasterFile over a key: error %v, want fs.ErrExist", err)
	}
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, text) {
		t.Error("NewMasterFile changed a file that was there")
	}
}

func TestMasterFilePermissions(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, CredentialName)
	if _, err := NewMasterFile(path); err != nil {
		t.Fatal(err)
	}
	for mode := range fs.FileMode(0o1000) {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := MasterFromFile(path)
		if mode&^0o600 == 0 { // what the system says to reading 0200 depends on who runs this
			if errors.Is(err, ErrMasterSource) {
				t.Errorf("file of mode %04o: %v", mode, err)
			}
		} else if mode&0o400 != 0 && !errors.Is(err, ErrMasterSource) {
			t.Errorf("file of mode %04o: error %v, want ErrMasterSource", mode, err)
		}
		_, err = MasterFromCredential(dir)
		if bad := mode&^0o640 != 0; mode&0o400 != 0 && errors.Is(err, ErrMasterSource) != bad {
			t.Errorf("credential of mode %04o: error %v, want refused: %v", mode, err, bad)
		}
	}
	_, err := MasterFromCredential("")
	wantErr(t, "no credentials directory", err, ErrMasterSource)
}

func TestMasterFileOfAnotherKindIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	if _, err := NewMasterFile(path); err != nil {
		t.Fatal(err)
	}
	link, pipe := filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{link, pipe, dir} {
		_, err := MasterFromFile(p)
		wantErr(t, p, err, ErrMasterSource)
	}
	_, err := MasterFromFile(filepath.Join(dir, "absent"))
	wantErr(t, "absent file", err, fs.ErrNotExist)
	if os.Geteuid() == 0 {
		if err := os.Chown(path, 12345, 12345); err != nil {
			t.Skipf("chown: %v", err)
		}
		_, err = MasterFromFile(path)
		wantErr(t, "another user's file", err, ErrMasterSource)
	}
}

func TestMasterTextForms(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0x01}, 16)
	h, b := hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw)
	for _, text := range []string{h, b, strings.ToUpper(h), h + "\n", "# a comment\n\n  " + b + "  \r\n\n# another\n"} {
		m, err := ParseMaster([]byte(text))
		if err != nil || !bytes.Equal((*m.m.key)[:], raw) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{
		"", "#" + h, h + h, h + "\n" + h, h[:62], b[:43], h[:63] + "g", strings.Repeat("0", 64), b[:43] + "!",
		strings.Repeat("A", 44), base64.URLEncoding.EncodeToString(raw), strings.Repeat("# x\n", 2000) + h,
	} {
		_, err := ParseMaster([]byte(text))
		if !errors.Is(err, ErrMasterSource) {
			t.Errorf("%.80q: error %v, want ErrMasterSource", text, err)
		} else if len(text) > 40 && strings.Contains(err.Error(), text[:40]) {
			t.Errorf("the error quotes the key's text: %v", err)
		}
	}
}

func TestPassphraseOpensItsKeyring(t *testing.T) {
	keys := mem.New(mem.Options{})
	phrase := []byte("correct horse battery staple")
	m, err := MasterFromPassphrase(ctx, keys, phrase)
	if err != nil {
		t.Fatal(err)
	}
	first := openLocker(t, keys, m)
	sealed := mustSeal(t, first, alice, card, "x")

	again, err := MasterFromPassphrase(ctx, keys, phrase)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	l := openLocker(t, keys, again)
	wantOpen(t, l, alice, card, sealed, "x")

	wrong, err := MasterFromPassphrase(ctx, keys, []byte("correct horse battery stable"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(ctx, Config{Keys: keys, Master: wrong})
	wantErr(t, "a wrong passphrase", err, ErrWrongMaster)
	_, err = MasterFromPassphrase(ctx, keys, []byte("too short"))
	wantErr(t, "a short passphrase", err, ErrMasterSource)

	other := []byte("another phrase altogether")
	next, err := NewPassphrase(other)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.RotateMaster(ctx, next); err != nil {
		t.Fatal(err)
	}
	if m, err = MasterFromPassphrase(ctx, keys, other); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l = openLocker(t, keys, m)
	wantOpen(t, l, alice, card, sealed, "x")

	if err := l.RotateMaster(ctx, NewMaster()); err != nil {
		t.Fatal(err)
	}
	_, err = MasterFromPassphrase(ctx, keys, other)
	wantErr(t, "a passphrase for a keyring with a random master", err, ErrMasterSource)
}

func TestPassphraseParametersAreBounded(t *testing.T) {
	m, err := NewPassphrase([]byte("correct horse battery staple"))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(row []byte) []byte{
		"version":   func(r []byte) []byte { r[0] = 9; return r },
		"no time":   func(r []byte) []byte { clear(r[1:5]); return r },
		"much time": func(r []byte) []byte { r[1] = 1; return r },
		"no memory": func(r []byte) []byte { clear(r[5:9]); return r },
		"memory":    func(r []byte) []byte { r[5] = 0xff; return r },
		"threads":   func(r []byte) []byte { r[9] = 0; return r },
		"cut":       func(r []byte) []byte { return r[:20] },
		"empty":     func(r []byte) []byte { return nil },
	} {
		keys := mem.New(mem.Options{})
		row := change(bytes.Clone(m.m.kdf))
		if err := keys.Update(ctx, func(tx store.Tx) error { return tx.Put(bucketKDF, rowKDF, row) }); err != nil {
			t.Fatal(err)
		}
		_, err := MasterFromPassphrase(ctx, keys, []byte("correct horse battery staple"))
		wantErr(t, name, err, ErrTampered)
	}
}
