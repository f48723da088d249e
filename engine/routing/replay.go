package routing

import (
	"errors"
	"fmt"

	"penstock/engine/money"
	"penstock/engine/payout"
)

// ErrReplay says that an explanation doesn't carry its decision.
var ErrReplay = errors.New("routing: the explanation doesn't lead to the decision")

// Replay derives the choice again from nothing but the explanation: each
// comparison from its values, each refusal from its numbers, each part from
// the slots, each strategy's pick from its field and draw. The error is
// ErrReplay and says where it parts from what was decided. (Whether the tree
// said so is not in it: Path and Leaf point into the tree's revision.)
func (d Decision) Replay() error {
	if err := d.replayPath(); err != nil {
		return err
	}
	var choice *Choice
	short := false
	for i := range d.Rounds {
		if choice != nil {
			return fmt.Errorf("%w: round %d after a choice", ErrReplay, i)
		}
		var err error
		if choice, err = d.replayRound(&d.Rounds[i]); err != nil {
			return fmt.Errorf("%w in round %d", err, i)
		}
		short = false
		for _, v := range d.Rounds[i].Routes {
			short = short || choice == nil && v.Reason.Short()
		}
	}
	switch {
	case (choice == nil) != (d.Choice == nil), (d.Choice == nil) == (d.Resolution == payout.OK), short != d.Short:
		return fmt.Errorf("%w: there is a choice in one of them only", ErrReplay)
	case choice != nil && (choice.Route != d.Choice.Route || choice.Part != d.Choice.Part || choice.Amount != d.Choice.Amount):
		return fmt.Errorf("%w: it leads to %s by %s", ErrReplay, choice.Part, choice.Route)
	}
	return nil
}

func (d *Decision) replayPath() error {
	at := ""
	for _, step := range d.Path {
		if step.At != at {
			return fmt.Errorf("%w: the path leaves the tree at %q", ErrReplay, step.At)
		}
		if !step.If.replay() {
			return fmt.Errorf("%w: the condition at %q", ErrReplay, step.At)
		}
		if at += "/else"; step.If.Is {
			at = step.At + "/then"
		}
	}
	if at != d.Leaf {
		return fmt.Errorf("%w: the path ends at %q", ErrReplay, at)
	}
	return nil
}

// replay says whether an outcome follows from what it shows.
func (o *Outcome) replay() bool {
	if o.Value != nil {
		return o.replayTerm()
	}
	is := len(o.All) > 0
	for i := range o.All {
		is = is && o.All[i].Is
	}
	for i := range o.Any {
		is = is || o.Any[i].Is
	}
	ok := is == o.Is
	for i := range o.All {
		ok = ok && o.All[i].replay()
	}
	for i := range o.Any {
		ok = ok && o.Any[i].replay()
	}
	return ok
}

func (o *Outcome) replayTerm() bool {
	switch {
	case o.Masked:
		return true // it can't be told
	case o.Absent:
		return !o.Is
	}
	facts, next := Facts{o.Attribute: o.Actual}, 0
	for _, item := range o.Value.Items {
		if item.Ref == "" {
			continue
		}
		if next == len(o.Against) {
			return false
		}
		facts[item.Ref] = o.Against[next]
		next++
	}
	is, known := (&Term{o.Attribute, o.Operator, *o.Value}).holds(facts)
	return known && is == o.Is
}

func (d *Decision) replayRound(r *Round) (*Choice, error) {
	slots := make([]*Slot, len(r.Routes))
	for i := range r.Routes {
		slots[i] = r.Routes[i].Slot
	}
	for i := range r.Routes {
		v := &r.Routes[i]
		if !v.replay() {
			return nil, fmt.Errorf("%w: %s for route %s", ErrReplay, v.Reason, v.Route)
		}
		if v.Slot == nil || v.Reason == OverBalance || v.Reason == IsRefused {
			continue
		}
		if part := largestPart(slots, i, d.Asked.Minor(), d.Parts); part != v.Slot.Part || (v.Reason == Usable) != (part > 0) {
			return nil, fmt.Errorf("%w: a part of %d by route %s", ErrReplay, part, v.Route)
		}
	}
	for i := range r.Tries {
		at, err := r.Tries[i].replay(r.Routes)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			continue
		}
		if i != len(r.Tries)-1 {
			return nil, fmt.Errorf("%w: a strategy after a choice", ErrReplay)
		}
		v := &r.Routes[r.Tries[i].Field[at].Route]
		choice := &Choice{Target: Target{Route: v.Route}, Part: d.Asked, Amount: v.Need.Amount}
		if v.Slot != nil {
			choice.Part = money.New(v.Slot.Part, d.Asked.Currency())
		}
		return choice, nil
	}
	return nil, nil
}

// replay says whether a refusal follows from its numbers.
func (v *Verdict) replay() bool {
	switch v.Reason {
	case BelowMin:
		less, err := v.Need.Less(v.Limit.Amount)
		return err == nil && less
	case AboveMax, OverTurnover, OverBalance:
		more, err := v.Limit.Less(v.Need.Amount)
		return err == nil && more
	case Usable:
		return v.Need.IsPositive() && !v.Limit.IsSet()
	}
	return true
}

// replay is the place in the field that the strategy picks; -1 for none.
func (t *Try) replay(routes []Verdict) (int, error) {
	for i := range t.Field {
		c := &t.Field[i]
		if c.Route < 0 || c.Route >= len(routes) || routes[c.Route].Reason != Usable || holdsRoute(t.Field[:i], c.Route) {
			return -1, fmt.Errorf("%w: %s chose among what can't be used", ErrReplay, t.Type)
		}
		if len(t.Field) > 1 && t.Type == Optimal && c.Weight != c.merit(routes[c.Route].Need.Amount) {
			return -1, fmt.Errorf("%w: the numbers of %s", ErrReplay, t.Type)
		}
	}
	return pick(t.Type, t.Field, routes, t.Draw), nil
}
