package cli

import "strconv"

// Accounts of the test provider that succeed: a card at once, an IBAN after
// the time that the provider takes to settle, which is not what is measured.
const (
	benchCardNumber = "4000000000010019"
	benchBank       = `"payout_type":"bank","payout_method_data":{"bank":{"iban":"NL69TEST0000000001","bic":"TESTNL2A","bank_name":"Test Bank","bank_country_code":"NL","bank_city":"Amsterdam"}}`
	benchCard       = `"payout_type":"card","payout_method_data":{"card":{"card_number":"` + benchCardNumber + `","expiry_month":"12","expiry_year":"2035","card_holder_name":"Ada Bench"}}`
)

// benchRest is what a shop sends besides, so that a body has the usual size.
const benchRest = `,"billing":{"address":{"line1":"Keizersgracht 1","city":"Amsterdam","zip":"1015CN","country":"NL","first_name":"Ada","last_name":"Bench"},"phone":{"number":"2025550101","country_code":"+1"}},"description":"Earnings of one week","entity_type":"Individual","metadata":{"shop":"north","week":"2026-W25","order":"A-1001"}}`

// benchAmount is small, so that play money lasts.
const benchAmount = 100

// body is the create of a payout, about 0.65 kB. send confirms and fulfills
// it. how is its type and where it goes.
func (s *benchScenario) body(ref string, send bool, how string) []byte {
	return benchBodyOf(s.customer, ref, send, how)
}

func benchBodyOf(customer, ref string, send bool, how string) []byte {
	b := make([]byte, 0, 768)
	b = append(b, `{"amount":`...)
	b = strconv.AppendInt(b, benchAmount, 10)
	b = append(b, `,"currency":"EUR","customer_id":"`...)
	b = append(b, customer...)
	b = append(b, `","merchant_order_reference_id":"`...)
	b = append(b, ref...)
	b = append(b, `","confirm":`...)
	b = strconv.AppendBool(b, send)
	b = append(b, `,"auto_fulfill":`...)
	b = strconv.AppendBool(b, send)
	b = append(b, ',')
	b = append(b, how...)
	return append(b, benchRest...)
}
