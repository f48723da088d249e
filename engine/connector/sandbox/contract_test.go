package sandbox

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/money"
)

const testSecret = "whsec_canary_4f1c"

func harness() connectortest.Harness {
	return connectortest.Harness{
		Build:   func(rt http.RoundTripper) connector.Builder { return HTTP(rt) },
		Secrets: map[string]string{"api_key": "sk_canary_77aa01", SecretName: testSecret},
		Instruction: func(key string, amount money.Amount) connector.Instruction {
			return connector.Instruction{
				Key: key, Amount: amount, Service: "sepa_eur", Memo: "October",
				Details: connector.Details{"card_number": "4111111111111111", "iban": "NL46TEST0136169112"},
			}
		},
		Moves: func(r *http.Request) bool { return r.Method != http.MethodGet },
		KeyOf: func(_ *http.Request, body []byte) string { return wireBody(body).Key },
		AmountOf: func(_ *http.Request, body []byte) (money.Amount, error) {
			o, refusal := readOrder(body)
			if refusal != nil {
				return money.Amount{}, fmt.Errorf("%s", refusal.Message)
			}
			return o.Amount, nil
		},
		Answer: answers, EchoesKey: true, EchoesAmount: true,
		Notice: func(key string) (http.Header, []byte, connector.Notice) {
			t := Transfer{ID: "tr_1", Key: key, Amount: eur(1000), Paid: eur(500), Status: PartlyPaid}
			body, _ := json.Marshal(wireNotice{wireOf(t), "2026-03-01T12:00:00Z"})
			want := connector.Outcome{Verdict: connector.PartlyPaid, Ref: "tr_1", Paid: eur(500), Code: "partly_paid"}
			return Posting{Body: body}.Header(testSecret, newClock().now), body, connector.Notice{Key: key, Outcome: want}
		},
		Balances: func(have []money.Amount) connectortest.Script {
			said := map[string]string{}
			for _, a := range have {
				said[a.Currency().Code()] = a.Decimal()
			}
			text, _ := json.Marshal(map[string]any{"balances": said})
			return func(*http.Request, []byte) string { return connectortest.JSON(200, string(text)) }
		},
		Sign: func(body []byte) http.Header { return Posting{Body: body}.Header(testSecret, newClock().now) },
		OldNotice: func(key string, ago time.Duration) (http.Header, []byte) {
			t := Transfer{ID: "tr_1", Key: key, Amount: eur(1000), Paid: eur(500), Status: PartlyPaid}
			body, _ := json.Marshal(wireNotice{wireOf(t), "2026-03-01T12:00:00Z"})
			return Posting{Body: body}.Header(testSecret, newClock().now.Add(-ago)), body
		},
	}
}

func chance(fault string, on bool) string {
	if on {
		return fmt.Sprintf(`{%q:1}`, fault)
	}
	return fmt.Sprintf(`{%q:0}`, fault)
}

// lose makes orders act as late as Settle admits, at an even chance.
func lose(on bool) string {
	if on {
		return `{"drop_request":1,"late_ms":[5000,5000]}`
	}
	return `{"drop_request":0,"late_ms":[0,0]}`
}

func wireBody(body []byte) (w wireOrder) {
	_ = json.Unmarshal(body, &w)
	return w
}

// answers is the provider as it answers, written out by hand: the contract
// must not be checked with the code that it is about.
func answers(v connector.Verdict, in connector.Instruction) connectortest.Script {
	decimal, code := in.Amount.Decimal(), in.Amount.Currency().Code()
	paid := map[connector.Verdict]string{
		connector.Paid: decimal, connector.Returned: decimal, connector.PartlyPaid: half(in.Amount).Decimal(),
	}[v]
	status := string(v)
	switch v {
	case connector.Absent:
		return func(*http.Request, []byte) string {
			return connectortest.JSON(404, `{"error":{"code":"transfer_not_found","message":"no transfer has this key"}}`)
		}
	case connectortest.NoSuchWord:
		status = "settled"
	}
	return func(*http.Request, []byte) string {
		return connectortest.JSON(200, fmt.Sprintf(
			`{"id":"tr_00000001","key":%q,"amount":%q,"currency":%q,"status":%q,"resolution":"","paid_amount":%q}`,
			in.Key, decimal, code, status, paid))
	}
}

func TestHTTPKeepsTheContract(t *testing.T) {
	h := harness()
	h.Live = func(t testing.TB) connectortest.Live {
		s, base := serve(t, Options{})
		ahead := time.Duration(0)
		c, err := HTTP(&http.Transport{DisableKeepAlives: true})(connector.Account{ID: "mca_1", BaseURL: base, Secrets: h.Secrets})
		if err != nil {
			t.Fatal(err)
		}
		return connectortest.Live{
			Connector: c,
			Movements: func(key string) int { return movements(t, s.provider, key) },
			Settle:    func() { s.provider.Advance(time.Now().Add(ahead + time.Hour)) },
			Advance: func(d time.Duration) {
				ahead += d
				s.provider.Advance(time.Now().Add(ahead))
			},
			Refuse: func(on bool) { set(t, s.provider, chance("reject", on)) },
			Lose:   func(on bool) { set(t, s.provider, lose(on)) },
		}
	}
	connectortest.Test(t, h)
}

func TestInProcessKeepsTheContract(t *testing.T) {
	h := harness()
	h.Build = nil
	h.Live = func(t testing.TB) connectortest.Live {
		p, c := world(t, `{}`)
		con, err := InProcess(p)(connector.Account{ID: "mca_1", Secrets: h.Secrets})
		if err != nil {
			t.Fatal(err)
		}
		return connectortest.Live{
			Connector: con,
			Movements: func(key string) int { return movements(t, p, key) },
			Settle:    func() { c.move(time.Hour) },
			Advance:   c.move,
			Refuse:    func(on bool) { set(t, p, chance("reject", on)) },
			Lose:      func(on bool) { set(t, p, lose(on)) },
		}
	}
	connectortest.Test(t, h)
}
