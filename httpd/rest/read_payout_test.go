package rest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"penstock/httpd/wire"
)

// fullBody has everything that a create may say plainly.
const fullBody = `{"payout_id":"p-1","merchant_id":"shop","merchant_order_reference_id":"o 1","amount":1250,"currency":"EUR","connector":["adyen","sandbox"],
	"confirm":true,"auto_fulfill":false,"payout_type":"card","payout_method_data":{"card":{"card_number":"4111111111111111","expiry_month":"3","expiry_year":"30","card_network":null}},
	"payout_token":"t","payout_method_id":"pm","recurring":true,"billing":{"address":{"city":"Zürich","country":"CH","line1":"a","line2":"b","line3":"c","zip":"1","state":"s","first_name":"Ada","last_name":"E","origin_zip":"2","else":[1,{}]},
	"phone":{"number":"1","country_code":"+1","else":0},"email":"a@b.example","else":{"a":[true,null]}},"customer_id":" ada ","name":"n","email":"a@b.example","phone":"2","phone_country_code":"+41","client_secret":"s","return_url":"https://a.example/",
	"description":"d","metadata":{ "a" : [ 1 , {"b":" c "} ] },"business_country":"CH","business_label":"l","entity_type":"Company","priority":"fast","profile_id":"pro_1","payout_link":true}`

// oddValues are values that stand in every place once.
func oddValues() []string {
	nested := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	long := func(n int) string { return strings.Repeat("x", wire.MaxObjectBytes+n) }
	return []string{`null`, `""`, `" "`, `"x"`, `"EUR"`, `"\u0045UR"`, `"é"`, "\"\x7f\u2028\"", "\"\xff\"", `0`, `-0`, `-1`, `01`, `1.0`, `1e2`, `9223372036854775807`, `9223372036854775808`,
		`true`, `false`, `tru`, `nulll`, `{}`, `[]`, `[null]`, `["adyen"]`, `["adyen",]`, `[1]`,
		`{"card":{}}`, `{"bank":null}`, `{"card":{},"bank":{}}`, `{"card":null,"bank":{"iban":1}}`, `{"card":{"a":"b","a":"c"}}`, `{"wallet":{"paypal":{}}}`,
		`{"address":{"country":"Switzerland"}}`, `{"address":null,"phone":null,"email":null}`, `{"address":[]}`,
		`{"a":1,"a":2}`, `{"é":1.5}`, `{"a":"\n"}`, "{\"a\":\"\n\"}", `{"a":` + nested(`{"a":`, `}`, 6) + `}`,
		nested(`[`, `]`, 31), nested(`[`, `]`, 32), nested(`{"a":`, `}`, 0) + `{"a":` + nested(`[`, `]`, 7) + `}`, `{"a":` + nested(`[`, `]`, 8) + `}`,
		`{"a":"` + long(-8) + `"}`, `{"a":"` + long(-7) + `"}`, `{"a": "` + long(-8) + `"}`}
}

// plainBodies are bodies of all sorts; of the first many all are plain.
func plainBodies(random *rand.Rand) (bodies []string, many int) {
	bodies = []string{fullBody, `{}`, ` { } `, `{"payout_method_data":{"bank":{"iban":"NL69TEST0000000001","bic":""}},"connector":[],"metadata":{},"billing":{}}`}
	var members []string
	for name, value := range wire.MembersOf([]byte(fullBody)) {
		members = append(members, fmt.Sprintf("%q:%s", name, value))
	}
	for range 200 {
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		bodies = append(bodies, "{"+strings.Join(members[:random.IntN(min(len(members), 31))], ",")+"}")
	}
	many = len(bodies)
	for name := range wire.MembersOf([]byte(fullBody)) {
		for _, value := range oddValues() {
			bodies = append(bodies, fmt.Sprintf(`{%q:%s}`, name, value), fmt.Sprintf("{\"description\":\"d\" ,\n%q: %s }", name, value))
		}
	}
	for _, n := range []int{31, 32, 33} {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`"m%d":%d`, i, i))
		}
		bodies = append(bodies, `{"metadata":{`+strings.Join(list, ",")+`}}`)
	}
	return append(bodies, `{"unknown":1}`, `{"AMOUNT":1}`, `{"amount":1}x`, `{"amount":1}{}`, `{"amount" 1}`, `{"amount":1,}`, `{,}`, `[]`, ``, `null`, `{"amount":1`, "\xef\xbb\xbf{}"), many
}

// TestPlainBodiesAreReadAsTheyAreDecoded: what is read plainly is what the general
// way makes of it, and that refuses none of it; ordinary bodies are read plainly,
// and a no has changed nothing.
func TestPlainBodiesAreReadAsTheyAreDecoded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	bodies, many := plainBodies(random)
	for i := range 20_000 { // bodies with a piece cut out, doubled, or of another body
		b := []byte(bodies[random.IntN([...]int{many, len(bodies)}[i%2])])
		at, n := random.IntN(len(b)+1), random.IntN(12)
		end := min(at+n, len(b))
		switch other := bodies[random.IntN(len(bodies))]; random.IntN(3) {
		case 0:
			b = slices.Delete(b, at, end)
		case 1:
			b = slices.Insert(b, at, bytes.Clone(b[at:end])...)
		default:
			from := random.IntN(len(other) + 1)
			b = slices.Insert(b, at, []byte(other[from:min(from+n, len(other))])...)
		}
		bodies = append(bodies, string(b))
	}
	plain := 0
	for i, body := range bodies {
		if sameBothWays(t, []byte(body)) {
			plain++
		} else if i < many {
			t.Errorf("an ordinary body is not read plainly: %s", body)
		}
	}
	if plain < many+2000 {
		t.Errorf("of %d bodies %d were read plainly", len(bodies), plain)
	}
}

// sameBothWays says whether a body was read plainly.
func sameBothWays(t *testing.T, body []byte) bool {
	t.Helper()
	var got, want payoutRequest
	if !got.ReadPlain(body) {
		if !reflect.DeepEqual(got, payoutRequest{}) {
			t.Errorf("%.300q: half read", body)
		}
		return false
	}
	before := bytes.Clone(body)
	clear(body) // nothing of it is kept
	if err := wire.Decode(before, &want, wire.DecodeOptions{}); err != nil {
		t.Errorf("%.300q: read, and refused by the general way: %v", before, err)
	} else if !reflect.DeepEqual(got, want) {
		t.Errorf("%.300q:\n got %+v\nwant %+v", before, got, want)
	}
	return true
}
