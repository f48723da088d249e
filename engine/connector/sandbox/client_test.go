package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

func instruction(key string) connector.Instruction {
	return connector.Instruction{Key: key, Amount: eur(1250), Service: "sepa_eur", Details: connector.Details{"iban": "NL46TEST0136169112"}}
}

func TestOnlyAClearWordIsARefusal(t *testing.T) {
	for _, row := range []struct {
		status int
		body   string
		want   connector.Verdict
	}{
		{200, `{"id":"t","key":"k","status":"rejected","resolution":"declined"}`, connector.Rejected},
		{201, `{"id":"t","key":"k","status":"accepted"}`, connector.Accepted},
		{202, `{"id":"t","key":"k","status":"accepted"}`, connector.Unknown},
		{400, `{"error":{"code":"invalid_amount","message":"m","booked":false}}`, connector.Rejected},
		{422, `{"error":{"code":"invalid_request","message":"m","booked":false}}`, connector.Rejected},
		{400, `{"error":{"code":"invalid_amount","message":"m"}}`, connector.Unknown},
		{400, `{"error":{"code":"invalid_amount","message":"m","booked":true}}`, connector.Unknown},
		{400, `{"error":{"code":"bad_gateway","message":"m","booked":false}}`, connector.Unknown},
		{400, `{"error":"bad request"}`, connector.Unknown},
		{404, `{"error":{"code":"transfer_not_found","message":"m"}}`, connector.Unknown},
		{409, `{"error":{"code":"key_conflict","message":"m"}}`, connector.Unknown},
		{409, `{"error":{"code":"invalid_amount","message":"m","booked":false}}`, connector.Unknown},
		{501, `{"error":{"code":"lookup_not_supported","message":"m"}}`, connector.Unknown},
		{200, `{"id":"t","key":"k","status":"paid","paid_amount":"12.49"}`, connector.Unknown},
		{200, `{"id":"t","key":"k","status":"partly_paid","currency":"EUR","paid_amount":"12.50"}`, connector.Unknown},
		{200, `{"id":"t","key":"k","status":"partly_paid","currency":"EUR","paid_amount":"0.00"}`, connector.Unknown},
		{200, `{"id":"t","key":"k","status":"partly_paid","paid_amount":"6.25"}`, connector.Unknown},
		{200, `{"id":"","key":"k","status":"paid"}`, connector.Unknown},
		{200, `{"id":"t","key":"k","status":"paid","STATUS":"rejected"}`, connector.Paid},
	} {
		out, err := meansSend(instruction("k"), row.status, []byte(row.body))
		if out.Verdict != row.want || (err != nil) != (row.want == connector.Unknown) {
			t.Errorf("%d %s: got %s, %v, want %s", row.status, row.body, out.Verdict, err, row.want)
		}
	}
}

func TestOnlyTheProvidersWordIsAbsent(t *testing.T) {
	for _, row := range []struct {
		status int
		body   string
		want   connector.Verdict
		err    error
	}{
		{404, `{"error":{"code":"transfer_not_found","message":"m"}}`, connector.Absent, nil},
		{404, `{"error":{"code":"no_such_route","message":"m"}}`, connector.Unknown, nil},
		{404, `{}`, connector.Unknown, nil},
		{404, `404 page not found`, connector.Unknown, nil},
		{200, `{"error":{"code":"transfer_not_found","message":"m"}}`, connector.Unknown, nil},
		{501, `{"error":{"code":"lookup_not_supported","message":"m"}}`, connector.Unknown, connector.ErrNoLookup},
		{501, `not implemented`, connector.Unknown, nil},
	} {
		out, err := meansLookup("k", row.status, []byte(row.body))
		if out.Verdict != row.want || (err != nil) != (row.want == connector.Unknown) || row.err != nil && err != row.err {
			t.Errorf("%d %s: got %s, %v, want %s", row.status, row.body, out.Verdict, err, row.want)
		}
	}
}

// roundTrip is a transport that only looks.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSendIsMadeNotToBeRepeated(t *testing.T) {
	calls := 0
	c, err := HTTP(roundTrip(func(r *http.Request) (*http.Response, error) {
		calls++
		if r.GetBody != nil || !r.Close || r.Method != http.MethodPost || r.Header.Get("Idempotency-Key") != "" {
			t.Errorf("got GetBody set %v, Close %v, %s", r.GetBody != nil, r.Close, r.Method)
		}
		return nil, errors.New("dial tcp: 4111111111111111")
	}))(connector.Account{BaseURL: "http://provider.test/base/"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Send(context.Background(), instruction("k"))
	if out.Verdict != connector.Unknown || err == nil || err.Error() != "sandbox: round trip failed" || calls != 1 {
		t.Errorf("got %s, %v after %d calls, want unknown without the transport's text after 1", out.Verdict, err, calls)
	}
}

// A transport that forgets to look at its context must not make a ghost.
func TestExpiredContextReachesNoTransport(t *testing.T) {
	c, err := HTTP(roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, errors.New("no")
	}))(connector.Account{BaseURL: "http://provider.test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if out, err := c.Send(ctx, instruction("k")); out.Verdict != connector.Unknown || !errors.Is(err, context.Canceled) {
		t.Errorf("got %s, %v, want unknown, cancelled", out.Verdict, err)
	}
}

func TestWhatCannotBeSentIsRefusedUnsent(t *testing.T) {
	c, err := HTTP(roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, errors.New("no")
	}))(connector.Account{BaseURL: "http://provider.test"})
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*connector.Instruction){
		"no key":           func(in *connector.Instruction) { in.Key = "" },
		"no amount":        func(in *connector.Instruction) { in.Amount = money.Amount{} },
		"nothing":          func(in *connector.Instruction) { in.Amount = eur(0) },
		"negative":         func(in *connector.Instruction) { in.Amount = eur(-1) },
		"details too long": func(in *connector.Instruction) { in.Details = connector.Details{"x": string(make([]byte, maxBody))} },
		"not UTF-8":        func(in *connector.Instruction) { in.Details = connector.Details{"x": "\xff"} },
	} {
		in := instruction("k")
		change(&in)
		if out, err := c.Send(context.Background(), in); out.Verdict != connector.Rejected || err != nil {
			t.Errorf("%s: got %s, %v, want rejected", what, out.Verdict, err)
		}
	}
}

func TestBuilderWantsASoundAddress(t *testing.T) {
	for _, base := range []string{"", "provider.test", "ftp://provider.test", "http://user:secret_word@provider.test", "http://provider.test/?a=b", "http://provider.test/#a"} {
		c, err := HTTP(http.DefaultTransport)(connector.Account{BaseURL: base})
		if err == nil || c != nil {
			t.Errorf("%q: got %v, want an error", base, c)
		}
	}
	if _, err := HTTP(nil)(connector.Account{BaseURL: "http://provider.test"}); err == nil {
		t.Error("no transport: got no error")
	}
	if _, err := InProcess(nil)(connector.Account{}); err == nil {
		t.Error("no provider: got no error")
	}
}

func TestTraitsAreDeclaredAsTheContractSays(t *testing.T) {
	want := connector.Traits{Idempotent: true, Lookup: true, Settle: 5 * time.Second}
	p, _ := world(t, `{}`)
	plain, _ := InProcess(p)(connector.Account{})
	if got := plain.Traits(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	other := connector.Traits{Settle: time.Minute}
	told, _ := HTTP(http.DefaultTransport, WithTraits(other))(connector.Account{BaseURL: "http://provider.test"})
	if got := told.Traits(); got != other {
		t.Errorf("got %+v, want %+v", got, other)
	}
	if _, err := told.Lookup(context.Background(), "k"); err != connector.ErrNoLookup {
		t.Errorf("look-up without the trait: got %v, want ErrNoLookup", err)
	}
}

// A provider without idempotence, with truthful traits, pays each arrival: the
// engine has to see that, so the connector must not hide it.
func TestConnectorHidesNoDoublePayment(t *testing.T) {
	s, base := serve(t, Options{})
	set(t, s.provider, `{"idempotent":false,"settle_ms":[0,0]}`)
	c, err := HTTP(&http.Transport{DisableKeepAlives: true}, WithTraits(connector.Traits{Lookup: true}))(connector.Account{BaseURL: base})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if out, err := c.Send(context.Background(), instruction("k")); out.Verdict != connector.Paid {
			t.Errorf("got %s, %v", out.Verdict, err)
		}
	}
	if got := movements(t, s.provider, "k"); got != 2 {
		t.Errorf("movements: got %d, want 2", got)
	}
}

func TestFaultsAreUnknownToTheConnector(t *testing.T) {
	for _, patch := range []string{`{"drop_request":1}`, `{"drop_reply":1}`, `{"error_500":1}`, `{"delay_ms":[60000,60000]}`} {
		p, _ := world(t, patch)
		near, _ := InProcess(p)(connector.Account{})
		s, base := serve(t, Options{})
		set(t, s.provider, patch)
		far, err := HTTP(&http.Transport{DisableKeepAlives: true})(connector.Account{BaseURL: base})
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]connector.Connector{"in process": near, "over HTTP": far} {
			ctx, cancel := context.WithCancel(context.Background())
			if patch == `{"delay_ms":[60000,60000]}` {
				ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
			}
			if name == "in process" { // its clock stands; the deadline must not
				p.now = time.Now
			}
			out, err := c.Send(ctx, instruction("k"))
			cancel()
			if out.Verdict != connector.Unknown || err == nil {
				t.Errorf("%s, %s: got %s, %v, want unknown and why", patch, name, out.Verdict, err)
			}
		}
	}
}

func TestConflictIsUnknownInProcessToo(t *testing.T) {
	p, _ := world(t, `{}`)
	c, _ := InProcess(p)(connector.Account{})
	c.Send(context.Background(), instruction("k"))
	in := instruction("k")
	in.Amount = eur(1)
	if out, err := c.Send(context.Background(), in); out.Verdict != connector.Unknown || err == nil {
		t.Errorf("got %s, %v, want unknown: the key is booked", out.Verdict, err)
	}
	set(t, p, `{"lookup":false}`)
	if _, err := c.Lookup(context.Background(), "k"); err != connector.ErrNoLookup {
		t.Errorf("look-up switched off: got %v, want ErrNoLookup", err)
	}
}

// The signature is computed here by the header's own documentation.
func TestSignatureIsAsDocumented(t *testing.T) {
	body := []byte(`{"id":"t","key":"k","amount":"1.00","currency":"EUR","status":"paid","resolution":"","paid_amount":"1.00","at":"2026-03-01T12:00:00Z"}`)
	m := hmac.New(sha256.New, []byte("s"))
	fmt.Fprintf(m, "1772366400.%s", body)
	header := http.Header{"X-Sandbox-Signature": {"t=1772366400,v1=" + hex.EncodeToString(m.Sum(nil))}}
	got, err := readNotice("s", header, body)
	want := connector.Notice{Key: "k", Outcome: connector.Outcome{Verdict: connector.Paid, Ref: "t", Code: "paid"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if made := (Posting{Body: body}).Header("s", time.Unix(1772366400, 0)); made.Get(SignatureHeader) != header.Get(SignatureHeader) {
		t.Errorf("got %s, want %s", made.Get(SignatureHeader), header.Get(SignatureHeader))
	}
	for what, secret := range map[string]string{"another secret": "x", "no secret": ""} {
		if _, err := readNotice(secret, header, body); err != connector.ErrSignature {
			t.Errorf("%s: got %v, want ErrSignature", what, err)
		}
	}
}
