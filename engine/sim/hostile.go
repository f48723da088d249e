package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"

	"penstock/engine/connector"
	"penstock/engine/connector/sandbox"
	"penstock/engine/money"
)

// bank is the provider behind a wire: what it answers comes as bytes, through
// the client that the product speaks to it with, and some of them are hostile.
// A hostile answer says nothing that is both well formed and a lie about this
// very transfer: that nobody could tell from the truth. Everything else it may
// say, after the order was carried out or not.
type bank struct {
	w      *World
	draw   *rand.Rand // a stream of its own: a story without hostility is the same story
	rate   float64
	spoilt int
	outage int // answers that a proxy without a bank behind it gives
}

// proxyPage is a proxy's own words, not the provider's.
var proxyPage = answer{404, []byte(`<!doctype html><p>not found</p>`)}

// bankURL is where the bank would be.
const bankURL = "https://bank.example"

// answer is a status and a body, as they would come well.
type answer struct {
	status int
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (b *bank) RoundTrip(req *http.Request) (*http.Response, error) {
	key := req.URL.Query().Get("key")
	a, err := b.serve(req, &key)
	if err != nil {
		return nil, err
	}
	switch {
	case b.outage > 0 && b.rate > 0:
		b.outage--
		b.spoilt++
		a = proxyPage
	case b.draw.Float64() < b.rate:
		b.spoilt++
		a = b.spoil(req, a)
		if b.draw.IntN(3) == 0 {
			b.outage = 3 + b.draw.IntN(20)
		}
	}
	if read := b.w.Break.Reads; read != nil {
		a = read(key, a)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if a.status >= 300 && a.status < 400 {
		h.Set("Location", bankURL+"/v1/transfers")
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(bytes.NewReader(a.body)), Request: req}, nil
}

func (b *bank) serve(req *http.Request, key *string) (answer, error) {
	if err := req.Context().Err(); err != nil {
		return answer{}, err
	}
	switch {
	case req.Method == http.MethodPost:
		return b.order(req, key)
	case req.URL.Path == "/v1/ledger":
		return b.list(req.URL.Query().Get("account"))
	case !b.w.Provider.Faults().Lookup:
		return said(501, "lookup_not_supported", nil), nil
	}
	t, found, err := b.w.Provider.Find(*key)
	switch {
	case err != nil:
		return said(500, "internal_error", nil), nil
	case !found:
		return said(404, "transfer_not_found", nil), nil
	}
	return answer{200, encoded(shown(t))}, nil
}

func (b *bank) order(req *http.Request, key *string) (answer, error) {
	var in struct {
		Key, Amount, Currency, Service, Account string
		NotifyURL                               string `json:"notify_url"`
		Fields                                  map[string]string
	}
	if err := json.NewDecoder(req.Body).Decode(&in); err != nil {
		return answer{}, fmt.Errorf("sim: an order that can't be read: %w", err)
	}
	amount, err := money.Parse(in.Amount, money.MustCurrency(in.Currency))
	if err != nil {
		return answer{}, fmt.Errorf("sim: an order that can't be read: %w", err)
	}
	*key = in.Key
	a, err := b.w.Provider.Receive(sandbox.Order{Key: in.Key, Amount: amount, Service: in.Service, Account: in.Account, NotifyURL: in.NotifyURL, Fields: connector.Details(in.Fields)})
	no := false
	switch {
	case err != nil || a.Cut == sandbox.Failed:
		return said(500, "internal_error", nil), nil
	case a.Cut == sandbox.Dropped:
		return answer{}, errors.New("connection closed before the answer")
	case a.Refusal != nil && a.Refusal.Code == "key_conflict":
		return said(409, a.Refusal.Code, nil), nil
	case a.Refusal != nil:
		return said(400, a.Refusal.Code, &no), nil
	}
	return answer{200, encoded(shown(a.Transfer))}, nil
}

func (b *bank) list(account string) (answer, error) {
	book, err := b.w.Provider.Ledger()
	if err != nil {
		return answer{}, err
	}
	lines := []map[string]any{}
	for _, l := range book {
		if l.Account == account {
			m := shown(l.Transfer)
			m["account"], m["movements"] = l.Account, l.Movements
			lines = append(lines, m)
		}
	}
	return answer{200, encoded(map[string]any{"transfers": lines, "totals": map[string]any{}})}, nil
}

func shown(t sandbox.Transfer) map[string]any {
	return map[string]any{"id": t.ID, "key": t.Key, "amount": t.Amount.Decimal(), "currency": t.Amount.Currency().Code(), "service": t.Service,
		"status": string(t.Status), "resolution": t.Resolution, "paid_amount": t.Paid.Decimal()}
}

func said(status int, code string, booked *bool) answer {
	e := map[string]any{"code": code, "message": "no"}
	if booked != nil {
		e["booked"] = *booked
	}
	return answer{status, encoded(map[string]any{"error": e})}
}

func encoded(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sim: encode %T: %v", v, err))
	}
	return raw
}

// spoil makes a hostile answer out of a good one.
func (b *bank) spoil(req *http.Request, good answer) answer {
	if b.draw.IntN(2) == 0 {
		if a, ok := b.lie(req, good); ok {
			return a
		}
	}
	switch b.draw.IntN(12) {
	case 0:
		return answer{good.status, good.body[:b.draw.IntN(len(good.body))]}
	case 1:
		return answer{good.status, append(bytes.Clone(good.body), good.body...)}
	case 2:
		return answer{good.status, bytes.Replace(good.body, []byte(`"`), []byte("\"\xff"), 1)}
	case 3: // huge
		return answer{good.status, append([]byte(`{"pad":"`+strings.Repeat("a", 80<<10)+`",`), good.body[1:]...)}
	case 4: // deep
		return answer{good.status, []byte(strings.Repeat(`{"status":`, 5000) + `"rejected"` + strings.Repeat(`}`, 5000))}
	case 5:
		return answer{200, []byte(`<!doctype html><p>rejected: not found</p>`)}
	case 6:
		return proxyPage
	case 7:
		return answer{400, []byte(`{"message":"rejected"}`)}
	case 8:
		return answer{[]int{301, 302, 303, 307, 308}[b.draw.IntN(5)], nil}
	case 9:
		return answer{[]int{200, 204, 429, 502, 503}[b.draw.IntN(5)], nil}
	case 10:
		return answer{200, []byte([]string{`null`, `true`, `"paid"`, `[]`, `{}`, `{"status":"rejected"}`, `{"status":"paid"}`}[b.draw.IntN(7)])}
	}
	return answer{422, []byte(`{"status":"rejected","key":"another","id":"tr_0"}`)}
}

// lie changes what an answer about a transfer says: another's, or members
// that can't be.
func (b *bank) lie(req *http.Request, good answer) (answer, bool) {
	var t map[string]any
	if good.status != 200 || req.URL.Path == "/v1/ledger" || json.Unmarshal(good.body, &t) != nil {
		return answer{}, false
	}
	switch b.draw.IntN(8) {
	case 0: // about somebody else's
		book, err := b.w.Provider.Ledger()
		if err != nil || len(book) < 2 {
			return answer{}, false
		}
		other := shown(book[b.draw.IntN(len(book))].Transfer)
		if other["key"] == t["key"] {
			return answer{}, false
		}
		t = other
	case 1:
		delete(t, "key")
	case 2:
		t["status"], t["paid_amount"] = "partly_paid", []any{"-1", "0", "999999999", 1.5, true, nil, map[string]any{}}[b.draw.IntN(7)]
	case 3:
		t["status"] = []any{1, true, nil, []any{"paid"}, map[string]any{"status": "paid"}, "PAID", "refused", ""}[b.draw.IntN(8)]
	case 4: // which of the two?
		return answer{200, append(good.body[:len(good.body)-1:len(good.body)-1], `,"status":"rejected"}`...)}, true
	case 5:
		if req.Method != http.MethodPost { // only who ordered knows how much
			return answer{}, false
		}
		t["amount"] = fmt.Sprint(t["amount"]) + "0000"
	case 6:
		t["id"] = []any{"", nil, 7, strings.Repeat("r", 10_000)}[b.draw.IntN(4)]
	case 7:
		t["resolution"], t["status"] = strings.Repeat("no ", 20_000), "rejected_by_"+strings.Repeat("z", 300)
	}
	return answer{200, encoded(t)}, true
}
