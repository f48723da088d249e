package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// toy is a connector that keeps the contract, but for the bug that it is
// given. It asks for a token, then orders.
type toy struct {
	connector.Mute
	rt      http.RoundTripper
	base    string
	secrets map[string]string
	bug     string
	calls   atomic.Int64
}

type toyAnswer struct {
	ID, Key, Amount, Status string
}

// toyWindow and toySettle are what the toy's provider truly does.
const (
	toyWindow = time.Hour
	toySettle = 10 * time.Second
)

func (c *toy) Traits() connector.Traits {
	t := connector.Traits{Idempotent: true, Window: toyWindow, Lookup: true, Settle: toySettle}
	switch c.bug {
	case "long window":
		t.Window *= 24
	case "window for ever":
		t.Window = 0
	case "keeps refusals":
		t.KeepsRefusal = true
	case "short settle":
		t.Settle = time.Second
	case "window of nothing":
		t.Idempotent = false
	case "moody":
		t.Settle = time.Duration(c.calls.Add(1))
	}
	return t
}

var errToy = errors.New("unknown") // says nothing

func (c *toy) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if ctx.Err() != nil && c.bug != "ghost" {
		return c.unknown(ctx.Err())
	}
	if c.bug == "ghost" || c.bug == "no deadline" {
		ctx = context.WithoutCancel(ctx)
	}
	if !in.Amount.IsPositive() && c.bug != "sends nothing" {
		return connector.Refuse(connector.InvalidAmount, "nothing"), nil
	}
	body, ok := c.encode(in)
	if !ok {
		return connector.Refuse(connector.InvalidRequest, "not text"), nil
	}
	if c.calls.Add(1) > 1 && c.bug == "once ever" {
		return c.unknown(errToy)
	}
	token, err := c.token(ctx)
	if err != nil && c.bug != "careless token" {
		return c.unknown(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/pay", io.NopCloser(strings.NewReader(body)))
	if err != nil {
		return c.unknown(err)
	}
	req.ContentLength = int64(len(body))
	req.Header.Set("Authorization", token)
	if c.bug == "replayable" {
		req.Body, req.GetBody = io.NopCloser(strings.NewReader(body)), func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
		req.Header.Set("Idempotency-Key", in.Key)
	}
	status, answer, err := c.do(req)
	if err != nil && c.bug == "retries" {
		req.Body = io.NopCloser(strings.NewReader(body))
		status, answer, err = c.do(req)
	}
	if err != nil && c.bug == "timeout is failure" {
		return connector.Outcome{Verdict: connector.Rejected}, nil
	}
	if err != nil {
		return c.unknown(err)
	}
	return c.read(in.Key, in.Amount.String(), status, answer)
}

// encode writes the order; false when it can't be written exactly.
func (c *toy) encode(in connector.Instruction) (string, bool) {
	key, amount := in.Key, in.Amount.Decimal()
	switch c.bug {
	case "key per attempt":
		key += fmt.Sprintf("-%p", &key)
	case "trims keys":
		key = strings.TrimSpace(key)
	case "cents":
		amount = fmt.Sprintf("%d.%02d", in.Amount.Minor()/100, in.Amount.Minor()%100)
	case "pasted":
		return fmt.Sprintf(`{"key":%q,"iban":"%s","amount":%q,"currency":%q}`, key, in.Details["iban"], amount, in.Amount.Currency()), true
	}
	if !utf8.ValidString(key+in.Details["iban"]+in.Memo) || len(key) > 255 {
		return "", false
	}
	b, err := json.Marshal(map[string]string{"key": key, "amount": amount, "currency": in.Amount.Currency().Code(), "iban": in.Details["iban"]})
	return string(b), err == nil
}

func (c *toy) token(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/token", nil)
	if err != nil {
		return "", err
	}
	status, answer, err := c.do(req)
	if err != nil || status != http.StatusOK || string(answer) != `{"token":"t"}` {
		return "", errors.Join(errToy, err)
	}
	return "t", nil
}

func (c *toy) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	return c.Seek(ctx, connector.Question{Key: key})
}

func (c *toy) Seek(ctx context.Context, q connector.Question) (connector.Outcome, error) {
	switch {
	case ctx.Err() != nil && c.bug == "asks when over":
		ctx = context.WithoutCancel(ctx)
	case c.bug == "knows all":
		return connector.Outcome{Verdict: connector.Accepted}, nil
	case c.bug == "knows nothing":
		return connector.Outcome{Verdict: connector.Absent}, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/pay?key="+q.Key, nil)
	if err != nil {
		return c.unknown(err)
	}
	status, answer, err := c.do(req)
	if err != nil {
		return c.unknown(err)
	}
	if status == 404 && (c.bug == "any 404" || string(answer) == `{"error":"absent"}`) {
		return connector.Outcome{Verdict: connector.Absent}, nil
	}
	amount := q.Amount.String()
	if !q.Amount.IsSet() || c.bug == "any amount looked up" {
		amount = ""
	}
	return c.read(q.Key, amount, status, answer)
}

func (c *toy) Transfers(ctx context.Context, _ time.Time) ([]connector.Transfer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/list", nil)
	if err != nil {
		return nil, err
	}
	_, answer, err := c.do(req)
	if err != nil {
		return nil, err
	}
	var list []toyAnswer
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, err
	}
	var out []connector.Transfer
	for _, a := range list {
		amount, err := toyAmount(a.Amount)
		if err != nil {
			return nil, err
		}
		out = append(out, connector.Transfer{Key: a.Key, Amount: amount})
	}
	if c.bug == "half a list" {
		out = out[:len(out)/2]
	}
	return out, nil
}

func (c *toy) Balances(ctx context.Context) ([]money.Amount, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/balances", nil)
	if err != nil {
		return nil, err
	}
	status, answer, err := c.do(req)
	var list struct{ Balances []string }
	if err != nil || status != http.StatusOK || connector.ReadJSON(answer, &list) != nil || list.Balances == nil {
		return nil, errToy
	}
	var out []money.Amount
	for _, text := range list.Balances {
		amount, err := toyAmount(text)
		if c.bug == "float balances" {
			f, _ := strconv.ParseFloat(text[4:], 64)
			amount = money.New(int64(f*100+0.5), amount.Currency())
		}
		if err != nil {
			return nil, errToy
		}
		out = append(out, amount)
	}
	return out, nil
}

// toyAmount reads "EUR 12.50".
func toyAmount(text string) (money.Amount, error) {
	code, decimal, _ := strings.Cut(text, " ")
	currency, err := money.ParseCurrency(code)
	if err != nil {
		return money.Amount{}, err
	}
	return money.Parse(decimal, currency)
}

func (c *toy) do(req *http.Request) (int, []byte, error) {
	round := c.rt.RoundTrip
	if c.bug == "follows" {
		round = (&http.Client{Transport: c.rt}).Do
		if req.Body != nil {
			body, _ := io.ReadAll(req.Body)
			req.Body = io.NopCloser(bytes.NewReader(body))
			req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		}
	}
	resp, err := round(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	limit := int64(1 << 20)
	if c.bug == "unbounded" {
		limit = 1 << 40
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	return resp.StatusCode, answer, err
}

func (c *toy) read(key, amount string, status int, answer []byte) (connector.Outcome, error) {
	if status/100 == 4 && c.bug == "4xx is refusal" {
		return connector.Outcome{Verdict: connector.Rejected}, nil
	}
	if status != 200 && c.bug != "any status" {
		if c.bug == "quotes" {
			return c.unknown(fmt.Errorf("answer %s", answer))
		}
		return c.unknown(errToy)
	}
	var a toyAnswer
	if err := c.decode(answer, &a); err != nil {
		return c.unknown(err)
	}
	if a.ID == "" || a.Key != key && c.bug != "any key" || amount != "" && a.Amount != amount && c.bug != "any amount" {
		return c.unknown(errToy)
	}
	verdict := connector.Verdict(a.Status)
	if verdict == "" && c.bug == "guesses types" {
		verdict = connector.Paid
	}
	if verdict == connector.Rejected && c.bug == "takes no for yes" {
		verdict = connector.Accepted
	}
	if verdict != connector.Paid && verdict != connector.Rejected && verdict != connector.Accepted {
		if c.bug == "guesses" {
			return connector.Outcome{Verdict: connector.Accepted, Ref: a.ID}, nil
		}
		return c.unknown(errToy)
	}
	return connector.Outcome{Verdict: verdict, Ref: a.ID}, nil
}

// decode is strict by form: only what Go itself would write is read, but for
// members that are null.
func (c *toy) decode(answer []byte, a *toyAnswer) error {
	if c.bug == "first of many" {
		return json.NewDecoder(bytes.NewReader(answer)).Decode(a)
	}
	if err := json.Unmarshal(answer, a); err != nil {
		return errToy
	}
	if form := toyText(*a); len(form) != len(answer) && c.bug != "lax" && c.bug != "guesses types" {
		return errToy
	}
	return nil
}

// toyText is the answer as the provider writes it.
func toyText(a toyAnswer) string {
	b, _ := json.Marshal(a)
	return string(b)
}

func (c *toy) unknown(err error) (connector.Outcome, error) {
	if c.bug != "quotes" {
		err = errToy
	}
	if c.bug == "no error" {
		err = nil
	}
	return connector.Outcome{Verdict: connector.Unknown}, err
}

func (c *toy) Notification(header http.Header, body []byte) (connector.Notice, error) {
	if len(body) > 64<<10 {
		return connector.Notice{}, connector.ErrSignature
	}
	ago, signature, _ := strings.Cut(header.Get("Signature"), ":")
	if signature != toyMAC(body) && c.bug != "unsigned" || len(header.Values("Signature")) != 1 {
		return connector.Notice{}, connector.ErrSignature
	}
	var a toyAnswer
	if err := connector.ReadJSON(body, &a); err != nil || a.Key == "" || len(a.Key) > 255 || a.Status != "paid" && c.bug != "notice guesses" {
		return connector.Notice{}, errToy
	}
	if c.bug == "old is void" && ago != "now" {
		return connector.Notice{Key: a.Key, Outcome: connector.Outcome{Verdict: connector.Rejected}}, nil
	}
	return connector.Notice{Key: a.Key, Outcome: connector.Outcome{Verdict: connector.Paid}}, nil
}

func toyMAC(body []byte) string { return fmt.Sprintf("%x", body) }

// loud is a connector that prints what it holds.
type loud struct {
	connector.Connector
	key string
}
