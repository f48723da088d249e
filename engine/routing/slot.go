package routing

import "penstock/engine/money"

// slot says which parts a route can take; or it refuses the route, with the
// least part for which it would have to (nil error), when it can take none.
// Its cap counts in the balance only if balance is true.
func (c *Candidate) slot(asked money.Amount, balance bool) (s *Slot, reason Reason, limit Figure, err error) {
	whole := c.Whole.Minor()
	below, err := c.most(c.least()-1, asked)
	if err != nil {
		return nil, IsRefused, Figure{}, err
	}
	s = &Slot{From: below + 1, To: asked.Minor(), Cap: asked.Minor()}
	if c.Max.IsSet() && c.Max.Minor() < whole {
		if s.To, err = c.most(c.Max.Minor(), asked); err != nil {
			return nil, IsRefused, Figure{}, err
		}
		if s.From > s.To {
			return s, AboveMax, Figure{c.Max}, nil
		}
	}
	if c.TurnoverLeft.IsSet() && c.TurnoverLeft.Minor() < whole {
		if s.Cap, err = c.most(c.TurnoverLeft.Minor(), asked); err != nil {
			return nil, IsRefused, Figure{}, err
		}
		if s.From > s.Cap {
			return s, OverTurnover, Figure{c.TurnoverLeft}, nil
		}
	}
	if balance && !c.Unlimited && c.Available.Minor() < whole {
		available, err := c.most(c.Available.Minor(), asked)
		if err != nil {
			return nil, IsRefused, Figure{}, err
		}
		if s.Cap = min(s.Cap, available); s.From > s.Cap {
			return s, OverBalance, c.figure(c.Available.Minor()), nil
		}
	}
	return s, Usable, Figure{}, nil
}

// judgeParts turns the verdicts of the round for the whole into those of a
// round for parts.
func (r *round) judgeParts(parts int) {
	slots := r.slots(true)
	rich := r.slots(false) // as if money were no question
	for i := range r.Routes {
		v, c, s := &r.Routes[i], r.from[i], slots[i]
		v.Slot = s
		switch {
		case rich[i] == nil: // refused, and not for money
		case s != nil && r.Kind == RoundParts && s.Cap < min(s.To, rich[i].Cap):
			// Money for a smaller part is left alone as long as others pay.
			v.refuse(OverBalance, c.figure(c.Available.Minor()))
			v.need(c, min(s.To, rich[i].Cap), r.asked)
		case s != nil && v.take(largestPart(slots, i, r.asked.Minor(), parts)):
			v.Reason, v.Limit = Usable, Figure{}
			v.need(c, s.Part, r.asked)
			if reason, _ := c.fits(v.Need.Amount); reason != Usable { // whatever Convert did: never outside of the limits
				v.failed()
			}
		case largestPart(rich, i, r.asked.Minor(), parts) == 0:
			v.refuse(RestImpossible, Figure{})
			v.need(c, rich[i].From, r.asked)
		case s != nil:
			v.refuse(RestOverdrawn, Figure{})
			v.need(c, s.From, r.asked)
		}
	}
}

func (v *Verdict) refuse(reason Reason, limit Figure) { v.Reason, v.Limit = reason, limit }

// take writes down the part that was found, and says whether there is one.
func (v *Verdict) take(part int64) bool {
	v.Slot.Part = part
	return part > 0
}

// slots works out the slots of all routes that a smaller part may help, and
// writes down why others have none.
func (r *round) slots(balance bool) []*Slot {
	out := make([]*Slot, len(r.Routes))
	for i := range r.Routes {
		v, c := &r.Routes[i], r.from[i]
		switch v.Reason {
		case Usable, AboveMax, OverTurnover, OverBalance:
		default:
			continue
		}
		s, reason, limit, err := c.slot(r.asked, balance)
		switch {
		case err != nil:
			v.failed()
			continue
		case reason != Usable:
			v.refuse(reason, limit)
			v.need(c, s.From, r.asked)
			continue
		}
		for j := range i {
			if out[j] != nil && c.Deposit != "" && r.from[j].Deposit == c.Deposit {
				s.Group = j + 1
				break
			}
		}
		out[i] = s
	}
	return out
}

// need writes down what the route would pay for a part.
func (v *Verdict) need(c *Candidate, part int64, asked money.Amount) {
	need, err := c.pays(money.New(part, asked.Currency()))
	if err != nil {
		v.failed()
		return
	}
	v.Need = Figure{need}
}

func (v *Verdict) failed() {
	v.Reason, v.Detail, v.Need, v.Limit = IsRefused, "the exchange of a part failed", Figure{}, Figure{}
}
