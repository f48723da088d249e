package connector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

type answers func(*http.Request) (*http.Response, error)

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

const (
	pan  = "4111111111111111"
	iban = "DE89370400440532013000"
	key  = "sk_live_51HxSecretSecret"
)

// TestNothingSecretIsTraced: wherever an account, a person or a key stands in an
// exchange, none of it is in what is kept.
func TestNothingSecretIsTraced(t *testing.T) {
	now := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	body := fmt.Sprintf(`{"status":"pending","id":"%[1]s","code":"%[2]s","type":"%[3]s","state":4111111111111111,"iban":"%[2]s","error":{"code":"card_declined","message":"%[1]s","error_code":51,"decline_code":"+49 170 1234567"},
		"items":[{"result":"OK","email":"ada@example.com","currency":"EUR","status":"Ada Example"}],"response_code":"00"}`, pan, iban, pan)
	h := Host{Now: func() time.Time { now = now.Add(40 * time.Millisecond); return now }, Transport: answers(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 402, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})}
	ctx, trace := WithTrace(t.Context())
	for _, path := range []string{"/v1/payouts/" + pan, "/accounts/" + iban + "/transfers", "/users/ada@example.com/pay", "/v1/keys/" + key, "/wallets/+49170123456", "/pay/4111-1111-1111-1111"} {
		_, err := h.Do(ctx, Request{Method: "POST", URL: "https://user:" + key + "@api.example" + path + "?iban=" + iban + "&key=" + key, Header: http.Header{"Authorization": {"Bearer " + key}}, Body: []byte(`{"iban":"` + iban + `"}`)})
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%+v", trace.Calls())
		for _, secret := range []string{pan, iban, key, "ada", "Ada", "49170", "4111", "370400", "Secret"} {
			if strings.Contains(text, secret) {
				t.Fatalf("%s is in %s", secret, text)
			}
		}
	}
	calls := trace.Calls()
	if len(calls) != maxCalls {
		t.Errorf("%d exchanges are kept, want %d", len(calls), maxCalls)
	}
	c := calls[0]
	if c.Method != "POST" || c.Host != "api.example" || c.Status != 402 || c.Took != 40*time.Millisecond || c.Sent == 0 || c.Got != len(body) {
		t.Errorf("got %+v", c)
	}
	if want := "status=pending code=card_declined error_code=51 currency=EUR result=OK"; !sameWords(c.Said, want+" response_code=00") {
		t.Errorf("said %q", c.Said)
	}
}

func sameWords(a, b string) bool {
	in := strings.Fields(a)
	for _, w := range strings.Fields(b) {
		if !strings.Contains(" "+strings.Join(in, " ")+" ", " "+w+" ") {
			return false
		}
	}
	return len(in) == len(strings.Fields(b))
}

// TestAnExchangeWithoutAnswerIsTraced in our own words.
func TestAnExchangeWithoutAnswerIsTraced(t *testing.T) {
	h := Host{Now: time.Now, Transport: answers(func(*http.Request) (*http.Response, error) { return nil, errors.New("dial " + iban) })}
	ctx, trace := WithTrace(t.Context())
	if _, err := h.Do(ctx, Request{Method: "GET", URL: "https://api.example/v1/transfers"}); err == nil {
		t.Fatal("no error")
	}
	c := trace.Calls()[0]
	if c.Status != 0 || c.Problem == "" || strings.Contains(c.Problem, iban) || c.Path != "/v1/transfers" {
		t.Errorf("got %+v", c)
	}
	if _, err := h.Do(context.Background(), Request{Method: "GET", URL: "https://api.example/"}); err == nil || len(trace.Calls()) != 1 {
		t.Error("an exchange that nobody gathers was gathered")
	}
}

func TestOddAnswersHaveNoWords(t *testing.T) {
	for _, body := range []string{"", "<html>", `"status"`, `[]`, `{"status":null,"code":1.5,"error":-1,"type":["` + pan + `"]}`, `{"status":"` + strings.Repeat("x", 33) + `"}`, `{"code":123456}`, `{"status":"sk_live_51Hx99Secret1"}`, string(bytes.Repeat([]byte("["), 70000))} {
		if got := PlainWords([]byte(body)); got != "" {
			t.Errorf("%.60s: %q", body, got)
		}
	}
}

// TestACallForSeveralIsShownOfThoseThatItWasAbout: an order that left in an
// earlier file isn't shown in the one that others of its batch went in.
func TestACallForSeveralIsShownOfThoseThatItWasAbout(t *testing.T) {
	ctx, trace := WithTrace(t.Context())
	Note(ctx, Call{Kind: FileOut, Path: "two.xml", Keys: []string{"po_a", "po_b"}})
	Note(ctx, Call{Path: "/all"})
	for key, want := range map[string]int{"po_a": 2, "po_b": 2, "po_c": 1} {
		if got := trace.CallsOf(key); len(got) != want {
			t.Errorf("%s: %+v, want %d", key, got, want)
		}
	}
}
