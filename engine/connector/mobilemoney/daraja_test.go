package mobilemoney

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/money"
)

func darajaSecrets() map[string]string {
	return map[string]string{Profile: daraja, ClientID: "canaryconsumerkeyQz71", APIKey: "canaryconsumersecretQz71", Shortcode: "600998", Initiator: "canaryoperator",
		Credential: base64.StdEncoding.EncodeToString(make([]byte, 256))}
}

func toSafaricom(key string, amount money.Amount) connector.Instruction {
	return connector.Instruction{Key: key, Amount: amount, Service: "mpesa_kes", Memo: "October", Details: connector.Details{phone: "+254708374149"}, NotifyURL: "https://pay.example/webhooks/shop/mca_1"}
}

// wholly is toSafaricom, but that the order which the contract makes throughout,
// of 12.50, is of whole shillings.
func wholly(key string, amount money.Amount) connector.Instruction {
	if amount == money.New(1250, money.MustCurrency("KES")) {
		amount = money.New(1300, amount.Currency())
	}
	return toSafaricom(key, amount)
}

func theSafaricom(t testing.TB) *mpesa {
	t.Helper()
	c, err := New(lend(http.DefaultTransport))(connector.Account{ID: "mca_1", Provider: Provider, Test: true, Secrets: darajaSecrets()})
	if err != nil {
		t.Fatal(err)
	}
	return c.(*mpesa)
}

// darajaWire is an order read apart from what wrote it.
func darajaWire(body []byte) (key string, a money.Amount, err error) {
	var in struct {
		OriginatorConversationID string
		Amount                   json.Number
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return "", a, err
	}
	key, _, _ = strings.Cut(in.OriginatorConversationID, "-")
	a, err = money.Parse(in.Amount.String(), money.MustCurrency("KES"))
	return key, a, err
}

const darajaToken = `{"access_token":"canarytokenQz71","expires_in":"3599"}`

func darajaAnswers(c *mpesa) func(connector.Verdict, connector.Instruction) connectortest.Script {
	return func(v connector.Verdict, in connector.Instruction) connectortest.Script {
		taken := func(code string) string {
			return connectortest.JSON(200, fmt.Sprintf(`{"ConversationID":"AG_20260302_00004e48cf7e3533f581","OriginatorConversationID":%q,"ResponseCode":%q,"ResponseDescription":"Accept the service request successfully."}`, c.conversation(in.Key), code))
		}
		answer := map[connector.Verdict]string{connector.Accepted: taken("0"), connector.Paid: taken("0"), connectortest.NoSuchWord: taken("7"),
			connector.Rejected: connectortest.JSON(400, `{"requestId":"1","errorCode":"400.002.02","errorMessage":"Bad Request - Invalid Amount"}`)}[v]
		if answer == "" {
			return nil
		}
		return func(r *http.Request, _ []byte) string {
			if r.Method == http.MethodGet {
				return connectortest.JSON(200, darajaToken)
			}
			return answer
		}
	}
}

func darajaResult(conversation, code string) []byte {
	return fmt.Appendf(nil, `{"Result":{"ResultType":0,"ResultCode":%s,"ResultDesc":"as it is","OriginatorConversationID":%q,"ConversationID":"AG_20260302_00004e48cf7e3533f581","TransactionID":"NLJ41HAY6Q","ResultParameters":{"ResultParameter":[{"Key":"TransactionAmount","Value":10},{"Key":"ReceiverPartyPublicName","Value":"254708374149 - Ada"}]},"ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://x"}}}}`, code, conversation)
}

func TestDarajaKeepsTheContract(t *testing.T) {
	c := theSafaricom(t)
	var amounts []money.Amount
	for _, a := range connectortest.Amounts() {
		amounts = append(amounts, a, money.New(a.Minor(), money.MustCurrency("KES")))
	}
	for _, whole := range []int64{1, 10, 250_000} {
		amounts = append(amounts, money.New(whole*100, money.MustCurrency("KES")))
	}
	connectortest.Test(t, connectortest.Harness{
		Build:   func(rt http.RoundTripper) connector.Builder { return New(lend(rt)) },
		Secrets: darajaSecrets(), Public: []string{Profile, Shortcode, Command}, Instruction: wholly, Amounts: amounts,
		Moves: func(r *http.Request) bool { return r.Method == http.MethodPost },
		KeyOf: func(_ *http.Request, body []byte) string {
			key, _, err := darajaWire(body)
			if err != nil {
				return err.Error()
			}
			return key
		},
		AmountOf: func(_ *http.Request, body []byte) (money.Amount, error) {
			_, a, err := darajaWire(body)
			return a, err
		},
		Answer: darajaAnswers(c), AcceptsFirst: true, EchoesKey: true, Currency: "KES",
	})
}

// TestAnOrderIsAsDarajaDocumentsIt, letter by letter, since there is no
// description to hold it to.
func TestAnOrderIsAsDarajaDocumentsIt(t *testing.T) {
	c := theSafaricom(t)
	text, refused := c.body(toSafaricom("po_1", money.New(1000, money.MustCurrency("KES"))))
	want := fmt.Sprintf(`{"OriginatorConversationID":%q,"InitiatorName":"canaryoperator","SecurityCredential":%q,"CommandID":"BusinessPayment","Amount":10,"PartyA":"600998","PartyB":"254708374149","Remarks":"October","QueueTimeOutURL":"https://pay.example/webhooks/shop/mca_1","ResultURL":"https://pay.example/webhooks/shop/mca_1","Occassion":""}`,
		c.conversation("po_1"), c.credential)
	if refused != nil || string(text) != want {
		t.Errorf("got  %s, %v\nwant %s", text, refused, want)
	}
	for name, change := range map[string]func(*connector.Instruction){
		"cents":          func(in *connector.Instruction) { in.Amount = money.New(1050, money.MustCurrency("KES")) },
		"dollars":        func(in *connector.Instruction) { in.Amount = money.New(1000, money.MustCurrency("USD")) },
		"yen":            func(in *connector.Instruction) { in.Amount = money.New(1000, money.MustCurrency("JPY")) },
		"abroad":         func(in *connector.Instruction) { in.Details = connector.Details{phone: "+256772123456"} },
		"nobody":         func(in *connector.Instruction) { in.Details = nil },
		"nowhere to say": func(in *connector.Instruction) { in.NotifyURL = "" },
		"plain http":     func(in *connector.Instruction) { in.NotifyURL = "http://pay.example/" },
	} {
		in := toSafaricom("po_1", money.New(1000, money.MustCurrency("KES")))
		change(&in)
		if text, refused := c.body(in); refused == nil || refused.Verdict != connector.Rejected {
			t.Errorf("%s: got %s", name, text)
		}
	}
}

// TestAResultMustBearTheOrdersName: what anybody could make up is refused, and
// what decides nothing is no word.
func TestAResultMustBearTheOrdersName(t *testing.T) {
	c := theSafaricom(t)
	ours := c.conversation("po_1")
	for code, want := range map[string]connector.Verdict{"0": connector.Paid, `"0"`: connector.Paid, "1": connector.Rejected, "2040": connector.Rejected, `"SFC_IC0003"`: connector.Rejected} {
		for range 2 {
			got, err := c.Notification(nil, darajaResult(ours, code))
			if err != nil || got.Key != "po_1" || got.Outcome.Verdict != want || got.Outcome.Ref != "AG_20260302_00004e48cf7e3533f581" {
				t.Errorf("%s: got %+v, %v", code, got, err)
			}
		}
	}
	for _, code := range []string{"26", "17.5", "null", `"timeout"`, "{}"} {
		if got, err := c.Notification(nil, darajaResult(ours, code)); err == nil || errors.Is(err, connector.ErrSignature) || got.Key != "" {
			t.Errorf("%s: got %+v, %v", code, got, err)
		}
	}
	secrets := darajaSecrets()
	secrets[APIKey] = "another secret"
	other, err := New(lend(http.DefaultTransport))(connector.Account{Test: true, Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{
		"no tag": darajaResult("po_1", "0"), "a guess": darajaResult("po_1-00000000000000000000", "0"), "another order's tag": darajaResult("po_2"+ours[len("po_1"):], "0"), "another account's": darajaResult(other.(*mpesa).conversation("po_1"), "0"),
		"nothing": []byte("{}"), "no JSON": []byte("Result=0"), "empty": nil, "long": append(darajaResult(ours, "0"), make([]byte, maxNotice)...), "a tag alone": darajaResult(ours[len("po_1"):], "0"),
	} {
		if got, err := c.Notification(nil, body); err != connector.ErrSignature || got.Key != "" {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// TestADarajaAccountIsChecked: what it lacks is named.
func TestADarajaAccountIsChecked(t *testing.T) {
	for name, values := range map[string][]string{ClientID: {""}, APIKey: {"", "a\nb"}, Shortcode: {"", "12", "12345678", "6009x8"}, Initiator: {""}, Credential: {"", "hunter2 in clear", "AAAA"}, Command: {"Refund"}, Profile: {"mtn"}} {
		for _, value := range values {
			secrets := darajaSecrets()
			secrets[name] = value
			if _, err := New(lend(http.DefaultTransport))(connector.Account{Test: true, Secrets: secrets}); err == nil || !strings.Contains(err.Error(), `"`+name+`"`) || value != "" && strings.Contains(err.Error(), value) && name != Profile {
				t.Errorf("%s %q: got %v", name, value, err)
			}
		}
	}
}
