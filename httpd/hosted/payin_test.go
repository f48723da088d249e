package hosted_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/httpd/hosted"
)

const payin10 = `{"amount":"10.00","currency":"EUR","externalId":"e-1","description":"Order #1456","redirectUrl":"https://shop.example/back","customer":{"id":"cus-1","name":"Ada Example"},"metadata":{"orderId":1456}}`

// card types a card and goes on to the review.
func (s *shop) card(page, number string) reply {
	s.t.Helper()
	form := formOf(s.get(page).is(200))
	for key, value := range map[string]string{"card_number": number, "expiry_month": "3", "expiry_year": "2030", "card_holder_name": "Ada Example"} {
		form.Set("f."+fieldOf(s, page, key), value)
	}
	return s.post(page, form)
}

// fieldOf is what the form calls a field of a card.
func fieldOf(s *shop, page, key string) string {
	s.t.Helper()
	body := s.get(page).body
	for _, name := range []string{key, "card_" + key, strings.TrimPrefix(key, "card_")} {
		if strings.Contains(body, `name="f.`+name+`"`) {
			return name
		}
	}
	s.t.Fatalf("the form has no %s: %s", key, body)
	return ""
}

const goodCard = "4242 4242 4242 4242"

// TestABodyWithoutATypeIsAPayIn: it has a page on which somebody pays by card,
// and never pays anybody.
func TestABodyWithoutATypeIsAPayIn(t *testing.T) {
	s := newShop(t)
	first := s.do("POST", "/api/payments", payin10).is(201)
	if len(first.json) != 9 || first.str("status") != "pending" || first.str("amount") != "10.00" || first.str("description") != "Order #1456" {
		t.Errorf("a create answers %s", first.body)
	}
	id, page := first.str("id"), strings.TrimPrefix(first.str("url"), publicURL)
	if got := s.do("GET", "/api/payments/"+id, "").is(200); got.str("type") != "payin" || got.str("url") != first.str("url") {
		t.Errorf("GET says %s", got.body)
	}
	if r := s.get(page).is(200); !strings.Contains(r.body, "You are paying Nordwind Outdoor") || !strings.Contains(r.body, "Order #1456") || strings.Contains(r.body, "is paying you") {
		t.Errorf("the page says %s", r.body)
	}
	form := formOf(s.get(page))
	form.Set("f."+fieldOf(s, page, "card_number"), "4242 4242 4242 4241")
	if r := s.post(page, form).is(422); strings.Contains(r.body, "4241") {
		t.Error("a wrong number is shown again")
	}
	review := s.card(page, goodCard).is(200)
	if text := strings.ReplaceAll(review.body, " ", ""); !strings.Contains(review.body, "Pay €10.00") || strings.Contains(text, "42424242") {
		t.Errorf("the review is %s", review.body)
	}
	s.status(id, "pending", "")
	s.confirm(page, review).is(303)
	s.status(id, "succeeded", "")
	done := s.get(page).is(200)
	if !strings.Contains(done.body, "You have paid Nordwind Outdoor") || !strings.Contains(done.body, "https://shop.example/back?paymentId="+id) {
		t.Errorf("the end is %s", done.body)
	}
	for _, body := range []string{payin10, strings.Replace(payin10, "{", `{"type":"payin",`, 1)} {
		if again := s.do("POST", "/api/payments", body).is(200); again.body != first.body {
			t.Errorf("a repeat answers %s", again.body)
		}
	}
	book, err := s.Provider.Ledger()
	must(t, err)
	if len(book) != 0 {
		t.Errorf("somebody was paid: %+v", book)
	}
}

func TestAnExternalIDIsOfOneType(t *testing.T) {
	s := newShop(t)
	in := s.do("POST", "/api/payments", payin10).is(201).str("id")
	s.Clock.Advance(time.Millisecond)
	out := s.do("POST", "/api/payments", eur10).is(201).str("id")
	if in == out {
		t.Error("a payout is a pay-in")
	}
	if r := s.do("POST", "/api/payments", strings.Replace(payin10, "10.00", "11.00", 1)).refused(409, "external_id_conflict", "#/externalId"); r.str("existingId") != in {
		t.Errorf("the conflict names %s", r.body)
	}
	s.do("POST", "/api/payments", payin10, "Idempotency-Key: K").is(200)
	s.Clock.Advance(time.Millisecond)
	s.do("POST", "/api/payments", plain, "Idempotency-Key: L").is(201)
	s.do("POST", "/api/payments", strings.Replace(plain, "payout", "payin", 1), "Idempotency-Key: L").refused(422, "idempotency_key_reused")
	if list := s.do("GET", "/api/payments?limit=2", "").is(200); !strings.Contains(list.body, out) || strings.Contains(list.body, in) || list.json["hasMore"] != true {
		t.Errorf("the list is %s", list.body)
	}
	if list := s.do("GET", "/api/payments?limit=2&before="+out, "").is(200); !strings.Contains(list.body, in) || !strings.Contains(list.body, `"type":"payin"`) {
		t.Errorf("the rest of the list is %s", list.body)
	}
}

func TestARefusedCardFailsThePayIn(t *testing.T) {
	s := newShop(t)
	r := s.do("POST", "/api/payments", payin10).is(201)
	page := strings.TrimPrefix(r.str("url"), publicURL)
	declined := ""
	for _, m := range magicAccounts() {
		if m.Name == "insufficient_funds" {
			declined = m.Card
		}
	}
	s.confirm(page, s.card(page, declined)).is(303)
	s.status(r.str("id"), "failed", "insufficient_funds")
	if end := s.get(page).is(200); !strings.Contains(end.body, "Nothing was taken from the card") || strings.Contains(end.body, "<form") {
		t.Errorf("the end is %s", end.body)
	}
}

// TestManyConfirmationsPayOnce: of many at one time one asks the provider.
func TestManyConfirmationsPayOnce(t *testing.T) {
	s := newShop(t)
	r := s.do("POST", "/api/payments", payin10).is(201)
	page := strings.TrimPrefix(r.str("url"), publicURL)
	form := formOf(s.card(page, goodCard))
	s.Clock.Advance(time.Minute)
	form.Set("step", "confirm")
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			own := url.Values{}
			for k, v := range form {
				own[k] = v
			}
			s.post(page, own).is(303)
		})
	}
	all.Wait()
	p, err := s.Engine.PaymentByID(s.Ctx, operator("shop", engine.Test), strings.TrimPrefix(r.str("id"), "pay_"))
	must(t, err)
	if p.Ops != 1 || p.Captured.Minor() != 1000 {
		t.Errorf("%d operations, %v captured", p.Ops, p.Captured)
	}
}

func TestAPayInsLinkEnds(t *testing.T) {
	s := newShop(t)
	r := s.do("POST", "/api/payments", payin10).is(201)
	id, page := r.str("id"), strings.TrimPrefix(r.str("url"), publicURL)
	review := s.card(page, goodCard)
	fresh := strings.TrimPrefix(s.do("POST", "/api/payments/"+id+"/link", "").is(200).str("url"), publicURL)
	s.get(page).is(404)
	if fresh == page || s.confirm(page, review).status != 404 {
		t.Error("the old link is good")
	}
	review = s.card(fresh, goodCard)
	s.run(72*time.Hour + time.Second)
	s.confirm(fresh, review).is(303)
	s.status(id, "failed", "expired")
	if p := s.get(fresh).is(200); !strings.Contains(p.body, "This link has expired") || strings.Contains(p.body, "<form") {
		t.Errorf("the page says %s", p.body)
	}
	s.do("POST", "/api/payments/"+id+"/cancel", "").refused(409, "state_conflict")
	s.run(31 * 24 * time.Hour)
	s.get(fresh).is(410)
	r = s.do("POST", "/api/payments", strings.Replace(payin10, "e-1", "e-2", 1)).is(201)
	id, page = r.str("id"), strings.TrimPrefix(r.str("url"), publicURL)
	if c := s.do("POST", "/api/payments/"+id+"/cancel", "").is(200); c.str("status") != "failed" || c.str("failureReason") != "canceled" {
		t.Errorf("canceled: %s", c.body)
	}
	if p := s.get(page).is(200); !strings.Contains(p.body, "Nothing was charged") {
		t.Errorf("the page says %s", p.body)
	}
	s.do("DELETE", "/api/payments/"+id+"/link", "").is(200)
	s.get(page).is(404)
	s.get("/api/payoutform/"+id+"?k=x").refused(404, "not_found")
}

// TestAPayInKeepsTheRulesOfItsFields, which are those of a payout.
func TestAPayInKeepsTheRulesOfItsFields(t *testing.T) {
	s := newShop(t)
	for body, field := range map[string]string{
		`{"amount":"10.001","currency":"EUR"}`: "#/amount", `{"amount":"1.5","currency":"JPY"}`: "#/amount", `{"amount":"1","currency":"eur"}`: "#/currency", `{"amount":"1","currency":"EUR","metadata":[]}`: "#/metadata", `{"amount":"1","currency":"EUR","type":"PAYIN"}`: "#/type",
	} {
		s.do("POST", "/api/payments", body).refused(422, "validation_failed", field)
	}
	for _, body := range []string{`{"amount":"1000","currency":"JPY"}`, `{"amount":"1.234","currency":"KWD"}`} {
		r := s.do("POST", "/api/payments", body).is(201)
		page := strings.TrimPrefix(r.str("url"), publicURL)
		s.confirm(page, s.card(page, goodCard)).is(303)
		s.status(r.str("id"), "succeeded", "")
	}
	k, err := s.Engine.CreateKey(s.Ctx, operator("shop", engine.Test), engine.NewKey{Merchant: "shop", Mode: engine.Test, Rights: []engine.Right{engine.Payouts}})
	must(t, err)
	s.do("POST", "/api/payments", payin10, "Authorization: Bearer "+k.Secret).refused(403, "forbidden")
}

// TestWhereNobodyTakesMoneyAPayInIsRefused, with the hint that a payout has to
// be asked for.
func TestWhereNobodyTakesMoneyAPayInIsRefused(t *testing.T) {
	s := newShop(t, func(set *hosted.Settings) { set.BodyWindow = 0 })
	all, err := s.Engine.Accounts(s.Ctx, engine.Scope{Merchant: "shop", Mode: engine.Test})
	must(t, err)
	off := true
	for _, a := range all {
		_, err := s.Engine.UpdateAccount(s.Ctx, operator("shop", engine.Test), a.ID, engine.AccountEdit{Disabled: &off}, nil)
		must(t, err)
	}
	for _, body := range []string{payin10, strings.Replace(payin10, "{", `{"type":"payin",`, 1)} {
		if r := s.do("POST", "/api/payments", body).refused(422, "type_not_supported", "#/type"); !strings.Contains(r.str("detail"), "type:'payout'") {
			t.Errorf("the hint is %s", r.body)
		}
	}
}

// TestAPayInsEndIsTold to its own address, signed with the token, once: that it
// was paid, refused, canceled, or that nobody has paid it in time.
func TestAPayInsEndIsTold(t *testing.T) {
	s := newShop(t)
	card := func(name string) string {
		for _, m := range magicAccounts() {
			if m.Name == name {
				return m.Card
			}
		}
		t.Fatalf("no card for %s", name)
		return ""
	}
	for i, row := range []struct {
		status, why string
		end         func(id, page string)
	}{
		{"succeeded", "", func(_, page string) { s.confirm(page, s.card(page, goodCard)).is(303) }},
		{"failed", "insufficient_funds", func(_, page string) { s.confirm(page, s.card(page, card("insufficient_funds"))).is(303) }},
		{"failed", "canceled", func(id, _ string) { s.do("POST", "/api/payments/"+id+"/cancel", "").is(200) }},
		{"failed", "expired", func(string, string) { s.run(73 * time.Hour) }},
	} {
		body := strings.NewReplacer("{\"amount", hooked+"\"amount", "e-1", fmt.Sprint("told-", i)).Replace(payin10)
		r := s.do("POST", "/api/payments", body).is(201)
		id, page := r.str("id"), strings.TrimPrefix(r.str("url"), publicURL)
		row.end(id, page)
		s.run(time.Hour)
		s.status(id, row.status, row.why)
		if len(s.Receiver.Got) != i+1 {
			t.Fatalf("%s: %d webhooks, want %d", row.why, len(s.Receiver.Got), i+1)
		}
		m := s.Receiver.Got[i]
		raw, err := standardwebhooks.NewWebhookRaw([]byte(s.token))
		must(t, err)
		if err := raw.VerifyIgnoringTimestamp(m.Body, m.Header); err != nil {
			t.Errorf("%s: not signed with the token: %v", row.why, err)
		}
		got, told := s.do("GET", "/api/payments/"+id, "").json, map[string]any{}
		must(t, json.Unmarshal(m.Body, &told))
		for name, v := range got {
			if name != "url" && name != "metadata" && told[name] != v {
				t.Errorf("%s: the webhook's %s is %v, GET's %v", row.why, name, told[name], v)
			}
		}
		if m.Host != "merchant.example" || strings.Contains(string(m.Body), "?k=") {
			t.Errorf("to %s: %s", m.Host, m.Body)
		}
	}
}

// TestAPayersBankMayAsk: they go there by a button, and what they say there
// counts, once, whatever has become of the link.
func TestAPayersBankMayAsk(t *testing.T) {
	for _, row := range []struct{ choice, status, why string }{{"granted", "succeeded", ""}, {"refused", "failed", "authentication_failed"}} {
		s := newShop(t)
		r := s.do("POST", "/api/payments", payin10).is(201)
		id, page := r.str("id"), strings.TrimPrefix(r.str("url"), publicURL)
		s.confirm(page, s.card(page, sandbox.ChallengeCards()[0])).is(303)
		s.status(id, "pending", "")
		waits := s.get(page).is(200)
		_, to, ok := strings.Cut(waits.body, `<a class="button" href="`+publicURL)
		to, _, _ = strings.Cut(to, `"`)
		if !ok || !strings.Contains(waits.body, "Your bank wants to ask you") || !strings.HasSuffix(to, "?challenge=ask") {
			t.Fatalf("the page says %s", waits.body)
		}
		s.do("POST", "/api/payments/"+id+"/link", "").is(200)
		bank := s.get(to).is(200)
		if !strings.Contains(bank.body, "Pay €10.00 to Nordwind Outdoor?") || !strings.Contains(bank.body, `href="?challenge=`+row.choice+`"`) {
			t.Fatalf("the bank says %s", bank.body)
		}
		path, _, _ := strings.Cut(to, "?")
		s.get(strings.Replace(path, "/back/", "/back/A", 1) + "?challenge=granted").is(404)
		s.status(id, "pending", "")
		back := s.get(path + "?challenge=" + row.choice).is(303)
		s.get(strings.TrimPrefix(back.header.Get("Location"), publicURL)).is(200)
		s.get(path + "?challenge=granted").is(303) // once more: the first counts
		s.run(time.Minute)
		s.status(id, row.status, row.why)
	}
}
