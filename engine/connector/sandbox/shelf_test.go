package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// openSmall is a provider that writes a checkpoint after each few orders.
func openSmall(t testing.TB, dir string, c *clock) *Provider {
	t.Helper()
	p, err := Open(Settings{Now: c.Now, Dir: dir, each: 16 << 10, last: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// settled waits for the checkpoint that is being written.
func settled(p *Provider) {
	p.mu.Lock()
	saving := p.saving
	p.mu.Unlock()
	if saving != nil {
		<-saving
	}
}

// copyAll is a directory with all that a killed provider's has.
func copyAll(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	for name, data := range filesOf(t, dir) {
		if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// filesOf reads a directory that may be in use: of files that a checkpoint
// replaces meanwhile it has some and lacks others, as after a loss of power.
func filesOf(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range list {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		switch {
		case err == nil:
			out[f.Name()] = data
		case !errors.Is(err, os.ErrNotExist):
			t.Fatal(err)
		}
	}
	return out
}

// rivals are a provider that keeps all in memory and one that doesn't, to which
// the same happens.
type rivals struct {
	t        *testing.T
	clock    *clock
	dir      string
	whole    *Provider
	small    *Provider
	draw     *rand.Rand
	accounts []string
	keys     []string
}

func newRivals(t *testing.T, seed uint64) *rivals {
	c := newClock()
	whole, err := Open(Settings{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := &rivals{t: t, clock: c, dir: dir, whole: whole, small: openSmall(t, dir, c), draw: rand.New(rand.NewPCG(seed, 1)), accounts: []string{"", "mca_a", "mca_b"}}
	t.Cleanup(func() { r.small.Close() })
	return r
}

func (r *rivals) faults(patch string) {
	r.t.Helper()
	set(r.t, r.whole, patch)
	set(r.t, r.small, patch)
}

// order sends an order to both: under a new key, or one that was used before.
func (r *rivals) order() {
	r.t.Helper()
	fates := []string{"", "NL69TEST0000000001", "NL58TEST0000000005", "NL47TEST0000000009", "NL20TEST0000000010", "NL63TEST0000000012", "NL36TEST0000000013"}
	currency := money.MustCurrency([]string{"EUR", "JPY", "KWD"}[r.draw.IntN(3)])
	o := Order{
		Key: fmt.Sprintf("key_%d", len(r.keys)), Amount: money.New(1+r.draw.Int64N(100_000), currency), Service: "sepa",
		Fields: connector.Details{"iban": fates[r.draw.IntN(len(fates))]}, Account: r.accounts[r.draw.IntN(3)],
	}
	if r.draw.IntN(4) == 0 {
		o.NotifyURL = "http://merchant.test/"
	}
	if r.draw.IntN(5) == 0 && len(r.keys) > 0 {
		o.Key = r.keys[r.draw.IntN(len(r.keys))]
		if t, found, err := r.whole.Find(o.Key); err == nil && found && r.draw.IntN(3) > 0 {
			o.Amount, o.Account = t.Amount, t.Account
		}
	}
	r.keys = append(r.keys, o.Key)
	if a, b := r.whole.receive(o), r.small.receive(o); !reflect.DeepEqual(a, b) {
		r.t.Fatalf("order %+v: got %+v, want %+v", o, b, a)
	}
}

// same holds all that p can be asked against the one that has all in memory.
func (r *rivals) same(p *Provider) {
	r.t.Helper()
	compare(r.t, p, r.whole)
	for _, key := range append(slices.Clone(r.keys), "never_seen") {
		a, foundA, errA := r.whole.Find(key)
		b, foundB, errB := p.Find(key)
		if errA != nil || errB != nil || foundA != foundB || !reflect.DeepEqual(a, b) {
			r.t.Fatalf("%s: got %+v %v %v, want %+v %v %v", key, b, foundB, errB, a, foundA, errA)
		}
	}
	for _, account := range r.accounts {
		for _, since := range []time.Time{{}, newClock().now.Add(10 * time.Second), r.clock.now.Add(-time.Second), r.clock.now.Add(time.Hour)} {
			a, errA := r.whole.Bookings(account, since)
			b, errB := p.Bookings(account, since)
			if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
				r.t.Fatalf("bookings of %q since %s: got %+v %v, want %+v %v", account, since, b, errB, a, errA)
			}
		}
		a, errA := r.whole.Balances(account)
		b, errB := p.Balances(account)
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			r.t.Fatalf("balances of %q: got %v %v, want %v %v", account, b, errB, a, errA)
		}
	}
	if !reflect.DeepEqual(p.waiting, r.whole.waiting) || p.arrivals != r.whole.arrivals || p.lastPlan != r.whole.lastPlan {
		r.t.Fatalf("planned: got %v, want %v", p.waiting, r.whole.waiting)
	}
}

// TestBooksAreTheSameWithoutWhatHasLeftMemory: over any orders, faults, times
// and restarts a provider answers, lists, reports and adds up as one does that
// has all in memory.
func TestBooksAreTheSameWithoutWhatHasLeftMemory(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRivals(t, seed)
			for step := range 400 {
				switch n := r.draw.IntN(40); {
				case n == 0:
					r.faults(fmt.Sprintf(`{"idempotent":%t,"keeps_refusal":%t,"settle_ms":[0,%d],"late_ms":[0,%d],"drop_request":0.1,"drop_reply":0.1,"error_500":0.1,"reject":0.1,"partly":0.1,"pending":0.1,"notify":0.5,"notify_twice":0.5}`,
						r.draw.IntN(2) == 0, r.draw.IntN(2) == 0, r.draw.IntN(2)*r.draw.IntN(9000), r.draw.IntN(2)*r.draw.IntN(9000)))
				case n < 5:
					r.clock.move(time.Duration(r.draw.IntN(3000)) * time.Millisecond)
				case n < 8:
					a, okA := r.whole.Take()
					b, okB := r.small.Take()
					if okA != okB || !reflect.DeepEqual(a, b) {
						t.Fatalf("notice: got %+v %v, want %+v %v", b, okB, a, okA)
					}
					if okA {
						received := r.draw.IntN(2) == 0
						r.whole.Posted(a, received)
						r.small.Posted(b, received)
					}
				case n == 8 && step > 200 && len(r.whole.outbox) == 0:
					if err := r.small.Close(); err != nil {
						t.Fatal(err)
					}
					r.small = openSmall(t, r.dir, r.clock)
				default:
					r.order()
				}
			}
			r.same(r.small)
			r.killed(r.dir)
			r.clock.move(time.Hour)
			r.same(r.small)
			settled(r.small)
			if len(r.small.shelf.runs) == 0 || len(r.small.shelf.open) != 0 {
				t.Errorf("got %d runs and %d open keys, want some and none", len(r.small.shelf.runs), len(r.small.shelf.open))
			}
		})
	}
}

// killed holds what a copy of a directory comes to against the one in memory.
func (r *rivals) killed(dir string) {
	r.t.Helper()
	again := openSmall(r.t, copyAll(r.t, dir), r.clock)
	defer again.Close()
	again.outbox = slices.Clone(r.whole.outbox) // what was due is due again
	r.same(again)
}

// TestMemoryDoesNotGrowWithWhatHasEnded counts what is left there.
func TestMemoryDoesNotGrowWithWhatHasEnded(t *testing.T) {
	c := newClock()
	dir := t.TempDir()
	p := openSmall(t, dir, c)
	kept := func(p *Provider) int {
		settled(p)
		n := len(p.rowsInMemory())
		for _, r := range p.shelf.runs {
			n += len(r.first)
		}
		return n + len(p.waiting) + len(p.agenda) + len(p.shelf.fresh)
	}
	most := 0
	for i := range 2000 {
		p.receive(bank(fmt.Sprintf("po_%d", i)))
		if i%50 == 0 {
			c.move(time.Second)
			if err := p.durable(); err != nil {
				t.Fatal(err)
			}
			most = max(most, kept(p))
		}
	}
	if most > 400 {
		t.Errorf("got %d things in memory, want no more than what is open and a few", most)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again := openSmall(t, dir, c)
	defer again.Close()
	if got := kept(again); got > 400 {
		t.Errorf("after a restart: got %d things in memory", got)
	}
	full := openSmall(t, copyOf(t, dir), c)
	defer full.Close()
	if got := kept(full); got > 400 {
		t.Errorf("after all of the journal was read: got %d things in memory", got)
	}
}

// rowsInMemory are the keys and rows of which memory knows.
func (p *Provider) rowsInMemory() []string {
	names := slices.Collect(maps.Keys(p.shelf.open))
	for _, l := range append(slices.Clip(p.shelf.frozen), p.shelf.recent) {
		names = slices.AppendSeq(names, maps.Keys(l.keys))
	}
	return names
}

// TestOldKeyIsNotPaidAgain: after its transfer has left memory, and after any
// start, with the checkpoint, without, with an older one or one that is damaged
// anywhere, or with a part of any file.
func TestOldKeyIsNotPaidAgain(t *testing.T) {
	r := newRivals(t, 3)
	r.faults(`{"settle_ms":[0,0]}`)
	var older map[string][]byte
	for i := range 300 {
		r.order()
		if i%20 == 0 {
			r.clock.move(time.Second)
		}
		if i == 150 {
			settled(r.small)
			older = filesOf(t, r.dir)
		}
	}
	r.clock.move(time.Hour)
	r.small.Advance(r.clock.now)
	r.whole.Advance(r.clock.now)
	if _, err := r.small.Ledger(); err != nil { // all is on disk
		t.Fatal(err)
	}
	settled(r.small)
	again := func(what string, change func(dir string)) {
		t.Helper()
		dir := copyAll(t, r.dir)
		change(dir)
		p := openSmall(t, dir, r.clock)
		defer p.Close()
		before, err := p.Ledger()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for _, l := range before {
			o := Order{Key: l.Key, Amount: l.Amount, Service: l.Service, Fields: connector.Details{"iban": "NL69TEST0000000001"}, Account: l.Account}
			if want, _, _ := r.whole.Find(l.Key); want.Status != Rejected {
				if o.Amount = want.Amount; !reflect.DeepEqual(p.receive(o).Transfer, want) {
					t.Fatalf("%s: key %s was not answered as before", what, l.Key)
				}
			}
		}
		if after, err := p.Ledger(); err != nil || !reflect.DeepEqual(after, before) {
			t.Fatalf("%s: keys that were used before have changed the ledger: %v", what, err)
		}
		r.sameLedger(what, before)
	}
	again("killed", func(string) {})
	put := func(dir, name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(dir, name string) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	again("older checkpoint", func(dir string) { put(dir, checkpointName, older[checkpointName]) })
	again("older files but for the journal", func(dir string) {
		for name := range filesOf(t, dir) {
			if name != fileName {
				remove(dir, name)
			}
		}
		for name, data := range older {
			if name != fileName {
				put(dir, name, data)
			}
		}
	})
	for name, data := range filesOf(t, r.dir) {
		if name == fileName {
			continue
		}
		again("without "+name, func(dir string) { remove(dir, name) })
		for _, cut := range []int{0, 1, len(data) / 2, len(data) - 1} {
			again(fmt.Sprintf("%s cut at %d", name, cut), func(dir string) { put(dir, name, data[:cut]) })
			if name == rowsName {
				continue // it has no checksum, but what it names is checked: see below
			}
			again(fmt.Sprintf("%s damaged at %d", name, cut), func(dir string) {
				bad := slices.Clone(data)
				bad[min(cut, len(bad)-1)] ^= 1
				put(dir, name, bad)
			})
		}
	}
}

func (r *rivals) sameLedger(what string, got []Line) {
	r.t.Helper()
	if want, err := r.whole.Ledger(); err != nil || !reflect.DeepEqual(got, want) {
		r.t.Fatalf("%s: got another ledger: %v", what, err)
	}
}

// TestCheckpointOfAnotherJournalIsNotBelieved: of one that is shorter, and of
// one that has grown again.
func TestCheckpointOfAnotherJournalIsNotBelieved(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	p := openSmall(t, dir, c)
	for i := range 60 {
		p.receive(card(fmt.Sprintf("one_%d", i)))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	q := openDir(t, other, c)
	for i := range 5 {
		receive(t, q, card(fmt.Sprintf("two_%d", i)))
	}
	for range 2 {
		files := filesOf(t, dir)
		files[fileName] = filesOf(t, other)[fileName]
		to := t.TempDir()
		for name, data := range files {
			if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		again := openSmall(t, to, c)
		compare(t, again, q)
		if _, found, err := again.Find("one_3"); found || err != nil {
			t.Errorf("key of another journal: got %v, %v", found, err)
		}
		again.Close()
		for i := range 100 {
			q.receive(card(fmt.Sprintf("more_%d", i)))
		}
		if err := q.durable(); err != nil {
			t.Fatal(err)
		}
	}
	q.Close()
}

// TestOldTransferCanStillComeBack: a change to a transfer that has left memory,
// also to one that no longer speaks for its key.
func TestOldTransferCanStillComeBack(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	p := openSmall(t, dir, c)
	set(t, p, `{"settle_ms":[0,0],"idempotent":false}`)
	receive(t, p, card("twice"))
	receive(t, p, card("twice"))
	for i := range 100 {
		p.receive(card(fmt.Sprintf("po_%d", i)))
	}
	settled(p)
	first, _, err := p.book.row("tr_00000001")
	if err != nil || first.Key != "twice" {
		t.Fatalf("got %+v, %v", first, err)
	}
	for _, key := range []string{"tr_00000001", "tr_00000040"} {
		p.mu.Lock()
		old, _, err := p.book.row(key)
		if err == nil {
			p.commit(change{Rows: []Transfer{old.end(c.now, Returned, "")}})
		}
		p.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(p *Provider) {
		t.Helper()
		if got := find(t, p, "twice"); got.ID != "tr_00000002" || got.Status != Paid {
			t.Errorf("the key's other transfer: got %+v", got)
		}
		if got := find(t, p, "po_37").Status; got != Returned {
			t.Errorf("got %s, want returned", got)
		}
		lines, err := p.Ledger()
		if err != nil || lines[0].Status != Returned || lines[0].Movements != 2 || lines[39].Movements != 1 {
			t.Errorf("got %+v, %v", lines[0], err)
		}
		have, err := p.Balances("")
		i := slices.IndexFunc(have, func(a money.Amount) bool { return a.Currency().Code() == "EUR" })
		if err != nil || have[i].Minor() != Opening-100*1250 {
			t.Errorf("balance: got %v, %v", have[i], err)
		}
	}
	check(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, copyOf(t, dir)} {
		again := openSmall(t, dir, c)
		check(again)
		again.Close()
	}
}

// TestKeysOfOneHashAreTwo: what a run finds under a hash is a key only once the
// journal says so.
func TestKeysOfOneHashAreTwo(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	p := openSmall(t, dir, c)
	defer p.Close()
	for i := range 120 {
		p.receive(card(fmt.Sprintf("po_%d", i)))
	}
	settled(p)
	hash := hashOf("po_1")
	words, err := p.shelf.runs[0].find(hash)
	if err != nil || len(words) != 1 {
		t.Fatalf("got %v, %v", words, err)
	}
	other, err := p.shelf.runs[0].find(hashOf("po_2"))
	if err != nil || len(other) != 1 {
		t.Fatalf("got %v, %v", other, err)
	}
	pairs := []pair{{hashOf("never"), words[0]}, {hash, words[0]}, {hash, other[0]}}
	slices.SortFunc(pairs, pair.compare)
	r, err := writeRun(dir, runName(1000), pairs, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.shelf.runs = append(p.shelf.runs, r)
	if got := find(t, p, "po_1"); got.Key != "po_1" {
		t.Errorf("got %+v", got)
	}
	if _, found, err := p.Find("never"); found || err != nil {
		t.Errorf("a key that was never seen: got %v, %v", found, err)
	}
}

// TestDamageOfWhatHasLeftIsLoud: a line or a place that can't be read ends the
// provider with the file's name; a key is never taken for a new one.
func TestDamageOfWhatHasLeftIsLoud(t *testing.T) {
	for _, name := range []string{fileName, rowsName} {
		c, dir := newClock(), t.TempDir()
		p := openSmall(t, dir, c)
		for i := range 40 {
			p.receive(card(fmt.Sprintf("po_%d", i)))
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 60 {
			data[i] = '7'
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		p = openSmall(t, dir, c)
		if _, err := p.Ledger(); err == nil || !strings.Contains(err.Error(), fileName) && !strings.Contains(err.Error(), rowsName) {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
		if name == fileName {
			if _, err := p.Receive(card("po_0")); err == nil {
				t.Errorf("an order under a key that can't be read was answered")
			}
			if lines := p.book.made(); lines != 40 {
				t.Errorf("it was made again: %d transfers", lines)
			}
		}
		p.Close()
	}
}

// TestLongRunsFindEachKey: over many blocks, and merged of several.
func TestLongRunsFindEachKey(t *testing.T) {
	dir := t.TempDir()
	var runs []*run
	want := map[uint64][]uint64{}
	draw := rand.New(rand.NewPCG(1, 2))
	for i := range 4 {
		var pairs []pair
		for range 3000 {
			p := pair{draw.Uint64N(5000), draw.Uint64N(8)}
			pairs = append(pairs, p)
			if !slices.Contains(want[p.hash], p.word) {
				want[p.hash] = append(want[p.hash], p.word)
			}
		}
		slices.SortFunc(pairs, pair.compare)
		r, err := writeRun(dir, runName(i), pairs, runs)
		if err != nil {
			t.Fatal(err)
		}
		runs = []*run{r}
	}
	r, err := openRun(dir, runs[0].name)
	if err != nil || !slices.Equal(r.first, runs[0].first) || len(r.first) < 20 {
		t.Fatalf("got %d blocks, %v", len(r.first), err)
	}
	for hash := range uint64(5001) {
		slices.Sort(want[hash])
		slices.Reverse(want[hash])
		if got, err := r.find(hash); err != nil || !slices.Equal(got, want[hash]) {
			t.Fatalf("hash %d: got %v %v, want %v", hash, got, err, want[hash])
		}
	}
}
