package sim

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/store"
	"penstock/store/faulty"
)

// Result is what one seed showed. The same seed and the same bug give the
// same result.
type Result struct {
	Seed     uint64
	Break    string
	Nature   string         // of the provider met
	Steps    int            // things that the world did
	Faults   map[string]int // what went wrong on purpose, by name
	Payouts  int
	Checks   int      // times that every invariant was held against the world
	Findings []string // what did not hold; empty: nothing
}

// invariants are what every world is judged by, in words. Findings bear their
// numbers.
var invariants = [...]string{
	"I1 the provider has moved money at most once for each payout, and not at all for one that failed",
	"I2 every transfer of the provider's book is a payout of ours, of the same amount",
	"I3 what is available, held and paid adds up to what was put in, and to the payouts",
	"I4 whatever was acknowledged is there after any crash",
	"I5 nothing is sent whose intent was not on disk",
	"I6 an end never changes, but for money that came back",
	"I7 the same key and body get the same answer, another body is refused",
	"I8 whatever has not ended is due, or waits for a person",
	"I9 each change has its history, its audit line and its webhook, told once and as of then",
	"I10 no account number lies outside the locker's ciphertext",
	"I11 nobody reads, pays with or cancels what belongs to another merchant or customer",
	"I12 once faults have healed, everything that was accepted ends",
	"I13 a key moves money once, also when the store was brought back to a time before it",
	"I14 no request has more out than its amount, and each payout keeps the limits, the balance, the turnover and the scheme of where it leaves",
	"I15 less than the whole is no end that nobody was asked about, and a request with money out is never failed",
	"I16 each payout follows from its explanation, at the rate that was in force or promised, rounded down",
	"I17 a payout stands in for another only after a refusal that is certain and of the route's own, by a route that has not failed, as often as is allowed, and never while a person has to decide",
	"I18 what waits for money is not overtaken",
	"I19 what is out of each account is what its provider's own book says",
	"I20 each payment is taken once at most, not at all where it failed or was cancelled, and what was captured and given back is what the provider's book says",
}

// Invariants returns what every world is judged by, in words.
func Invariants() []string { return append([]string(nil), invariants[:]...) }

// Prove runs the world of one seed and judges it. An empty break is the
// product; any other name plants that bug.
func Prove(ctx context.Context, seed uint64, breakName string) (Result, error) {
	return ProveAs(ctx, seed, breakName, natureOf(seed))
}

// ProveAs is Prove with a provider of a nature that the seed doesn't choose.
// What comes late does so within a minute, so its Settle must be that at the
// least.
func ProveAs(ctx context.Context, seed uint64, breakName string, n Nature) (Result, error) {
	r := Result{Seed: seed, Break: breakName, Faults: map[string]int{}}
	var b Break
	if breakName != "" {
		var ok bool
		if b, ok = FindBreak(breakName); !ok {
			return r, fmt.Errorf("no break is called %q", breakName)
		}
	}
	if err := run(ctx, seed, b, n, &r); err != nil && !errors.Is(err, errFound) {
		r.Findings = append(r.Findings, "the appliance could not go on: "+err.Error())
	}
	sort.Strings(r.Findings)
	return r, ctx.Err()
}

// run tells the story; a panic of the appliance outside its own recovery is a
// finding like any other.
func run(ctx context.Context, seed uint64, b Break, n Nature, r *Result) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it panicked: %v", p)
		}
	}()
	s, err := newStory(ctx, seed, b, n, r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.w.Close()) }()
	r.Nature = s.nature.Name
	return s.tell()
}

// errFound ends a story as soon as something did not hold.
var errFound = errors.New("sim: an invariant does not hold")

// Nature is a kind of provider: what its connector declares, and the faults that
// make it so. What is declared is true; a break may make it lie.
type Nature struct {
	Name   string
	Traits connector.Traits
	Faults string // as of PUT /v1/faults
}

// natures are those that a story may meet.
var natures = [...]Nature{
	{"honours the key and can be asked", connector.Traits{Idempotent: true, Lookup: true, Settle: time.Minute}, `{}`},
	{"honours the key, keeps refusals, can be asked", connector.Traits{Idempotent: true, KeepsRefusal: true, Lookup: true, Settle: time.Minute}, `{"keeps_refusal":true}`},
	{"ignores the key and can be asked", connector.Traits{Lookup: true, Settle: time.Minute}, `{"idempotent":false}`},
	{"ignores the key and can be asked, in a storm", connector.Traits{Lookup: true, Settle: time.Minute}, `{"idempotent":false,"drop_request":0.6,"late_ms":[0,50000]}`},
	{"honours the key, can be asked, refuses much in a storm", connector.Traits{Idempotent: true, Lookup: true, Settle: time.Minute}, `{"drop_request":0.4,"reject":0.4,"late_ms":[9000,50000]}`},
	{"honours the key, can't be asked, refuses much in a storm", connector.Traits{Idempotent: true, Settle: time.Minute}, `{"lookup":false,"drop_request":0.4,"reject":0.4,"late_ms":[9000,50000]}`},
	{"honours the key and keeps refusals, can't be asked", connector.Traits{Idempotent: true, KeepsRefusal: true, Settle: time.Minute}, `{"keeps_refusal":true,"lookup":false}`},
	{"honours the key, can't be asked", connector.Traits{Idempotent: true, Settle: time.Minute}, `{"lookup":false}`},
	{"honours the key for an hour, can't be asked", connector.Traits{Idempotent: true, Window: time.Hour, Settle: time.Minute}, `{"lookup":false}`},
	{"neither honours the key nor can be asked", connector.Traits{Settle: time.Minute}, `{"idempotent":false,"lookup":false}`},
}

func natureOf(seed uint64) Nature { return natures[seed%uint64(len(natures))] }

// power is what the disk did in the middle of things.
func power(err error) bool {
	return errors.Is(err, faulty.ErrPowerCut) || errors.Is(err, store.ErrCommitUnknown)
}

func (s *story) fault(name string) { s.result.Faults[name]++ }

func (s *story) setFaults(patch string) error {
	_, err := s.w.Provider.SetFaults([]byte(patch))
	return err
}

// magicAccount is a test account that ends as named, in the form of an IBAN.
func magicAccount(name string) string {
	for _, m := range sandbox.MagicTable() {
		if m.Name == name {
			return m.IBAN
		}
	}
	panic("sim: no magic account " + name)
}
