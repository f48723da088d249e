package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
)

// moody is a provider that says of refunds what it is told to.
type moody struct {
	connector.Connector
	refunds   connector.Verdict
	meanwhile func() // happens once, while a refund's answer is on its way; nil: nothing
}

func (m *moody) Acquire(ctx context.Context, c connector.Acquisition) (connector.Acquired, error) {
	out, err := m.Connector.(connector.Acquirer).Acquire(ctx, c)
	if happens := m.meanwhile; happens != nil && c.What == "refund" {
		m.meanwhile = nil
		happens()
	}
	if c.What == "refund" && err == nil {
		if out.Verdict = m.refunds; out.Verdict == connector.Rejected {
			out.Code, out.Message = "charge_disputed", "the payer has asked their bank"
		}
	}
	return out, err
}

// TestRefundsAreTold: each refund's end is told once, as it ended, in the
// envelope of payments, where the profile has chosen it; it is found among the
// events, and a payment is not told anew for it.
func TestRefundsAreTold(t *testing.T) {
	s := newShop(t)
	build, provider := s.Engine.Connectors["adyen"], &moody{refunds: connector.Paid}
	s.Engine.Connectors["adyen"] = func(a connector.Account) (c connector.Connector, err error) {
		provider.Connector, err = build(a)
		return provider, err
	}
	s.connector("adyen")
	profile := s.do("GET", "/account/shop/business_profile", "").ok().str("0.profile_id")
	choose := func(fields string) {
		s.do("POST", "/account/shop/business_profile/"+profile, `{"payment_response_hash_key":"k","webhook_details":{"webhook_url":"https://shop.example/hooks"`+fields+`}}`).ok()
	}
	told := func() string {
		s.run(time.Minute)
		var out []string
		for _, m := range s.Receiver.Got {
			var body struct {
				Type    string `json:"event_type"`
				Content struct {
					Type   string
					Object struct {
						Payment string `json:"payment_id"`
						ID      string `json:"refund_id"`
						Status  string
						Amount  int64
					}
				}
			}
			must(t, json.Unmarshal(m.Body, &body))
			if body.Content.Type == "refund_details" {
				o := body.Content.Object
				out = append(out, fmt.Sprintf("%s:%s:%s:%d", body.Type, o.ID, o.Status, o.Amount))
			} else {
				out = append(out, body.Type)
			}
		}
		s.Receiver.Got = nil
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	refund := func(id string, amount int) reply {
		return s.do("POST", "/refunds", fmt.Sprintf(`{"payment_id":"p1","refund_id":%q,"amount":%d}`, id, amount)).ok()
	}
	choose("")
	s.do("POST", "/payments", `{"payment_id":"p1","amount":100,"currency":"EUR","confirm":true,`+ada2030+`}`).ok().is("connector", "adyen")
	if got := told(); got != "payment_succeeded" {
		t.Errorf("payment: %s", got)
	}
	refund("r1", 10).is("status", "succeeded")
	refund("r2", 20).is("status", "succeeded")
	provider.refunds = connector.Rejected
	refund("r3", 30).is("status", "failed").is("error_code", "charge_disputed")
	s.do("GET", "/payments/p1", "").ok().is("status", "succeeded").is("error_code", nil)
	if got := told(); got != "refund_failed:r3:failed:30 refund_succeeded:r1:succeeded:10 refund_succeeded:r2:succeeded:20" {
		t.Errorf("refunds: %s", got)
	}
	provider.refunds = connector.Accepted
	refund("r4", 40).is("status", "pending")
	s.do("POST", "/refunds", `{"payment_id":"p1","amount":1}`).refused(400, "IR_14", "") // one at a time
	if got := told(); got != "" {
		t.Errorf("pending: %s", got)
	}
	provider.refunds = connector.Paid
	s.run(24 * time.Hour)
	s.do("GET", "/refunds/r4", "").ok().is("status", "succeeded")
	if got := told(); got != "refund_succeeded:r4:succeeded:40" {
		t.Errorf("after all: %s", got)
	}
	list := s.admin("POST", "/events/shop", `{"event_classes":["refunds"],"object_id":"r3"}`).ok().is("total_count", 1).is("events.0.event_type", "refund_failed").is("events.0.is_delivery_successful", true)
	s.admin("POST", "/events/shop/"+list.str("events.0.event_id")+"/retry", "").ok().is("object_id", "r3")
	told()
	choose(`,"refund_statuses_enabled":["failure"]`)
	refund("r5", 1)
	provider.refunds = connector.Rejected
	refund("r6", 1)
	if got := told(); got != "refund_failed:r6:failed:1" {
		t.Errorf("chosen: %s", got)
	}
	report, err := s.Engine.Check(s.Ctx, nil)
	must(t, err)
	if len(report.Findings) != 0 {
		t.Error(report.Findings)
	}
}

// TestCustomerStaysWhileTheyPay: their key opens the card of a payment that the
// provider is still asked for; afterwards they can be deleted, nothing is
// begun with their card any more, and what they paid can be given back.
func TestCustomerStaysWhileTheyPay(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	pay := func(card, fields string) reply {
		return s.do("POST", "/payments", `{"amount":100,"currency":"EUR","customer_id":"ada",`+strings.Replace(ada2030, "4242424242424242", card, 1)+fields+`}`).ok()
	}
	open := pay("4000002500003155", `,"confirm":true`).is("status", "requires_customer_action").str("payment_id")
	s.do("DELETE", "/customers/ada", "").refused(400, "IR_10", "payment under way")
	s.do("POST", "/payments/"+open+"/cancel", `{}`).ok().is("status", "cancelled")
	paid, draft := pay("4242424242424242", `,"confirm":true`).is("status", "succeeded").str("payment_id"), pay("4242424242424242", "").str("payment_id")
	s.do("DELETE", "/customers/ada", "").ok()
	s.do("POST", "/payments/"+draft+"/confirm", `{}`).refused(400, "IR_11", "redacted")
	s.run(48 * time.Hour)
	s.do("POST", "/payments/"+draft+"/confirm", `{}`).refused(400, "IR_11", "redacted")
	s.do("POST", "/refunds", `{"payment_id":"`+paid+`"}`, "Idempotency-Key: back").ok().is("status", "succeeded").is("amount", 100)
	s.do("POST", "/refunds", `{"payment_id":"`+paid+`"}`, "Idempotency-Key: back").ok().is("status", "succeeded")
	s.do("POST", "/payments/"+draft+"/cancel", `{}`).ok().is("status", "cancelled")
	s.do("GET", "/payments/"+paid, "").ok().is("refunds.0.amount", 100).is("payment_method_data", nil)
}

// TestRefundIsAnsweredWithItself: another refund that is made while the answer
// to the first is on its way doesn't take its place.
func TestRefundIsAnsweredWithItself(t *testing.T) {
	s := newShop(t)
	build, provider := s.Engine.Connectors["adyen"], &moody{refunds: connector.Paid}
	s.Engine.Connectors["adyen"] = func(a connector.Account) (c connector.Connector, err error) {
		provider.Connector, err = build(a)
		return provider, err
	}
	s.connector("adyen")
	s.do("POST", "/payments", `{"payment_id":"p1","amount":1000,"currency":"EUR","confirm":true,`+ada2030+`}`).ok().is("connector", "adyen")
	var other reply
	provider.meanwhile = func() { other = s.do("POST", "/refunds", `{"payment_id":"p1","amount":20}`) }
	first := s.do("POST", "/refunds", `{"payment_id":"p1","amount":10}`).ok().is("amount", 10).is("status", "succeeded")
	if other.ok().is("amount", 20).str("refund_id") == first.str("refund_id") {
		t.Errorf("both are %s", first.body)
	}
}
