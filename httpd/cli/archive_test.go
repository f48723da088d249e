package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"penstock/engine"
	"penstock/engine/archive"
	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/payout"
	"penstock/store"
)

// archivedPlace is a place with a payout that lies in its archive.
func archivedPlace(t *testing.T) (m made, url, id string) {
	t.Helper()
	url, _ = forgetfulBank(t)
	m = newPlace(t)
	a := openPlace(t, m.Config, url)
	who := placeOwner()
	v, err := a.engine.Create(t.Context(), who, twelveFifty(money.MustCurrency("EUR")), nil)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the payout has ended", func() bool {
		if _, err := a.engine.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := a.engine.Get(t.Context(), who, engine.PrefixRequest, engine.PrefixRequest+v.ID)
		return err == nil && got.Stage.Ended()
	})
	a.engine.Retention.Archive = time.Nanosecond
	waitFor(t, "it is archived", func() bool {
		moved, _, err := a.engine.ArchiveNow(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		return moved == 1
	})
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return m, url, v.ID
}

func placeOwner() engine.Caller {
	return engine.Caller{Scope: engine.Scope{Merchant: firstMerchant, Mode: engine.Test}, Actor: "operator", Rights: engine.Rights()}
}

func segmentOf(t *testing.T, dir string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "archive", "*.arc"))
	if err != nil || len(all) != 1 {
		t.Fatalf("segments %v, %v; want one", all, err)
	}
	return all[0]
}

// TestABackupCarriesTheArchive: what is archived is in the backup and read out of
// the restored store; a drill finds it too.
func TestABackupCarriesTheArchive(t *testing.T) {
	t.Parallel()
	m, url, id := archivedPlace(t)
	key := filepath.Join(filepath.Dir(m.Config), "master.key")
	file := filepath.Join(t.TempDir(), "b")
	if _, code := once(t, nil, "backup", file, "--config", m.Config); code != ExitDone {
		t.Fatalf("backup: exit code %d", code)
	}
	if _, code := once(t, nil, "restore", "--drill", file, "--key", key, "--config", m.Config); code != ExitDone {
		t.Errorf("drill: exit code %d", code)
	}
	dir := filepath.Join(t.TempDir(), "back")
	out, err := restoring{key: key}.restore(t.Context(), testEnv(t), file, dir)
	if err != nil || len(out.Report.Findings) > 0 || out.Report.Counts["archived"] == 0 {
		t.Fatalf("restore: %+v, %v; want no finding, and archived values looked at", out.Report, err)
	}
	if info, err := os.Stat(segmentOf(t, dir)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the segment: %v, %v", info, err)
	}
	back := openPlace(t, out.Config, url)
	defer back.Close()
	if got, err := back.engine.Get(t.Context(), placeOwner(), engine.PrefixRequest, engine.PrefixRequest+id); err != nil || !got.Stage.Ended() {
		t.Errorf("%v, %v", got, err)
	}
}

// TestABackupCutInItsArchiveIsRefused ends a backup after each of its parcels,
// and leaves one out.
func TestABackupCutInItsArchiveIsRefused(t *testing.T) {
	parts := [][]byte{}
	for _, p := range []struct {
		manifest
		text string
	}{{manifest{Penstock: parcelStore, Format: 2}, "store"}, {manifest{Penstock: parcelSegment, Format: 2, Name: archive.NewID(1, 2).String()}, "segment"},
		{manifest{Penstock: parcelEnd, Format: 2, Counts: map[string]int{"segments": 1}}, ""}} {
		var b strings.Builder
		if err := writeParcel(&b, p.manifest, func(w io.Writer) error { _, err := io.WriteString(w, p.text); return err }); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, []byte(b.String()))
	}
	evil := strings.Replace(string(parts[1]), archive.NewID(1, 2).String(), "../../penstock.db", 1)
	for name, row := range map[string]struct {
		text string
		ok   bool
	}{
		"whole":               {string(parts[1]) + string(parts[2]), true},
		"without its end":     {string(parts[1]), false},
		"without a segment":   {string(parts[2]), false},
		"a segment too many":  {string(parts[1]) + string(parts[1]) + string(parts[2]), false},
		"cut in a segment":    {string(parts[1][:len(parts[1])-3]), false},
		"nothing":             {"", false},
		"a name that is none": {evil + string(parts[2]), false},
		"a store":             {string(parts[0]) + string(parts[2]), false},
	} {
		dir := filepath.Join(t.TempDir(), "archive")
		err := unpackArchive(bufio.NewReaderSize(strings.NewReader(row.text), maxManifest), dir, io.Discard)
		if (err == nil) != row.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAMissingSegmentIsSaidByEveryVerb: a store without its archive is never
// taken for whole.
func TestAMissingSegmentIsSaidByEveryVerb(t *testing.T) {
	t.Parallel()
	m, url, id := archivedPlace(t)
	segment := segmentOf(t, filepath.Dir(m.Config))
	if err := os.Rename(segment, segment+".away"); err != nil {
		t.Fatal(err)
	}
	if _, code := once(t, nil, "check", "--config", m.Config); code != ExitFailed {
		t.Errorf("check: exit code %d, want %d", code, ExitFailed)
	}
	a := openPlace(t, m.Config, url)
	_, err := a.engine.Get(t.Context(), placeOwner(), engine.PrefixRequest, engine.PrefixRequest+id)
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("%v, want that it is lost", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(segment+".away", segment); err != nil {
		t.Fatal(err)
	}
	if _, code := once(t, nil, "check", "--config", m.Config); code != ExitDone {
		t.Errorf("check with the segment back: exit code %d", code)
	}
}

// TestArchivingBesideWorkLosesNothing archives over and over while payouts are
// made, read and given back.
func TestArchivingBesideWorkLosesNothing(t *testing.T) {
	url, bank := forgetfulBank(t)
	a := openPlace(t, newPlace(t).Config, url)
	defer a.Close()
	who, eur := placeOwner(), money.MustCurrency("EUR")
	a.engine.Retention.Archive = time.Nanosecond
	ctx, stop := context.WithCancel(t.Context())
	var archived atomic.Int64
	var beside sync.WaitGroup
	for _, work := range []func() error{
		func() error { _, err := a.engine.Work(ctx); return err },
		func() error { n, _, err := a.engine.ArchiveNow(ctx, 5); archived.Add(int64(n)); return err },
		func() error { _, _, err := a.engine.List(ctx, who, engine.Filter{}, 0, 100); return err },
	} {
		beside.Go(func() {
			for ctx.Err() == nil {
				if err := work(); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	const hands, each = 8, 2
	var hired sync.WaitGroup
	for range hands {
		hired.Go(func() {
			for range each {
				v, err := a.engine.Create(ctx, who, twelveFifty(eur), nil)
				if err != nil {
					t.Error(err)
					return
				}
				get := func() *engine.View {
					got, err := a.engine.Get(ctx, who, engine.PrefixRequest, engine.PrefixRequest+v.ID)
					if err != nil {
						t.Error(err)
					}
					return got
				}
				for got := get(); got != nil && !got.Stage.Ended(); got = get() {
					runtime.Gosched()
				}
				if err := a.engine.State(ctx, who, v.Payouts[0].ID, connector.Outcome{Verdict: connector.Returned, Resolution: "returned"}); err != nil {
					t.Error(err)
				}
				if got := get(); got != nil && got.Stage != payout.GivenBack {
					t.Errorf("%s is %s after its money came back", v.ID, got.Stage)
				}
			}
		})
	}
	hired.Wait()
	stop()
	beside.Wait()
	lines, err := bank.Ledger()
	if err != nil || len(lines) != hands*each {
		t.Errorf("the bank has %d transfers, %v; want %d", len(lines), err, hands*each)
	}
	for _, l := range lines {
		if l.Movements != 1 {
			t.Errorf("money moved %d times for %s", l.Movements, l.Key)
		}
	}
	report, err := a.engine.Check(t.Context(), nil)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if archived.Load() == 0 {
		t.Error("nothing was archived meanwhile")
	}
}
