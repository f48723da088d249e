package iso20022

import (
	"context"
	"errors"
	"testing"
	"time"

	"penstock/engine/connector"
)

var errEnd = errors.New("the process ends here")

// dying makes an account's process end before its n-th change of the disk.
func dying(a *account, n int) (count *int) {
	count = new(int)
	a.state.steps = func() error {
		if *count++; *count >= n && n > 0 {
			return errEnd
		}
		return nil
	}
	return count
}

// pursue does what is done after a crash: it asks about each order, and sends
// again, together, those of which the answer is that they never left.
func pursue(t *testing.T, a *account, in []connector.Instruction, sent time.Time) (unknown map[string]bool) {
	t.Helper()
	unknown = map[string]bool{}
	var again []connector.Instruction
	for _, i := range in {
		out, _ := a.Seek(context.Background(), connector.Question{Key: i.Key, Amount: i.Amount, Sent: sent})
		switch out.Verdict {
		case connector.Absent:
			again = append(again, i)
		case connector.Unknown:
			unknown[i.Key] = true
		}
	}
	if len(again) > 0 {
		_, errs := a.SendAll(context.Background(), again)
		for i, err := range errs {
			if err != nil {
				unknown[again[i].Key] = true
			}
		}
	}
	return unknown
}

// TestAnOrderIsInOneFileAfterAnyCut: the process ends at each change of the
// disk while a batch is put in its place, and once more at each while it is
// asked about and sent again. Each order is in one file in the end. In none, it
// waits for a person; in two, never.
func TestAnOrderIsInOneFileAfterAnyCut(t *testing.T) {
	in := []connector.Instruction{order("po_1", eur(100)), order("po_2", eur(200)), order("po_3", eur(300))}
	begin := func() (*bank, *account, time.Time) {
		b := newBank(t)
		a := b.connect()
		if _, err := a.state.open(b.now); err != nil {
			t.Fatal(err)
		}
		return b, a, b.now.Add(time.Second)
	}
	judge := func(what string, first, second int, b *bank, unknown map[string]bool) {
		for _, i := range in {
			if n := b.movements(i.Key); n > 1 || n == 0 && !unknown[i.Key] {
				t.Errorf("%s, cut at %d and at %d: %s is in %d files", what, first, second, i.Key, n)
			}
		}
	}
	b, a, _ := begin()
	steps := dying(a, 0)
	if _, errs := a.SendAll(context.Background(), in); errors.Join(errs...) != nil || len(b.got()) != 1 {
		t.Fatalf("without a cut: %v, %d files", errs, len(b.got()))
	}
	waiting, stride := 0, 1
	if testing.Short() {
		stride = 3
	}
	for first := 1; first <= *steps; first++ {
		for second := 0; ; second += stride {
			b, a, sent := begin()
			dying(a, first)
			a.SendAll(context.Background(), in)
			a = b.connect()
			did := dying(a, second)
			unknown := pursue(t, a, in, sent)
			over := second > 0 && *did < second
			if second > 0 {
				unknown = pursue(t, b.connect(), in, sent)
			} else if len(unknown) > 0 {
				t.Errorf("cut at %d: %v are not known after it", first, unknown)
			}
			judge("batch", first, second, b, unknown)
			waiting += len(unknown)
			if over {
				break
			}
		}
	}
	if waiting > 3*2**steps { // a file that was just taken away when the process ended again
		t.Errorf("%d orders wait for a person", waiting)
	}
}

// TestABatchOfThousandsHasFewSteps, for its call has a deadline: one file is
// written for each order, and a few for all.
func TestABatchOfThousandsHasFewSteps(t *testing.T) {
	b := newBank(t)
	a := b.connect()
	if _, err := a.state.open(b.now); err != nil {
		t.Fatal(err)
	}
	in := make([]connector.Instruction, 500)
	for i := range in {
		in[i] = order("po_"+string(rune('a'+i%26))+string(rune('a'+i/26)), eur(int64(i+1)))
	}
	steps := dying(a, 0)
	if _, errs := a.SendAll(context.Background(), in); errors.Join(errs...) != nil {
		t.Fatal(errs)
	}
	if *steps > 2*len(in)+20 {
		t.Errorf("%d steps for %d orders", *steps, len(in))
	}
}
