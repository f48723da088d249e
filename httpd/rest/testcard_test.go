package rest_test

import (
	"os"
	"strings"
	"testing"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/engine/service"
)

// TestTestModeTakesPublishedCardsAlone wants a number that could be somebody's
// refused wherever a card is sent, and nothing stored of it.
func TestTestModeTakesPublishedCardsAlone(t *testing.T) {
	s := newShop(t)
	s.customer("ada")
	const real = "4539578763621486" // a right check digit, on no list
	if !service.Luhn(real) {
		t.Fatal("the number of this test is none")
	}
	card := `{"card_number":"` + real + `","card_exp_month":"3","card_exp_year":"2030"}`
	pay := `"payout_type":"card","payout_method_data":{"card":{"card_number":"4539 5787 6362 1486","expiry_month":"3","expiry_year":"2030"}}`
	s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card","card":`+card+`}`).refused(422, "IR_06", "published test numbers")
	s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada",`+pay+`}`).refused(422, "IR_06", "published test numbers")
	id := s.do("POST", "/payouts/create", `{"amount":1,"currency":"EUR","customer_id":"ada"}`).ok().str("payout_id")
	s.do("PUT", "/payouts/"+id, `{`+pay+`}`).refused(422, "IR_06", "published test numbers")
	s.do("POST", "/payouts/"+id+"/confirm", `{`+pay+`}`).refused(422, "IR_06", "published test numbers")
	wait := s.do("POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card"}`).ok()
	s.do("POST", "/payment_methods/"+wait.str("payment_method_id")+"/save", `{"client_secret":"`+wait.str("client_secret")+`","card":`+card+`}`).refused(422, "IR_06", "published test numbers")
	live, _, _ := newKey(t, s.Engine, s.id, engine.Live, engine.Rights()...)
	send(t, s.client, live, "POST", "/customers", `{"customer_id":"ada"}`).ok()
	send(t, s.client, live, "POST", "/payment_methods", `{"customer_id":"ada","payment_method":"card","card":`+card+`}`).ok()
}

// TestListOfTestCardsIsSound wants each to be a card number, and those of the
// test provider among them.
func TestListOfTestCardsIsSound(t *testing.T) {
	raw, err := os.ReadFile("../../engine/service/testcards.txt")
	must(t, err)
	all := map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		all[line] = true
		if !service.Luhn(line) {
			t.Errorf("%s is no card number", line)
		}
	}
	for _, m := range sandbox.MagicTable() {
		if !all[m.Card] {
			t.Errorf("%s of the test provider is missing: %s", m.Name, m.Card)
		}
	}
	for _, m := range sandbox.MagicCards() {
		if !all[m.Number] {
			t.Errorf("%s of the test provider is missing", m.Number)
		}
	}
}
