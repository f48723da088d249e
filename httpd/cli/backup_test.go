package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/money"
	"penstock/engine/service"
	"penstock/locker"
)

// TestBech32 has the valid strings of BIP 173 that carry data.
func TestBech32(t *testing.T) {
	for _, row := range []struct{ hrp, want string }{
		{"a", "a12uel5l"},
		{"an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio", "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs"},
	} {
		if got := bech32(row.hrp, nil); got != row.want {
			t.Errorf("bech32(%q) = %q, want %q", row.hrp, got, row.want)
		}
	}
}

// TestBackupKeyFollowsFromTheMasterKeyAlone: the same key in both of its
// spellings gives the same identity, for ever; another key gives another.
func TestBackupKeyFollowsFromTheMasterKeyAlone(t *testing.T) {
	const hexKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	const base = "# comment\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
	identity := func(text string) (*age.X25519Identity, error) {
		key, err := locker.ParseMaster([]byte(text))
		if err != nil {
			return nil, err
		}
		return backupIdentity(key)
	}
	a, errA := identity(hexKey)
	b, errB := identity(base)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if a.String() != b.String() {
		t.Error("the two spellings of one key give two identities")
	}
	if got, want := a.Recipient().String(), "age1"; !strings.HasPrefix(got, want) {
		t.Errorf("recipient %q, want it to begin with %q", got, want)
	}
	c, err := identity(strings.Replace(hexKey, "00", "01", 1))
	if err != nil || c.String() == a.String() {
		t.Errorf("another key gives the same identity (%v)", err)
	}
	if _, err := backupIdentity(locker.MasterKey{}); err == nil {
		t.Error("a key that is none was taken")
	}
}

// TestEveryDamageIsSeen changes, cuts and extends a parcel at each of its
// bytes.
func TestEveryDamageIsSeen(t *testing.T) {
	var whole bytes.Buffer
	err := writeParcel(&whole, manifest{Penstock: parcelStore}, func(w io.Writer) error {
		_, err := w.Write([]byte("some records"))
		return errors.Join(err, func() error { _, err := w.Write([]byte("and more")); return err }())
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func(b []byte) (string, error) {
		r := bufio.NewReaderSize(bytes.NewReader(b), maxManifest)
		if _, err := readManifest(r, parcelStore); err != nil {
			return "", err
		}
		var out bytes.Buffer
		_, err := readParcel(r, &out)
		return out.String(), err
	}
	if got, err := read(whole.Bytes()); err != nil || got != "some recordsand more" {
		t.Fatalf("the whole parcel reads as %q, %v", got, err)
	}
	head := bytes.IndexByte(whole.Bytes(), '\n') // what the manifest says is age's to guard
	for i := range whole.Len() {
		if _, err := read(whole.Bytes()[:i]); err == nil {
			t.Errorf("cut at byte %d of %d: taken for whole", i, whole.Len())
		}
		changed := bytes.Clone(whole.Bytes())
		changed[i] ^= 1
		if got, err := read(changed); err == nil && (got != "some recordsand more" || i > head && i < whole.Len()-1) {
			t.Errorf("byte %d of %d changed: taken for whole", i, whole.Len())
		}
	}
	if _, err := read(append(whole.Bytes(), 'x')); err == nil {
		t.Error("a longer parcel was taken for whole")
	}
}

// TestDamagedBackupIsRefused changes one byte in the middle of a real backup.
func TestDamagedBackupIsRefused(t *testing.T) {
	m := newPlace(t)
	file := filepath.Join(t.TempDir(), "b")
	if _, code := once(t, nil, "backup", file, "--config", m.Config); code != ExitDone {
		t.Fatalf("backup: exit code %d", code)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("default")) {
		t.Error("the backup shows a merchant's id")
	}
	key := filepath.Join(filepath.Dir(m.Config), "master.key")
	for name, damaged := range map[string][]byte{"changed": changedAt(text, len(text)/2), "cut": text[:len(text)-1], "head": changedAt(text, 40), "empty": nil} {
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "back")
		if _, code := once(t, nil, "restore", file, dir, "--key", key); code != ExitFailed {
			t.Errorf("%s: exit code %d, want %d", name, code, ExitFailed)
		}
		if left, err := os.ReadDir(dir); err == nil && len(left) > 0 {
			t.Errorf("%s: restore left %v behind", name, left)
		}
	}
}

func changedAt(text []byte, i int) []byte {
	out := bytes.Clone(text)
	out[i] ^= 1
	return out
}

// forgetfulBank is the test provider without idempotency: whoever sends twice
// pays twice.
func forgetfulBank(t *testing.T) (url string, bank *sandbox.Provider) {
	t.Helper()
	faults := sandbox.DefaultFaults()
	faults.Idempotent = false
	s, err := sandbox.NewServer(sandbox.Options{Now: time.Now, Faults: &faults})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(soon(t, "the bank has closed", ended), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String(), s.Provider()
}

func twelveFifty(c money.Currency) engine.NewRequest {
	return engine.NewRequest{Dialect: "rest", Amount: money.New(1250, c), Confirm: true, AutoFulfill: true,
		Beneficiary: engine.Beneficiary{Kind: service.Bank, Form: "sepa", Details: connector.Details{"iban": goodIBAN}}}
}

// TestRestoredStoreLooksBeforeItSends: a payout that waited to be sent when
// the backup was made, and was sent afterwards, is not sent again by the
// restored store, even at a provider that would pay it twice. Nothing new is
// paid before a person has released it, and after that it is.
func TestRestoredStoreLooksBeforeItSends(t *testing.T) {
	t.Parallel()
	url, bank := forgetfulBank(t)
	m := newPlace(t)
	a := openPlace(t, m.Config, url)
	who := engine.Caller{Scope: engine.Scope{Merchant: firstMerchant, Mode: engine.Test}, Actor: "operator", Rights: engine.Rights()}
	eur, err := money.ParseCurrency("EUR")
	if err != nil {
		t.Fatal(err)
	}
	v, err := a.engine.Create(t.Context(), who, twelveFifty(eur), nil)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "b")
	for name, fill := range map[string]func(context.Context, io.Writer) error{file: a.backup, file + ".keys": a.keyring} {
		if _, err := writeWhole(name, func(w io.Writer) error { return fill(t.Context(), w) }); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := a.engine.Work(t.Context()); n != 1 || err != nil {
		t.Fatalf("the payout was not sent: %d, %v", n, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "back")
	out, err := restoring{key: filepath.Join(filepath.Dir(m.Config), "master.key")}.restore(t.Context(), testEnv(t), file, dir)
	if err != nil || out.Doubted != 1 || len(out.Report.Findings) > 0 {
		t.Fatalf("restore: %+v, %v, want one payout in doubt and no finding", out, err)
	}
	back := openPlace(t, out.Config, url)
	if got, want := back.engine.Held(), "restored from the backup of "; !strings.HasPrefix(got, want) || got != out.Held {
		t.Errorf("the restored store is held for %q, want %q...", got, want)
	}
	if _, err := back.engine.Create(t.Context(), who, twelveFifty(eur), nil); err == nil {
		t.Error("the restored store took a payout before its release")
	}
	waitFor(t, "the restored payout has ended", func() bool {
		if _, err := back.engine.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := back.engine.Get(t.Context(), who, engine.PrefixRequest, engine.PrefixRequest+v.ID)
		return err == nil && got.Stage.Ended()
	})
	waitFor(t, "nothing can arrive any more that was sent before", func() bool {
		err := back.engine.Release(t.Context(), engine.Caller{Actor: "operator"}, false)
		var early *engine.Error
		if err != nil && !(errors.As(err, &early) && early.After > 0) {
			t.Fatal(err)
		}
		return err == nil
	})
	next, err := back.engine.Create(t.Context(), who, twelveFifty(eur), nil)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	waitFor(t, "a payout made after the release has ended", func() bool {
		if _, err := back.engine.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := back.engine.Get(t.Context(), who, engine.PrefixRequest, engine.PrefixRequest+next.ID)
		return err == nil && got.Stage.Ended()
	})
	lines, err := bank.Ledger()
	if err != nil || len(lines) != 2 || lines[0].Movements != 1 || lines[1].Movements != 1 {
		t.Errorf("the ledger has %+v, %v; want money to have moved once for each of two payouts", lines, err)
	}
	if err := back.Close(); err != nil {
		t.Fatal(err)
	}
}

// testEnv is an environment for what runs in this process.
func testEnv(t *testing.T) Env {
	return Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, ExampleConfig: []byte(readExample(t))}
}

// openPlace opens a place whose test provider is at url.
func openPlace(t *testing.T, config, url string) *appliance {
	t.Helper()
	env := testEnv(t)
	env.Environ = append(sandboxEnv(url), "PENSTOCK_ENGINE_POLLS=50ms", "PENSTOCK_ENGINE_POLL_MAX=1s", "PENSTOCK_ENGINE_CALL_DEADLINE=2s")
	cfg, _, err := LoadConfig(config, env.Environ)
	if err != nil {
		t.Fatal(err)
	}
	a, err := opening{env: env, cfg: cfg, log: slog.New(slog.DiscardHandler), render: renderers()}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return a
}
