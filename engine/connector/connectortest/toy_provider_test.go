package connectortest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

func toyHarness(bug string) Harness {
	h := Harness{
		Build: func(rt http.RoundTripper) connector.Builder {
			return func(a connector.Account) (connector.Connector, error) {
				c := &toy{rt: rt, base: a.BaseURL, secrets: a.Secrets, bug: bug}
				if bug == "loud" {
					return &loud{c, a.Secrets["key"]}, nil
				}
				return c, nil
			}
		},
		Secrets: map[string]string{"key": "canary_secret"},
		Instruction: func(key string, amount money.Amount) connector.Instruction {
			return connector.Instruction{Key: key, Amount: amount, Details: connector.Details{"iban": "NL46TEST0136169112"}}
		},
		Moves:    func(r *http.Request) bool { return r.Method == http.MethodPost },
		KeyOf:    func(_ *http.Request, body []byte) string { return toyBody(body)["key"] },
		AmountOf: func(_ *http.Request, body []byte) (money.Amount, error) { return toyOrdered(body) },
		Answer:   toyScript, EchoesKey: true, EchoesAmount: true,
		Live: func(t testing.TB) Live { return toyLive(t, bug) },
		Notice: func(key string) (http.Header, []byte, connector.Notice) {
			body := toyNotice(key)
			return toySign("now", body), body, connector.Notice{Key: key, Outcome: connector.Outcome{Verdict: connector.Paid}}
		},
		Sign: func(body []byte) http.Header { return toySign("now", body) },
		OldNotice: func(key string, ago time.Duration) (http.Header, []byte) {
			return toySign(fmt.Sprint(ago), toyNotice(key)), toyNotice(key)
		},
		Balances: func(have []money.Amount) Script {
			var list []string
			for _, a := range have {
				list = append(list, a.String())
			}
			text, _ := json.Marshal(map[string][]string{"Balances": list})
			return func(*http.Request, []byte) string { return JSON(200, string(text)) }
		},
	}
	return h
}

func toyNotice(key string) []byte { return []byte(toyText(toyAnswer{"t1", key, "", "paid"})) }

func toySign(at string, body []byte) http.Header {
	return http.Header{"Signature": {at + ":" + toyMAC(body)}}
}

func toyBody(body []byte) map[string]string {
	var m map[string]string
	_ = json.Unmarshal(body, &m)
	return m
}

func toyOrdered(body []byte) (money.Amount, error) {
	return toyAmount(toyBody(body)["currency"] + " " + toyBody(body)["amount"])
}

func toyScript(v connector.Verdict, in connector.Instruction) Script {
	if v == connector.PartlyPaid || v == connector.Returned {
		return nil
	}
	return func(r *http.Request, _ []byte) string {
		switch {
		case r.URL.Path == "/token":
			return JSON(200, `{"token":"t"}`)
		case v == connector.Absent:
			return JSON(404, `{"error":"absent"}`)
		}
		return JSON(200, toyText(toyAnswer{"t1", in.Key, in.Amount.String(), string(v)}))
	}
}

// toyBank is the toy's provider, with a ledger.
type toyBank struct {
	bug string

	mu           sync.Mutex
	now          time.Duration
	refuse, lose bool
	kept         map[string]toyRow // by key
	moved        map[string]int
	late         []toyRow
}

type toyRow struct {
	key, amount string
	at          time.Duration // first seen; of a late one, when it acts
}

func toyLive(t testing.TB, bug string) Live {
	b := &toyBank{bug: bug, kept: map[string]toyRow{}, moved: map[string]int{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return Live{
		Connector: &toy{rt: &http.Transport{DisableKeepAlives: true}, base: server.URL, bug: bug},
		Movements: func(key string) int { return do(b, func() int { return b.moved[key] }) },
		Advance: func(d time.Duration) {
			do(b, func() int { b.now += d; b.catchUp(); return 0 })
		},
		Refuse: func(on bool) { do(b, func() int { b.refuse = on; return 0 }) },
		Lose:   func(on bool) { do(b, func() int { b.lose = on; return 0 }) },
	}
}

func do[T any](b *toyBank, f func() T) T {
	b.mu.Lock()
	defer b.mu.Unlock()
	return f()
}

// catchUp lets what came late act.
func (b *toyBank) catchUp() {
	var still []toyRow
	for _, row := range b.late {
		if row.at > b.now {
			still = append(still, row)
		} else {
			b.pay(row.key, row.amount)
		}
	}
	b.late = still
}

func (b *toyBank) pay(key, amount string) {
	if row, known := b.kept[key]; known && b.now-row.at < toyWindow && b.bug != "ignores keys" {
		return
	}
	b.kept[key] = toyRow{key, amount, b.now}
	b.moved[key]++
}

func (b *toyBank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case r.URL.Path == "/token":
		fmt.Fprint(w, `{"token":"t"}`)
	case r.URL.Path == "/list":
		list := []toyAnswer{}
		for _, row := range b.kept {
			list = append(list, toyAnswer{"t1", row.key, row.amount, "paid"})
		}
		_ = json.NewEncoder(w).Encode(list)
	case r.Method == http.MethodGet:
		row, known := b.kept[r.URL.Query().Get("key")]
		if !known {
			w.WriteHeader(404)
			fmt.Fprint(w, `{"error":"absent"}`)
			return
		}
		fmt.Fprint(w, toyText(toyAnswer{"t1", row.key, row.amount, "paid"}))
	default:
		b.order(w, body)
	}
}

func (b *toyBank) order(w http.ResponseWriter, body []byte) {
	amount, _ := toyOrdered(body)
	row := toyRow{toyBody(body)["key"], amount.String(), b.now + toySettle}
	status := "paid"
	switch {
	case b.lose:
		b.late = append(b.late, row)
		panic(http.ErrAbortHandler)
	case b.refuse:
		status = "rejected"
	default:
		b.pay(row.key, row.amount)
	}
	fmt.Fprint(w, toyText(toyAnswer{"t1", row.key, row.amount, status}))
}
