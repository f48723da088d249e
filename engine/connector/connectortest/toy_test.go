package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// toy is a connector that keeps the contract, but for the bug that it is given.
type toy struct {
	rt      http.RoundTripper
	base    string
	secrets map[string]string
	bug     string
}

type toyAnswer struct {
	ID, Key, Amount, Status string
}

func (c *toy) Traits() connector.Traits { return connector.Traits{Idempotent: true, Lookup: true} }

func (c *toy) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if ctx.Err() != nil && c.bug != "ghost" {
		return c.unknown(ctx.Err())
	}
	if c.bug == "ghost" || c.bug == "no deadline" {
		ctx = context.WithoutCancel(ctx)
	}
	key, amount := in.Key, in.Amount.Decimal()
	if c.bug == "key per attempt" {
		key += fmt.Sprintf("-%p", &key)
	}
	if c.bug == "cents" {
		amount = fmt.Sprintf("%d.%02d", in.Amount.Minor()/100, in.Amount.Minor()%100)
	}
	body := fmt.Sprintf(`{"key":%q,"amount":%q,"currency":%q,"iban":%q}`, key, amount, in.Amount.Currency(), in.Details["iban"])
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/pay", io.NopCloser(strings.NewReader(body)))
	if err != nil {
		return c.unknown(err)
	}
	req.ContentLength = int64(len(body))
	if c.bug == "replayable" {
		req.Body, req.GetBody = io.NopCloser(strings.NewReader(body)), func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
		req.Header.Set("Idempotency-Key", key)
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

func (c *toy) Lookup(ctx context.Context, key string) (connector.Outcome, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/pay?key="+key, nil)
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
	return c.read(key, "", status, answer)
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
		return c.unknown(errors.New("status"))
	}
	var a toyAnswer
	if err := c.decode(answer, &a); err != nil {
		return c.unknown(err)
	}
	if a.ID == "" || a.Key != key && c.bug != "any key" || amount != "" && a.Amount != amount && c.bug != "any amount" {
		return c.unknown(errors.New("another's answer"))
	}
	verdict := connector.Verdict(a.Status)
	if verdict != connector.Paid && verdict != connector.Rejected && verdict != connector.Accepted {
		if c.bug == "guesses" {
			return connector.Outcome{Verdict: connector.Accepted, Ref: a.ID}, nil
		}
		return c.unknown(errors.New("unknown word"))
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
		return errors.New("unreadable")
	}
	if form := fmt.Sprintf(`{"ID":%q,"Key":%q,"Amount":%q,"Status":%q}`, a.ID, a.Key, a.Amount, a.Status); len(form) != len(answer) && c.bug != "lax" {
		return errors.New("odd form")
	}
	return nil
}

func (c *toy) unknown(err error) (connector.Outcome, error) {
	if c.bug != "quotes" {
		err = errors.New("unknown") // says nothing
	}
	if c.bug == "no error" {
		err = nil
	}
	return connector.Outcome{Verdict: connector.Unknown}, err
}

func (c *toy) Notification(header http.Header, body []byte) (connector.Notice, error) {
	if header.Get("Signature") != "true:"+string(body) && c.bug != "unsigned" {
		return connector.Notice{}, connector.ErrSignature
	}
	return connector.Notice{Key: string(body), Outcome: connector.Outcome{Verdict: connector.Paid}}, nil
}

func toyHarness(bug string) Harness {
	return Harness{
		Build: func(rt http.RoundTripper) connector.Builder {
			return func(a connector.Account) (connector.Connector, error) {
				return &toy{rt, a.BaseURL, a.Secrets, bug}, nil
			}
		},
		Secrets: map[string]string{"key": "canary_secret"},
		Instruction: func(key string, amount money.Amount) connector.Instruction {
			return connector.Instruction{Key: key, Amount: amount, Details: connector.Details{"iban": "NL46TEST0136169112"}}
		},
		Moves: func(r *http.Request) bool { return r.Method == http.MethodPost },
		KeyOf: func(_ *http.Request, body []byte) string { return toyBody(body)["key"] },
		AmountOf: func(_ *http.Request, body []byte) (money.Amount, error) {
			currency, err := money.ParseCurrency(toyBody(body)["currency"])
			if err != nil {
				return money.Amount{}, err
			}
			return money.Parse(toyBody(body)["amount"], currency)
		},
		Answer: toyScript, EchoesKey: true, EchoesAmount: true,
		Notice: func(key string) (http.Header, []byte, connector.Notice) {
			return http.Header{"Signature": {"true:" + key}}, []byte(key), connector.Notice{Key: key, Outcome: connector.Outcome{Verdict: connector.Paid}}
		},
	}
}

func toyBody(body []byte) map[string]string {
	var m map[string]string
	_ = json.Unmarshal(body, &m)
	return m
}

func toyScript(v connector.Verdict, in connector.Instruction) Script {
	switch v {
	case connector.PartlyPaid, connector.Returned:
		return nil
	case connector.Absent:
		return func(*http.Request, []byte) string { return JSON(404, `{"error":"absent"}`) }
	}
	return func(*http.Request, []byte) string {
		return JSON(200, fmt.Sprintf(`{"ID":"t1","Key":%q,"Amount":%q,"Status":%q}`, in.Key, in.Amount.String(), v))
	}
}
