package hosted

import (
	"encoding/json"
	"fmt"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/payout"
)

// extra is what this dialect keeps with a request only to show it again.
type extra struct {
	ExternalID *string  `json:"externalId,omitempty"`
	Amount     string   `json:"amount"` // as it was sent
	Customer   customer `json:"customer,omitzero"`
	// Metadata as it was sent: what the engine keeps for routing has no more
	// than so many attributes.
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// Described says that there was a description, which the page keeps.
	Described bool `json:"described,omitempty"`
}

func extraOf(r *engine.Request) (x extra) {
	if r.Dialect == "hosted" && len(r.Extra) > 0 {
		_ = json.Unmarshal(r.Extra, &x) // what we wrote; of a customer who was erased it is gone
	}
	if x.Amount == "" {
		x.Amount = r.Amount.Decimal()
	}
	if x.Metadata == nil && len(r.Metadata) > 0 {
		x.Metadata = r.Metadata
	}
	return x
}

// created is the answer to a create: these nine members and no other.
type created struct {
	ID          string          `json:"id"`
	Status      string          `json:"status"`
	URL         *string         `json:"url"`
	ExternalID  *string         `json:"externalId"`
	Amount      string          `json:"amount"`
	Currency    string          `json:"currency"`
	Description *string         `json:"description"`
	Metadata    json.RawMessage `json:"metadata"`
	CreatedAt   string          `json:"createdAt"`
}

// shown is a payment as it stands: what a create answers, and what has become
// of it. It is also the body of webhooks.
type shown struct {
	created
	Type            string  `json:"type"`
	UpdatedAt       string  `json:"updatedAt"`
	FailureReason   *string `json:"failureReason,omitempty"`
	ProcessedAmount *string `json:"processedAmount,omitempty"`
}

// stamp is a time as this dialect writes it, in whole seconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// makeCreated shows a request without the capability of its link, which is
// nowhere stored: see withLink.
func (a *API) makeCreated(r *engine.Request) created {
	return createdOf(r, a.PublicURL)
}

func createdOf(r *engine.Request, publicURL string) created {
	x := extraOf(r)
	c := created{ID: prefix + r.ID, Status: statusOf(r, false), ExternalID: x.ExternalID, Amount: x.Amount, Currency: r.Amount.Currency().Code(), Metadata: x.Metadata, CreatedAt: stamp(r.Created)}
	if c.Metadata == nil {
		c.Metadata = json.RawMessage("null")
	}
	if r.Page != nil {
		u := publicURL + pagePath(r.ID)
		c.URL = &u
		if x.Described || r.Page.Description != "" {
			c.Description = &r.Page.Description
		}
	}
	return c
}

// shownOf shows a request as it stands.
func shownOf(r *engine.Request, publicURL string, returnedFails bool) shown {
	s := shown{created: createdOf(r, publicURL), Type: "payout", UpdatedAt: stamp(r.Changed)}
	s.Status = statusOf(r, returnedFails)
	if s.Status == failed {
		why := reasonOf(r)
		s.FailureReason = &why
	}
	if r.Stage == payout.SomePaid {
		p := processed(r)
		s.ProcessedAmount = &p
	}
	return s
}

// reasonOf says in a word why a payment failed.
func reasonOf(r *engine.Request) string {
	switch r.Stage {
	case payout.Expired:
		return "expired"
	case payout.Withdrawn:
		return "canceled"
	case payout.GivenBack:
		return "returned"
	}
	if r.Resolution != "" {
		return word(r.Resolution)
	}
	for i := len(r.Payouts) - 1; i >= 0; i-- {
		if res := payout.Resolve(r.Payouts[i].Resolution, r.Payouts[i].Status); res != payout.OK {
			return word(res)
		}
	}
	return "declined"
}

// processed is what was paid of a request, in its own currency.
func processed(r *engine.Request) string {
	var sum money.Amount
	for _, p := range r.Payouts {
		if p.Status != payout.Paid && p.Status != payout.PartlyPaid {
			continue
		}
		next, err := sum.Add(p.Covers())
		if err != nil {
			panic(fmt.Sprintf("payouts of one request in two currencies: %v", err))
		}
		sum = next
	}
	return sum.Decimal()
}
