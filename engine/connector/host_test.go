package connector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"penstock/engine/money"
)

func TestARequestArrivesOnceAndIsNotFollowed(t *testing.T) {
	arrived := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived++
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/drop":
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				conn.Close()
			}
		case "/move":
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
		default:
			fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Idempotency-Key"), body)
		}
	}))
	defer server.Close()
	h := Host{Transport: &http.Transport{}}
	ask := func(path string) (Answer, error) {
		return h.Do(context.Background(), Request{Method: "POST", URL: server.URL + path, Header: http.Header{"idempotency-key": {"k"}}, Body: []byte("pay")})
	}
	if a, err := ask("/"); err != nil || string(a.Body) != "POST k pay" {
		t.Errorf("got %q, %v", a.Body, err)
	}
	if _, err := ask("/drop"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("dropped: got %v", err)
	}
	if a, err := ask("/move"); err != nil || a.Status != http.StatusTemporaryRedirect {
		t.Errorf("redirect: got %d, %v", a.Status, err)
	}
	if arrived != 3 {
		t.Errorf("got %d arrivals for three requests", arrived)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Do(ctx, Request{Method: "GET", URL: server.URL}); !errors.Is(err, context.Canceled) || arrived != 3 {
		t.Errorf("context over: got %v and %d arrivals", err, arrived)
	}
}

func TestAnAnswerHasItsBound(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 100)) }))
	defer server.Close()
	for most, ok := range map[int]bool{0: true, 99: false, 100: true} {
		_, err := Host{Transport: http.DefaultTransport}.Do(context.Background(), Request{Method: "GET", URL: server.URL, Max: most})
		if (err == nil) != ok {
			t.Errorf("bound %d: got %v", most, err)
		}
	}
}

func TestALiveAccountGoesToItsProviderAlone(t *testing.T) {
	for _, row := range []struct {
		base string
		test bool
		want string
	}{
		{"", false, "https://api.example.com/v1"}, {"", true, "https://api.example.com/v1"},
		{"https://api.example.com", false, "https://api.example.com"}, {"https://eu.example.com/v2/", false, "https://eu.example.com/v2"},
		{"http://api.example.com", false, ""}, {"https://evil.example", false, ""}, {"https://api.example.com:8443", false, ""},
		{"https://api.example.com.evil.example", false, ""}, {"https://api.example.com@evil.example", true, ""},
		{"http://127.0.0.1:1", true, "http://127.0.0.1:1"}, {"http://127.0.0.1:1", false, ""}, {"ftp://x", true, ""}, {"/v1", true, ""}, {"https://x/?a", true, ""},
	} {
		got, err := Account{BaseURL: row.base, Test: row.test}.Base("https://api.example.com/v1", "eu.example.com")
		if got != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%q, test %v: got %q, %v, want %q", row.base, row.test, got, err, row.want)
		}
	}
}

func TestReadingIsStrict(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"id":"a"}`: true, `{"id":"a","more":[1]}`: true, ` {"id":"a"} `: true, `{}`: true,
		`{"id":1}`: false, `{"id":"a","id":"b"}`: false, `{"id":"a"}x`: false, `{"id":"a"}{}`: false, `[]`: false, `"a"`: false, ``: false, `null`: false,
		"{\"id\":\"\xff\"}": false, `{"more":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`: false,
	} {
		var v struct {
			ID string `json:"id"`
		}
		if err := ReadJSON([]byte(body), &v); (err == nil) != ok {
			t.Errorf("%.60q: got %v, want ok = %v", body, err, ok)
		}
	}
	var v struct {
		ID string `json:"id"`
	}
	if err := ReadJSON([]byte(`{"ID":"a"}`), &v); err != nil || v.ID != "" {
		t.Errorf("another case: got %q, %v", v.ID, err)
	}
}

func TestAmountsAreReadExactly(t *testing.T) {
	for _, row := range []struct {
		text, code string
		want       int64 // -1: refused
	}{
		{"12.50", "EUR", 1250}, {"12.5", "EUR", 1250}, {"12", "EUR", 1200}, {"12.5000", "EUR", 1250}, {"12.505", "EUR", -1}, {"12.5001", "EUR", -1},
		{"12.000", "JPY", 12}, {"12.0", "JPY", 12}, {"12.5", "JPY", -1}, {"0.0010", "KWD", 1}, {"1e2", "EUR", -1}, {"-1.00", "EUR", -1}, {"", "EUR", -1},
		{"90071992547409.93", "EUR", 9007199254740993}, {".5", "EUR", -1}, {"5.", "EUR", -1}, {"12." + strings.Repeat("0", 70), "EUR", -1},
	} {
		c := money.MustCurrency(row.code)
		got, err := ReadDecimal(row.text, c)
		if (err == nil) != (row.want >= 0) || err == nil && got != money.New(row.want, c) {
			t.Errorf("%s %s: got %s, %v, want %d", row.text, row.code, got, err, row.want)
		}
	}
	var v struct {
		N Number `json:"n"`
	}
	if err := ReadJSON([]byte(`{"n":90071992547409.93}`), &v); err != nil || v.N != "90071992547409.93" {
		t.Errorf("got %q, %v", v.N, err)
	}
	if err := ReadJSON([]byte(`{"n":"1"}`), &v); err == nil {
		t.Error("a text was taken for a number")
	}
	if b, err := Number("1.10").MarshalJSON(); err != nil || string(b) != "1.10" {
		t.Errorf("got %s, %v", b, err)
	}
	for _, bad := range []Number{"", "1.1.1", "x", `"1"`, "1 2"} {
		if _, err := bad.MarshalJSON(); err == nil {
			t.Errorf("%q was written as a number", bad)
		}
	}
}

func TestNothingIsPrintedThatIsHeld(t *testing.T) {
	c := struct {
		Mute
		key string
		acc Account
	}{key: "canary_key", acc: Account{Secrets: map[string]string{"a": "canary_key"}}}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("built", "connector", c, "account", c.acc)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %d", c, c, c, c, c), fmt.Sprintf("%+v", &c), fmt.Sprintf("%#v %+v", c.acc, c.acc), log.String()} {
		if strings.Contains(text, "canary") {
			t.Errorf("says %s", text)
		}
	}
}

func TestEchoesAreTakenOut(t *testing.T) {
	out := Outcome{Verdict: Paid, Ref: "tr_NL46TEST0136169112", Code: "ok", Message: "key sk_live_1 is fine"}.
		Scrub(Details{"iban": "NL46TEST0136169112", "country": "NL"}, map[string]string{"api_key": "sk_live_1"})
	if want := (Outcome{Verdict: Paid, Code: "ok"}); out != want {
		t.Errorf("got %+v, want %+v", out, want)
	}
	for word, want := range map[string]string{"account_closed": "account_closed", "E-1234": "E-1234", "acc 1": "", "A123456": "", "ü": "", "a\x00": "", strings.Repeat("a", 129): ""} {
		if got := Word(word); got != want {
			t.Errorf("word %q: got %q", word, got)
		}
	}
}
